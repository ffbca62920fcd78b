import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ownAddress } from './own-address.ts';

const of = (address: string, internal = false): NetworkInterfaceInfo => {
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  return { address, family, internal, netmask: '', mac: '', cidr: null, scopeid: 0 };
};

describe('the address of a server', () => {
  it('is where it listens', () => {
    expect(ownAddress('127.0.0.1', 3000, { eth0: [of('10.0.0.7')] })).toBe('http://127.0.0.1:3000');
    expect(ownAddress('fd00::7', 3000, {})).toBe('http://[fd00::7]:3000');
  });

  it.each(['0.0.0.0', '::'])('is the first on a network where it listens on %s', (host) => {
    const loopback = [of('127.0.0.1', true), of('::1', true)];
    const at = (...addresses: string[]) =>
      ownAddress(host, 80, { lo: loopback, eth0: addresses.map((each) => of(each)) });
    expect(at('fe80::1', 'fd00::7', '10.0.0.7')).toBe('http://10.0.0.7:80');
    expect(at('fe80::1', 'fd00::7')).toBe('http://[fd00::7]:80');
    expect(at()).toBe('http://127.0.0.1:80');
  });
});
