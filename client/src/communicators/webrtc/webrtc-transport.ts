import type { LinkListener } from '../../links/link.ts';
import { PoolError } from '../../errors.ts';
import type { Attempt, Presence, Signal, Transport, TransportListener } from '../transport.ts';
import { RtcLink } from './rtc-link.ts';
import { SignalingClient, type SignalingOptions } from './signaling-client.ts';
import type { WebRTC } from './webrtc-implementation.ts';

export interface WebRTCTransportOptions extends SignalingOptions {
  readonly rtc: WebRTC;
  readonly rtcConfiguration: RTCConfiguration;
}

/** A signaling server introduces, WebRTC connects. */
export class WebRTCTransport implements Transport {
  readonly #options: WebRTCTransportOptions;
  readonly #links = new Set<RtcLink>();
  #signaling: SignalingClient | undefined;

  constructor(options: WebRTCTransportOptions) {
    this.#options = options;
  }

  join(self: Presence, listener: TransportListener, signal: AbortSignal): Promise<readonly Presence[]> {
    if (this.#signaling) throw new PoolError('illegal-state', 'a transport joins once');
    this.#signaling = new SignalingClient(this.#options, self, listener);
    return this.#signaling.join(signal);
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

  async leave(): Promise<void> {
    for (const link of this.#links) link.abandon();
    await this.#signaling?.leave();
  }
}
