import type { Bytes } from './web-crypto.ts';

/** RFC 4648, section 5, without padding: fits into a URL as it is. */
export function toBase64url(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** `undefined` for what is not exactly the writing of so many bytes. */
export function fromBase64url(text: unknown, length: number): Bytes | undefined {
  if (typeof text !== 'string' || text.length !== Math.ceil((length * 4) / 3) || !/^[\w-]*$/.test(text))
    return undefined;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (unit) => unit.charCodeAt(0));
  // Its last character may hold bits that belong to no byte.
  return toBase64url(bytes) === text ? bytes : undefined;
}
