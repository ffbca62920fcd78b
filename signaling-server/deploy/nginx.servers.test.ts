import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Command, compile, main } from '../testing/command.ts';
import { Daemon, freePort } from '../testing/daemon.ts';
import { Guest } from '../testing/guest.ts';

/** nginx with the very file that stands here, in front of two servers; only its ports and certificate are the test's. */
let folder: string;
let nginx: Daemon;
let servers: Command[];
let inside: string[];
let url: string;
let plainUrl: string;
let certificate: string;
const guests: Guest[] = [];

beforeAll(async () => {
  await compile();
  folder = await mkdtemp(path.join(tmpdir(), 'peerpool-nginx-'));
  const flags = ['--host', '127.0.0.1', '--port', '0', '--trust-proxy', '1', '--metrics'];
  servers = [1, 2].map(() => new Command([main, ...flags, '--origin', 'https://example.org']));
  inside = await Promise.all(servers.map(async (server) => (await server.listens()).url));
  certificate = await selfSigned(folder);
  const [port, plainPort] = [await freePort(), await freePort()];
  url = `https://127.0.0.1:${port}`;
  plainUrl = `http://127.0.0.1:${plainPort}`;
  const shipped = await readFile(new URL('nginx.conf', import.meta.url), 'utf8');
  const ours = substituted(shipped, {
    'server 127.0.0.1:3000;': inside.map((each) => `server ${new URL(each).host};`).join(' '),
    '    listen 80;\n    listen [::]:80;': `listen 127.0.0.1:${plainPort};`,
    '    listen 443 ssl;\n    listen [::]:443 ssl;': `listen 127.0.0.1:${port} ssl;`,
    '/etc/letsencrypt/live/signaling.example.org/fullchain.pem': `${folder}/certificate.pem`,
    '/etc/letsencrypt/live/signaling.example.org/privkey.pem': `${folder}/key.pem`,
  });
  await writeFile(`${folder}/peerpool.conf`, ours);
  await writeFile(`${folder}/nginx.conf`, around(folder));
  nginx = new Daemon({
    // Not everybody has it on the path.
    program: existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx',
    pack: 'nginx-light',
    args: ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', 'stderr'],
    answers: async () => (await ask('/').catch(() => undefined)) !== undefined,
  });
  await nginx.start();
}, 60_000);

afterAll(async () => {
  for (const { socket } of guests) socket.disconnect();
  await nginx?.stop();
  for (const server of servers ?? []) server.process.kill('SIGKILL');
  await Promise.all((servers ?? []).map(({ ended }) => ended));
  await rm(folder, { recursive: true });
});

/** What Debian's own file says around it, in one process and in one folder. */
function around(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    error_log stderr;
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
      include ${folder}/peerpool.conf;
    }`;
}

function substituted(text: string, pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs).reduce((said, [shipped, ours]) => {
    if (said.split(shipped).length !== 2) throw new Error(`nginx.conf says this not exactly once: ${shipped}`);
    return said.replace(shipped, () => ours);
  }, text);
}

async function selfSigned(folder: string): Promise<string> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${folder}/key.pem`];
  const names = ['-subj', '/CN=peerpool', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const args = ['req', '-x509', ...key, ...names, '-days', '2', '-out', `${folder}/certificate.pem`];
  await promisify(execFile)('openssl', args).catch((cause: unknown) => {
    throw new Error('openssl made no certificate; apt-get install -y openssl brings it', { cause });
  });
  return readFile(`${folder}/certificate.pem`, 'utf8');
}

async function ask(target: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  // Node would tidy the path of a URL.
  const { hostname, port } = new URL(url);
  const asked = get({ hostname, port, path: target, headers, ca: certificate, agent: false });
  return answered(asked);
}

async function answered(asked: ReturnType<typeof request>): Promise<{ status: number; text: string }> {
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return { status: answer.statusCode ?? 0, text };
}

function guest(transport: 'websocket' | 'polling'): Guest {
  const guest = new Guest(url, { transports: [transport], ca: certificate });
  guests.push(guest);
  return guest;
}

