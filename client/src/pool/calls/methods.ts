import { checkId } from '../queue-key.ts';

/** What can be exposed. What it expects of its arguments is the caller's claim: they come from another program. */
export type Method = (this: never, ...args: never[]) => unknown;

/** Of `expose`. */
export interface ExposeOptions {
  /** Each call of these methods begins when the one before has ended; otherwise they begin in the order in which the calls arrived, and overlap. */
  readonly serial?: boolean | undefined;
}

export interface Exposed {
  readonly run: (this: unknown, ...args: unknown[]) => unknown;
  /** Calls of methods with the same one wait for one another. */
  readonly line: Line | undefined;
}

/** Where calls stand in line. */
export class Line {
  #last: Promise<unknown> = Promise.resolve();

  add<Result>(run: () => Result | Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }
}

/**
 * The allow-list of an object: its own enumerable functions, as they are now, but for `constructor` and names that begin with an underscore. What it inherits is not its own to give.
 * @throws TypeError when there is none
 */
export function methodsOf(given: unknown, prefix: string, line: Line | undefined): Map<string, Exposed> {
  if (typeof given !== 'object' || given === null) throw new TypeError('what is exposed is an object of methods');
  const methods = new Map<string, Exposed>();
  for (const [name, run] of Object.entries(given)) {
    if (typeof run !== 'function' || !isPublic(name)) continue;
    methods.set(methodName(prefix + name), { run: run as Exposed['run'], line });
  }
  if (methods.size > 0) return methods;
  throw new TypeError(
    'there is nothing to expose: methods are own functions of the object, not inherited ones, e.g. { add: (a, b) => calculator.add(a, b) }',
  );
}

/** `then` would make a proxy look like a promise. */
export function isPublic(name: string): boolean {
  return name !== '' && name !== 'constructor' && name !== 'then' && !name.startsWith('_');
}

/** @throws TypeError, RangeError */
export function methodName(value: unknown): string {
  const name = checkId(value, 'the name of a method');
  if (name === '') throw new RangeError('the name of a method is not empty');
  return name;
}
