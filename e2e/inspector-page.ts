/** What a page of the inspector's tests runs. Not shipped. */
import { type InspectedPool, inspect, type InspectOptions, type PeerpoolInspector } from '../client/inspector/index.ts';
import {
  getHub,
  type LinkKind,
  type LinkState,
  LocalCommunicator,
  type PeerTraffic,
  Pool,
} from '../client/src/index.ts';

/** The first pool of a page, its others, and the inspector of the first. */
export interface Stage {
  readonly pool: Pool;
  readonly others: readonly Pool[];
  readonly inspector: PeerpoolInspector;
  /** Begins to send: `perSecond` small messages to each peer and back, under a few ids. Returns its end. */
  traffic(perSecond: number): () => void;
  /** Another one joins. */
  join(name: string): Promise<Pool>;
}

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory', 'niaj'];
const IDS = ['cursor', 'chat', 'round-1', 'presence'];

/** As many pools as wanted, in this page; `sharing` of the others have inspectors that share. */
export async function setStage(count: number, options: InspectOptions = {}, sharing = 0): Promise<Stage> {
  const hub = getHub(`inspector-${Math.random()}`);
  const make = (name: string): Pool => new Pool(name, new LocalCommunicator({ hub }));
  const [pool, ...others] = NAMES.slice(0, count).map(make);
  if (pool === undefined) throw new Error('a stage has one pool at least');
  const inspector = inspect(pool, options);
  // One after the other, so that they come in this order.
  for (const [index, one] of [pool, ...others].entries()) {
    await one.initialize();
    await pool.waitFor(index);
  }
  for (const other of others.slice(0, sharing)) inspect(other, { share: true, shortcut: '' });
  const traffic = (perSecond: number): (() => void) => {
    for (const one of [pool, ...others]) one.onMessage(() => {}, { everyId: true });
    let turn = 0;
    const timer = setInterval(() => {
      const msgId = IDS[turn++ % IDS.length];
      for (const other of others) {
        for (const send of [
          pool.send(other.name, { x: turn, y: 'to and fro' }, { msgId }),
          other.send(pool.name, new Uint8Array(40), { msgId }),
        ])
          send.catch(reportError);
      }
    }, 1000 / perSecond);
    return () => clearInterval(timer);
  };
  const join = async (name: string): Promise<Pool> => {
    const one = make(name);
    await one.initialize();
    return one;
  };
  return { pool, others, inspector, traffic, join };
}

/** A peer of a pool that does not exist, for what no test can wait for. */
export interface ScriptedPeer {
  readonly name: string;
  readonly state?: LinkState | undefined;
  readonly kind?: LinkKind;
  readonly roundTripTime?: number;
}

/** A pool that says what it is told to, and is as busy as its clock. */
export function scriptedPool(name: string, peers: readonly ScriptedPeer[]): InspectedPool {
  const begin = Date.now();
  const traffic = (index: number, { state = 'connected', kind, roundTripTime }: ScriptedPeer): PeerTraffic => {
    const seconds = (Date.now() - begin) / 1000;
    const flow = (rate: number): number => Math.round(rate * (seconds + Math.sin(seconds / 3 + index)));
    return {
      bytesSent: flow(4000 * (index + 1)),
      bytesReceived: flow(9000),
      messagesSent: flow(30),
      messagesReceived: flow(50),
      inFlight: index % 3,
      unread: 0,
      late: 0,
      roundTripTime: roundTripTime === undefined ? undefined : roundTripTime * (1 + 0.2 * Math.sin(seconds + index)),
      reconnects: index === 2 ? 1 : 0,
      link: kind === undefined ? undefined : { state, kind },
    };
  };
  const nothing = (): void => {};
  return {
    name,
    instance: 'scripted',
    state: 'started',
    clients: new Set(peers.map(({ name }) => name)),
    stats: () => {
      const entries = peers.map((peer, index) => [peer.name, traffic(index, peer)] as const);
      const total = {
        bytesSent: 0,
        bytesReceived: 0,
        messagesSent: 0,
        messagesReceived: 0,
        inFlight: 0,
        unread: 0,
        late: 0,
      };
      for (const [, one] of entries) {
        for (const field of Object.keys(total) as (keyof typeof total)[]) total[field] += one[field];
      }
      return { total, peers: new Map(entries) };
    },
    on: () => nothing,
    tap: () => nothing,
    ping: () => Promise.resolve(0),
    expose: () => nothing,
    call: () => Promise.reject(new Error('nobody is there')),
  };
}

export { inspect };
