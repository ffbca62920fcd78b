import type { Identity } from '../trust/identity.ts';
import { type Bytes, utf8 } from '../trust/web-crypto.ts';

/** How the two ends of a link prove that they are who they say. */
export interface Trust {
  /** Shown and proved in every greeting. */
  readonly identity: Identity | undefined;
  /** The one key that the other side has to prove, if it has to. */
  readonly publicKey: string | undefined;
}

/** What one end of a link says in its greeting. */
export interface Speech {
  /** The hello, as it stands on the wire. */
  readonly hello: string;
  readonly binding: string;
}

/**
 * What an end signs: both hellos and, over WebRTC, the fingerprints of both certificates, its own first. So a signature is worth something for this very link, in this direction; whoever sits in the middle has a link to each end, and other certificates.
 */
export function transcript(speaker: Speech, listener: Speech): Bytes {
  const said = ['peerpool identity', speaker.hello, listener.hello, speaker.binding, listener.binding];
  return utf8(JSON.stringify(said));
}
