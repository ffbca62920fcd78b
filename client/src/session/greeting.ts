import { PoolError } from '../errors.ts';
import type { Lane, Link } from '../links/link.ts';
import { said } from '../said.ts';
import {
  encodeReason,
  encodeText,
  FRAME,
  FrameError,
  type PacketReader,
  PacketWriter,
  REASON_BYTES,
} from './frames.ts';
import {
  type Continuation,
  encodeHello,
  type Hello,
  helloText,
  mismatch,
  parseHello,
  readHello,
  sessionId,
} from './hello.ts';
import { PairKey, sameProof } from './pair-key.ts';
import { Proving } from './proving.ts';
import type { Trust } from './trust.ts';

export const LANES = [0, 1] as const;

/** Room for one `reject`, whatever the link's own packets are. */
const REJECT_BYTES = 4096;

/** The code by which a side says that it has no session to resume. */
const GONE = 'gone';

/** A signature has 64 bytes; who sends more wants something else. */
const PROOF_BYTES = 256;

/** A session that both sides have agreed on. */
export interface Agreement {
  readonly id: string;
  readonly key: PairKey;
  /** The other side's, as its hello showed it. */
  readonly publicKey: string | null;
}

/** What this side could go on with, and how far it came. */
export interface Resumable extends Agreement {
  readonly standing: boolean;
  readonly frames: readonly [number, number];
}

/**
 * `agreed`: the other side's hello is good, and it may be up before we are. `up`: both sides have welcomed each other, and agree on the session. `refused`: one does not want the other, and the session ends. `gone`: the other side does not have the session that stands here.
 * `unfit`: this link is no good, another may be.
 */
export type Outcome =
  | {
      readonly name: 'up';
      readonly link: Link;
      readonly hello: Hello;
      readonly agreement: Agreement;
      /** The other side's key, which it has proved. */
      readonly publicKey: string | undefined;
      readonly resumed: Continuation | undefined;
    }
  | { readonly name: 'refused' | 'unfit'; readonly error: PoolError }
  | { readonly name: 'agreed' | 'gone' };

/**
 * How two sides check each other before a message passes. Each lane opens with a hello; who finds the other's good answers `welcome`, in each lane;
 * a side is up when it has welcomed and was welcomed. Who finds it bad answers `reject`, with a sentence. Who has an identity shows its key in the hello and proves it behind that; who cares welcomes when that is verified.
 */
export class Greeting {
  readonly #own: Hello;
  readonly #peer: string;
  readonly #peerInstance: string;
  readonly #resumable: Resumable | undefined;
  readonly #trust: Trust | undefined;
  readonly #later: (outcome: Outcome) => void;
  #link: Link | undefined;
  /** Our hello, and the other side's: as they are said. */
  #ownText = '';
  #text = '';
  #hello: Hello | undefined;
  #proving: Proving | undefined;
  /** The other side's has come. */
  #proof = false;
  #agreement: Agreement | undefined;
  #resumed: Continuation | undefined;
  readonly #heard = new Set<Lane>();
  /** Lanes in which the other side has welcomed us, before we have it. */
  readonly #welcomed = new Set<Lane>();
  readonly #greeted = new Set<Lane>();

