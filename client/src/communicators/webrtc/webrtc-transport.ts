import type { LinkListener } from '../../links/link.ts';
import { PoolError } from '../../errors.ts';
import { RoomKeys } from '../../trust/room-keys.ts';
import type { Bytes } from '../../trust/web-crypto.ts';
import type { Attempt, Presence, Signal, Transport, TransportListener } from '../transport.ts';
import { IceServers } from './ice-servers.ts';
import { type Libraries, libraries } from './libraries.ts';
import { LinkChoice, type Way } from './link-choice.ts';
import { LocalLinks } from './local-links.ts';
import { RtcLink } from './rtc-link.ts';
import { SealedSignals } from './sealed-signals.ts';
import { OpenSignals, type SignalPost } from './signal-post.ts';
import { SignalingClient, type SignalingOptions } from './signaling-client.ts';
import { type Lease, nameKey, tabSecret } from './tab-secret.ts';
import type { WebRTC } from './webrtc-implementation.ts';

export interface WebRTCTransportOptions extends Omit<SignalingOptions, 'key' | 'io' | 'ice'> {
  readonly rtc: WebRTC;
  /** Without `iceServers` those that the signaling server hands out are used. */
  readonly rtcConfiguration: RTCConfiguration;
  /** The room's, of which the server learns nothing. */
  readonly secret: Bytes | undefined;
  /** Given where instances in this browser are to be linked by channels. */
  readonly locks?: LockManager | undefined;
}

/** A signaling server introduces, WebRTC connects; where both ends are in one browser and want it so, a channel does. */
export class WebRTCTransport implements Transport {
  readonly #options: WebRTCTransportOptions;
  readonly #links = new Set<RtcLink>();
  readonly #local: LocalLinks | undefined;
  readonly #ice = new IceServers();
  #taking: Promise<void> | undefined;
  #lease: Lease | undefined;
  #libraries: Libraries | undefined;
  #signaling: SignalingClient | undefined;
  #post: SignalPost | undefined;
  /** It has left, or never joined. */
  #over = false;

  constructor(options: WebRTCTransportOptions) {
    this.#options = options;
    const { room, locks } = options;
    this.#local = locks && new LocalLinks({ room, locks });
  }

  async join(self: Presence, listener: TransportListener, signal: AbortSignal): Promise<readonly Presence[]> {
    if (this.#taking) throw new PoolError('illegal-state', 'a transport joins once');
    const taking = tabSecret.take();
    this.#taking = taking.then((lease) => this.#took(lease));
    const seen = this.#local?.join(self, listener);
    try {
      const { urls, path, token, patience, secret } = this.#options;
      const keys = secret && (await RoomKeys.derive(secret, this.#options.room));
      const room = keys?.roomHash ?? this.#options.room;
      this.#libraries = await libraries();
      signal.throwIfAborted();
      if (this.#over) throw new PoolError('closed', 'the room was left while joining it');
      // The browser takes as long for the secret as for finding the server.
      const key = taking.then(async ({ secret }) => {
        // Whoever hears of us may call at once, and looks for our lock then.
        await seen;
        return nameKey(secret, urls, path, room, self.name);
      });
      const { io } = this.#libraries;
      const carry: SignalingClient['signal'] = (to, signal) => this.#signaling?.signal(to, signal);
      this.#post = keys ? new SealedSignals(keys, self, listener, carry) : new OpenSignals(listener, carry);
      const entry = { io, urls, path, room, key, token, patience, ice: this.#ice };
      this.#signaling = new SignalingClient(entry, self, this.#post.ear);
      return await this.#signaling.join(signal);
    } catch (error) {
      await this.#release();
      throw error;
    }
  }

  signal(to: Presence, signal: Signal): void {
    this.#post?.say(to, signal);
  }

  dial(
    peer: Presence,
    role: 'initiator' | 'responder',
    negotiate: (data: unknown) => void,
    listener: LinkListener,
  ): Attempt {
    const local = this.#local;
    if (local === undefined) return this.#dialRtc(role, negotiate, listener);
    const begin = (way: Way): Attempt =>
      way === 'local' ? local.dial(peer, role, negotiate, listener) : this.#dialRtc(role, negotiate, listener);
    const choice = new LinkChoice(role, begin, (error) => listener.closed(error));
    if (role === 'initiator') {
      // Whom the browser does not tell about there is WebRTC to.
      local.reaches(peer).then(
        (near) => choice.choose(near ? 'local' : 'rtc'),
        () => choice.choose('rtc'),
      );
    }
    return choice;
  }

  wake(): void {
    this.#signaling?.wake();
  }

  async leave(atOnce = false): Promise<void> {
    for (const link of this.#links) link.abandon();
    const left = this.#signaling?.leave(atOnce);
    // The next page of this tab may ask for it any moment; a promise would be too late for it.
    const free = this.#release();
    await Promise.all([left, this.#taking, free]);
  }

  #dialRtc(role: 'initiator' | 'responder', negotiate: (data: unknown) => void, listener: LinkListener): RtcLink {
    if (this.#libraries === undefined) throw new PoolError('illegal-state', 'who has not joined dials nobody');
    const { rtc, rtcConfiguration } = this.#options;
    const link = new RtcLink({ ...this.#libraries, ...rtc }, role, listener, () => this.#links.delete(link));
    this.#links.add(link);
    const iceServers = rtcConfiguration.iceServers ?? this.#ice.current;
    // It may have been chosen when we had left.
    if (this.#over) link.abandon();
    else link.dial({ ...rtcConfiguration, iceServers }, negotiate);
    return link;
  }

  #took(lease: Lease): void {
    if (this.#over) lease.release();
    else this.#lease = lease;
  }

  #release(): Promise<void> | undefined {
    this.#over = true;
    this.#lease?.release();
    return this.#local?.leave();
  }
}
