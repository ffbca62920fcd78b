import { EVENT_KINDS, type EventKind } from './event-log.ts';
import type { InspectedPool } from './inspected-pool.ts';
import type { Journal } from './journal.ts';
import type { Observation } from './observation.ts';
import type { Palette } from './palette.ts';
import type { TallyOrder } from './tally.ts';

export type TabName = 'peers' | 'messages' | 'events';

/** What the person in front chose; it outlives a close. */
export interface Choices {
  tab: TabName;
  /** Whose plots are shown; the whole pool's when `undefined`. */
  peer: string | undefined;
  order: TallyOrder;
  kinds: Set<EventKind>;
  eventPeer: string;
  eventText: string;
  /** The last entry that is shown, while the log is paused. */
  pausedAt: number | undefined;
}

export function firstChoices(): Choices {
  return {
    tab: 'peers',
    peer: undefined,
    order: 'bytes',
    kinds: new Set(EVENT_KINDS),
    eventPeer: '',
    eventText: '',
    pausedAt: undefined,
  };
}

/** Everything there is to be seen, at one moment. */
export interface Scene {
  readonly pool: InspectedPool;
  readonly journal: Journal;
  readonly observation: Observation;
  readonly choices: Choices;
  readonly palette: Palette;
  readonly share: boolean;
}

/** What a view can ask for. */
export interface Director {
  /** Shows a peer's plots, or everybody's. */
  choosePeer(name: string | undefined): void;
  share(on: boolean): void;
  /** Something was chosen: look again. */
  changed(): void;
}

/** A part of the panel. */
export interface View {
  readonly element: HTMLElement;
  render(scene: Scene): void;
  end?(): void;
}