  /**
   * What a hello says of the link and of what is resumed is filled in when the link is open. `trust`: where this side has a key to prove, or cares for the other's. `later` hears outcomes that no call returned, for proofs take time.
   */
  constructor(
    own: Hello,
    peer: string,
    peerInstance: string,
    resumable: Resumable | undefined,
    trust: Trust | undefined,
    later: (outcome: Outcome) => void,
  ) {
    this.#own = own;
    this.#peer = peer;
    this.#peerInstance = peerInstance;
    this.#resumable = resumable;
    this.#trust = trust;
    this.#later = later;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  /** What both sides will go on with if the link breaks before they are up. */
  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  /** Whether frames of the session follow in this lane. */
  greeted(lane: Lane): boolean {
    return this.#greeted.has(lane);
  }

  /** Returns an outcome when the other side's hello was there before. */
  opened(link: Link): Outcome | undefined {
    this.#link = link;
    this.#ownText = helloText({ ...this.#own, packetBytes: link.packetBytes, resume: this.#continuation(link) });
    const hello = encodeHello(this.#ownText);
    for (const lane of LANES) link.send(lane, hello);
    return this.#hello === undefined ? undefined : this.#judge(link, this.#hello);
  }

  /**
   * Reads one frame of a lane that is not greeted yet. Returns what came of it, if anything.
   * @throws FrameError
   */
  read(kind: number, lane: Lane, reader: PacketReader): Outcome | undefined {
    if (kind === FRAME.reject && this.#greeted.size > 0) throw new FrameError('it rejects whom it has welcomed');
    if (kind === FRAME.reject) return this.#rejected(reader.text(64), reader.text(REASON_BYTES));
    if (!this.#heard.has(lane)) {
      if (kind !== FRAME.hello) throw new FrameError('a lane does not open with a hello');
      this.#heard.add(lane);
      return this.#hear(readHello(reader));
    }
    if (kind === FRAME.proof && lane === 0 && !this.#welcomed.has(0)) {
      this.#prove(reader.rest());
      return undefined;
    }
    if (kind !== FRAME.welcome || this.#welcomed.has(lane)) {
      throw new FrameError('something follows a hello before both have welcomed each other');
    }
    this.#welcomed.add(lane);
    if (this.#agreement !== undefined) return this.#meet();
    if (this.#proving === undefined) throw new FrameError('it welcomes what it has not heard');
    return undefined;
  }

  /** Tells the other side why not. */
  reject(error: PoolError): void {
    if (this.#link === undefined) return;
    const writer = new PacketWriter(REJECT_BYTES);
    writer.byte(FRAME.reject);
    writer.text(encodeText(error.reason ?? error.code));
    writer.text(encodeReason(error.detail));
    this.#link.send(0, writer.packet);
  }

  #hear(text: string): Outcome | undefined {
    if (this.#hello !== undefined) {
      if (text !== this.#text) throw new FrameError('its lanes open with different hellos');
      return undefined;
    }
    this.#text = text;
    this.#hello = parseHello(text);
    return this.#link === undefined ? undefined : this.#judge(this.#link, this.#hello);
  }

  /** Where nobody here cares for the other side's key, its proof is not looked at. */
  #prove(signature: Uint8Array): void {
    if (signature.length > PROOF_BYTES) throw new FrameError(`a proof has ${signature.length} bytes`);
    if (this.#link === undefined || (this.#hello?.publicKey ?? null) === null || this.#proof) {
      throw new FrameError('it proves what it did not claim, or has proved');
    }
    this.#proof = true;
    this.#proving?.hear(new Uint8Array(signature));
  }

  /** Decided once, when both the link and the other side's hello are there. */
  #judge(link: Link, hello: Hello): Outcome | undefined {
    const peer = this.#peer;
    const problem =
      hello.name === peer && hello.instance === this.#peerInstance
        ? (mismatch(this.#own, hello) ?? this.#distrust(hello))
        : new PoolError('untrusted', `${said(hello.name)} speaks where ${peer} was expected`, { peer, reason: 'name' });
    if (problem !== undefined) return this.#refuse(problem);
    const { resume, publicKey } = hello;
    let agreement: Agreement;
    if (this.#resumable !== undefined && resume?.id === this.#resumable.id) {
      const { id, key } = this.#resumable;
      agreement = this.#resumable;
      if (!sameProof(resume.proof, key.proof(id, hello, link.binding.other, link.binding.own))) {
        const error = new PoolError('untrusted', `${peer} can't prove that the session is its own`, {
          peer,
          reason: 'proof',
        });
        this.reject(error);
        return { name: 'unfit', error };
      }
      this.#resumed = resume;
    } else if (this.#resumable?.standing === true || resume?.standing === true) {
      const error = new PoolError('peer-left', `${this.#own.name} does not have that session any more`, {
        peer,
        reason: GONE,
      });
      this.reject(error);
      return this.#resumable?.standing === true ? { name: 'gone' } : { name: 'unfit', error };
    } else agreement = { id: sessionId(this.#own, hello), key: new PairKey(this.#own, hello), publicKey };
    if (this.#trust === undefined) return this.#welcome(link, agreement);
    const [own, other] = [
      { hello: this.#ownText, binding: link.binding.own },
      { hello: this.#text, binding: link.binding.other },
    ];
    this.#proving = new Proving(this.#trust, peer, publicKey, own, other, {
      prove: (signature) => link.send(0, Uint8Array.of(FRAME.proof, ...signature)),
      proved: (error) => {
        this.#later(error === undefined ? this.#welcome(link, agreement) : this.#refuse(error));
        if (this.#agreement !== undefined && this.#welcomed.size > 0) this.#later(this.#meet());
      },
    });
    return undefined;
  }

  #welcome(link: Link, { id, key, publicKey }: Agreement): Outcome {
    this.#agreement = { id, key, publicKey };
    for (const lane of LANES) link.send(lane, new Uint8Array([FRAME.welcome]));
    return { name: 'agreed' };
  }

  /** Both have welcomed each other. */
  #meet(): Outcome {
    const [link, hello, agreement] = [this.#link, this.#hello, this.#agreement];
    if (link === undefined || hello === undefined || agreement === undefined) {
      throw new FrameError('it welcomes what it has not heard');
    }
    for (const lane of this.#welcomed) this.#greeted.add(lane);
    const publicKey = this.#proving === undefined ? undefined : (hello.publicKey ?? undefined);
    return { name: 'up', link, hello, agreement, publicKey, resumed: this.#resumed };
  }

  #refuse(error: PoolError): Outcome {
    this.reject(error);
    // A session that stands is not ended by somebody who pretends to be its other end.
    return { name: this.#resumable?.standing === true ? 'unfit' : 'refused', error };
  }

  /** The other side shows another key than the one it should have, or none. */
  #distrust({ publicKey }: Hello): PoolError | undefined {
    const expected = this.#trust?.publicKey;
    const peer = this.#peer;
    const before = this.#resumable;
    if (expected !== undefined && publicKey !== expected) {
      const text = `${peer} shows ${publicKey === null ? 'no key' : 'another key than the one given for it'}`;
      return new PoolError('untrusted', text, { peer, reason: 'identity' });
    }
    if (before?.standing !== true || publicKey === before.publicKey) return undefined;
    return new PoolError('untrusted', `${peer} shows another key than before`, { peer, reason: 'identity' });
  }

  #rejected(reason: string, text: string): Outcome {
    const { standing } = this.#resumable ?? { standing: false };
    if (reason === GONE && standing) return { name: 'gone' };
    const error = new PoolError('refused', `${this.#peer} refused: ${said(text)}`, {
      peer: this.#peer,
      reason: said(reason),
    });
    return { name: standing || reason === GONE || reason === 'proof' ? 'unfit' : 'refused', error };
  }

  #continuation(link: Link): Continuation | null {
    if (this.#resumable === undefined) return null;
    const { id, standing, frames, key } = this.#resumable;
    return { id, standing, frames, proof: key.proof(id, this.#own, link.binding.own, link.binding.other) };
  }
}
