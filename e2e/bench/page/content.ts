import type { Bytes } from './endpoint.ts';

/** What a message is, in its first eight bytes: its number and its kind; then content that both ends know. */
export type Kind = 'data' | 'ping' | 'pong' | 'count' | 'ask' | 'answer';
const KINDS: readonly Kind[] = ['data', 'ping', 'pong', 'count', 'ask', 'answer'];
const HEADER_BYTES = 8;
const FILL = 0x9e3779b1;

/** Numbered messages of one size. The memory is one and the same, which a sender may use again once `send` has returned. */
export class Template {
  readonly bytes: Bytes;
  readonly #header: Int32Array;

  constructor(size: number, kind: Kind) {
    const words = new Uint32Array(Math.ceil(size / 4));
    for (let word = 2; word < words.length; word++) words[word] = Math.imul(word, FILL);
    this.bytes = new Uint8Array(words.buffer, 0, size);
    this.#header = new Int32Array(words.buffer, 0, 2);
    this.#header[1] = KINDS.indexOf(kind);
  }

  number(value: number): Bytes {
    this.#header[0] = value;
    return this.bytes;
  }
}

/** Whether a message is what `Template` made: every byte is looked at. */
export class Inspector {
  readonly #model: Template;
  readonly #words: Uint32Array;

  constructor(size: number) {
    this.#model = new Template(size, 'data');
    this.#words = new Uint32Array(this.#model.bytes.buffer);
  }

  /** @throws Error that says what is wrong */
  inspect(bytes: Bytes, number: number): void {
    const model = this.#model.bytes;
    if (bytes.length !== model.length)
      throw new Error(`message ${number} has ${bytes.length} bytes of ${model.length}`);
    const found = numberOf(bytes);
    if (found !== number) throw new Error(`message ${found} came where ${number} was expected`);
    let at = HEADER_BYTES;
    if (bytes.byteOffset % 4 === 0) {
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
      for (let word = HEADER_BYTES / 4; word < words.length; word++) {
        if (words[word] !== this.#words[word]) throw new Error(`message ${number} differs at byte ${4 * word}`);
      }
      at = 4 * words.length;
    }
    for (; at < bytes.length; at++) {
      if (bytes[at] !== model[at]) throw new Error(`message ${number} differs at byte ${at}`);
    }
  }
}

export function numberOf(bytes: Bytes): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = [bytes[0], bytes[1], bytes[2], bytes[3]];
  return first | (second << 8) | (third << 16) | (fourth << 24);
}

export function kindOf(bytes: Bytes): Kind {
  return KINDS[bytes[4] ?? 0] ?? 'data';
}

/** An object as applications send it. */
export function record(number: number): Record<string, unknown> {
  return {
    number,
    id: `a7f3c9-${number}`,
    kind: 'move',
    player: 'alice',
    x: number * 0.25,
    y: 17.5,
    z: -3.75,
    angle: 1.5707963,
    speed: 12,
    visible: true,
    selected: false,
    parent: null,
    layer: 3,
    colour: '#20a0ff',
    label: 'a label of some length, as people write them',
    tags: ['near', 'fast', 'new'],
    at: 1_763_600_000_000 + number,
    scale: { x: 1, y: 1.5 },
    weights: [0.1, 0.2, 0.3, 0.4],
    last: 'end',
  };
}

/** @throws Error unless it is that record */
export function inspectRecord(value: unknown, number: number): void {
  if (JSON.stringify(value) !== JSON.stringify(record(number))) throw new Error(`record ${number} came changed`);
}

export function numbers(count: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: count }, (_, index) => index * 0.5);
}

/** @throws Error unless these are those numbers; contenders that carry bytes only hand over bytes */
export function inspectNumbers(value: unknown, count: number): void {
  const { buffer, byteOffset, byteLength } = value as Uint8Array;
  if (byteLength !== 8 * count) throw new Error(`${byteLength} bytes came of ${8 * count}`);
  const found =
    byteOffset % 8 === 0
      ? new Float64Array(buffer, byteOffset, count)
      : new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength));
  for (let index = 0; index < count; index++) {
    if (found[index] !== index * 0.5) throw new Error(`number ${index} came changed`);
  }
}
