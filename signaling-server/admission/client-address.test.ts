import * as fc from 'fast-check';
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientAddress } from './client-address.ts';

const from = (remoteAddress: string | undefined, forwarded?: string, hops = 0): string =>
  clientAddress({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } }, hops);

describe('the address a request counts for', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['2001:DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
    [undefined, 'unknown'],
  ])('of the socket %s is %s', (remote, counted) => {
    expect(from(remote)).toBe(counted);
  });

  it.each([
    ['one proxy, which saw', '203.0.113.7', 1, '203.0.113.7'],
    ['one proxy, and a client that wrote before it', '10.9.9.9, 203.0.113.7', 1, '203.0.113.7'],
    ['two proxies', '10.9.9.9,203.0.113.7, 10.0.0.2', 2, '203.0.113.7'],
    ['a port behind it', '203.0.113.7:4711', 1, '203.0.113.7'],
    ['brackets and a port', '[2001:db8::1]:4711', 1, '2001:db8:0:0::/64'],
    ['fewer entries than proxies', '203.0.113.7', 2, '10.0.0.1'],
    ['no header', undefined, 1, '10.0.0.1'],
    ['what is no address', 'evil\r\nlog: line', 1, '10.0.0.1'],
    ['a word', '__proto__', 1, '10.0.0.1'],
    ['a number out of range', '203.0.113.777', 1, '10.0.0.1'],
    ['nothing', ', ,', 1, '10.0.0.1'],
  ])('behind %s', (_what, forwarded, hops, counted) => {
    expect(from('10.0.0.1', forwarded, hops)).toBe(counted);
  });

  it('is never what a header says, where no proxy is trusted', () => {
    expect(from('10.0.0.1', '203.0.113.7')).toBe('10.0.0.1');
  });

  it('is an address, whatever the header says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 1, max: 3 }), (forwarded, hops) => {
        const counted = from('10.0.0.1', forwarded, hops);
        expect(isIP(counted.replace('::/64', '::'))).not.toBe(0);
        expect(counted.length).toBeLessThan(30);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (six) => {
        expect(from('10.0.0.1', six, 1)).toMatch(/^([\da-f]{1,4}:){4}:\/64$|^\d+\.\d+\.\d+\.\d+$/);
      }),
    );
  });
});
