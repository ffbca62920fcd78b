import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { attachSignaling } from '../server.ts';
import { type IceOptions, iceOptions } from './ice-options.ts';

const turn = { urls: ['turn:turn.example.org'], secret: 'north' };
const nine = Array.from({ length: 9 }, (_, index) => `stun:stun${index}.example.org`);

describe('ice options', () => {
  it.each<[string, unknown, RegExp]>([
    ['a stun that is none', { stun: ['stun:a', 'http://b'] }, /ice\.stun: "http:\/\/b" is no URL of stun: or stuns:/],
    ['a TURN server among the STUN servers', { stun: ['turn:a'] }, /"turn:a"/],
    ['a STUN server among the TURN servers', { turn: { ...turn, urls: ['stun:a'] } }, /ice\.turn\.urls: "stun:a"/],
    ['a text in place of a list', { stun: 'stun:a' }, /ice\.stun is a list/],
    ['more than a client takes', { stun: nine }, /at most 8/],
    ['a URL that is no text', { stun: [7] }, /ice\.stun: 7/],
    ['a TURN server without a URL', { turn: { ...turn, urls: [] } }, /names no server/],
    ['no secret', { turn: { ...turn, secret: '' } }, /ice\.turn\.secret/],
    ['no time', { turn: { ...turn, ttl: 0 } }, /ice\.turn\.ttl .* not 0/],
    ['half a second', { turn: { ...turn, ttl: 0.5 } }, /ice\.turn\.ttl/],
    ['a time without an end', { turn: { ...turn, ttl: Infinity } }, /ice\.turn\.ttl/],
    ['a time that is none', { turn: { ...turn, ttl: '60' } }, /ice\.turn\.ttl/],
  ])('refuse %s at once, and leave the server as it was', (_, ice, sentence) => {
    const http = createServer();
    expect(() => attachSignaling(http, { ice: ice as IceOptions })).toThrow(RangeError);
    expect(() => attachSignaling(http, { ice: ice as IceOptions })).toThrow(sentence);
    expect(http.listenerCount('request')).toBe(0);
  });

  it('do not show the secret in what they refuse', () => {
    expect(() => iceOptions({ turn: { ...turn, ttl: -1 } })).not.toThrow(/north/);
  });

  it('are an hour where no time is given, and none where there is nothing to hand out', () => {
    expect(iceOptions({ turn })).toEqual({ stun: [], turn: { ...turn, ttl: 3600 } });
    expect(iceOptions({})).toBeUndefined();
    expect(iceOptions({ stun: [] })).toBeUndefined();
  });
});
