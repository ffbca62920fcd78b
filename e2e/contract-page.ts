/** What a page of the contract stage runs. Not shipped. */
import { SIGNALING_PATH } from '#shared/signaling';
import {
  BroadcastChannelCommunicator,
  type Communicator,
  MeshCommunicator,
  WebRTCCommunicator,
} from '../client/src/index.ts';
import { BroadcastChannelTransport } from '../client/src/communicators/broadcast-channel/broadcast-channel-transport.ts';
import { native } from '../client/src/communicators/webrtc/webrtc-implementation.ts';
import { WebRTCTransport } from '../client/src/communicators/webrtc/webrtc-transport.ts';
import { FaultyTransport } from '../client/src/testing/faulty-transport.ts';
import {
  type BreakableCommunicator,
  brokenLinkContract,
  communicatorContract,
  type ContractCase,
  runCase,
  runParty,
} from '../client/src/testing/index.ts';

/** `sealed`: over WebRTC, in a room with a secret. `local`: as `webrtc`, and by channels within one browser. */
export type Way = 'webrtc' | 'sealed' | 'local' | 'broadcast-channel';

const SECRET = 'A'.repeat(43);

declare global {
  /** The test's own process, as its pages see it. */
  function meet(play: string, party: string, fence: string, saying: unknown): Promise<Record<string, unknown>>;
  function failed(play: string, party: string, message: string): Promise<void>;
}

/** Plays a case with all parties in this page. */
export async function playInOne(title: string, way: Way): Promise<void> {
  const { played, breaking } = find(title);
  await runCase(played, (room) => (breaking ? breakable(way, room) : ordinary(way, room)));
}

/** Plays one party of a case. */
export async function playParty(title: string, party: string, room: string, way: Way): Promise<void> {
  const { played, breaking } = find(title);
  await runParty(played, party, () => (breaking ? breakable(way, room) : ordinary(way, room)), {
    meet: (who, fence, saying) => meet(room, who, fence, saying),
    fail: (who, message) => {
      failed(room, who, message).catch((error: unknown) => reportError(error));
    },
  });
}

function find(title: string): { readonly played: ContractCase; readonly breaking: boolean } {
  const breaking = brokenLinkContract.some((one) => one.title === title);
  const played = [...communicatorContract, ...brokenLinkContract].find((one) => one.title === title);
  if (played === undefined) throw new Error(`there is no case "${title}"`);
  return { played, breaking };
}

function ordinary(way: Way, room: string): Communicator {
  if (way === 'broadcast-channel') return new BroadcastChannelCommunicator({ room });
  return new WebRTCCommunicator({ room, local: way === 'local', ...secretOf(way) });
}

function breakable(way: Way, room: string): BreakableCommunicator {
  if (way === 'broadcast-channel') return breakableBroadcastChannel(room);
  return way === 'local' ? breakableLocal(room) : breakableWebRTC(way, room);
}

function secretOf(way: Way): { readonly secret?: string } {
  return way === 'sealed' ? { secret: SECRET } : {};
}

/** Peer connections that are closed behind the library's back. */
function breakableWebRTC(way: Way, room: string): BreakableCommunicator {
  const connections: RTCPeerConnection[] = [];
  const Kept = new Proxy(RTCPeerConnection, {
    construct(target, [configuration]: [RTCConfiguration?]) {
      const connection = new target(configuration);
      connections.push(connection);
      return connection;
    },
  });
  const rtc = { RTCPeerConnection: Kept, RTCSessionDescription, RTCIceCandidate };
  return {
    communicator: new WebRTCCommunicator({ room, rtc, ...secretOf(way) }),
    breakLinks: () => {
      for (const connection of connections.splice(0)) connection.close();
    },
  };
}

/** Nobody but its two ends can close a channel. */
function breakableLocal(room: string): BreakableCommunicator {
  const faulty = new FaultyTransport(
    new WebRTCTransport({
      room,
      secret: undefined,
      path: SIGNALING_PATH,
      urls: [location.origin],
      token: undefined,
      patience: 10_000,
      rtc: native(),
      rtcConfiguration: {},
      locks: navigator.locks,
    }),
  );
  return { communicator: new MeshCommunicator({ transport: () => faulty }), breakLinks: () => faulty.cut() };
}

function breakableBroadcastChannel(room: string): BreakableCommunicator {
  const faulty = new FaultyTransport(new BroadcastChannelTransport({ room, locks: navigator.locks }));
  return { communicator: new MeshCommunicator({ transport: () => faulty }), breakLinks: () => faulty.cut() };
}
