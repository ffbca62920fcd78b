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
import { type Continuation, decodeHello, encodeHello, type Hello, mismatch, sessionId } from './hello.ts';
import { PairKey, sameProof } from './pair-key.ts';

export const LANES = [0, 1] as const;

/** Room for one `reject`, whatever the link's own packets are. */
const REJECT_BYTES = 4096;

/** The code by which a side says that it has no session to resume. */
const GONE = 'gone';

/** A session that both sides have agreed on. */
export interface Agreement {
  readonly id: string;
  readonly key: PairKey;
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
      readonly resumed: Continuation | undefined;
    }
  | { readonly name: 'refused' | 'unfit'; readonly error: PoolError }
  | { readonly name: 'agreed' | 'gone' };

/**
 * How two sides check each other before a message passes. Each lane opens with a hello; who finds the other's good answers `welcome`, in each lane;
 * a side is up when it has welcomed and was welcomed. Who finds it bad answers `reject`, with a sentence.
 */
export class Greeting {
  readonly #own: Hello;
  readonly #peer: string;
  readonly #peerInstance: string;
  readonly #resumable: Resumable | undefined;
  #link: Link | undefined;
  #hello: Hello | undefined;
  #agreement: Agreement | undefined;
  #resumed: Continuation | undefined;
  readonly #heard = new Set<Lane>();
  readonly #greeted = new Set<Lane>();

  /** What a hello says of the link and of what is resumed is filled in when the link is open. */
  constructor(own: Hello, peer: string, peerInstance: string, resumable: Resumable | undefined) {
    this.#own = own;
    this.#peer = peer;
    this.#peerInstance = peerInstance;
    this.#resumable = resumable;
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
    const hello = encodeHello({ ...this.#own, packetBytes: link.packetBytes, resume: this.#continuation(link) });
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
      return this.#hear(decodeHello(reader));
    }
    if (kind !== FRAME.welcome) throw new FrameError('something follows a hello before its welcome');
    const [link, hello, agreement] = [this.#link, this.#hello, this.#agreement];
    if (link === undefined || hello === undefined || agreement === undefined) {
      throw new FrameError('it welcomes what it has not heard');
    }
    this.#greeted.add(lane);
    return { name: 'up', link, hello, agreement, resumed: this.#resumed };
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

  #hear(hello: Hello): Outcome | undefined {
    if (this.#hello !== undefined) {
      if (JSON.stringify(hello) !== JSON.stringify(this.#hello))
        throw new FrameError('its lanes open with different hellos');
      return undefined;
    }
    this.#hello = hello;
    return this.#link === undefined ? undefined : this.#judge(this.#link, hello);
  }

  /** Decided once, when both the link and the other side's hello are there. */
  #judge(link: Link, hello: Hello): Outcome {
    const peer = this.#peer;
    const problem =
      hello.name === peer && hello.instance === this.#peerInstance
        ? mismatch(this.#own, hello)
        : new PoolError('untrusted', `${said(hello.name)} speaks where ${peer} was expected`, { peer, reason: 'name' });
    if (problem !== undefined) {
      this.reject(problem);
      // A session that stands is not ended by somebody who pretends to be its other end.
      return { name: this.#resumable?.standing === true ? 'unfit' : 'refused', error: problem };
    }
    const { resume } = hello;
    if (this.#resumable !== undefined && resume?.id === this.#resumable.id) {
      const { id, key } = this.#resumable;
      if (!sameProof(resume.proof, key.proof(id, hello, link.binding.other, link.binding.own))) {
        const error = new PoolError('untrusted', `${peer} can't prove that the session is its own`, {
          peer,
          reason: 'proof',
        });
        this.reject(error);
        return { name: 'unfit', error };
      }
      this.#agreement = { id, key };
      this.#resumed = resume;
    } else if (this.#resumable?.standing === true || resume?.standing === true) {
      const error = new PoolError('peer-left', `${this.#own.name} does not have that session any more`, {
        peer,
        reason: GONE,
      });
      this.reject(error);
      return this.#resumable?.standing === true ? { name: 'gone' } : { name: 'unfit', error };
    } else this.#agreement = { id: sessionId(this.#own, hello), key: new PairKey(this.#own, hello) };
    for (const lane of LANES) link.send(lane, new Uint8Array([FRAME.welcome]));
    return { name: 'agreed' };
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
