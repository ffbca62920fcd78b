import { Actor } from './actor.ts';
import type { Open, Setup } from './endpoint.ts';

/** A page has loaded what its own code imports when it is ready; nobody finds there what another brought along. */
const CONTENDERS = {
  peerpool: async () => (await import('./contenders/peerpool.ts')).openWebRTC,
  bare: async () => (await import('./contenders/bare.ts')).openBare,
  'simple-peer': async () => (await import('./contenders/simple-peer.ts')).openSimplePeer,
  PeerJS: async () => (await import('./contenders/peerjs.ts')).openPeerJS,
  Trystero: async () => (await import('./contenders/trystero.ts')).openTrystero,
  'socket.io': async () => (await import('./contenders/socket-io.ts')).openSocketIO,
  'peerpool, local': async () => (await import('./contenders/peerpool.ts')).openLocal,
  'peerpool, BroadcastChannel': async () => (await import('./contenders/peerpool.ts')).openBroadcastChannel,
  Comlink: async () => (await import('./contenders/comlink.ts')).openComlink,
  'bare BroadcastChannel': async () => (await import('./contenders/broadcast-channel.ts')).openBroadcastChannel,
} as const satisfies Record<string, () => Promise<Open>>;

export type ContenderName = keyof typeof CONTENDERS;

export type Opening = Pick<Setup, 'name' | 'others' | 'room' | 'relay' | 'peerServerPort'>;

export interface Bench {
  /** Makes the page ready for a contender, and `open` for it. */
  load(contender: ContenderName): Promise<void>;
  /** Connects with all others; `first` is sent a ping, and the time until its answer is returned, in ms, and when it began and was connected, in ms since 1970. */
  open(opening: Opening, first?: string): Promise<{ began: number; connected: number; answered: number }>;
  readonly actor: Actor;
  /** Tasks of more than 50 ms since the last question. */
  longTasks(): number;
}

declare global {
  var bench: Bench;
}

let loaded: Open | undefined;
let actor: Actor | undefined;
let longTasks = 0;
new PerformanceObserver((list) => (longTasks += list.getEntries().length)).observe({ entryTypes: ['longtask'] });

globalThis.bench = {
  load: async (contender) => {
    loaded = await CONTENDERS[contender]();
  },
  open: async (opening, first) => {
    if (loaded === undefined) throw new Error('nothing is loaded');
    const began = performance.now();
    const own = new Actor(opening.name);
    actor = own;
    own.endpoint = await loaded({
      ...opening,
      received: (from, value) => own.take(from, value),
      failed: (error) => own.fail(error),
    });
    const connected = performance.now();
    if (first !== undefined) await own.pings(first, 1);
    const answered = performance.now();
    return {
      began: performance.timeOrigin + began,
      connected: performance.timeOrigin + connected,
      answered: performance.timeOrigin + answered,
    };
  },
  get actor() {
    if (actor === undefined) throw new Error('nothing is open');
    return actor;
  },
  longTasks: () => {
    const count = longTasks;
    longTasks = 0;
    return count;
  },
};
