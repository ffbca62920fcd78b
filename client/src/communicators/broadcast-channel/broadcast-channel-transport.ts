import { PoolError } from '../../errors.ts';
import type { LinkListener } from '../../links/link.ts';
import type { Attempt, Disappearance, Presence, Signal, Transport, TransportListener } from '../transport.ts';
import { BroadcastChannelLink } from '../broadcast-channel-link.ts';
import { NameLocks } from './name-locks.ts';
import { elder, Residents } from './residents.ts';
import { RoomWire, type Announcement, type Letter, type Resident } from './room-wire.ts';

/**
 * How long a newcomer listens before it moves in, in ms: for objections to its name, and for those who are here. Whoever answers later is heard of all the
 * same (`appeared`), and of two who took one name the younger stops, so the window decides about speed and not about truth.
 */
const CLAIM_WINDOW_MS = 100;

type State =
  | { readonly name: 'new' | 'left' }
  | {
      readonly name: 'claiming' | 'joined';
      readonly self: Resident;
      readonly listener: TransportListener;
      readonly wire: RoomWire;
    };

export interface BroadcastChannelTransportOptions {
  readonly room: string;
  /** Where there are none, names are claimed by announcement alone. */
  readonly locks?: LockManager | undefined;
}

/**
 * The tabs and workers of one origin. A newcomer opens its own channel, claims its name on the room's channel, hears from those who are here, and says that it is here.
 * Whoever opens before the other says *here* hears it; whoever opens after it is answered: so of any two at least one learns of the other, and tells it by a signal.
 */
export class BroadcastChannelTransport implements Transport {
  readonly #room: string;
  readonly #locks: NameLocks | undefined;
  readonly #residents = new Residents();
  readonly #links = new Set<BroadcastChannelLink>();
  /** Aborted by whatever ends a join before its time. */
  readonly #joining = new AbortController();
  #state: State = { name: 'new' };

  constructor({ room, locks }: BroadcastChannelTransportOptions) {
    this.#room = room;
    this.#locks = locks && new NameLocks(locks, room);
  }

