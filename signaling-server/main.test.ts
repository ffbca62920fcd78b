import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Guest } from './testing/guest.ts';
import { signToken } from './admission/tokens.ts';

const top = fileURLToPath(new URL('..', import.meta.url));
const main = 'dist/signaling-server/main.js';

/** Node 20 runs no TypeScript, so this is about the compiled command, in a folder as the build leaves it. */
beforeAll(async () => {
  await promisify(execFile)('npx', ['tsc', '-b', 'signaling-server'], { cwd: top });
  const scope = `${top}dist/package.json`;
  const inner = { type: 'module', sideEffects: false, imports: { '#shared/*': './shared/*.js' } };
  if (!existsSync(scope)) writeFileSync(scope, `${JSON.stringify(inner, null, 2)}\n`);
}, 60_000);

/** A process, and what it says. */
class Command {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  out = '';
  error = '';

  constructor(args: readonly string[], environment: Record<string, string> = {}) {
    const { PORT: _, ...inherited } = process.env;
    this.process = spawn(process.execPath, args, { cwd: top, env: { ...inherited, ...environment } });
    this.process.stdout?.on('data', (text) => (this.out += String(text)));
    this.process.stderr?.on('data', (text) => (this.error += String(text)));
    this.ended = once(this.process, 'close').then(([code]) => code as number | null);
  }

  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.out);
      if (found !== null) return found;
      await Promise.race([once(this.process.stdout ?? this.process, 'data'), this.#over()]);
    }
  }

  async #over(): Promise<never> {
    const code = await this.ended;
    throw new Error(`it ended with ${code}, having said: ${this.out}${this.error}`);
  }
}

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
  const [, url = '', path = ''] = await server.says(/listens on (http:\/\/127\.0\.0\.1:\d+)(\/\S+)\n/);
  return { server, url, path };
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
    await server.says(/ info joined room="sums" name="alice" instance="alice-1" members=1\n/);
    await server.says(/ info left room="sums" name="alice" instance="alice-1"\n/);
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
    await server.says(/ info closed /);
    server.process.kill('SIGTERM');
    await server.ended;
    for (const hidden of [secret, ...token.split('.')]) expect(server.out + server.error).not.toContain(hidden);
  });

  it('says in a sentence how jose is installed, where tokens need it and it is not there', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'peerpool-without-jose-'));
    cpSync(`${top}dist`, `${folder}/dist`, { recursive: true });
    mkdirSync(`${folder}/node_modules`);
    symlinkSync(realpathSync(`${top}node_modules/socket.io`), `${folder}/node_modules/socket.io`);
    const start = (args: readonly string[]): Command => {
      const started = new Command([`${folder}/${main}`, '--port', '0', '--host', '127.0.0.1', ...args]);
      running.push(started);
      return started;
    };
    const refused = start(['--auth-secret', 'x'.repeat(32)]);
    expect(await refused.ended).toBe(2);
    expect(refused.error).toMatch(/^peerpool-signaling: .*npm install jose.*\n$/);
    expect(refused.error).not.toContain('xxx');
    await start([]).says(/listens on/);
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
