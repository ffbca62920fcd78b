import { PoolError, type PoolErrorCode } from '../errors.ts';

/**
 * Fails a contract case. The contract knows no test runner, so it has assertions of its own.
 * @throws Error when the condition does not hold
 */
export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`broken promise: ${what}`);
}

/**
 * Of the same type and value, all the way down: prototypes, `-0` and `NaN`, views by their class and content.
 * @throws Error that shows both
 */
export function checkSame(actual: unknown, expected: unknown, what = 'the value'): void {
  const difference = differ(actual, expected, '$');
  if (difference !== undefined) check(false, `${what} differs at ${difference}`);
}

/**
 * Resolves with the error, for a closer look.
 * @throws Error when the promise is fulfilled, or rejects with something else than a `PoolError` of this code
 */
export async function checkRejects(promise: Promise<unknown>, code: PoolErrorCode, what: string): Promise<PoolError> {
  const outcome = await settled(promise);
  if (outcome.status === 'fulfilled') check(false, `${what} rejects with ${code}, and was fulfilled`);
  else if (!(outcome.reason instanceof PoolError))
    check(false, `${what} rejects with ${code}: ${show(outcome.reason)}`);
  else {
    check(outcome.reason.code === code, `${what} rejects with ${code}: ${outcome.reason.message}`);
    check(outcome.reason.message.startsWith(`${code}: `), `the message of ${what} begins with its code`);
    return outcome.reason;
  }
  throw new Error('unreachable');
}

/** As `checkRejects`, for what throws at once. */
export function checkThrows(action: () => unknown, code: PoolErrorCode, what: string): PoolError {
  try {
    action();
  } catch (error) {
    check(error instanceof PoolError && error.code === code, `${what} throws ${code}: ${show(error)}`);
    return error;
  }
  throw new Error(`broken promise: ${what} throws ${code}, and did not`);
}

/** For misuse of an argument, which is a `TypeError` or `RangeError`, thrown at once or by rejecting. */
export async function checkMisuse(action: () => unknown, what: string): Promise<void> {
  try {
    await action();
  } catch (error) {
    check(error instanceof TypeError || error instanceof RangeError, `${what} is misuse: ${show(error)}`);
    return;
  }
  check(false, `${what} is misuse, and was accepted`);
}

/** What became of a promise. */
async function settled<Value>(promise: Promise<Value>): Promise<PromiseSettledResult<Value>> {
  const [outcome] = await Promise.allSettled([promise]);
  return outcome;
}

/** A promise that is looked at without waiting for it. */
export interface Watched<Value> {
  /** Settles as the promise does, and is never an unhandled rejection. */
  readonly outcome: Promise<PromiseSettledResult<Value>>;
  readonly pending: boolean;
}

export function watch<Value>(promise: Promise<Value>): Watched<Value> {
  let pending = true;
  const outcome = settled(promise).finally(() => (pending = false));
  return {
    outcome,
    get pending() {
      return pending;
    },
  };
}

/** Where the two are not the same, and how; `undefined` when they are. */
function differ(actual: unknown, expected: unknown, path: string): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  const told = `${path}: ${show(actual)} instead of ${show(expected)}`;
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) return told;
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return told;
  if (expected instanceof ArrayBuffer || ArrayBuffer.isView(expected)) {
    return sameBytes(actual as BufferSource, expected as BufferSource) ? undefined : told;
  }
  if (expected instanceof Date) return Object.is(Number(actual), Number(expected)) ? undefined : told;
  if (expected instanceof RegExp) return (actual as RegExp).toString() === expected.toString() ? undefined : told;
  if (expected instanceof Map) return differ([...(actual as typeof expected)], [...expected], path);
  if (expected instanceof Set) return differ([...(actual as typeof expected)], [...expected], path);
  if (expected instanceof Error) return differ(errorParts(actual as Error), errorParts(expected), path);
  return differentProperty(actual, expected, path);
}

function differentProperty(actual: object, expected: object, path: string): string | undefined {
  const [own, wanted] = [Reflect.ownKeys(actual), Reflect.ownKeys(expected)];
  if (own.length !== wanted.length) return `${path}: keys ${own.join()} instead of ${wanted.join()}`;
  for (const key of wanted) {
    if (!Object.hasOwn(actual, key)) return `${path}: no ${String(key)}`;
    const difference = differ(Reflect.get(actual, key), Reflect.get(expected, key), `${path}.${String(key)}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function errorParts({ name, message, cause }: Error): unknown {
  return { name, message, cause };
}

function sameBytes(actual: BufferSource, expected: BufferSource): boolean {
  const [one, other] = [bytesOf(actual), bytesOf(expected)];
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function bytesOf(source: BufferSource): Uint8Array {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value);
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value);
}
