import { instanceId, peerName } from '#shared/identifiers';
import { said } from '../said.ts';
import type { Presence, Signal } from './transport.ts';

/** A `refuse` carries one of our codes and a sentence for people; whoever sends more wants something else. */
const REFUSAL_CODE_LENGTH = 64;
const REFUSAL_MESSAGE_LENGTH = 1024;

/**
 * The one place where what a stranger sent becomes a signal. The `data` of a `negotiate` is for the link it is about to judge.
 * @throws TypeError, RangeError with a sentence that says what is wrong with it
 */
export function parseSignal(value: unknown): Signal {
  const { type, to, link, data, code, message } = fields(value, 'signal');
  if (!Number.isSafeInteger(link) || (link as number) < 0) throw new TypeError('the link of a signal is its number');
  const head = { to: instanceId(to), link: link as number };
  switch (type) {
    case 'ring':
    case 'wait':
      return { type, ...head };
    case 'negotiate':
      return { type, ...head, data };
    case 'refuse':
      return {
        type,
        ...head,
        code: text(code, 'code', REFUSAL_CODE_LENGTH),
        message: text(message, 'message', REFUSAL_MESSAGE_LENGTH),
      };
    default:
      throw new TypeError('a signal is a ring, a wait, a negotiate or a refuse');
  }
}

/**
 * The one place where what a stranger sent becomes somebody in the room.
 * @throws TypeError, RangeError
 */
export function parsePresence(value: unknown): Presence {
  const { name, instance } = fields(value, 'member');
  return { name: peerName(name), instance: instanceId(instance) };
}

/**
 * The fields of an object, each of them unknown.
 * @throws TypeError when it is none
 */
export function fields(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new TypeError(`a ${what} is an object`);
  return value as Record<string, unknown>;
}

function text(value: unknown, what: string, most: number): string {
  if (typeof value !== 'string') throw new TypeError(`the ${what} of a refuse is a string`);
  if (value.length > most) throw new RangeError(`the ${what} of a refuse has at most ${most} characters`);
  return said(value, most);
}
