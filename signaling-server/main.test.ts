import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { signToken } from './admission/tokens.ts';
import { Command, compile, main, top } from './testing/command.ts';
import { freePort } from './testing/daemon.ts';
import { Guest } from './testing/guest.ts';
import { upgrade } from './testing/upgrade.ts';

beforeAll(compile, 60_000);

let running: Command[] = [];
afterEach(async () => {
  for (const started of running) started.process.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
});

function command(args: readonly string[], environment?: Record<string, string>): Command {
  const started = new Command([main, ...args], environment);
  running.push(started);
  return started;
}

async function listening(args: readonly string[] = [], environment?: Record<string, string>) {
  const server = command(['--port', '0', '--host', '127.0.0.1', ...args], environment);
  return { server, ...(await server.listens()) };
}

describe('peerpool-signaling', () => {
  it('introduces peers, says how it is, and tells others where they are', async () => {
    const { server, url } = await listening();
    const alice = new Guest(url);
    expect(await alice.join('alice')).toEqual({ ok: true, members: [] });
    const health = await fetch(`${url}/healthz?deep`);
    expect(health.status).toBe(200);
    expect(health.headers.get('content-type')).toBe('application/json');
    expect(await health.json()).toEqual({
      status: 'ok',
      peers: 1,
      rooms: 1,
      joins: 1,
      members: 1,
      signals: 0,
      bytesIn: expect.any(Number) as unknown,
      bytesOut: expect.any(Number) as unknown,
      refusals: {},
      socketsRefused: 0,
      uptime: expect.any(Number) as unknown,
    });
    for (const [path, method] of [
      ['/', 'GET'],
      ['/peerpool/', 'GET'],
      ['/healthz', 'POST'],
      ['/socket.io/?EIO=4', 'GET'],
    ] as const) {
      const answer = await fetch(`${url}${path}`, { method });
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain('Clients meet on /peerpool');
    }
    alice.say('leave');
    await alice.closed();
    const member = { room: 'sums', name: 'alice', instance: 'alice-1' };
    expect(await server.logs('joined')).toMatchObject({ level: 'info', ...member, members: 1, again: false });
    expect(await server.logs('left')).toMatchObject({ level: 'info', ...member, reason: 'left' });
    expect(server.out.split('\n').filter((line) => line.includes('listens on'))).toHaveLength(1);
  });

  it('takes flags and variables', async () => {
    const { url, path } = await listening(['--max-peers-per-room', '1'], {
      PEERPOOL_PATH: '/meet',
      PEERPOOL_MAX_PEERS_PER_ROOM: '9',
    });
    expect(path).toBe('/meet');
    const [alice, bob] = [new Guest(url, { path }), new Guest(url, { path })];
    expect(await alice.join('alice')).toMatchObject({ ok: true });
    expect(await bob.join('bob')).toMatchObject({ code: 'room-full' });
    for (const { socket } of [alice, bob]) socket.disconnect();
  });

  it('whose Redis can not be reached lives, welcomes nobody, says why, and ends with 0', async () => {
    // Nobody listens on port 1.
    const { server, url } = await listening(['--redis-url', 'redis://127.0.0.1:1']);
    const reasons = ['this node has not reached Redis yet'];
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'not-ready', reasons }]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const guest = new Guest(url);
    expect(await guest.join('alice')).toEqual({ ok: false, code: 'unavailable', message: reasons[0] });
    guest.socket.disconnect();
    server.process.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends by %s with 0, having told everybody', async (signal) => {
    const { server, url } = await listening();
    const [alice, bob] = [new Guest(url), new Guest(url, { transports: ['polling'] })];
    await alice.join('alice');
    await bob.join('bob');
    server.process.kill(signal);
    expect(await server.ended).toBe(0);
    for (const guest of [alice, bob]) {
      await guest.closed();
      expect(guest.all('refused')).toEqual([['refused', 'shutting-down']]);
      guest.socket.disconnect();
    }
    expect(server.error).toBe('');
  });

  it('lets in who shows a token of its secret, which it shows to nobody', async () => {
    const secret = 'a secret of thirty-two bytes: ok';
    const { server, url } = await listening([], { PEERPOOL_AUTH_SECRET: `${'n'.repeat(32)},${secret}` });
    const alice = new Guest(url);
    expect(await alice.join('alice')).toMatchObject({ ok: false, code: 'unauthorized' });
    const token = await signToken({ secret, room: 'sums', name: 'alice', expiresIn: 60 });
    expect(await alice.ask({ ...alice.request('alice'), token })).toEqual({ ok: true, members: [] });
    expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ refusals: { unauthorized: 1 } });
    alice.socket.disconnect();
    expect(await server.logs('left')).toMatchObject({ reason: 'closed' });
    server.process.kill('SIGTERM');
    await server.ended;
    for (const hidden of [secret, ...token.split('.')]) expect(server.out + server.error).not.toContain(hidden);
  });

  it('says in a sentence how a package is installed that is asked for and not there', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'peerpool-alone-'));
    cpSync(`${top}dist`, `${folder}/dist`, { recursive: true });
    cpSync(`${top}package.json`, `${folder}/package.json`);
    mkdirSync(`${folder}/node_modules`);
    symlinkSync(realpathSync(`${top}node_modules/socket.io`), `${folder}/node_modules/socket.io`);
    const start = (args: readonly string[]): Command => {
      const started = new Command([`${folder}/${main}`, '--port', '0', '--host', '127.0.0.1', ...args]);
      running.push(started);
      return started;
    };
    for (const [args, sentence] of [
      [['--auth-secret', 'x'.repeat(32)], 'tokens need the package jose: npm install jose'],
      [['--logger', 'pino'], '--logger pino needs the package pino: npm install pino'],
      [['--metrics'], '--metrics needs the package prom-client: npm install prom-client'],
    ] as const) {
      const refused = start(args);
      expect(await refused.ended).toBe(2);
      expect(refused.error).toBe(`peerpool-signaling: ${sentence} (--help says more)\n`);
    }
    await start([]).listens();
    rmSync(folder, { recursive: true });
  });

  it('refuses a wrong value with a sentence and 2', async () => {
    for (const [args, environment, sentence] of [
      [['--port', 'http'], {}, '--port is a whole number from 0 to 65535, not "http"'],
      [['--colour'], {}, '--colour'],
      [[], { PEERPOOL_ORIGIN: 'everybody' }, 'PEERPOOL_ORIGIN is * or origins'],
      [[], { PEERPOOL_AUTH_SECRET: 'hunter2' }, 'PEERPOOL_AUTH_SECRET has fewer than 32 bytes'],
    ] as const) {
      const refused = command(args, environment);
      expect(await refused.ended).toBe(2);
      expect(refused.error).toContain(sentence);
      expect(refused.error.trim().split('\n')).toHaveLength(1);
    }
  });

  it('says in a sentence that a port is taken, and ends with 1', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const refused = command(['--port', String(port), '--host', '127.0.0.1']);
    expect(await refused.ended).toBe(1);
    expect(refused.error).toBe(`peerpool-signaling: port ${port} of 127.0.0.1 is in use; --port takes another\n`);
    other.close();
  });

  it('has help and a version', async () => {
    const [help, version] = [command(['--help']), command(['--version'])];
    expect(await Promise.all([help.ended, version.ended])).toEqual([0, 0]);
    expect(help.out).toContain('--max-peers-per-room <number>');
    const { version: expected } = JSON.parse(readFileSync(`${top}package.json`, 'utf8')) as { version: string };
    expect(version.out).toBe(`${expected}\n`);
  });
});

