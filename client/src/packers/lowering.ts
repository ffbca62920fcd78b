import { PoolError } from '../errors.ts';
import { viewBytes, viewName, type BinaryName } from './binary.ts';
import { CLASS, type Kind, morePatterns, OBJECT, REG_EXP, STANDARD_KINDS } from './kinds.ts';
import { SEGMENT_BYTES } from './packer.ts';
import type { Registry } from './registry.ts';

/** Containers in containers: arrays, objects, Maps, Sets, Errors, instances of classes. No honest value is deeper, and every engine's stack is. */
export const MOST_LEVELS = 64;
/**
 * Arrays, objects, binaries and the like in one value. Each is some hundred bytes of memory for as few as one on the wire, so bytes alone would not bound it;
 * numbers and strings are bounded by their bytes. Who has more rows than this has columns: typed arrays.
 */
export const MOST_OBJECTS = 2 ** 22;

/** How a format writes what its own words don't cover. Whatever these return is written without another look. */
export interface Format {
  readonly undefined: unknown;
  number(value: number): unknown;
  string(value: string): unknown;
  bigint(value: bigint): unknown;
  /** Milliseconds since 1970; NaN for an invalid date. */
  date(time: number): unknown;
  binary(name: BinaryName, bytes: Uint8Array): unknown;
  segment(name: BinaryName, index: number): unknown;
  list(kind: Kind, parts: unknown[]): unknown;
  /** Whether an object with this key must go as a list. `__proto__` always must. */
  oddKey(key: string): boolean;
}

/** What to say of what is often tried. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['Blob', 'use sendStream'],
  ['File', 'use sendStream'],
  ['ReadableStream', 'use sendStream'],
  ['Promise', 'await it first'],
  ['SharedArrayBuffer', 'shared memory stays here, a typed array over it is copied'],
  ['Number', 'send the primitive'],
  ['String', 'send the primitive'],
  ['Boolean', 'send the primitive'],
]);

/**
 * One walk over a value, which checks it and makes a plain copy for the format to write: every getter and every trap is met once, and what is written
 * is what was checked. Not shared by two calls, so that `toData` and getters may pack something themselves.
 */
export class Lowering {
  readonly segments: Uint8Array[] = [];
  readonly #format: Format;
  readonly #registry: Registry;
  readonly #stacks: boolean;
  #refused: PoolError | undefined;
  #objects = 0;
  #patterns = 0;
  /** Where the walk is: the containers it is in, outermost first, which part of each, and how the parts are counted. */
  #depth = 0;
  readonly #containers: object[] = [];
  readonly #steps: (string | number)[] = [];
  readonly #kinds: (Kind | undefined)[] = [];

  constructor(format: Format, registry: Registry, stacks: boolean) {
    this.#format = format;
    this.#registry = registry;
    this.#stacks = stacks;
  }

