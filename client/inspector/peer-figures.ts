import type { LinkKind, PeerTraffic } from '../src/index.ts';
import type { InspectedPool } from './inspected-pool.ts';
import { type PeerState, type Quality, qualityOf } from './quality.ts';

/** One peer at one moment. */
export interface PeerFigures extends Omit<PeerTraffic, 'link'> {
  readonly name: string;
  readonly state: PeerState;
  /** Why it left. */
  readonly reason: string | undefined;
  readonly kind: LinkKind | undefined;
  readonly quality: Quality;
}

/** How many of the departed are shown: a pool remembers everybody. */
const DEPARTED = 20;

/** Everyone who is a client, in that order, then those who left, the last first. */
export function peerFigures(pool: InspectedPool, departed: ReadonlyMap<string, string>): readonly PeerFigures[] {
  const traffic = pool.stats().peers;
  const figures = (name: string): PeerFigures | undefined => {
    const counted = traffic.get(name);
    if (counted === undefined) return undefined;
    const { link, ...rest } = counted;
    const state = link?.state ?? (departed.has(name) || !pool.clients.has(name) ? 'left' : 'awaited');
    const roundTripTime = state === 'left' ? undefined : counted.roundTripTime;
    const quality = qualityOf(state, roundTripTime);
    return { ...rest, roundTripTime, name, state, reason: departed.get(name), kind: link?.kind, quality };
  };
  const gone = [...departed.keys()].filter((name) => !pool.clients.has(name)).reverse();
  return [...pool.clients, ...gone.slice(0, DEPARTED)].map(figures).filter((one) => one !== undefined);
}

/** Whom it is sent to by way of what. */
export function kindWord(kind: LinkKind | undefined): string {
  switch (kind) {
    case undefined:
      return '–';
    case 'relay':
      return 'TURN relay';
    case 'broadcast-channel':
      return 'same browser';
    case 'local':
      return 'same process';
    default:
      return kind;
  }
}

/** The same where there is little room. */
export function kindLabel(kind: LinkKind | undefined): string {
  if (kind === undefined) return '';
  if (kind === 'relay') return 'TURN';
  return kind === 'direct' ? kind : 'local';
}

export function stateWord({ state, reason }: Pick<PeerFigures, 'state' | 'reason'>): string {
  if (state === 'awaited') return 'not here';
  return state === 'left' && reason !== undefined ? `left: ${reason}` : state;
}