  async join(presence: Presence, listener: TransportListener, signal: AbortSignal): Promise<readonly Presence[]> {
    if (this.#state.name !== 'new') throw new PoolError('illegal-state', 'a transport joins once');
    const abort = (): void => this.#joining.abort(signal.reason);
    signal.addEventListener('abort', abort);
    try {
      signal.throwIfAborted();
      const self: Resident = { name: presence.name, instance: presence.instance, since: Date.now() };
      const wire = this.#openWire(self);
      this.#state = { name: 'claiming', self, listener, wire };
      listener.state('connecting');
      await this.#locks?.take(self, this.#joining.signal, () => this.#lose());
      wire.announce({ type: 'claim', from: self });
      // In two halves: a page that was busy meanwhile finds its timer due before it has heard what was posted to it.
      await this.#listen(CLAIM_WINDOW_MS / 2);
      await this.#listen(CLAIM_WINDOW_MS / 2);
      this.#state = { name: 'joined', self, listener, wire };
      wire.announce({ type: 'here', from: self });
      listener.state('connected');
      return this.#residents.list();
    } catch (error) {
      await this.leave();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  signal(to: Presence, signal: Signal): void {
    if (this.#state.name !== 'joined') return;
    const { self, listener, wire } = this.#state;
    try {
      wire.write(to.instance, { type: 'signal', from: { name: self.name, instance: self.instance }, signal });
    } catch (cause) {
      listener.error(
        new PoolError('unreachable', `no signal could be posted to "${to.name}"`, { peer: to.name, cause }),
      );
    }
  }

  dial(
    _peer: Presence,
    role: 'initiator' | 'responder',
    negotiate: (data: unknown) => void,
    listener: LinkListener,
  ): Attempt {
    const link = new BroadcastChannelLink(`peerpool/${this.#room}/link`, listener, () => this.#links.delete(link));
    this.#links.add(link);
    if (role === 'initiator') queueMicrotask(() => link.invite(negotiate));
    return link;
  }

  /** Nothing waits here. */
  wake(): void {}

  async leave(): Promise<void> {
    const state = this.#state;
    this.#state = { name: 'left' };
    this.#joining.abort(new PoolError('closed', 'the room was left while joining it'));
    for (const link of this.#links) link.close();
    this.#residents.clear();
    if (state.name === 'claiming' || state.name === 'joined') {
      const { self, wire } = state;
      if (state.name === 'joined') wire.announce({ type: 'gone', from: { name: self.name, instance: self.instance } });
      wire.close();
    }
    await this.#locks?.release();
  }

  #openWire({ name, instance }: Resident): RoomWire {
    try {
      return new RoomWire(this.#room, instance, {
        announcement: (announcement) => this.#announced(announcement),
        letter: (letter) => this.#received(letter),
        garbage: (cause) => {
          if (this.#state.name !== 'claiming' && this.#state.name !== 'joined') return;
          const sentence = `a page of this origin posted garbage into "${this.#room}"`;
          this.#state.listener.error(new PoolError('malformed', sentence, { cause }));
        },
      });
    } catch (cause) {
      throw new PoolError('unsupported', `no BroadcastChannel can be opened here for "${name}": ${String(cause)}`, {
        cause,
      });
    }
  }

  #listen(ms: number): Promise<void> {
    const { signal } = this.#joining;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, ms);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }

  #announced(announcement: Announcement): void {
    if (this.#state.name !== 'claiming' && this.#state.name !== 'joined') return;
    const { name: stage, self, wire } = this.#state;
    const { type, from } = announcement;
    if (from.instance === self.instance) return;
    if (type === 'gone') return this.#remove(from, 'left');
    const held = stage === 'joined';
    if (from.name === self.name) {
      if (this.#locks) return; // The lock is ours: it is a page that is just ending, or a liar.
      // Against a claim the holder stands, whatever the clocks say; between equals the elder does.
      const mine = (held && type === 'claim') || (held === (type === 'here') && elder(self, from));
      if (mine) wire.write(from.instance, { type: 'taken', from: self, held });
      else this.#lose();
    } else if (type === 'here') {
      this.#add(from);
    } else if (held) {
      wire.write(from.instance, { type: 'present', from: self });
    }
  }

  #received(letter: Letter): void {
    if (this.#state.name !== 'claiming' && this.#state.name !== 'joined') return;
    const { name: stage, self, listener } = this.#state;
    const { type, from } = letter;
    if (from.instance === self.instance) return;
    if (type === 'taken') {
      if (this.#locks || from.name !== self.name) return;
      if ((stage === 'claiming' && letter.held) || elder(from, self)) this.#lose();
    } else if (type === 'present') {
      if (from.name !== self.name) this.#add(from);
    } else if (stage === 'joined' && from.name !== self.name) {
      // It has a channel of its own and can overtake the announcement of its sender.
      this.#add({ ...from, since: Date.now() });
      if (this.#residents.has(from.instance)) listener.signal(from, letter.signal);
    }
  }

  #add(resident: Resident): void {
    if (this.#state.name !== 'claiming' && this.#state.name !== 'joined') return;
    const { name: stage, listener } = this.#state;
    const presence: Presence = { name: resident.name, instance: resident.instance };
    const failed = (cause: unknown): void => {
      listener.error(new PoolError('unsupported', `the life of "${resident.name}" can't be watched`, { cause }));
    };
    const watch = (): (() => void) =>
      this.#locks?.watch(resident.instance, () => this.#remove(presence, 'ended'), failed) ?? ((): void => {});
    const predecessor = this.#residents.predecessor(presence);
    if (!this.#residents.add(resident, watch)) return;
    if (predecessor) this.#remove(predecessor, 'closed');
    if (stage === 'joined') listener.appeared(presence);
  }

  #remove(presence: Presence, how: Disappearance): void {
    if (this.#state.name !== 'claiming' && this.#state.name !== 'joined') return;
    const { name: stage, listener } = this.#state;
    if (this.#residents.remove(presence.instance) && stage === 'joined') listener.disappeared(presence, how);
  }

  /** The name is another's. */
  #lose(): void {
    const state = this.#state;
    if (state.name !== 'claiming' && state.name !== 'joined') return;
    const { self, listener } = state;
    const taken = `"${self.name}" is taken in "${this.#room}", by another page or worker of this origin`;
    if (state.name === 'claiming')
      return this.#joining.abort(new PoolError('duplicate-peer', taken, { peer: self.name }));
    const replaced = new PoolError('duplicate-peer', taken, { peer: self.name, reason: 'replaced' });
    const tell = (): void => listener.stopped(replaced);
    this.leave().then(tell, tell);
  }
}
