import type { Lane } from '../../links/link.ts';

/**
 * What every stack takes in one piece, and little enough that a small message never waits long behind it, in bytes. Each packet costs both pages two tasks: with half of this, a tenth of the bulk's
 * speed on a machine whose cores are all busy.
 */
export const PACKET_BYTES = 32 * 1024;

/**
 * A lane takes packets while its channel holds no more than this, in bytes. What is on the network is SCTP's business and not counted, so two packets in stock keep the
 * line busy; more only makes small messages wait (64 KiB packets and 2 MiB in stock: 50 ms under bulk instead of 4, at no gain). It also bounds what leaves in one burst: with 96 KiB in stock and more, a
 * receiver whose cores are busy loses packets, and floods of small messages stand still for a second now and then until SCTP sends them again.
 */
const LOW_WATER_BYTES = PACKET_BYTES;

/** `@roamhq/wrtc` does not say when a channel has drained; there a full one is looked at this often, in ms. */
const LOOK_EVERY_MS = 2;

/** Both ends open these before the offer, so neither has to be told of them, and no data can come before its listener. By lane, which is their id as well. */
const LABELS = ['peerpool-control', 'peerpool-bulk'] as const;

/** Hears what becomes of the channel, from its birth on. */
export interface RtcLaneListener {
  opened(): void;
  packet(lane: Lane, bytes: Uint8Array): void;
  drained(lane: Lane): void;
  broke(error: Error): void;
  closed(): void;
}

/** One negotiated data channel: ordered, reliable, and kept nearly empty. */
export class RtcLane {
  readonly #channel: RTCDataChannel;
  readonly #drained: () => void;
  readonly #tellsWhenLow: boolean;
  #look: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: RTCPeerConnection, lane: Lane, listener: RtcLaneListener) {
    const channel = connection.createDataChannel(LABELS[lane], { negotiated: true, id: lane, ordered: true });
    this.#channel = channel;
    this.#drained = () => listener.drained(lane);
    this.#tellsWhenLow = 'bufferedAmountLowThreshold' in channel;
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    channel.onopen = () => listener.opened();
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) listener.packet(lane, new Uint8Array(data));
      else listener.broke(new TypeError('a packet is bytes, and not text'));
    };
    channel.onbufferedamountlow = this.#drained;
    channel.onerror = ({ error }) => listener.broke(error);
    channel.onclose = () => listener.closed();
  }

  get open(): boolean {
    return this.#channel.readyState === 'open';
  }

  get ready(): boolean {
    return this.#channel.bufferedAmount <= LOW_WATER_BYTES;
  }

  /** @throws what the channel throws, closed or full */
  send(packet: Uint8Array): void {
    this.#channel.send(packet as Uint8Array<ArrayBuffer>);
    if (!this.#tellsWhenLow && !this.ready) this.#look ??= setTimeout(() => this.#lookAgain(), LOOK_EVERY_MS);
  }

  /** What was sent still leaves. */
  close(): void {
    this.#channel.close();
  }

  /** Nothing is heard any more. The channel ends with its connection. */
  release(): void {
    const channel = this.#channel;
    clearTimeout(this.#look);
    channel.onopen = channel.onmessage = channel.onbufferedamountlow = channel.onerror = channel.onclose = null;
  }

  #lookAgain(): void {
    this.#look = undefined;
    if (this.ready) this.#drained();
    else this.#look = setTimeout(() => this.#lookAgain(), LOOK_EVERY_MS);
  }
}
