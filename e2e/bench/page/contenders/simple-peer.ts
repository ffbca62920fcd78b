import SimplePeer from 'simple-peer/simplepeer.min.js';
import { all, type Bytes, type Endpoint, type Open, type Setup, type Wait } from '../endpoint.ts';
import { ANNOUNCEMENT_BYTES, Assembly, PIECE_BYTES, pieces } from '../pieces.ts';
import { connectRelay, enterRelay } from '../relay.ts';

/** A peer for each other tab, used as the stream that it is. */
export const openSimplePeer: Open = async (setup) => {
  const socket = await connectRelay(setup.relay);
  const peers = new Map<string, Stream>();
  const stream = (peer: string): Stream => {
    const known = peers.get(peer) ?? new Stream(setup, peer, (signal) => socket.emit('say', peer, signal));
    peers.set(peer, known);
    return known;
  };
  socket.on('said', (from, signal) => stream(from).peer.signal(signal));
  enterRelay(socket, setup.room, setup.name, (peer) => {
    if (setup.name < peer) stream(peer);
  });
  await Promise.all(
    setup.others.map(async (peer) => {
      while (!peers.has(peer)) await new Promise((resolve) => setTimeout(resolve, 5));
      await stream(peer).opened;
    }),
  );
  return {
    send: (to, bytes) => stream(to).send(bytes),
    sendValue: (to, value) => stream(to).sendValue(value),
    broadcast: (bytes) => all(setup.others.map((to) => stream(to).send(bytes))),
    close: () => {
      for (const one of peers.values()) one.close();
      socket.disconnect();
    },
  } satisfies Endpoint;
};

class Stream {
  readonly peer: SimplePeer;
  readonly opened: Promise<void>;
  #closing = false;

  constructor({ name, received, failed }: Setup, other: string, signal: (data: unknown) => void) {
    const assembly = new Assembly((bytes) => received(other, bytes));
    this.peer = new SimplePeer({ initiator: name < other, config: { iceServers: [] } });
    this.peer.on('signal', signal);
    this.peer.on('data', (data) => {
      const bytes = data as Bytes;
      if (isText(bytes)) received(other, JSON.parse(new TextDecoder().decode(bytes)));
      else assembly.take(bytes);
    });
    this.peer.on('error', (error) => {
      if (!this.#closing) failed(error);
    });
    this.opened = new Promise((resolve) => this.peer.on('connect', () => resolve()));
  }

  send(bytes: Bytes): Wait {
    return this.#send(pieces(bytes)[Symbol.iterator]());
  }

  sendValue(value: unknown): Wait {
    if (ArrayBuffer.isView(value)) return this.send(new Uint8Array(value.buffer as ArrayBuffer));
    return this.#write(new TextEncoder().encode(JSON.stringify(value)));
  }

  close(): void {
    this.#closing = true;
    this.peer.destroy();
  }

  #send(left: Iterator<Bytes>): Wait {
    for (let next = left.next(); next.done !== true; next = left.next()) {
      const wait = this.#write(next.value);
      if (wait !== undefined) return wait.then(() => this.#send(left));
    }
  }

  #write(bytes: Bytes): Promise<void> | undefined {
    if (this.peer.write(bytes.slice())) return undefined;
    return new Promise((resolve) => this.peer.once('drain', () => resolve()));
  }
}

/** It hands over texts as bytes. Where a message of ours has its kind, a text has a character. */
function isText({ length, [4]: fifth = 0 }: Bytes): boolean {
  return length < PIECE_BYTES && length > ANNOUNCEMENT_BYTES && fifth >= 0x20;
}
