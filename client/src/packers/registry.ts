/** A class is known by its prototype alone, so that one with a private constructor can be registered too. */
export interface PackableClass<Instance extends object> {
  readonly name: string;
  readonly prototype: Instance;
}

/** Of `register`. */
export interface RegisterOptions {
  /** Replaces what was registered under this tag and for this class. */
  readonly overwrite?: boolean | undefined;
}

export interface Registration {
  readonly tag: string;
  readonly prototype: object;
  readonly toData: (instance: object) => unknown;
  readonly fromData: (data: unknown) => unknown;
}

/** The classes of one packer. */
export class Registry {
  readonly #tags = new Map<string, Registration>();
  readonly #prototypes = new Map<object, Registration>();

  register(registration: Registration, overwrite: boolean): void {
    const { tag, prototype, toData, fromData } = registration;
    if (typeof tag !== 'string' || tag === '') throw new TypeError('a tag is a string and not empty');
    if (typeof prototype !== 'object') throw new TypeError(`"${tag}" needs a class`);
    if (prototype === Object.prototype || prototype === Array.prototype) {
      throw new TypeError(`"${tag}": Object and Array are packed as they are`);
    }
    if (typeof toData !== 'function' || typeof fromData !== 'function') {
      throw new TypeError(`"${tag}" needs two functions: toData and fromData`);
    }
    const former = [this.#tags.get(tag), this.#prototypes.get(prototype)].filter((known) => known !== undefined);
    if (former.length > 0 && !overwrite) {
      const what = former[0]?.tag === tag ? `the tag "${tag}"` : `the class of "${tag}"`;
      throw new TypeError(`${what} is registered already; { overwrite: true } replaces it`);
    }
    for (const known of former) {
      this.#tags.delete(known.tag);
      this.#prototypes.delete(known.prototype);
    }
    this.#tags.set(tag, registration);
    this.#prototypes.set(prototype, registration);
  }

  clear(): void {
    this.#tags.clear();
    this.#prototypes.clear();
  }

  /** Of exactly this class, not of one that it extends. */
  ofPrototype(prototype: object): Registration | undefined {
    return this.#prototypes.get(prototype);
  }

  ofTag(tag: string): Registration | undefined {
    return this.#tags.get(tag);
  }
}
