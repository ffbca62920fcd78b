import { describe, expect, it } from 'vitest';
import { HELP, OPTION_NAMES, SettingsError, variables } from './options.ts';
import { secretsIn, settings } from './settings.ts';

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
  redis: undefined,
  ice: undefined,
  logLevel: 'info',
  logger: 'json',
  metrics: false,
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
      PEERPOOL_ADVERTISE: 'http://10.0.0.7:3000',
      PEERPOOL_REDIS_URL: 'rediss://:opensesame@redis.example.org:6380/1',
      PEERPOOL_REDIS_PREFIX: '{sums}:',
      PEERPOOL_STUN_URL: 'stun:stun.example.org, stuns:[2001:db8::1]:5349',
      PEERPOOL_TURN_URL: 'turn:turn.example.org:3478?transport=udp,turns:turn.example.org',
      PEERPOOL_TURN_SECRET: 'what coturn, too, knows',
      PEERPOOL_TURN_TTL: '600',
      PEERPOOL_LOG_LEVEL: 'debug',
      PEERPOOL_LOGGER: 'pino',
      PEERPOOL_METRICS: '1',
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
      redis: {
        url: 'rediss://:opensesame@redis.example.org:6380/1',
        prefix: '{sums}:',
        advertise: 'http://10.0.0.7:3000',
      },
      ice: {
        stun: ['stun:stun.example.org', 'stuns:[2001:db8::1]:5349'],
        turn: {
          urls: ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org'],
          secret: 'what coturn, too, knows',
          ttl: 600,
        },
      },
      logLevel: 'debug',
      logger: 'pino',
      metrics: true,
    };
    expect(Object.keys(environment).toSorted()).toEqual(OPTION_NAMES.flatMap(variables).toSorted());
    expect(settings([], environment)).toEqual(chosen);
    expect(settings(['--port', '0', '--origin=*'], environment)).toEqual({ ...chosen, port: 0, origin: '*' });
    expect(settings([], { PORT: '1' })).toEqual({ ...defaults, port: 1 });
  });

  it('of a switch are yes and no, and yes without a word', () => {
    expect(settings(['--metrics'], { PEERPOOL_METRICS: '0' })).toMatchObject({ metrics: true });
    for (const [said, metrics] of Object.entries({ '1': true, true: true, '0': false, false: false })) {
      expect(settings([], { PEERPOOL_METRICS: said })).toMatchObject({ metrics });
    }
  });

  it('may name STUN servers alone, or TURN servers alone', () => {
    expect(settings(['--stun-url', 'stun:a', '--stun-url', 'stun:b'], {})).toMatchObject({
      ice: { stun: ['stun:a', 'stun:b'] },
    });
    expect(settings(['--turn-url', 'turn:a', '--turn-secret', 's'], {})).toMatchObject({
      ice: { stun: [], turn: { urls: ['turn:a'], secret: 's', ttl: 3600 } },
    });
  });

  it.each([
    [['--port', 'http'], {}, '--port is a whole number from 0 to 65535, not "http"'],
    [['--port', '65536'], {}, '--port is a whole number'],
    [['--port', '-1'], {}, '--port'],
    [['--port='], {}, '--port is a whole number'],
    [['--port', '3000', '--prot', '1'], {}, "'--prot'"],
    [['serve'], {}, 'there is a word that no flag goes before'],
    [['--metrics=yes'], {}, "'--metrics'"],
    [['--auth-secret', '--port'], {}, "'--auth-secret"],
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
    [[], { PEERPOOL_METRICS: 'yes' }, 'PEERPOOL_METRICS is 1, true, 0 or false, not "yes"'],
    [['--log-level', 'trace'], {}, '--log-level is one of debug, info, warn, error, silent, not "trace"'],
    [[], { PEERPOOL_LOGGER: 'winston' }, 'PEERPOOL_LOGGER is one of json, pino, not "winston"'],
    [['--redis-prefix', 'a b'], {}, '--redis-prefix is up to 64 letters, digits and . : _ - { }, not "a b"'],
    [['--stun-url', 'stun.example.org'], {}, '--stun-url does not look like stun:stun.example.org:3478'],
    [['--turn-secret', 's'], {}, '--turn-secret needs --turn-url'],
    [[], { PEERPOOL_TURN_URL: 'turn:a' }, 'PEERPOOL_TURN_URL needs --turn-secret'],
    [['--turn-url', 'turn:a', '--turn-secret='], {}, '--turn-secret is what the TURN server has too, and not nothing'],
    [['--turn-ttl', '5'], {}, '--turn-ttl is a whole number from 60 to 604800, not "5"'],
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

  it.each([
    [['--advertise', '10.0.0.7:3000'], '--advertise looks like http://10.0.0.7:3000, not "10.0.0.7:3000"'],
    [['--redis-url', 'opensesame'], '--redis-url looks like redis://127.0.0.1:6379'],
    [['--redis-url', 'http://:opensesame@example.org'], '--redis-url looks like redis://127.0.0.1:6379'],
    [['--redis-url', 'redis:opensesame'], '--redis-url looks like'],
    [
      ['--turn-url', 'turn:a,turn:user:opensesame@b', '--turn-secret', 's'],
      'address 2 of --turn-url does not look like',
    ],
    [['--turn-secret', 'opensesame'], '--turn-secret needs --turn-url'],
    [['--turn-secret', 'half', 'opensesame'], 'a value with spaces stands in quotes'],
  ])('repeat nothing of %j that is a secret', (args, sentence) => {
    expect(() => settings(args, {})).toThrow(SettingsError);
    expect(() => settings(args, {})).toThrow(sentence);
    expect(() => settings(args, {})).not.toThrow(/opensesame/);
  });

  it('know what no log may repeat', () => {
    const args = [
      '--auth-secret',
      first,
      '--turn-url',
      'turn:a',
      '--turn-secret',
      't',
      '--redis-url',
      'redis://:p%2F@h',
    ];
    const serving = settings(args, {});
    if (serving.action !== 'serve') throw new Error('it was asked to serve');
    expect(secretsIn(serving)).toEqual([first, 't', 'p%2F', 'p/']);
    const bare = settings([], {});
    if (bare.action !== 'serve') throw new Error('it was asked to serve');
    expect(secretsIn(bare)).toEqual([]);
  });

  it('ask for help and version before anything else', () => {
    expect(settings(['--help', '--port', 'x'], {})).toEqual({ action: 'help' });
    expect(settings(['-v'], { PEERPOOL_PORT: 'x' })).toEqual({ action: 'version' });
    for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    for (const name of OPTION_NAMES) expect(HELP).toContain(`  --${name} `);
  });
});