describe('the log', () => {
  it.each(['json', 'pino'])('of %s is one object a line, for whoever reads it', async (logger) => {
    const secret = 'what coturn knows';
    const { server, url } = await listening(['--logger', logger, '--origin', 'https://example.org'], {
      PEERPOOL_TURN_URL: 'turn:turn.example.org',
      PEERPOOL_TURN_SECRET: secret,
    });
    const mallory = new Guest(url);
    const name = '","level":"fatal"} {"';
    await mallory.join(name, 'a room,\u3000so "to" say');
    expect(await server.logs('joined')).toMatchObject({ level: 'info', room: 'a room,\u3000so "to" say', name });
    mallory.socket.disconnect();
    const elsewhere = await fetch(`${url}/peerpool/?EIO=4&transport=polling`, {
      headers: { origin: 'https://example.com' },
    });
    expect(elsewhere.status).toBe(403);
    await server.logs('turned-away');
    server.process.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    const lines = server.lines();
    expect(lines.map(({ event }) => event)).toEqual(expect.arrayContaining(['listening', 'turned-away', 'stopped']));
    for (const line of lines) {
      expect(Object.keys(line).slice(0, 3)).toEqual(['level', 'time', 'event']);
      expect(new Date(String(line['time'])).toISOString()).toBe(line['time']);
      expect(line).not.toHaveProperty('pid');
    }
    expect(lines[0]).toMatchObject({ level: 'info', event: 'listening', ice: ['turn:turn.example.org'] });
    expect(server.out + server.error).not.toContain(secret);
  });

  it('tells as much as was asked for', async () => {
    const { server, url } = await listening(['--log-level', 'debug']);
    const alice = new Guest(url);
    alice.say('nonsense');
    expect(await server.logs('refused')).toMatchObject({ level: 'debug', code: 'malformed', closed: false });
    alice.socket.disconnect();
    const silent = await Promise.all(
      ['json', 'pino'].map(async (logger) => {
        const port = await freePort();
        const flags = ['--port', String(port), '--log-level', 'silent', '--logger', logger];
        const quiet = command(['--host', '127.0.0.1', ...flags]);
        const health = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
        while (!(await health().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 20));
        quiet.process.kill('SIGTERM');
        return [await quiet.ended, quiet.out, quiet.error];
      }),
    );
    expect(silent).toEqual([
      [0, '', ''],
      [0, '', ''],
    ]);
  });
});

