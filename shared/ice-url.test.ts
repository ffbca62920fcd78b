import { describe, expect, it } from 'vitest';
import { iceScheme } from './ice-url.ts';

describe('the URL of a STUN or TURN server', () => {
  it.each([
    ['stun:example.org', 'stun'],
    ['stuns:example.org:5349', 'stuns'],
    ['stun:192.0.2.7:65535', 'stun'],
    ['stun:[2001:db8::7]:3478', 'stun'],
    ['turn:turn_1.example.org', 'turn'],
    ['turn:example.org:3478?transport=udp', 'turn'],
    ['turns:[::1]?transport=tcp', 'turns'],
  ])('%s is one', (url, scheme) => expect(iceScheme(url)).toBe(scheme));

  it.each([
    '',
    'example.org',
    'http://example.org',
    'stun://example.org',
    'stun:',
    'STUN:example.org',
    'stun:example.org:0',
    'stun:example.org:65536',
    'stun:example.org?transport=udp',
    'turn:example.org?transport=sctp',
    'turn:example.org?TRANSPORT=UDP',
    'stun:example.org:',
    'turn:alice@example.org',
    'turn:example.org/path',
    'turn:example.org\nstun:example.org',
    ' turn:example.org',
    'turn:2001:db8::7',
    `stun:${'a'.repeat(300)}`,
    7,
    null,
  ])('%j is none', (url) => expect(iceScheme(url)).toBeUndefined());
});
