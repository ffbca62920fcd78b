import { afterEach, describe, expect, it } from 'vitest';
import { Inn } from '../../../../signaling-server/testing/guest.ts';
import type { SignalingOptions } from '../../../../signaling-server/server.ts';
import type { TransportListener } from '../transport.ts';
import type { WebRTC } from './webrtc-implementation.ts';
import { WebRTCTransport } from './webrtc-transport.ts';

const alice = { name: 'alice', instance: 'alice-1' };
const bob = { name: 'bob', instance: 'bob-1' };
const stun = ['stun:stun.example.org'];
const turn = { urls: ['turn:turn.example.org'], secret: 'north' };

const listener: TransportListener = {
  appeared: () => {},
  disappeared: () => {},
  signal: () => {},
  state: () => {},
  error: () => {},
  hasPeers: () => false,
  stopped: () => {},
};

const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let end = ending.pop(); end !== undefined; end = ending.pop()) await end();
});

/** Dials when it is in the room, with which configuration a connection is wanted. */
async function dialing(
  ice: SignalingOptions['ice'],
  rtcConfiguration: RTCConfiguration,
): Promise<() => Promise<RTCConfiguration | undefined>> {
  const inn = await Inn.open({ ice });
  ending.push(() => inn.close());
  const wanted: RTCConfiguration[] = [];
  const RTCPeerConnection = function (configuration: RTCConfiguration): void {
    wanted.push(configuration);
    throw new Error('that is all');
  } as unknown as WebRTC['RTCPeerConnection'];
  const transport = new WebRTCTransport({
    room: 'sums',
    secret: undefined,
    path: '/peerpool',
    urls: [inn.url],
    patience: 10_000,
    rtc: { RTCPeerConnection } as WebRTC,
    rtcConfiguration,
  });
  ending.push(() => transport.leave());
  await transport.join(alice, listener, new AbortController().signal);
  return async () => {
    await new Promise<void>((closed) => {
      const link = { opened: () => {}, packet: () => {}, drained: () => {}, closed: () => closed() };
      transport.dial(bob, 'initiator', () => {}, link);
    });
    return wanted.at(-1);
  };
}

describe('a link over WebRTC', () => {
  it('is made with the ICE servers that the signaling server hands out, and the rest of what the app wants', async () => {
    const dial = await dialing({ stun, turn }, { iceTransportPolicy: 'relay' });
    expect(await dial()).toEqual({
      iceTransportPolicy: 'relay',
      iceServers: [
        { urls: stun },
        { urls: turn.urls, username: expect.any(String) as string, credential: expect.any(String) as string },
      ],
    });
  });

  it('is made with the newest', async () => {
    const dial = await dialing({ turn: { ...turn, ttl: 1 } }, {});
    const name = async (): Promise<string | undefined> => (await dial())?.iceServers?.[0]?.username;
    const first = await name();
    await expect.poll(name, { timeout: 10_000 }).not.toBe(first);
  });

  it.each<[string, RTCIceServer[]]>([
    ['those that the app names', [{ urls: 'stun:stun.example.com' }]],
    ['none, when the app says so', []],
  ])('is made with %s', async (_, iceServers) => {
    const dial = await dialing({ stun, turn }, { iceServers });
    expect(await dial()).toEqual({ iceServers });
  });

  it('is made with none where nobody names any', async () => {
    const dial = await dialing(undefined, {});
    expect(await dial()).toEqual({ iceServers: [] });
  });
});