  /** @throws PoolError `unpackable`; whatever a getter, a trap or `toData` throws, as it is: `failure` says where */
  value(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.#format.string(value);
      case 'number':
        return this.#format.number(value);
      case 'boolean':
        return value;
      case 'undefined':
        return this.#format.undefined;
      case 'bigint':
        return this.#format.bigint(value);
      case 'object':
        return value === null ? null : this.#object(value);
      default:
        throw this.#refusal(`a ${typeof value} can't be packed`);
    }
  }

  /** The walk's own error as it is; what a getter, a trap, `toData` or the format threw with where the walk was. */
  failure(cause: unknown): PoolError {
    if (this.#refused && cause === this.#refused) return this.#refused;
    return this.#refusal(`could not be packed: ${cause instanceof Error ? cause.message : typeof cause}`, cause);
  }

  #object(value: object): unknown {
    if (++this.#objects > MOST_OBJECTS) {
      throw this.#refusal(`more than ${MOST_OBJECTS} objects in one value; typed arrays hold more`);
    }
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype || prototype === null) return this.#plain(value);
    if (prototype === Array.prototype && Array.isArray(value)) return this.#array(value);
    const registration = this.#registry.ofPrototype(prototype);
    if (registration) {
      this.#enter(value, CLASS);
      this.#steps[this.#depth - 1] = 1;
      const data = this.value(registration.toData(value));
      this.#depth--;
      return this.#format.list(CLASS, [this.#format.string(registration.tag), data]);
    }
    if (ArrayBuffer.isView(value)) {
      const name = viewName(value);
      if (name) return this.#binary(name, viewBytes(value));
    }
    return this.#standard(value, prototype);
  }

  /** Of this realm or another: frames, `vm` contexts and some test runners have an Object, an Array, a Map of their own. */
  #standard(value: object, prototype: object): unknown {
    const name = value instanceof Error ? 'Error' : Object.prototype.toString.call(value).slice(8, -1);
    const constructor: unknown = Object.hasOwn(prototype, 'constructor') ? prototype.constructor : undefined;
    const ownName = typeof constructor === 'function' ? constructor.name : '';
    if (name === 'Error' || name === ownName) {
      if (name === 'Object') return this.#plain(value);
      if (name === 'Array') return this.#array(value as unknown[]);
      if (name === 'Date') return this.#format.date(Date.prototype.getTime.call(value));
      if (name === 'ArrayBuffer') return this.#binary(name, new Uint8Array(value as ArrayBuffer));
      const kind = STANDARD_KINDS.get(name);
      const parts = kind?.parts(value, this.#stacks) ?? [];
      if (kind === REG_EXP) this.#patterns = morePatterns(this.#patterns, parts);
      if (kind) return this.#list(value, kind, parts);
    }
    const advice = ADVICE.get(name) ?? (ownName ? 'register its class' : 'it has a prototype of its own');
    throw this.#refusal(`a ${ownName || name} can't be packed: ${advice}`);
  }

  #plain(value: object): unknown {
    const keys = Object.keys(value);
    const isEnumerable = (key: symbol) => Object.prototype.propertyIsEnumerable.call(value, key);
    if (Object.getOwnPropertySymbols(value).some(isEnumerable)) {
      throw this.#refusal("an object with a symbol as a key can't be packed");
    }
    if (keys.length === 0 && Object.prototype.toString.call(value) !== '[object Object]') {
      throw this.#refusal(`${Object.prototype.toString.call(value)} can't be packed`);
    }
    this.#enter(value, undefined);
    const at = this.#depth - 1;
    const source = value as Record<string, unknown>;
    let lowered: unknown;
    if (keys.some((key) => key === '__proto__' || this.#format.oddKey(key))) {
      const parts: unknown[] = [];
      for (const key of keys) {
        this.#steps[at] = key;
        parts.push(this.#format.string(key), this.value(source[key]));
      }
      lowered = this.#format.list(OBJECT, parts);
    } else {
      const copy: Record<string, unknown> = {};
      for (const key of keys) {
        this.#steps[at] = key;
        copy[key] = this.value(source[key]);
      }
      lowered = copy;
    }
    this.#depth--;
    return lowered;
  }

  #array(value: readonly unknown[]): unknown {
    this.#enter(value, undefined);
    const at = this.#depth - 1;
    const copy: unknown[] = [];
    for (let index = 0; index < value.length; index++) {
      this.#steps[at] = index;
      const item = value[index];
      if (item === undefined && !(index in value)) throw this.#refusal("a hole in an array can't be packed");
      copy.push(this.value(item));
    }
    this.#depth--;
    return copy;
  }

  #list(value: object, kind: Kind, parts: unknown[]): unknown {
    this.#enter(value, kind);
    const at = this.#depth - 1;
    for (let index = 0; index < parts.length; index++) {
      this.#steps[at] = index;
      parts[index] = this.value(parts[index]);
    }
    this.#depth--;
    return this.#format.list(kind, parts);
  }

  #binary(name: BinaryName, bytes: Uint8Array): unknown {
    if (bytes.byteLength < SEGMENT_BYTES) return this.#format.binary(name, bytes);
    this.segments.push(bytes.slice());
    return this.#format.segment(name, this.segments.length - 1);
  }

  #enter(container: object, kind: Kind | undefined): void {
    const depth = this.#depth;
    if (depth === MOST_LEVELS) throw this.#tooDeep(container);
    this.#containers[depth] = container;
    this.#kinds[depth] = kind;
    this.#depth = depth + 1;
  }

  /** A cycle is found by its depth, which costs honest values nothing; the path ends where it first closes. */
  #tooDeep(container: object): PoolError {
    const way = [...this.#containers, container];
    const closes = way.findIndex((each, index) => way.indexOf(each) < index);
    if (closes < 0) return this.#refusal(`more than ${MOST_LEVELS} levels`);
    this.#depth = closes;
    const first = way.indexOf(way[closes] as object);
    return this.#refusal(`a cycle, back to ${this.#path(first)}, can't be packed`);
  }

  #refusal(what: string, cause?: unknown): PoolError {
    const path = this.#path(this.#depth);
    this.#refused = new PoolError('unpackable', `${path}: ${what}`, { path, ...(cause !== undefined && { cause }) });
    return this.#refused;
  }

  #path(depth: number): string {
    let path = '$';
    for (let at = 0; at < depth; at++) {
      const step = this.#steps[at] ?? '';
      if (typeof step === 'string')
        path += /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
      else path += this.#kinds[at]?.step(step) ?? `[${step}]`;
    }
    return path;
  }
}
