const PROTOTYPES = [Object, Array, Function, Map, Set, Error, RegExp, Promise, Uint8Array].flatMap(
  (Class: { readonly prototype: object }) => [Class.prototype, Class],
);

/** What everything inherits from, as it is now; what this returns says what is not as it was. To look at all of it takes as long as an input; at the keys of all objects and arrays, nothing. */
export function prototypes(): (thoroughly: boolean) => string | undefined {
  const before = PROTOTYPES.map((object) => ({
    object,
    keys: Reflect.ownKeys(object).length,
    parent: Object.getPrototypeOf(object) as unknown,
    values: Object.values(Object.getOwnPropertyDescriptors(object)).map(
      ({ value }: PropertyDescriptor): unknown => value,
    ),
  }));
  const common = [Object.prototype, Array.prototype].map((object) => [object, Reflect.ownKeys(object).length] as const);
  return (thoroughly) => {
    for (const [object, keys] of common)
      if (Reflect.ownKeys(object).length !== keys) return `${nameOf(object)} has other keys than before`;
    if (!thoroughly) return undefined;
    for (const { object, keys, parent, values } of before) {
      if (Reflect.ownKeys(object).length !== keys) return `${nameOf(object)} has other keys than before`;
      if (Object.getPrototypeOf(object) !== parent) return `${nameOf(object)} inherits from something else`;
      const now = Object.values(Object.getOwnPropertyDescriptors(object));
      if (now.some(({ value }: PropertyDescriptor, index) => value !== values[index]))
        return `${nameOf(object)} has another method`;
    }
    return undefined;
  };
}

function nameOf(object: object): string {
  return typeof object === 'function' ? object.name : `${object.constructor.name}.prototype`;
}
