import { PoolError } from '../errors.ts';
import type { Registry } from './registry.ts';

/**
 * A type that is packed as a list of other values. This table is all there is to it: MessagePack writes `[extension(code), ...parts]`, JSON `{ $name: parts }`.
 * `make` throws when the parts are not what `parts` gives; it never runs what it is given.
 */
export interface Kind {
  readonly name: string;
  /** The MessagePack extension, 16 to 127. */
  readonly code: number;
  make(parts: readonly unknown[], registry: Registry): unknown;
  /** How a path goes on to the part of that index. */
  step(index: number): string;
}

/** A kind that is known by the standard class's name. */
export interface StandardKind extends Kind {
  parts(value: object, stacks: boolean): unknown[];
}

const map: StandardKind = {
  name: 'Map',
  code: 16,
  parts: (value) => Array.from(value as Map<unknown, unknown>).flat(),
  make: (parts) => {
    const made = new Map<unknown, unknown>();
    for (let at = 0; at < parts.length; at += 2) made.set(parts[at], parts[at + 1]);
    check(made.size * 2 === parts.length, 'a Map with a key twice, or without its value');
    return made;
  },
  step: (index) => `.${index % 2 ? 'values' : 'keys'}()[${index >> 1}]`,
};

const set: StandardKind = {
  name: 'Set',
  code: 17,
  parts: (value) => Array.from(value as Set<unknown>),
  make: (parts) => {
    const made = new Set(parts);
    check(made.size === parts.length, 'a Set with a value twice');
    return made;
  },
  step: (index) => `.values()[${index}]`,
};

/**
 * Source characters of all the RegExps with the flag `u` or `v` in one value. An engine reads `[\p{L}--\p{Lu}]`, 14 characters, for half a millisecond: this is half a second of it. The longest
 * ones in use, for emoji and mail addresses, have some 12,000.
 */
const MOST_PATTERNS = 16_384;

/**
 * How many there are with those of one more RegExp.
 * @throws RangeError when that is too much
 */
export function morePatterns(before: number, [source, flags]: readonly unknown[]): number {
  const sets = typeof source === 'string' && typeof flags === 'string' && /[uv]/.test(flags);
  const patterns = before + (sets ? source.length : 0);
  check(patterns <= MOST_PATTERNS, `more than ${MOST_PATTERNS} characters of RegExps with the flag u or v`);
  return patterns;
}

export const REG_EXP: StandardKind = {
  name: 'RegExp',
  code: 18,
  parts: (value) => [(value as RegExp).source, (value as RegExp).flags],
  make: ([source, flags, ...rest]) => {
    check(typeof source === 'string' && typeof flags === 'string' && rest.length === 0, 'no RegExp');
    return new RegExp(source, flags);
  },
  step: () => '',
};

const STANDARD_ERRORS = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((Class) => [Class.name, Class]),
);

/** `[name, message]`, and `{ cause, errors, stack }` when there is one of them. */
const error: StandardKind = {
  name: 'Error',
  code: 19,
  parts: (value, stacks) => {
    const { name, message } = value as { name?: unknown; message?: unknown };
    const fields: Record<string, unknown> = {};
    if ('cause' in value) fields['cause'] = value.cause;
    if (value instanceof AggregateError) fields['errors'] = value.errors;
    if (stacks && 'stack' in value) fields['stack'] = String(value.stack);
    const parts: unknown[] = [String(name), String(message)];
    return Object.keys(fields).length > 0 ? [...parts, fields] : parts;
  },
  make: ([name, message, fields = {}, ...rest]) => {
    check(typeof name === 'string' && typeof message === 'string' && rest.length === 0, 'no Error');
    check(
      typeof fields === 'object' && fields !== null && Object.getPrototypeOf(fields) === Object.prototype,
      'no Error',
    );
    const { cause, errors, stack = `${name}: ${message}` } = fields as Record<string, unknown>;
    check(typeof stack === 'string', 'an Error whose stack is no string');
    const options = Object.hasOwn(fields, 'cause') ? { cause } : undefined;
    const made = Array.isArray(errors)
      ? new AggregateError(errors, message, options)
      : new (STANDARD_ERRORS.get(name) ?? Error)(message, options);
    if (made.name !== name) hide(made, 'name', name);
    // The stack made here would tell of the packer, not of the error. Where it is the error's own, an assignment takes 420 bytes less in Chromium than a new property.
    if (Object.hasOwn(made, 'stack')) made.stack = stack;
    else hide(made, 'stack', stack);
    return made;
  },
  step: () => '',
};

/** An object with a key that the format can't write, or that an assignment would not make a property of. */
export const OBJECT: Kind = {
  name: 'Object',
  code: 20,
  make: (parts) => {
    const made = {};
    for (let at = 0; at < parts.length; at += 2) {
      const key = parts[at];
      check(typeof key === 'string', 'an object with a key that is no string');
      Object.defineProperty(made, key, { value: parts[at + 1], configurable: true, enumerable: true, writable: true });
    }
    check(Object.keys(made).length * 2 === parts.length, 'an object with a key twice, or without its value');
    return made;
  },
  step: () => '',
};

/** `[tag, data]` of a registered class. */
export const CLASS: Kind = {
  name: 'class',
  code: 21,
  make: ([tag, data, ...rest], registry) => {
    check(typeof tag === 'string' && rest.length === 0, 'no instance of a class');
    const registration = registry.ofTag(tag);
    if (!registration)
      throw new PoolError(
        'unpackable',
        `nobody registered the tag ${JSON.stringify(tag.slice(0, 100))} here: packer.register it at both ends`,
      );
    try {
      return registration.fromData(data);
    } catch (cause) {
      throw new PoolError('malformed', `fromData of ${JSON.stringify(tag)} threw: ${String(cause)}`, { cause });
    }
  },
  step: () => '.toData()',
};

export const STANDARD_KINDS: ReadonlyMap<string, StandardKind> = new Map(
  [map, set, REG_EXP, error].map((kind) => [kind.name, kind]),
);

export const KINDS: readonly Kind[] = [...STANDARD_KINDS.values(), OBJECT, CLASS];

function check(fine: boolean, what: string): asserts fine {
  if (!fine) throw new RangeError(what);
}

function hide(made: object, key: string, value: string): void {
  Object.defineProperty(made, key, { value, configurable: true, enumerable: false, writable: true });
}
