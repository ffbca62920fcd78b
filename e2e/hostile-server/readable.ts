/** A signal that is not sealed, as far as an attacker cares. */
export interface Readable {
  readonly type: string;
  readonly to: string;
  readonly link: number;
  /** Of a `negotiate`. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** `undefined` for what can't be read. */
export function readable(signal: unknown): Readable | undefined {
  return typeof signal === 'object' && signal !== null && 'type' in signal ? (signal as Readable) : undefined;
}
