import type { Lane, Link, LinkKind, LinkListener } from '../../links/link.ts';
import type { ConnectionDiagnosis } from '../../connection-diagnosis.ts';
import type { Attempt } from '../transport.ts';
import { newConnection } from './connection.ts';
import { IceDiagnosis } from './ice-diagnosis.ts';
import { Hearing } from './negotiation.ts';
import { PACKET_BYTES, RtcLane, type RtcLaneListener } from './rtc-lane.ts';
import { throughRelay } from './selected-pair.ts';
import type { Libraries } from './libraries.ts';
import type { WebRTC } from './webrtc-implementation.ts';

/** How long the other side may take to notice that a link was closed, in ms. */
const CLOSING_MS = 1_000;

/** RFC 9260, section 3.3.10.12: the other side closed its connection. */
const USER_INITIATED_ABORT = 12;

interface Connected {
  readonly connection: RTCPeerConnection;
  readonly lanes: readonly [RtcLane, RtcLane];
  readonly peer: InstanceType<Libraries['SimplePeer']>;
}

type State =
  | ({ readonly name: 'dialing' | 'open' } & Connected)
  | ({ readonly name: 'closing'; readonly late: ReturnType<typeof setTimeout> } & Connected)
  | { readonly name: 'new' }
  | { readonly name: 'closed' };

/**
 * One attempt at a WebRTC connection, and the link it becomes. simple-peer negotiates on a connection of ours; packets go by two channels of ours,
 * past its streams.
 */
export class RtcLink implements Link, Attempt {
  readonly #rtc: WebRTC & Pick<Libraries, 'SimplePeer'>;
  readonly #role: 'initiator' | 'responder';
  readonly #hearing: Hearing;
  readonly #ended: () => void;
  #state: State = { name: 'new' };
  #listener: LinkListener | undefined;
  #kind: LinkKind = 'direct';
  #packetBytes = PACKET_BYTES;
  /** The last of their candidates that could not be used, and why. */
  #unusable: Error | undefined;
  #ice: IceDiagnosis | undefined;

  /** `ended` is called once, whoever ends the link. */
  constructor(
    rtc: WebRTC & Pick<Libraries, 'SimplePeer'>,
    role: 'initiator' | 'responder',
    listener: LinkListener,
    ended: () => void,
  ) {
    this.#rtc = rtc;
    this.#role = role;
    this.#hearing = new Hearing(role);
    this.#listener = listener;
    this.#ended = ended;
  }

