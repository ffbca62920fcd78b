import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { type JoinRequest, SIGNALING_PATH, SIGNALING_VERSION } from '#shared/signaling';
import { type Letter, numberIn } from './letters.ts';

/** Whose server it is. */
export type Dialect = 'peerpool' | 'bare' | 'PeerServer';
/** Real ones, or ones that say the same, byte for byte, and cost the machine less. */
export type Make = 'socket.io-client' | 'frames';

/** Of one peer: its server, its room, its name there. */
export interface Place {
  readonly server: string;
  readonly room: string;
  readonly name: string;
}

export interface Client {
  /** By which the others signal to it; set once it has joined. */
  readonly address: unknown;
  /** Connects, joins, and resolves when it has heard that it is in. */
  join(): Promise<void>;
  signal(to: Client, letter: Letter): void;
}

/** Whoever makes the load. */
interface Listener {
  heard(number: number): void;
  /** Nobody closes a client of a benchmark. */
  lost(why: string): void;
}

/** As PeerJS's clients do by default, in ms; its server forgets who does not. */
const PEERJS_HEARTBEAT = 5000;

export function client(make: Make, dialect: Dialect, place: Place, listener: Listener): Client {
  if (dialect === 'PeerServer') return new PeerJsClient(place, listener);
  const tongue = dialect === 'peerpool' ? PEERPOOL : BARE;
  return make === 'frames' ? new FramesClient(tongue, place, listener) : new RealClient(tongue, place, listener);
}

/** In what the two servers on socket.io differ. */
interface Tongue {
  join(place: Place): JoinRequest | string;
  address(place: Place, socket: string): unknown;
}

const PEERPOOL: Tongue = {
  join: ({ room, name }) => {
    return { version: SIGNALING_VERSION, room, name, instance: `${name}-1`, key: `the key of ${room} ${name}` };
  },
  address: ({ name }) => ({ name, instance: `${name}-1` }),
};
const BARE: Tongue = { join: ({ room }) => room, address: (_, socket) => socket };

class RealClient implements Client {
  address: unknown;
  readonly #tongue: Tongue;
  readonly #place: Place;
  readonly #listener: Listener;
  #signal: (to: unknown, value: object) => void = () => {};

  constructor(tongue: Tongue, place: Place, listener: Listener) {
    this.#tongue = tongue;
    this.#place = place;
    this.#listener = listener;
  }

  join(): Promise<void> {
    const options = { path: SIGNALING_PATH, transports: ['websocket'], reconnection: false, forceNew: true };
    const socket = io(this.#place.server, options);
    this.#signal = (to, value) => void socket.emit('signal', to, value);
    socket.on('signal', (_: unknown, { number }: { number: string }) => this.#listener.heard(Number(number)));
    socket.on('refused', ({ message }: { message: string }) => this.#listener.lost(message));
    socket.on('disconnect', (reason) => this.#listener.lost(reason));
    return new Promise((resolve, reject) => {
      socket.on('connect_error', reject);
      socket.on('connect', () => {
        socket.emit('join', this.#tongue.join(this.#place), ({ ok, message }: { ok: boolean; message?: string }) => {
          this.address = this.#tongue.address(this.#place, socket.id ?? '');
          if (ok) resolve();
          else reject(new Error(message));
        });
      });
    });
  }

  signal(to: Client, { value }: Letter): void {
    this.#signal(to.address, value);
  }
}

/** socket.io's and engine.io's packets, version 5 and 4 of their protocols, over a WebSocket, as the real one sends them. */
class FramesClient implements Client {
  address: unknown;
  readonly #tongue: Tongue;
  readonly #place: Place;
  readonly #listener: Listener;
  readonly #socket: WebSocket;
  /** What stands before a signal to this client. */
  #envelope = '';
  #socketId = '';

  constructor(tongue: Tongue, place: Place, listener: Listener) {
    this.#tongue = tongue;
    this.#place = place;
    this.#listener = listener;
    this.#socket = open(`${place.server}${SIGNALING_PATH}/?EIO=4&transport=websocket`, listener);
  }

  join(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.on('error', reject);
      this.#socket.on('message', (data: Buffer) => {
        const text = data.toString();
        if (text.startsWith('42["signal"')) this.#listener.heard(numberIn(text));
        else if (text === '2') this.#socket.send('3');
        else if (text.startsWith('0')) this.#socket.send('40');
        else if (text.startsWith('40')) {
          this.#socketId = (JSON.parse(text.slice(2)) as { sid: string }).sid;
          this.#socket.send(`420${JSON.stringify(['join', this.#tongue.join(this.#place)])}`);
        } else if (text.startsWith('430')) {
          this.address = this.#tongue.address(this.#place, this.#socketId);
          this.#envelope = `42["signal",${JSON.stringify(this.address)},`;
          if (text.startsWith('430[{"ok":true')) resolve();
          else reject(new Error(text));
        } else if (text.startsWith('42["refused"')) this.#listener.lost(text);
      });
    });
  }

  signal(to: FramesClient, { text }: Letter): void {
    this.#socket.send(`${to.#envelope}${text}]`);
  }
}

/** A peer there is only a name: whoever knows it can call. */
class PeerJsClient implements Client {
  readonly address: string;
  readonly #place: Place;
  readonly #listener: Listener;
  readonly #socket: WebSocket;

  constructor(place: Place, listener: Listener) {
    this.#place = place;
    this.#listener = listener;
    this.address = `${place.room}-${place.name}`;
    const query = `key=peerjs&id=${this.address}&token=${this.address}&version=1.5.5`;
    this.#socket = open(`${this.#place.server}/peerjs?${query}`, listener);
  }

  join(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.on('error', reject);
      this.#socket.on('message', (data: Buffer) => {
        const text = data.toString();
        if (text === '{"type":"OPEN"}') {
          setInterval(() => this.#socket.send('{"type":"HEARTBEAT"}'), PEERJS_HEARTBEAT);
          resolve();
        } else if (text.includes('"payload":{"number"')) this.#listener.heard(numberIn(text));
        else this.#listener.lost(text);
      });
    });
  }

  signal(to: PeerJsClient, { text }: Letter): void {
    this.#socket.send(`{"type":"CANDIDATE","payload":${text},"dst":"${to.address}"}`);
  }
}

function open(url: string, listener: Listener): WebSocket {
  const socket = new WebSocket(url.replace('http:', 'ws:'), { perMessageDeflate: false });
  socket.on('close', (code) => listener.lost(`its socket was closed, ${code}`));
  return socket;
}
