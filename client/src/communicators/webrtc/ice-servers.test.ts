import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IceServers, parseIceServers } from './ice-servers.ts';

const stun = { urls: ['stun:stun.example.org'] };
const turn = { urls: ['turn:turn.example.org?transport=udp'], username: '1:alice', credential: 'north' };
const nine = Array.from({ length: 9 }, () => stun);

describe('what a signaling server hands out', () => {
  it('is read, and what else stands there is not', () => {
    const said = {
      servers: [
        { ...stun, username: 'nobody asks', credential: 'for it' },
        { ...turn, credentialType: 'oauth' },
      ],
      holds: 60,
      more: 7,
    };
    expect(parseIceServers(said)).toEqual({ servers: [stun, turn], holds: 60 });
    expect(parseIceServers({ servers: [] })).toEqual({ servers: [], holds: Infinity });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'stun:stun.example.org'],
    ['no list', { servers: stun }],
    ['nine servers', { servers: nine }],
    ['a server that is none', { servers: [null] }],
    ['a server without URLs', { servers: [{ urls: [] }] }],
    ['URLs that are no list', { servers: [{ urls: 'stun:stun.example.org' }] }],
    ['nine URLs', { servers: [{ urls: nine.flatMap(({ urls }) => urls) }] }],
    ['another scheme', { servers: [{ urls: ['https://example.org'] }] }],
    ['a URL without end', { servers: [{ urls: [`stun:${'a'.repeat(1000)}`] }] }],
    ['a TURN server without a credential', { servers: [{ ...turn, credential: undefined }] }],
    ['a TURN server without a username', { servers: [{ ...turn, username: 7 }] }],
    ['an empty username', { servers: [{ ...turn, username: '' }] }],
    ['an empty credential', { servers: [{ ...turn, credential: '' }] }],
    ['a username without end', { servers: [{ ...turn, username: 'é'.repeat(255) }] }],
    ['a credential without end', { servers: [{ ...turn, credential: 'a'.repeat(1025) }] }],
    ['what holds for no time', { servers: [stun], holds: 0 }],
    ['what holds for a text', { servers: [stun], holds: '60' }],
    ['what holds for NaN', { servers: [stun], holds: Number.NaN }],
  ])('is refused when it is %s', (_, said) => {
    expect(() => parseIceServers(said)).toThrow(/^(?:a|an|ICE|there|the|URLs) /);
  });
});

describe('ICE servers', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are the newest that were said, also none; what makes no sense changes nothing', () => {
    const servers = new IceServers();
    expect(servers.current).toEqual([]);
    servers.hear({ servers: [stun, turn] });
    expect(servers.current).toEqual([stun, turn]);
    expect(() => servers.hear({ servers: [7] })).toThrow(TypeError);
    expect(servers.current).toEqual([stun, turn]);
    servers.hear({ servers: [stun] });
    expect(servers.current).toEqual([stun]);
    servers.hear({ servers: [] });
    expect(servers.current).toEqual([]);
  });

  it('whose credentials are out of date are left out, until there are fresh ones', () => {
    const servers = new IceServers();
    servers.hear({ servers: [stun, turn], holds: 60_000 });
    vi.setSystemTime(59_999);
    expect(servers.current).toEqual([stun, turn]);
    vi.setSystemTime(60_000);
    expect(servers.current).toEqual([stun]);
    servers.hear({ servers: [stun, turn], holds: 1 });
    expect(servers.current).toEqual([stun, turn]);
  });
});
