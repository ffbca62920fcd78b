import { PoolError } from '../errors.ts';
import { verify } from '../trust/identity.ts';
import type { Bytes } from '../trust/web-crypto.ts';
import { type Speech, transcript, type Trust } from './trust.ts';

export interface ProvingHost {
  /** Our proof, for the other side. */
  prove(signature: Uint8Array): void;
  /** Both have proved what they have to, or `error` says which has not. Called once, never from within the constructor. */
  proved(error?: PoolError): void;
}

/** The part of a greeting in which the ends prove that their keys are theirs: each signs, where it has a key, and verifies, where it cares. */
export class Proving {
  readonly #trust: Trust;
  readonly #peer: string;
  readonly #theirs: { readonly publicKey: string; readonly transcript: Bytes } | undefined;
  readonly #heard: Promise<Bytes>;
  /** The other side's proof. */
  hear: (signature: Bytes) => void = () => {};

  /** `shown` is the key in the other side's hello. */
  constructor(trust: Trust, peer: string, shown: string | null, own: Speech, other: Speech, host: ProvingHost) {
    this.#trust = trust;
    this.#peer = peer;
    this.#theirs = shown === null ? undefined : { publicKey: shown, transcript: transcript(other, own) };
    this.#heard = new Promise((resolve) => (this.hear = resolve));
    const signed = this.#sign(transcript(own, other)).then((signature) => signature && host.prove(signature));
    Promise.all([signed, this.#verify()]).then(
      () => host.proved(),
      (error: unknown) => host.proved(error as PoolError),
    );
  }

  async #sign(data: Bytes): Promise<Uint8Array | undefined> {
    try {
      return await this.#trust.identity?.sign(data);
    } catch (cause) {
      const peer = this.#peer;
      throw new PoolError('untrusted', `our own identity did not sign for ${peer}`, {
        peer,
        reason: 'identity',
        cause,
      });
    }
  }

  async #verify(): Promise<void> {
    if (this.#theirs === undefined) return;
    const peer = this.#peer;
    const { publicKey, transcript: said } = this.#theirs;
    if (await verify(publicKey, said, await this.#heard)) return;
    const text = `${peer} did not prove for this link that its key is its own; somebody may sit in between`;
    throw new PoolError('untrusted', text, { peer, reason: 'identity' });
  }
}
