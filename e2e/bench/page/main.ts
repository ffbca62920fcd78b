import { Actor } from './actor.ts';
import { openBare } from './contenders/bare.ts';
import { openBroadcastChannel as openBareBroadcastChannel } from './contenders/broadcast-channel.ts';
import { openPeerJS } from './contenders/peerjs.ts';
import { openBroadcastChannel, openWebRTC } from './contenders/peerpool.ts';
import { openSimplePeer } from './contenders/simple-peer.ts';
import { openSocketIO } from './contenders/socket-io.ts';
import { openTrystero } from './contenders/trystero.ts';
import type { Open, Setup } from './endpoint.ts';

const CONTENDERS = {
  peerpool: openWebRTC,
  bare: openBare,
  'simple-peer': openSimplePeer,
  PeerJS: openPeerJS,
  Trystero: openTrystero,
  'socket.io': openSocketIO,
  'peerpool, BroadcastChannel': openBroadcastChannel,
  'bare BroadcastChannel': openBareBroadcastChannel,
} as const satisfies Record<string, Open>;

export type ContenderName = keyof typeof CONTENDERS;

export interface Opening extends Pick<Setup, 'name' | 'others' | 'room' | 'relay' | 'peerServerPort'> {
  readonly contender: ContenderName;
}

export interface Bench {
  /** Connects with all others; `first` is sent a ping, and the time until its answer is returned, in ms, and when it began and was connected, in ms since 1970. */
  open(opening: Opening, first?: string): Promise<{ began: number; connected: number; answered: number }>;
  readonly actor: Actor;
  /** Tasks of more than 50 ms since the last question. */
  longTasks(): number;
}

declare global {
  var bench: Bench;
}

let actor: Actor | undefined;
let longTasks = 0;
new PerformanceObserver((list) => (longTasks += list.getEntries().length)).observe({ entryTypes: ['longtask'] });

globalThis.bench = {
  open: async ({ contender, ...opening }, first) => {
    const began = performance.now();
    const own = new Actor(opening.name);
    actor = own;
    own.endpoint = await CONTENDERS[contender]({
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