describe('behind nginx with TLS', () => {
  it.each(['websocket', 'polling'] as const)('peers meet and signal by %s', async (transport) => {
    const [alice, bob] = [guest(transport), guest(transport)];
    expect(await alice.join('alice', transport)).toEqual({ ok: true, members: [] });
    expect(await bob.join('bob', transport)).toMatchObject({ ok: true, members: [{ name: 'alice' }] });
    alice.say('signal', { name: 'bob', instance: 'bob-1' }, { sdp: 'x'.repeat(60_000) });
    await bob.until(() => bob.all('signal').length > 0);
    expect(bob.all('signal')[0]?.[2]).toEqual({ sdp: 'x'.repeat(60_000) });
    expect(alice.socket.io.engine.transport.name).toBe(transport);
    alice.say('leave');
    await bob.until(() => bob.all('left').length > 0);
  });

  it.each([
    '/metrics',
    '/healthz',
    '/readyz',
    '/',
    '//metrics',
    '/peerpool/../metrics',
    '/peerpool/..%2fmetrics',
    '/peerpool/metrics',
    '/peerpoolmetrics',
    '/metrics?/peerpool',
  ])('%s is not reached', async (target) => {
    const { status, text } = await ask(target);
    expect([400, 404]).toContain(status);
    expect(text).not.toMatch(/peerpool_|"status"/);
  });

  it('those who are inside reach the figures', async () => {
    const answers = await Promise.all(inside.map((each) => fetch(`${each}/metrics`)));
    for (const answer of answers) expect(await answer.text()).toContain('peerpool_ready 1\n');
  });

  it('an address is the one that nginx saw, whatever a client writes', async () => {
    const origin = 'https://elsewhere.example.org';
    const forged = { origin, 'x-forwarded-for': '192.0.2.1' };
    expect((await ask('/peerpool?EIO=4&transport=polling', forged)).status).toBe(403);
    const server = await whoSays(/"turned-away"/);
    expect(await server.logs('turned-away')).toMatchObject({ code: 'origin', address: '127.0.0.1' });
  });

  it('a body larger than four signals goes no further', async () => {
    const { hostname, port } = new URL(url);
    const asked = request({ hostname, port, path: '/peerpool?EIO=4', method: 'POST', ca: certificate, agent: false });
    asked.setHeader('content-length', 256 * 1024 + 1);
    asked.flushHeaders();
    expect((await answered(asked)).status).toBe(413);
    asked.destroy();
  });

  it('plain HTTP is sent to TLS', async () => {
    const answer = await fetch(`${plainUrl}/peerpool`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([301, 'https://127.0.0.1/peerpool']);
  });

  it('who comes while one server ends meets the other', async () => {
    const alice = guest('websocket');
    await alice.join('alice', 'rolling');
    const first = await whoSays(/"room":"rolling"/);
    const second = servers.find((server) => server !== first);
    // One that never closes, so that it takes its second to end.
    const { hostname, port } = new URL(url);
    const slow = request({
      hostname,
      port,
      path: '/peerpool?EIO=4&transport=websocket',
      ca: certificate,
      headers: UPGRADE,
    });
    slow.end();
    const [, socket] = (await once(slow, 'upgrade')) as [IncomingMessage, NodeJS.Socket];
    first.process.kill('SIGTERM');
    await first.logs('stopping');
    for (const [name, transport] of [
      ['bob', 'websocket'],
      ['carol', 'polling'],
    ] as const) {
      expect(await guest(transport).join(name, 'rolling')).toMatchObject({ ok: true });
    }
    expect(await first.ended).toBe(0);
    expect(await guest('websocket').join('dave', 'rolling')).toMatchObject({ ok: true });
    await second?.says(/"name":"dave"/);
    const names = second?.lines().filter(({ event, room }) => event === 'joined' && room === 'rolling');
    expect(names?.map(({ name }) => name)).toEqual(['bob', 'carol', 'dave']);
    expect(alice.all('refused')).toEqual([['refused', 'shutting-down']]);
    socket.end();
  });
});

const UPGRADE = {
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
};

/** The first of them whose log has that. */
function whoSays(pattern: RegExp): Promise<Command> {
  return Promise.any(servers.map((server) => server.says(pattern).then(() => server)));
}