  /** Chromium gives a page 500 connections and counts the closed until they are collected: one is made here and not before, and its failure is the link's. */
  dial(configuration: RTCConfiguration, negotiate: (data: unknown) => void): void {
    let connection: RTCPeerConnection | undefined;
    const ice = (this.#ice = new IceDiagnosis(configuration));
    try {
      connection = newConnection(this.#rtc, configuration, (error) => (this.#unusable = error));
      const heard = this.#hear();
      const lanes = [new RtcLane(connection, 0, heard), new RtcLane(connection, 1, heard)] as const;
      ice.watch(connection);
      connection.addEventListener('iceconnectionstatechange', () => this.#look());
      connection.addEventListener('icegatheringstatechange', () => this.#gathered());
      const { SimplePeer: Peer, ...wrtc } = this.#rtc;
      const peer = new Peer({
        initiator: this.#role === 'initiator',
        trickle: true,
        // Without effect where candidates trickle, and its timer would outlive the peer by the default of 5 s.
        iceCompleteTimeout: 1,
        // It is to open its channel, and not to wait for the other end's.
        channelConfig: { negotiated: true },
        wrtc: { ...wrtc, RTCPeerConnection: returning(connection) },
      });
      this.#state = { name: 'dialing', connection, lanes, peer };
      const said: unknown[] = [];
      let described = false;
      peer.on('signal', (data) => {
        if (this.#state.name === 'closed') return;
        ice.told(data);
        described ||= (data as { readonly type?: unknown }).type !== 'candidate';
        said.push(data);
        // Some implementations find candidates before they have made the description that goes first.
        if (described) for (const one of said.splice(0).sort(descriptionFirst)) negotiate(one);
      });
      peer.on('error', (error) => this.#broke(error));
      peer.on('close', () => this.#end());
    } catch (cause) {
      connection?.close();
      ice.end(cause as Error);
      this.#fail(new Error('no connection could be made here', { cause }));
    }
  }

  negotiate(data: unknown): void {
    if (this.#state.name !== 'dialing' && this.#state.name !== 'open') return;
    try {
      const heard = this.#hearing.hear(data);
      this.#ice?.heard(heard);
      this.#state.peer.signal(heard);
    } catch (cause) {
      // That says it all, and nothing of the network.
      this.#ice?.end();
      this.#ice = undefined;
      this.#fail(new Error('the other end negotiates what it may not', { cause }));
    }
  }

  /** The fingerprints of both certificates, as the descriptions that were set say. Whoever sits in the middle has two connections, and other fingerprints on each. */
  get binding(): Link['binding'] {
    if (this.#state.name !== 'open') return { own: '', other: '' };
    const { localDescription, remoteDescription } = this.#state.connection;
    return { own: fingerprints(localDescription?.sdp), other: fingerprints(remoteDescription?.sdp) };
  }

  get diagnosis(): ConnectionDiagnosis | undefined {
    return this.#ice?.now;
  }

  get packetBytes(): number {
    return this.#packetBytes;
  }

  /** `direct` until the connection knows better, which it mostly does before it is open. */
  get kind(): LinkKind {
    return this.#kind;
  }

  get reachable(): boolean {
    return this.#state.name === 'open' && this.#state.connection.connectionState === 'connected';
  }

  ready(lane: Lane): boolean {
    return this.#state.name === 'open' && this.#state.lanes[lane].ready;
  }

  send(lane: Lane, packet: Uint8Array): void {
    if (this.#state.name !== 'open') return;
    try {
      this.#state.lanes[lane].send(packet);
    } catch (cause) {
      this.#fail(new Error('a packet could not be sent', { cause }));
    }
  }

  /**
   * Closing the connection would drop what is queued, and what was lost on the way and is not yet sent again: a goodbye, a reject. Closing the channel that carries them does not, and its end is the
   * end of the link for the other side, which then closes the connection.
   */
  close(): void {
    this.#listener = undefined;
    if (this.#state.name === 'closing') return;
    if (this.#state.name !== 'open') {
      this.#release();
      return;
    }
    const { connection, lanes, peer } = this.#state;
    const late = setTimeout(() => this.#release(), CLOSING_MS);
    this.#state = { name: 'closing', connection, lanes, peer, late };
    lanes[0].close();
  }

  /** Here and now, for in `pagehide` there is no later. */
  abandon(): void {
    this.#listener = undefined;
    this.#release();
  }

  #hear(): RtcLaneListener {
    return {
      opened: () => this.#opened(),
      packet: (lane, bytes) => this.#listener?.packet(lane, bytes),
      drained: (lane) => this.#listener?.drained(lane),
      broke: (error) => this.#broke(error),
      closed: () => this.#end(),
    };
  }

  #opened(): void {
    if (this.#state.name !== 'dialing') return;
    const { connection, lanes, peer } = this.#state;
    if (!lanes.every(({ open }) => open)) return;
    this.#packetBytes = Math.min(PACKET_BYTES, connection.sctp?.maxMessageSize ?? PACKET_BYTES);
    this.#state = { name: 'open', connection, lanes, peer };
    this.#ice?.opened();
    this.#listener?.opened(this);
  }

  /** Whether a relay stands in between: known as soon as ICE has chosen a pair, while DTLS still shakes hands. */
  #look(): void {
    if (this.#state.name !== 'dialing' && this.#state.name !== 'open') return;
    const { connection } = this.#state;
    // Where there is none, nobody need ask, which costs a page that connects to many at once.
    if (!this.#ice?.relays) return;
    if (connection.iceConnectionState !== 'connected' && connection.iceConnectionState !== 'completed') return;
    connection.getStats().then(
      (report) => {
        this.#kind = throughRelay(report) ? 'relay' : 'direct';
      },
      (cause: unknown) => {
        if (this.#state.name !== 'closed') this.#end(new Error('the connection does not answer', { cause }));
      },
    );
  }

  /** Who may only use a relay and got none hears nothing more of ICE, and would wait until its time is over. */
  #gathered(): void {
    if (this.#state.name === 'dialing' && this.#ice?.hopeless) this.#end(new Error('no candidate of ours was found'));
  }

  #broke(error: Error): void {
    if ((error as Partial<RTCError>).sctpCauseCode === USER_INITIATED_ABORT) return this.#end();
    const { name } = this.#state;
    const unusable = this.#unusable ? ` (a candidate of theirs is unusable: ${this.#unusable.message})` : '';
    const sentence = name === 'open' ? 'the connection broke' : `no connection came about${unusable}`;
    this.#end(new Error(`${sentence}: ${error.message}`, { cause: error }));
  }

  #end(error?: Error): void {
    if (this.#state.name === 'closed') return;
    this.#ice?.end(error);
    this.#release();
    this.#tell(error);
  }

  /** The listener may be in the middle of a `send`, so it hears of it a little later. */
  #fail(error: Error): void {
    if (this.#state.name === 'closed') return;
    this.#ice?.end(error);
    this.#release();
    queueMicrotask(() => this.#tell(error));
  }

  #tell(error: Error | undefined): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(error);
  }

  /** Closes the connection; simple-peer then lets go of it. */
  #release(): void {
    const state = this.#state;
    if (state.name === 'closed') return;
    this.#ice?.end();
    this.#state = { name: 'closed' };
    if (state.name === 'closing') clearTimeout(state.late);
    if (state.name !== 'new') {
      for (const lane of state.lanes) lane.release();
      state.connection.close();
      state.peer.destroy();
    }
    this.#ended();
  }
}

/** RFC 8122, section 5. */
function fingerprints(sdp = ''): string {
  return [...new Set(sdp.match(/^a=fingerprint:.*$/gm))].join(' ');
}

function descriptionFirst(one: unknown, other: unknown): number {
  const rank = (data: unknown): number => Number((data as { readonly type?: unknown }).type === 'candidate');
  return rank(one) - rank(other);
}

/**
 * A constructor that hands out a connection made already, on which simple-peer opens no channel: one that carries nothing costs a page that has many peers and cores that are busy two
 * milliseconds a peer.
 */
function returning(connection: RTCPeerConnection): unknown {
  return function () {
    return Object.assign(connection, { createDataChannel: () => ({ close: () => {} }) });
  };
}