describe('the end', () => {
  it('begins with a no to newcomers, and comes at once by a second signal', async () => {
    const { server, url } = await listening();
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
    // One that reads nothing and never closes, so that there is something to wait for.
    const { socket } = await upgrade(`${url}/peerpool?EIO=4&transport=websocket`);
    socket.on('error', () => socket.destroy());
    socket.pause();
    server.process.kill('SIGTERM');
    await server.logs('stopping');
    const unready = await fetch(`${url}/readyz`);
    const reasons = ['the server is shutting down'];
    expect([unready.status, await unready.json()]).toEqual([503, { status: 'not-ready', reasons }]);
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    expect((await fetch(`${url}/peerpool?EIO=4&transport=polling`)).status).toBe(503);
    server.process.kill('SIGINT');
    expect(await server.ended).toBe(0);
    expect(server.lines().at(-1)).toMatchObject({ level: 'warn', event: 'stopped', signal: 'SIGINT' });
    socket.destroy();
  });

  it.each([
    ['uncaughtException', "throw new Error('out of luck')"],
    ['unhandledRejection', "Promise.reject(new Error('out of luck'))"],
  ])('by an %s is one line, and 1', async (origin, script) => {
    const preload = `data:text/javascript,process.once('SIGUSR2', () => { ${script} })`;
    const server = new Command(['--import', preload, main, '--port', '0', '--host', '127.0.0.1']);
    running.push(server);
    await server.listens();
    server.process.kill('SIGUSR2');
    expect(await server.ended).toBe(1);
    const last = server.lines().at(-1);
    expect(last).toMatchObject({ level: 'fatal', event: 'uncaught', origin });
    expect(last?.['message']).toContain('Error: out of luck');
    expect(server.error).toBe('');
  });
});

