import { describe, expect, it } from 'vitest';
import { HELP, SettingsError, settings } from './settings.ts';

const defaults = {
  action: 'serve',
  port: 3000,
  host: '0.0.0.0',
  path: '/peerpool',
  maxPeersPerRoom: 128,
  maxRooms: 16_384,
  origin: '*',
};

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
      PEERPOOL_ORIGIN: 'https://example.org, http://localhost:5173',
    };
    const chosen = {
      action: 'serve',
      port: 2,
      host: '::1',
      path: '/a/b',
      maxPeersPerRoom: 8,
      maxRooms: 9,
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
    [[], { PORT: '30.5' }, 'PORT is a whole number'],
  ])('refuse %j %j with a sentence that names what is wrong', (args, environment, sentence) => {
    expect(() => settings(args, environment)).toThrow(SettingsError);
    expect(() => settings(args, environment)).toThrow(sentence);
  });

  it('ask for help and version before anything else', () => {
    expect(settings(['--help', '--port', 'x'], {})).toEqual({ action: 'help' });
    expect(settings(['-v'], { PEERPOOL_PORT: 'x' })).toEqual({ action: 'version' });
    for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });
});
