import { PoolError } from '../errors.ts';
import { Lowering, type Format } from './lowering.ts';
import type { Packer, Packet } from './packer.ts';
import { Raising } from './raising.ts';
import { Registry, type PackableClass, type RegisterOptions } from './registry.ts';

/** Of both packers. */
export interface PackerOptions {
  /** Whether errors travel with their `stack`, which tells of files and line numbers. Default false. */
  readonly stacks?: boolean | undefined;
}

/** What both packers promise: see `MessagePackPacker`. */
export abstract class ValuePacker implements Packer {
  abstract readonly name: string;
  protected abstract readonly format: Format;
  readonly #registry = new Registry();
  readonly #stacks: boolean;

  constructor(options: PackerOptions = {}) {
    this.#stacks = options.stacks ?? false;
  }

  /** Writes what the walk made. */
  protected abstract encode(lowered: unknown): Uint8Array;
  protected abstract decode(head: Uint8Array, raising: Raising): unknown;

  /**
   * Packs instances of exactly this class as what `toData` makes of them, under a tag, because minifiers rename classes. Both ends register it.
   * `fromData` gets what the other side's `toData` made, if that side is honest: what it throws makes the message `malformed`.
   * @throws TypeError when the tag or the class is registered already and `overwrite` is not given
   */
  register<Instance extends object, Data>(
    tag: string,
    Class: PackableClass<Instance>,
    toData: (instance: Instance) => Data,
    fromData: (data: Data) => Instance,
    options: RegisterOptions = {},
  ): void {
    // The registry finds an instance by its prototype, and data by its tag: that pairs the types again.
    const functions = { toData, fromData } as {
      toData: (instance: object) => unknown;
      fromData: (data: unknown) => unknown;
    };
    this.#registry.register({ tag, prototype: Class.prototype, ...functions }, options.overwrite ?? false);
  }

  /** Forgets every registered class. */
  clear(): void {
    this.#registry.clear();
  }

  /** Whether instances of exactly this class go as what their `toData` makes of them. */
  protected registered(prototype: object): boolean {
    return this.#registry.ofPrototype(prototype) !== undefined;
  }

  pack(value: unknown): Packet {
    const lowering = new Lowering(this.format, this.#registry, this.#stacks);
    try {
      return { head: this.encode(lowering.value(value)), segments: lowering.segments };
    } catch (error) {
      throw lowering.failure(error);
    }
  }

  /** The value, made anew. @throws PoolError `malformed` for what is none, `unpackable` for a tag that is not registered here */
  unpack(packet: Packet): unknown {
    try {
      const raising = new Raising(packet.segments, this.#registry);
      const value = this.decode(packet.head, raising);
      raising.finish();
      return value;
    } catch (cause) {
      if (cause instanceof PoolError) throw cause;
      throw new PoolError(
        'malformed',
        `not a ${this.name} value: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
  }
}
