import { all, type Bytes, type Endpoint, type Open, type Setup, type Wait } from '../endpoint.ts';
import { Assembly, pieces } from '../pieces.ts';
import { connectRelay, enterRelay, type RelaySocket } from '../relay.ts';

/** Back-pressure by hand: above the first no more is sent until the channel is down to the second, in bytes. */
const HIGH = 1024 * 1024;
const LOW = 256 * 1024;

interface Signal {
  readonly description?: RTCSessionDescriptionInit;
  readonly candidate?: RTCIceCandidateInit;
}

/** One negotiated data channel on one connection, signaled over socket.io, and nothing else. */
export const openBare: Open = async (setup) => {
  const socket = await connectRelay(setup.relay);
  const lines = new Map<string, Line>();
  const line = (peer: string): Line => {
    const known = lines.get(peer) ?? new Line(setup, socket, peer);
    lines.set(peer, known);
    return known;
  };
  socket.on('said', (from, signal) => {
    line(from)
      .hear(signal as Signal)
      .catch(setup.failed);
  });
  // Who was there first offers.
  enterRelay(socket, setup.room, setup.name, (peer) => {
    if (setup.name < peer) line(peer).offer().catch(setup.failed);
  });
  await Promise.all(setup.others.map((peer) => line(peer).opened));
  return {
    send: (to, bytes) => line(to).send(bytes),
    sendValue: (to, value) => line(to).sendValue(value),
    broadcast: (bytes) => all(setup.others.map((to) => line(to).send(bytes))),
    close: () => {
      for (const one of lines.values()) one.close();
      socket.disconnect();
    },
  } satisfies Endpoint;
};

class Line {
  readonly opened: Promise<void>;
  readonly #connection = new RTCPeerConnection();
  readonly #channel = this.#connection.createDataChannel('bench', { negotiated: true, id: 0 });
  readonly #say: (signal: Signal) => void;
  readonly #early: RTCIceCandidateInit[] = [];

  constructor({ received, failed }: Setup, socket: RelaySocket, peer: string) {
    const assembly = new Assembly((bytes) => received(peer, bytes));
    this.#say = (signal) => socket.emit('say', peer, signal);
    this.#connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate !== null) this.#say({ candidate: candidate.toJSON() });
    });
    this.#channel.binaryType = 'arraybuffer';
    this.#channel.bufferedAmountLowThreshold = LOW;
    this.#channel.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
      if (typeof data === 'string') received(peer, JSON.parse(data));
      else assembly.take(new Uint8Array(data));
    };
    this.#channel.onerror = failed;
    this.opened = new Promise((resolve) => {
      this.#channel.onopen = () => resolve();
    });
  }

  async offer(): Promise<void> {
    await this.#connection.setLocalDescription();
    this.#describe();
  }

  async hear({ description, candidate }: Signal): Promise<void> {
    const connection = this.#connection;
    if (candidate !== undefined) {
      if (connection.remoteDescription === null) this.#early.push(candidate);
      else await connection.addIceCandidate(candidate);
      return;
    }
    if (description === undefined) return;
    await connection.setRemoteDescription(description);
    if (description.type === 'offer') {
      await connection.setLocalDescription();
      this.#describe();
    }
    for (const one of this.#early.splice(0)) await connection.addIceCandidate(one);
  }

  send(bytes: Bytes): Wait {
    return this.#send(pieces(bytes)[Symbol.iterator]());
  }

  /** JSON, but for numbers in an array of their own. */
  sendValue(value: unknown): Wait {
    if (ArrayBuffer.isView(value)) return this.send(new Uint8Array(value.buffer as ArrayBuffer));
    this.#channel.send(JSON.stringify(value));
    return this.#room();
  }

  close(): void {
    this.#channel.onerror = null;
    this.#connection.close();
  }

  #send(left: Iterator<Bytes>): Wait {
    for (let next = left.next(); next.done !== true; next = left.next()) {
      this.#channel.send(next.value);
      const wait = this.#room();
      if (wait !== undefined) return wait.then(() => this.#send(left));
    }
  }

  #room(): Promise<void> | undefined {
    const channel = this.#channel;
    if (channel.bufferedAmount <= HIGH) return undefined;
    return new Promise((resolve) => channel.addEventListener('bufferedamountlow', () => resolve(), { once: true }));
  }

  #describe(): void {
    const { localDescription } = this.#connection;
    if (localDescription !== null) this.#say({ description: localDescription.toJSON() });
  }
}
