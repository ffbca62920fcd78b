import { PoolError } from '../errors.ts';

/** A piece of memory that nobody shares, as WebCrypto asks for. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The platform's own cryptography: none of ours. Browsers have it in secure contexts only (W3C Secure Contexts): over https, on localhost, and not at `http://192.168.…`.
 * @throws PoolError `unsupported`; `what` is what can't be had without it
 */
export function webCrypto(what: string): SubtleCrypto {
  const { subtle } = globalThis.crypto as { readonly subtle?: SubtleCrypto };
  if (subtle !== undefined) return subtle;
  throw new PoolError('unsupported', `${what} needs WebCrypto, which a page has over https and on localhost only`, {
    reason: 'insecure-context',
  });
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}
