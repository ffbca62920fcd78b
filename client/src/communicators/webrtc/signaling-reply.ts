import type { RefusalCode } from '#shared/signaling';
import { PoolError, type PoolErrorCode } from '../../errors.ts';
import { said } from '../../said.ts';
import { fields, parsePresence } from '../signal.ts';
import type { Presence } from '../transport.ts';

/** A server's no; the code is a `RefusalCode`, or what a newer server has beyond them. */
export interface Refused {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
}

/** A server's answer to a join. `ice` is looked at by itself: who is let in is in, whatever is wrong with it. */
export type Reply = { readonly ok: true; readonly members: readonly Presence[]; readonly ice: unknown } | Refused;

const CODES: Readonly<Record<RefusalCode, PoolErrorCode>> = {
  malformed: 'malformed',
  version: 'unsupported',
  'name-taken': 'duplicate-peer',
  'room-full': 'refused',
  'server-full': 'refused',
  'already-joined': 'refused',
  'not-joined': 'refused',
  'too-large': 'too-large',
  'rate-limited': 'refused',
  'shutting-down': 'unreachable',
  unavailable: 'unreachable',
  replaced: 'duplicate-peer',
  unauthorized: 'refused',
  expired: 'refused',
  forbidden: 'refused',
};

/** @throws TypeError, RangeError when it is none */
export function parseReply(value: unknown): Reply {
  const { ok, members, ice = { servers: [] } } = fields(value, 'reply');
  if (ok !== true) return parseRefusal(value);
  if (!Array.isArray(members)) throw new TypeError('a reply lists the members');
  return { ok, members: members.map((member: unknown) => parsePresence(member)), ice };
}

/** @throws TypeError when it is none */
export function parseRenewal(value: unknown): { readonly ok: true } | Refused {
  const { ok } = fields(value, 'reply');
  return ok === true ? { ok } : parseRefusal(value);
}

/** @throws TypeError when it is none */
export function parseRefusal(value: unknown): Refused {
  const { code, message } = fields(value, 'refusal');
  if (typeof code !== 'string' || typeof message !== 'string')
    throw new TypeError('a refusal has a code and a message');
  return { ok: false, code: said(code), message: said(message) };
}

/** The same for the user, with the server's code as `reason`. */
export function refusedBy(url: string, { code, message }: Refused, name: string): PoolError {
  const ours = Object.hasOwn(CODES, code) ? CODES[code as RefusalCode] : 'refused';
  const peer = ours === 'duplicate-peer' ? name : undefined;
  return new PoolError(ours, `the signaling server at ${url} refuses: ${message}`, { peer, reason: code });
}

/** What nothing answers from. An `Error` of engine.io has the status of an HTTP response as `description`, where one came. */
export function unreachableAt(address: string, cause: Error): PoolError {
  const { description: status } = cause as { readonly description?: unknown };
  const how = typeof status === 'number' && status > 0 ? `HTTP ${status}` : cause.message;
  const advice = 'check url and path, that the server runs, and that it lets pages of this origin in';
  const sentence = `no signaling server answers at ${address} (${said(how)}): ${advice}`;
  return new PoolError('unreachable', sentence, { reason: 'signaling', cause });
}

/** Whether another server of the same room may let us in where this error was. What is said about us, each of them would say. */
export function maySucceedElsewhere({ code, reason }: PoolError): boolean {
  return code === 'unreachable' || reason === 'server-full';
}

/** Why none of the servers that were asked, the last one after those before, could let us in. */
export function noneOf(before: readonly PoolError[], last: PoolError): PoolError {
  if (before.length === 0) return last;
  const failures = [...before, last];
  const code = failures.every((failure) => failure.code === last.code) ? last.code : 'unreachable';
  const reason = failures.every((failure) => failure.reason === last.reason) ? last.reason : 'signaling';
  const sentence = `none of ${failures.length} signaling servers lets us in`;
  const cause = new AggregateError(failures, sentence);
  return new PoolError(code, `${sentence}: ${failures.map(({ detail }) => detail).join('; ')}`, { reason, cause });
}
