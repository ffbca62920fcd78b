import type { LinkState } from '../src/index.ts';

/** How somebody stands to this pool. `awaited`: a client that is not here, and has not left. */
export type PeerState = LinkState | 'awaited' | 'left';

/** What a link is drawn as. `unmeasured`: it carries messages, and nothing is known of its round-trip time yet. */
export type Quality = 'good' | 'fair' | 'poor' | 'unmeasured' | 'connecting' | 'unresponsive' | 'none';

/** Milliseconds there and back. Up to here a reaction feels immediate (Nielsen, Usability Engineering, 1993, 5.5). */
const GOOD = 100;
/** Up to here a conversation is not disturbed: 150 ms one way (ITU-T G.114). */
const FAIR = 300;

export function qualityOf(state: PeerState, roundTripTime: number | undefined): Quality {
  if (state === 'connecting' || state === 'unresponsive') return state;
  if (state !== 'connected') return 'none';
  if (roundTripTime === undefined) return 'unmeasured';
  if (roundTripTime <= GOOD) return 'good';
  return roundTripTime <= FAIR ? 'fair' : 'poor';
}

/** Where one word must do: none of this is said by colour alone. */
export const QUALITY_WORDS: Readonly<Record<Quality, string>> = {
  good: `up to ${GOOD} ms`,
  fair: `up to ${FAIR} ms`,
  poor: 'slower',
  unmeasured: 'not measured',
  connecting: 'connecting',
  unresponsive: 'unresponsive',
  none: 'no link',
};
