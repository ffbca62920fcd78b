import { describe, expect, it } from 'vitest';
import { HELP, SettingsError, settings } from './settings.ts';

const defaults = {
  action: 'serve',
  port: 3000,
  host: '0.0.0.0',
  path: '/peerpool',
  maxPeersPerRoom: 128,
  maxRooms: 16_384,
  maxConnectionsPerAddress: 512,
  addressConnectionsPerSecond: 16,
  addressJoinsPerSecond: 16,
  addressPacketsPerSecond: 4096,
  addressBytesPerSecond: 2_097_152,
  trustProxy: 0,
  origin: '*',
  authSecrets: [],
};

const [first, second] = ['1'.repeat(32), '2'.repeat(32)];

describe('settings', () => {
  it('have defaults', () => {
    expect(settings([], { PATH: '/usr/bin', PEERPOOL_BROWSER: '/usr/bin/chromium', PEERPOOL_PORT: '' })).toEqual(
      defaults,
    );
  });

  it('come from flags, then from variables', () => {
    const environment = {
      PORT: '1',
      PEERPOOL_PORT: '2',
      PEERPOOL_HOST: '::1',
      PEERPOOL_PATH: '/a/b',
      PEERPOOL_MAX_PEERS_PER_ROOM: '8',
      PEERPOOL_MAX_ROOMS: '9',
      PEERPOOL_MAX_CONNECTIONS_PER_ADDRESS: '10',
      PEERPOOL_ADDRESS_CONNECTIONS_PER_SECOND: '11',
      PEERPOOL_ADDRESS_JOINS_PER_SECOND: '12',
      PEERPOOL_ADDRESS_PACKETS_PER_SECOND: '13',
      PEERPOOL_ADDRESS_BYTES_PER_SECOND: '14',
      PEERPOOL_TRUST_PROXY: '2',
      PEERPOOL_AUTH_SECRET: `${first}, ${second}`,
      PEERPOOL_ORIGIN: 'https://example.org, http://localhost:5173',
    };
    const chosen = {
      action: 'serve',
      port: 2,
      host: '::1',
      path: '/a/b',
      maxPeersPerRoom: 8,
      maxRooms: 9,
      maxConnectionsPerAddress: 10,
      addressConnectionsPerSecond: 11,
      addressJoinsPerSecond: 12,
      addressPacketsPerSecond: 13,
      addressBytesPerSecond: 14,
      trustProxy: 2,
      authSecrets: [first, second],
      origin: ['https://example.org', 'http://localhost:5173'],
    };
    expect(settings([], environment)).toEqual(chosen);
    expect(settings(['--port', '0', '--origin=*'], environment)).toEqual({ ...chosen, port: 0, origin: '*' });
    expect(settings([], { PORT: '1' })).toEqual({ ...defaults, port: 1 });
  });

  it.each([
    [['--port', 'http'], {}, '--port is a whole number from 0 to 65535, not "http"'],
    [['--port', '65536'], {}, '--port is a whole number'],
    [['--port', '-1'], {}, '--port'],
    [['--port='], {}, '--port is a whole number'],
    [['--port', '3000', '--prot', '1'], {}, "'--prot'"],
    [['serve'], {}, "'serve'"],
    [['--host='], {}, '--host is an address'],
    [['--path', 'peerpool'], {}, '--path looks like /peerpool'],
    [['--path', '/a b'], {}, '--path looks like /peerpool'],
    [['--path', '//host'], {}, '--path looks like /peerpool'],
    [['--origin', 'example.org'], {}, '--origin is * or origins such as https://example.org, not "example.org"'],
    [['--origin', 'https://example.org/'], {}, '--origin'],
    [['--max-peers-per-room', '0'], {}, '--max-peers-per-room is a whole number from 1 on'],
    [[], { PEERPOOL_MAX_ROOMS: '1e3' }, 'PEERPOOL_MAX_ROOMS is a whole number'],
    [['--trust-proxy', 'yes'], {}, '--trust-proxy is a whole number from 0 to 16, not "yes"'],
    [[], { PORT: '30.5' }, 'PORT is a whole number'],
  ])('refuse %j %j with a sentence that names what is wrong', (args, environment, sentence) => {
    expect(() => settings(args, environment)).toThrow(SettingsError);
    expect(() => settings(args, environment)).toThrow(sentence);
  });

  it('take several secrets, in one flag or in more, and say of a bad one only which it is', () => {
    for (const args of [[`--auth-secret=${second},${first}`], ['--auth-secret', second, '--auth-secret', first]]) {
      expect(settings(args, { PEERPOOL_AUTH_SECRET: first })).toMatchObject({ authSecrets: [second, first] });
    }
    for (const [args, environment, sentence] of [
      [['--auth-secret', 'hunter2'], {}, '--auth-secret has fewer than 32 bytes; openssl rand -base64 32 makes one'],
      [['--auth-secret='], {}, '--auth-secret has fewer than 32 bytes'],
      [[], { PEERPOOL_AUTH_SECRET: `${first},hunter2` }, 'secret 2 of PEERPOOL_AUTH_SECRET has fewer than 32 bytes'],
    ] as const) {
      expect(() => settings(args, environment)).toThrow(sentence);
      expect(() => settings(args, environment)).not.toThrow(/hunter2|1111/);
    }
  });

  it('ask for help and version before anything else', () => {
    expect(settings(['--help', '--port', 'x'], {})).toEqual({ action: 'help' });
    expect(settings(['-v'], { PEERPOOL_PORT: 'x' })).toEqual({ action: 'version' });
    for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });
});
