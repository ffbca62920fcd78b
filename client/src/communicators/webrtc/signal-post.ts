import { PoolError } from '../../errors.ts';
import { parseSignal } from '../signal.ts';
import type { Presence, Signal, TransportListener } from '../transport.ts';

/** What a signaling client tells: signals as the server carried them. */
export type WireListener = Omit<TransportListener, 'signal'> & { signal(from: Presence, payload: unknown): void };

/** What signals go through between the mesh and the signaling server. Keeps the order of what it is told, both ways. */
export interface SignalPost {
  /** To be told by a signaling client. */
  readonly ear: WireListener;
  say(to: Presence, signal: Signal): void;
}

/** Signals that whoever carries them can read, and has to be trusted not to alter. */
export class OpenSignals implements SignalPost {
  readonly ear: WireListener;
  readonly say: SignalPost['say'];

  constructor(listener: TransportListener, carry: (to: Presence, signal: Signal) => void) {
    this.ear = parsing(listener);
    this.say = carry;
  }
}

/** Parses what came as a signal. */
export function parsing(listener: TransportListener): WireListener {
  return {
    appeared: (peer) => listener.appeared(peer),
    disappeared: (peer, how) => listener.disappeared(peer, how),
    signal: (from, payload) => {
      let signal: Signal;
      try {
        signal = parseSignal(payload);
      } catch (cause) {
        const { name: peer } = from;
        const sentence = `a signal that claims to come from ${peer} makes no sense`;
        listener.error(new PoolError('malformed', sentence, { peer, reason: 'signaling', cause }));
        return;
      }
      listener.signal(from, signal);
    },
    state: (state) => listener.state(state),
    error: (error) => listener.error(error),
    hasPeers: () => listener.hasPeers(),
    stopped: (error) => listener.stopped(error),
  };
}
