import type { ConnectionDiagnosis } from './connection-diagnosis.ts';

/** Every way in which peerpool can fail. The set is closed: a `switch` over it can be complete. */
export type PoolErrorCode =
  | 'illegal-state'
  | 'unknown-peer'
  | 'duplicate-peer'
  | 'timeout'
  | 'refused'
  | 'unreachable'
  | 'peer-left'
  | 'closed'
  | 'malformed'
  | 'unpackable'
  | 'too-large'
  | 'remote'
  | 'untrusted'
  | 'unsupported'
  | 'partial';

/** Whether the message of a failed send can have arrived: it never left, nobody can know, or it did. */
export type Delivery = 'none' | 'unknown' | 'delivered';

/** What an error knows beside its code and its sentence; `undefined` where it does not concern. */
export interface PoolErrorDetails {
  /** The peer it is about. */
  readonly peer?: string | undefined;
  readonly msgId?: string | undefined;
  /** The remote method, for a call. */
  readonly method?: string | undefined;
  /** Why, in one word where there is one: a `LeaveReason`, a code of the signaling server, the remote's code. */
  readonly reason?: string | undefined;
  /** Where in a value, e.g. `$.rows[3].when`. */
  readonly path?: string | undefined;
  readonly delivery?: Delivery | undefined;
  /** The peers that did not answer, send or arrive. */
  readonly missing?: readonly string[] | undefined;
  /** What failed, by peer. */
  readonly errors?: ReadonlyMap<string, PoolError> | undefined;
  /** Why no connection to the peer came about. */
  readonly diagnosis?: ConnectionDiagnosis | undefined;
  readonly cause?: unknown;
}

/**
 * The one error class. Its message begins with its code, because `structuredClone` and test runners keep only the message.
 * Misuse of an argument is a `TypeError` or `RangeError` instead, and a caller's abort reason passes through untouched.
 */
export class PoolError extends Error {
  override readonly name = 'PoolError';
  readonly code: PoolErrorCode;
  readonly peer: string | undefined;
  readonly msgId: string | undefined;
  readonly method: string | undefined;
  readonly reason: string | undefined;
  readonly path: string | undefined;
  readonly delivery: Delivery | undefined;
  readonly missing: readonly string[];
  readonly errors: ReadonlyMap<string, PoolError>;
  readonly diagnosis: ConnectionDiagnosis | undefined;

  constructor(code: PoolErrorCode, message: string, details: PoolErrorDetails = {}) {
    super(`${code}: ${message}`, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.peer = details.peer;
    this.msgId = details.msgId;
    this.method = details.method;
    this.reason = details.reason;
    this.path = details.path;
    this.delivery = details.delivery;
    this.missing = details.missing ?? [];
    this.errors = details.errors ?? new Map();
    this.diagnosis = details.diagnosis;
  }

  /** What went wrong, without the code in front. */
  get detail(): string {
    return this.message.slice(this.code.length + 2);
  }

  /** The same error, with some details changed or added, and in other words where such are given. */
  with(details: PoolErrorDetails, detail = this.detail): PoolError {
    const { peer, msgId, method, reason, path, delivery, missing, errors, diagnosis } = this;
    const cause = 'cause' in this ? { cause: this.cause } : {};
    const own = { peer, msgId, method, reason, path, delivery, missing, errors, diagnosis, ...cause };
    return new PoolError(this.code, detail, { ...own, ...details });
  }

  /** A plain object that says the same, for logs. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, peer, msgId, method, reason, path, delivery, diagnosis } = this;
    const errors = Object.fromEntries([...this.errors].map(([peer, error]) => [peer, error.toJSON()]));
    return {
      name,
      code,
      message,
      ...defined({ peer, msgId, method, reason, path, delivery, diagnosis }),
      ...(this.missing.length > 0 && { missing: this.missing }),
      ...(this.errors.size > 0 && { errors }),
    };
  }
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
