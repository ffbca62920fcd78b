import type { LinkListener } from '../../links/link.ts';
import { PoolError } from '../../errors.ts';
import type { Attempt, Presence, Signal, Transport, TransportListener } from '../transport.ts';
import { RtcLink } from './rtc-link.ts';
import { SignalingClient, type SignalingOptions } from './signaling-client.ts';
import { type Lease, nameKey, tabSecret } from './tab-secret.ts';
import type { WebRTC } from './webrtc-implementation.ts';

export interface WebRTCTransportOptions extends Omit<SignalingOptions, 'key'> {
  readonly rtc: WebRTC;
  readonly rtcConfiguration: RTCConfiguration;
}

/** A signaling server introduces, WebRTC connects. */
export class WebRTCTransport implements Transport {
  readonly #options: WebRTCTransportOptions;
  readonly #links = new Set<RtcLink>();
  #taking: Promise<Lease> | undefined;
  #lease: Lease | undefined;
  #signaling: SignalingClient | undefined;
  #left = false;

  constructor(options: WebRTCTransportOptions) {
    this.#options = options;
  }

  async join(self: Presence, listener: TransportListener, signal: AbortSignal): Promise<readonly Presence[]> {
    if (this.#taking) throw new PoolError('illegal-state', 'a transport joins once');
    this.#taking = tabSecret.take();
    this.#lease = await this.#taking;
    try {
      signal.throwIfAborted();
      if (this.#left) throw new PoolError('closed', 'left while joining');
      const { urls, path, room, patience } = this.#options;
      const key = nameKey(this.#lease.secret, urls, path, room, self.name);
      this.#signaling = new SignalingClient({ urls, path, room, key, patience }, self, listener);
      return await this.#signaling.join(signal);
    } catch (error) {
      this.#lease.release();
      throw error;
    }
  }

  signal(to: Presence, signal: Signal): void {
    this.#signaling?.signal(to, signal);
  }

  dial(
    _peer: Presence,
    role: 'initiator' | 'responder',
    negotiate: (data: unknown) => void,
    listener: LinkListener,
  ): Attempt {
    const { rtc, rtcConfiguration } = this.#options;
    const link = new RtcLink(rtc, role, listener, () => this.#links.delete(link));
    this.#links.add(link);
    link.dial(rtcConfiguration, negotiate);
    return link;
  }

  wake(): void {
    this.#signaling?.wake();
  }

  async leave(atOnce = false): Promise<void> {
    this.#left = true;
    for (const link of this.#links) link.abandon();
    const left = this.#signaling?.leave(atOnce);
    // The next page of this tab may ask for it any moment; a promise would be too late for it.
    this.#lease?.release();
    await Promise.all([left, this.#taking]);
  }
}
