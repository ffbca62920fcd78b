import type { BrowserContext, Page } from 'playwright/test';
import { MODULE } from '../sources.ts';

/** The two connections of mallory's in one attempt: one with who offered, one with who is to answer. */
export type Side = 'near' | 'far';

/** What mallory has seen and done, over all connections. */
export interface Spoils {
  /** Of the packets that went through her page. */
  readonly packets: number;
  /** The amounts that she read in them. */
  readonly amounts: readonly number[];
}

/** What she writes in the place of every amount. */
export const FALSE_AMOUNT = 9_000_000;

interface Ring {
  /** Answers an offer, and makes one. Candidates are in the descriptions. */
  between(attempt: string, offer: RTCSessionDescriptionInit): Promise<Record<Side, RTCSessionDescriptionInit>>;
  hear(attempt: string, side: Side, data: Readonly<Record<string, unknown>>): Promise<void>;
  /** An offer that nobody asked for. */
  offer(): Promise<RTCSessionDescriptionInit>;
  spoils: { packets: number; amounts: number[] };
}

declare global {
  var ring: Ring;
}

/** A page that sits in the middle of a pair, with a bare connection to each, and hands packets on: read, and amounts changed. */
export class Mallory {
  readonly #page: Page;
  /** One thing after the other, as it was signaled. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Where she `strips`, she also takes the public keys out of the hellos, and the proofs away. */
  static async open(context: BrowserContext, { strips = false } = {}): Promise<Mallory> {
    const page = await context.newPage();
    await page.goto(MODULE);
    await page.evaluate(forge, { falseAmount: FALSE_AMOUNT, strips });
    return new Mallory(page);
  }

  private constructor(page: Page) {
    this.#page = page;
  }

  between(attempt: string, offer: unknown): Promise<Record<Side, RTCSessionDescriptionInit>> {
    return this.#next(() =>
      this.#page.evaluate(([id, said]) => ring.between(id, said as RTCSessionDescriptionInit), [
        attempt,
        offer,
      ] as const),
    );
  }

  hear(attempt: string, side: Side, data: unknown): Promise<void> {
    return this.#next(() =>
      this.#page.evaluate(([id, from, said]) => ring.hear(id, from, said as Record<string, unknown>), [
        attempt,
        side,
        data,
      ] as const),
    );
  }

  offer(): Promise<RTCSessionDescriptionInit> {
    return this.#next(() => this.#page.evaluate(() => ring.offer()));
  }

  spoils(): Promise<Spoils> {
    return this.#next(() => this.#page.evaluate(() => ring.spoils));
  }

  #next<Result>(turn: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(turn);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** Runs in the page. */
function forge({ falseAmount, strips }: { readonly falseAmount: number; readonly strips: boolean }): void {
  interface Leg {
    readonly connection: RTCPeerConnection;
    readonly lanes: readonly RTCDataChannel[];
  }
  const pairs = new Map<string, Record<Side, Leg>>();
  const spoils = { packets: 0, amounts: [] as number[] };

  const leg = (): Leg => {
    const connection = new RTCPeerConnection();
    const lanes = [0, 1].map((id) => {
      const lane = connection.createDataChannel('', { negotiated: true, id });
      lane.binaryType = 'arraybuffer';
      return lane;
    });
    return { connection, lanes };
  };
  const described = async ({ connection }: Leg): Promise<RTCSessionDescriptionInit> => {
    await connection.setLocalDescription();
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (connection.iceGatheringState === 'complete') resolve();
      };
      connection.addEventListener('icegatheringstatechange', look);
      look();
    });
    const { type = 'offer', sdp = '' } = connection.localDescription ?? {};
    return { type, sdp };
  };
  const [hello, proof] = [0x01, 0x0a];
  const letters = (packet: Uint8Array): string => Array.from(packet, (byte) => String.fromCharCode(byte)).join('');
  const stripped = (packet: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined => {
    if (packet[0] === proof) return undefined;
    if (packet[0] !== hello) return packet;
    const bare = letters(packet).replace(/"publicKey":"[\w-]+"/, '"publicKey":null');
    return Uint8Array.from(bare, (letter) => letter.charCodeAt(0));
  };
  /** MessagePack: the text `amount`, then a number of 32 bits. */
  const meddle = (packet: Uint8Array<ArrayBuffer>): void => {
    spoils.packets++;
    for (const { index } of letters(packet).matchAll(/amount\xce/g)) {
      const amount = new DataView(packet.buffer, index + 'amount '.length, 4);
      spoils.amounts.push(amount.getUint32(0));
      amount.setUint32(0, falseAmount);
    }
  };
  const pipe = (from: RTCDataChannel, to: RTCDataChannel): void => {
    const early: Uint8Array<ArrayBuffer>[] = [];
    from.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      const whole = new Uint8Array(data);
      meddle(whole);
      const packet = strips ? stripped(whole) : whole;
      if (packet === undefined) return;
      if (to.readyState === 'open') to.send(packet);
      else early.push(packet);
    };
    from.onclose = () => to.close();
    to.onopen = () => {
      for (const packet of early.splice(0)) to.send(packet);
    };
  };

  globalThis.ring = {
    spoils,
    between: async (attempt, offer) => {
      const [near, far] = [leg(), leg()];
      pairs.set(attempt, { near, far });
      near.lanes.forEach((lane, id) => {
        const other = far.lanes[id];
        if (other === undefined) return;
        pipe(lane, other);
        pipe(other, lane);
      });
      await near.connection.setRemoteDescription(offer);
      return { near: await described(near), far: await described(far) };
    },
    hear: async (attempt, side, { type, sdp, candidate }) => {
      const connection = pairs.get(attempt)?.[side].connection;
      if (type === 'candidate') await connection?.addIceCandidate(candidate as RTCIceCandidateInit);
      else await connection?.setRemoteDescription({ type: type as RTCSdpType, sdp: String(sdp) });
    },
    offer: () => described(leg()),
  };
}
