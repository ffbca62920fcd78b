import type { BrowserContext, Page } from 'playwright/test';
import type * as Peerpool from '../../client/src/index.ts';
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

/**
 * What she does about public keys: hands on what is said of them; takes them out of the hellos, and the proofs away; or shows her own in their place, and proves it.
 */
export type Disguise = 'none' | 'no keys' | 'own key';

interface Malice {
  /** Answers an offer, and makes one. Candidates are in the descriptions. */
  between(attempt: string, offer: RTCSessionDescriptionInit): Promise<Record<Side, RTCSessionDescriptionInit>>;
  hear(attempt: string, side: Side, data: Readonly<Record<string, unknown>>): Promise<void>;
  /** An offer that nobody asked for. */
  offer(): Promise<RTCSessionDescriptionInit>;
  spoils: { packets: number; amounts: number[] };
}

declare global {
  /** What her page does for her. */
  var malice: Malice;
}

/** A page that sits in the middle of a pair, with a bare connection to each, and hands packets on: read, and amounts changed. */
export class Mallory {
  readonly #page: Page;
  /** One thing after the other, as it was signaled. */
  #turn: Promise<unknown> = Promise.resolve();

  static async open(context: BrowserContext, disguise: Disguise = 'none'): Promise<Mallory> {
    const page = await context.newPage();
    await page.goto(MODULE);
    await page.evaluate(forge, { module: MODULE, falseAmount: FALSE_AMOUNT, disguise });
    return new Mallory(page);
  }

  private constructor(page: Page) {
    this.#page = page;
  }

  between(attempt: string, offer: unknown): Promise<Record<Side, RTCSessionDescriptionInit>> {
    return this.#next(() =>
      this.#page.evaluate(([id, said]) => malice.between(id, said as RTCSessionDescriptionInit), [
        attempt,
        offer,
      ] as const),
    );
  }

  hear(attempt: string, side: Side, data: unknown): Promise<void> {
    return this.#next(() =>
      this.#page.evaluate(([id, from, said]) => malice.hear(id, from, said as Record<string, unknown>), [
        attempt,
        side,
        data,
      ] as const),
    );
  }

  offer(): Promise<RTCSessionDescriptionInit> {
    return this.#next(() => this.#page.evaluate(() => malice.offer()));
  }

  spoils(): Promise<Spoils> {
    return this.#next(() => this.#page.evaluate(() => malice.spoils));
  }

  #next<Result>(turn: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(turn);
    this.#turn = done.catch(() => {});
    return done;
  }
}

interface Forgery {
  readonly module: string;
  readonly falseAmount: number;
  readonly disguise: Disguise;
}

/** Runs in the page. */
async function forge({ module, falseAmount, disguise }: Forgery): Promise<void> {
  interface Leg {
    readonly connection: RTCPeerConnection;
    readonly lanes: readonly RTCDataChannel[];
    /** The hello that came from there, and the one that went there in the other's name. */
    said: string;
    told: string;
  }
  const { createIdentity } = (await import(/* @vite-ignore */ module)) as typeof Peerpool;
  const own = disguise === 'own key' ? await createIdentity({ keep: false }) : undefined;
  const pairs = new Map<string, Record<Side, Leg>>();
  const spoils = { packets: 0, amounts: [] as number[] };
  const [hello, proof] = [0x01, 0x0a];

  const leg = (): Leg => {
    const connection = new RTCPeerConnection();
    const lanes = [0, 1].map((id) => {
      const lane = connection.createDataChannel('', { negotiated: true, id });
      lane.binaryType = 'arraybuffer';
      return lane;
    });
    return { connection, lanes, said: '', told: '' };
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
  /** MessagePack: the text `amount`, then a number of 32 bits. */
  const meddle = (packet: Uint8Array<ArrayBuffer>): void => {
    spoils.packets++;
    const text = Array.from(packet, (byte) => String.fromCharCode(byte)).join('');
    for (const { index } of text.matchAll(/amount\xce/g)) {
      const amount = new DataView(packet.buffer, index + 'amount '.length, 4);
      spoils.amounts.push(amount.getUint32(0));
      amount.setUint32(0, falseAmount);
    }
  };
  const certificate = (description: RTCSessionDescription | null): string =>
    description?.sdp.match(/^a=fingerprint:.*$/m)?.[0] ?? '';
  /** As the page at the end of this leg would have it from the other. */
  const proven = async ({ connection, said, told }: Leg): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const { localDescription, remoteDescription } = connection;
    const bindings = [certificate(localDescription), certificate(remoteDescription)];
    const transcript = JSON.stringify(['peerpool identity', told, said, ...bindings]);
    const signature = await own?.sign(new TextEncoder().encode(transcript));
    return signature && Uint8Array.of(proof, ...signature);
  };
  const disguised = async (packet: Uint8Array<ArrayBuffer>, from: Leg, to: Leg) => {
    if (disguise === 'none') return packet;
    if (packet[0] === proof) return proven(to);
    if (packet[0] !== hello) return packet;
    const [magic, body] = ['peerpool'.length + 1, new TextDecoder()];
    from.said = body.decode(packet.subarray(magic));
    const key = own === undefined ? 'null' : `"${own.publicKey}"`;
    to.told = from.said.replace(/"publicKey":"[\w-]+"/, `"publicKey":${key}`);
    return Uint8Array.of(...packet.subarray(0, magic), ...new TextEncoder().encode(to.told));
  };
  const pipe = (from: Leg, to: Leg): void => {
    from.lanes.forEach((lane, id) => {
      const other = to.lanes[id];
      if (other === undefined) return;
      // One packet after the other, from when there is a way on.
      let turn = new Promise<unknown>((resolve) => other.addEventListener('open', resolve));
      lane.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        const packet = new Uint8Array(data);
        meddle(packet);
        turn = turn.then(async () => {
          const handedOn = await disguised(packet, from, to);
          if (handedOn !== undefined && other.readyState === 'open') other.send(handedOn);
        });
      };
      lane.onclose = () => void turn.then(() => other.close());
    });
  };

  globalThis.malice = {
    spoils,
    between: async (attempt, offer) => {
      const [near, far] = [leg(), leg()];
      pairs.set(attempt, { near, far });
      pipe(near, far);
      pipe(far, near);
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
