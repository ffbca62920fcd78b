/**
 * What is packed as bytes. The place in this list is the number on the wire: add at the end only.
 * The bytes are little-endian, which is what every engine with a browser around it has in memory.
 */
export const BINARY_NAMES = [
  'ArrayBuffer',
  'DataView',
  'Uint8Array',
  'Int8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
] as const;

export type BinaryName = (typeof BINARY_NAMES)[number];

type View = new (buffer: ArrayBuffer) => ArrayBufferView;

/** Taken when the module loads; an engine without `Float16Array` has none here. */
const VIEWS = new Map<string, View>();
for (const name of BINARY_NAMES.slice(1)) {
  const view: View | undefined = (globalThis as unknown as Record<string, View | undefined>)[name];
  if (view) VIEWS.set(name, view);
}

/**
 * The standard class of a view, whatever its realm. A subclass, as Node's `Buffer`, counts as what it extends.
 * `undefined` for a class younger than this list.
 */
export function viewName(view: ArrayBufferView): BinaryName | undefined {
  if (Object.getPrototypeOf(view) === Uint8Array.prototype) return 'Uint8Array';
  const name = Object.prototype.toString.call(view).slice(8, -1);
  return BINARY_NAMES.find((known) => known === name);
}

/**
 * The view's own bytes, not copied.
 * @throws TypeError when its buffer was transferred away: it has no bytes, which is not the same as being empty
 */
export function viewBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/**
 * A value of that class in a buffer of its own, aligned. Bytes that fill their buffer become the value; others are copied.
 * @throws RangeError when the length doesn't fit; TypeError when there is no such class
 */
export function makeBinary(name: unknown, bytes: Uint8Array): ArrayBuffer | ArrayBufferView {
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  const buffer = whole ? bytes.buffer : new Uint8Array(bytes).buffer;
  if (name === 'ArrayBuffer') return buffer;
  const View = typeof name === 'string' ? VIEWS.get(name) : undefined;
  if (!View) throw new TypeError(`no binary type ${quoted(name)} here`);
  return new View(buffer);
}

/** What a stranger named, as far as it can be a name of ours. */
function quoted(name: unknown): string {
  return typeof name === 'string' ? JSON.stringify(name.slice(0, 40)) : typeof name;
}
