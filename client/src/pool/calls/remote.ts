import type { CallOptions } from './calls.ts';
import { isPublic, type Method } from './methods.ts';

/** See `isPublic`. */
type Hidden = 'constructor' | 'then' | '' | `_${string}` | symbol;

/**
 * The methods of what somebody exposes, as the caller sees them: all asynchronous, and without their `this`. Arguments and results are copies, as the packer makes them.
 */
export type Remote<Api> = {
  readonly [Name in keyof Api as Api[Name] extends Method ? Exclude<Name, Hidden> : never]: Api[Name] extends (
    this: never,
    ...args: infer Args
  ) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

export interface RemoteOptions extends CallOptions {
  /** The name of the exposed object, as in `expose(name, object)`. */
  readonly object?: string | undefined;
}

/** What a proxy stands for. That it is no plain object keeps a packer from taking it for an empty one. */
class RemoteObject {}

/** A proxy whose every public name is a method. `then` is none, so that it can be awaited and returned. */
export function remote<Api>(
  call: (method: string, args: readonly unknown[]) => Promise<unknown>,
  prefix: string,
): Remote<Api> {
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  return new Proxy(Object.freeze(new RemoteObject()) as Remote<Api>, {
    get(_target, name) {
      if (typeof name === 'symbol' || !isPublic(name)) return undefined;
      let method = methods.get(name);
      if (method === undefined) methods.set(name, (method = (...args) => call(prefix + name, args)));
      return method;
    },
  });
}
