import { PoolError } from '../errors.ts';
import type { Lane, Link } from '../links/link.ts';
import {
  encodeReason,
  encodeText,
  FRAME,
  FrameError,
  type PacketReader,
  PacketWriter,
  REASON_BYTES,
} from './frames.ts';
import { decodeHello, encodeHello, type Hello, mismatch } from './hello.ts';

export const LANES = [0, 1] as const;

/** Room for one `reject`, whatever the link's own packets are. */
const REJECT_BYTES = 4096;

/**
 * How two sides check each other before a message passes. Each lane opens with a hello; who finds the other's good answers `welcome`, in each lane;
 * a side is up when it has welcomed and was welcomed. Who finds it bad answers `reject`, with a sentence.
 */
export class Greeting {
  readonly own: Hello;
  readonly #peer: string;
  readonly #peerInstance: string;
  #link: Link | undefined;
  #hello: Hello | undefined;
  readonly #heard = new Set<Lane>();
  readonly #greeted = new Set<Lane>();

  constructor(own: Hello, peer: string, peerInstance: string) {
    this.own = own;
    this.#peer = peer;
    this.#peerInstance = peerInstance;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  /** Whether frames of the session follow in this lane. */
  greeted(lane: Lane): boolean {
    return this.#greeted.has(lane);
  }

  opened(link: Link): void {
    this.#link = link;
    const hello = encodeHello({ ...this.own, packetBytes: link.packetBytes });
    for (const lane of LANES) link.send(lane, hello);
    if (this.#hello !== undefined) this.#welcome(link);
  }

  /**
   * Reads one frame of a lane that is not greeted yet. Returns both ends of the link once this side is up, and an error when one side refuses the other.
   * @throws FrameError
   */
  read(
    kind: number,
    lane: Lane,
    reader: PacketReader,
  ): { readonly link: Link; readonly hello: Hello } | PoolError | undefined {
    if (kind === FRAME.reject) {
      const reason = reader.text(64);
      return new PoolError('refused', `${this.#peer} refused: ${reader.text(REASON_BYTES)}`, {
        peer: this.#peer,
        reason,
      });
    }
    if (!this.#heard.has(lane)) {
      if (kind !== FRAME.hello) throw new FrameError('a lane does not open with a hello');
      this.#heard.add(lane);
      return this.#hear(decodeHello(reader));
    }
    if (kind !== FRAME.welcome) throw new FrameError('something follows a hello before its welcome');
    if (this.#link === undefined || this.#hello === undefined)
      throw new FrameError('it welcomes what it has not heard');
    this.#greeted.add(lane);
    return { link: this.#link, hello: this.#hello };
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

  #hear(hello: Hello): PoolError | undefined {
    if (this.#hello !== undefined) {
      if (JSON.stringify(hello) !== JSON.stringify(this.#hello))
        throw new FrameError('its lanes open with different hellos');
      return undefined;
    }
    const problem =
      hello.name === this.#peer && hello.instance === this.#peerInstance
        ? mismatch(this.own, hello)
        : new PoolError('untrusted', `${hello.name} speaks where ${this.#peer} was expected`, {
            peer: this.#peer,
            reason: 'name',
          });
    if (problem !== undefined) return problem;
    this.#hello = hello;
    if (this.#link !== undefined) this.#welcome(this.#link);
    return undefined;
  }

  #welcome(link: Link): void {
    for (const lane of LANES) link.send(lane, new Uint8Array([FRAME.welcome]));
  }
}
