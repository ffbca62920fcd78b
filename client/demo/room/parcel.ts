import { bytesText } from '../frame/figures.ts';

/** What a message is to this page. Anyone may join with a program of their own, so `value` can be anything the packer knows. */
export type Parcel =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: unknown };

/** More than this of one value is not shown, in characters. */
const SHOWN_CHARACTERS = 20_000;

/** Never refuses. */
export function toParcel(value: unknown): Parcel {
  return typeof value === 'string' ? { kind: 'text', text: value } : { kind: 'value', value };
}

export function describe(parcel: Parcel): string {
  switch (parcel.kind) {
    case 'text':
      return `text, ${bytesText(utf8Bytes(parcel.text))}`;
    case 'value':
      return `${typeText(parcel.value)}, ${bytesText(utf8Bytes(valueText(parcel.value, 0)))}`;
  }
}

/** Such values as JSON, and those that JSON does not know nearly so. */
export function valueText(value: unknown, indent = 2): string {
  return JSON.stringify(value, (_key, inner: unknown) => plain(inner), indent) ?? String(value);
}

/** Shortened to what a page can show. */
export function shownText(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text;
  const rest = text.length - SHOWN_CHARACTERS;
  return `${text.slice(0, SHOWN_CHARACTERS)}\n… and ${rest.toLocaleString('en')} more characters`;
}

function typeText(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (Array.isArray(value)) return value.length === 1 ? 'array of 1' : `array of ${value.length}`;
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  return kind === 'Object' ? 'JSON object' : kind;
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  if (value instanceof Error || value instanceof RegExp) return String(value);
  if (value instanceof ArrayBuffer) return `${value.byteLength} bytes`;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  return value;
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
