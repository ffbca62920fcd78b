import { describe, expect, it } from 'vitest';
import type { PoolError } from '../../errors.ts';
import type { CommunicatorListener, Self } from '../communicator.ts';
import { WebRTCCommunicator, type WebRTCCommunicatorOptions } from './webrtc-communicator.ts';

const self: Self = {
  name: 'alice',
  instance: 'alice-1',
  discover: true,
  packer: 'json',
  inboxLimit: 1024,
  outboxLimit: 1024,
  maxMessageSize: 1024,
};
const listener: CommunicatorListener = {
  joined: () => {},
  message: () => {},
  left: () => {},
  link: () => {},
  signaling: () => {},
  failed: () => {},
  error: () => {},
  stopped: () => {},
};
const room = 'sums';
/** Never called here. */
const rtc = { RTCPeerConnection: Object, RTCSessionDescription: Object, RTCIceCandidate: Object };

describe('WebRTCCommunicator', () => {
  it.each<[string, Partial<Record<keyof WebRTCCommunicatorOptions, unknown>>, typeof TypeError | typeof RangeError]>([
    ['a room with a slash', { room: 'a/b' }, TypeError],
    ['an empty room', { room: '' }, RangeError],
    ['a url without an origin', { room, url: '/signaling' }, TypeError],
    ['a url of another protocol', { room, url: 'ftp://example.org' }, TypeError],
    ['a url with a path', { room, url: 'https://example.org/chat' }, TypeError],
    ['no url at all', { room, url: [] }, RangeError],
    ['a path that is none', { room, path: 'peerpool' }, TypeError],
    ['a path with a query', { room, path: '/p?x=1' }, TypeError],
    ['half an implementation', { room, rtc: { ...rtc, RTCIceCandidate: undefined } }, TypeError],
    ['a token that is none', { room, token: 7 }, TypeError],
    ['a local that is neither true nor false', { room, local: 'yes' }, TypeError],
    ['no time to connect', { room, connectTimeout: 0 }, RangeError],
    ['a time that is none', { room, connectTimeout: '5s' }, TypeError],
  ])('refuses %s at once', (_, options, type) => {
    expect(() => new WebRTCCommunicator(options as WebRTCCommunicatorOptions)).toThrow(type);
  });

  it('says so where there is no WebRTC', async () => {
    const communicator = new WebRTCCommunicator({ room, url: 'http://127.0.0.1:9' });
    await expect(communicator.initialize(self, listener)).rejects.toMatchObject({ code: 'unsupported' });
    expect(communicator.state).toBe('stopped');
  });

  it('asks for a url where there is no page', async () => {
    const communicator = new WebRTCCommunicator({ room, rtc });
    await expect(communicator.initialize(self, listener)).rejects.toThrow(/needs a url/);
  });

  it('names the server that can not be reached, with the cause', async () => {
    const urls = ['http://127.0.0.1:9', 'ws://127.0.0.1:9/'];
    const communicator = new WebRTCCommunicator({ room, rtc, url: urls, path: '/elsewhere' });
    urls.length = 0;
    const error = await communicator.initialize(self, listener).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'unreachable' });
    expect((error as PoolError).message).toContain('ws://127.0.0.1:9/elsewhere');
    expect((error as PoolError).cause).toBeInstanceOf(Error);
  });
});