describe('metrics', () => {
  it('are not there unless they are asked for', async () => {
    const { url } = await listening([], { PEERPOOL_METRICS: 'false' });
    const answer = await fetch(`${url}/metrics`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('--metrics');
  });

  it('say in figures what happened, and let the process end', async () => {
    const { server, url } = await listening([], { PEERPOOL_METRICS: '1' });
    const [alice, bob] = [new Guest(url), new Guest(url)];
    await alice.join('alice');
    await bob.join('bob');
    await new Guest(url).join('bob');
    alice.say('signal', { name: 'bob', instance: 'bob-1' }, { sdp: 'x' });
    await bob.until(() => bob.all('signal').length > 0);
    const answer = await fetch(`${url}/metrics`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    const samples = new Map(
      [...text.matchAll(/^([a-z_0-9]+(?:\{[^}]*\})?) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]),
    );
    for (const [name, value] of [
      ['peerpool_ready', 1],
      ['peerpool_peers', 2],
      ['peerpool_rooms', 1],
      ['peerpool_joins_total', 2],
      ['peerpool_signals_total', 1],
      ['peerpool_refusals_total{code="name-taken"}', 1],
      ['peerpool_sockets_refused_total', 0],
      ['peerpool_join_duration_seconds_count', 2],
      ['peerpool_join_duration_seconds_bucket{le="+Inf"}', 2],
    ] as const) {
      expect([name, samples.get(name)]).toEqual([name, value]);
    }
    for (const name of [
      'peerpool_received_bytes_total',
      'peerpool_sent_bytes_total',
      'peerpool_join_duration_seconds_sum',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ]) {
      expect(samples.get(name), name).toBeGreaterThan(0);
    }
    const named = (kind: string): string[] =>
      [...text.matchAll(new RegExp(`^# ${kind} (\\S+) .+$`, 'gm'))].map(([, name]) => name ?? '');
    expect(named('HELP')).toEqual(named('TYPE'));
    server.process.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  });
});

describe('after close', () => {
  it('nothing is left that would keep a process alive', async () => {
    const script = `
      import { createServer } from 'node:http';
      import { io } from 'socket.io-client';
      import { attachSignaling } from './dist/signaling-server/server.js';
      const http = createServer();
      const signaling = attachSignaling(http);
      await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
      const url = 'http://127.0.0.1:' + http.address().port;
      const options = { path: '/peerpool', forceNew: true, reconnection: false };
      const ways = [['polling'], ['websocket'], ['polling', 'websocket']];
      const clients = ways.map((transports) => io(url, { ...options, transports }));
      const gone = clients.map((client) => new Promise((resolve) => client.on('disconnect', resolve)));
      await Promise.all(clients.map((client, index) => {
        const request = { version: 1, room: 'sums', name: 'peer-' + index, instance: 'i', key: 'k'.repeat(26) };
        return new Promise((resolve) => client.emit('join', request, resolve));
      }));
      // One that is connected by long polling, and polls no more once it has been told.
      const poll = url + '/peerpool/?EIO=4&transport=polling';
      const ask = async (query, request) => (await fetch(poll + query, request)).text();
      const sid = '&sid=' + JSON.parse((await ask('')).slice(1)).sid;
      await ask(sid, { method: 'POST', body: '40' });
      console.log((await ask(sid)).slice(0, 8));
      const last = ask(sid);
      await ask(sid, { method: 'POST', body: '3' });
      await signaling.close();
      console.log((await last).slice(0, 37));
      await Promise.all(gone);
      http.close();
      http.closeAllConnections();
      console.log(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length + ' timers');`;
    const child = new Command(['--input-type=module', '--eval', script]);
    running.push(child);
    expect(await child.ended).toBe(0);
    expect(child.error).toBe('');
    expect(child.out).toBe('40{"sid"\n42["refused",{"ok":false,"code":"shut\n0 timers\n');
  });
});
