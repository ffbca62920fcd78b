import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, createServer, type InlineConfig, preview, type PreviewServer, type ViteDevServer } from 'vite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Guest } from './testing/guest.ts';
import { said, upgrade } from './testing/upgrade.ts';
import { peerpool } from './vite.ts';

let root: string;
let closing: (() => Promise<void>)[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'peerpool-vite-'));
  await writeFile(join(root, 'index.html'), '<p>a page</p><script type="module" src="/main.js"></script>');
  await writeFile(join(root, 'main.js'), 'export const here = true;');
  closing = [];
});

afterEach(async () => {
  for (const close of closing) await close();
  await rm(root, { recursive: true });
});

function config(extra: InlineConfig = {}): InlineConfig {
  const local = { host: '127.0.0.1', port: 0 };
  return {
    root,
    configFile: false,
    logLevel: 'silent',
    cacheDir: join(root, '.cache'),
    plugins: [peerpool()],
    server: local,
    preview: local,
    ...extra,
  };
}

async function dev(extra?: InlineConfig): Promise<ViteDevServer> {
  const server = await createServer(config(extra));
  closing.unshift(() => server.close());
  return server.listen();
}

function urlOf({ httpServer }: ViteDevServer | PreviewServer): string {
  const address = httpServer?.address() as AddressInfo;
  return `http://127.0.0.1:${address.port}`;
}

function guest(url: string): Guest {
  const made = new Guest(url);
  closing.unshift(async () => {
    made.socket.disconnect();
  });
  return made;
}

/** Vite's own hot reload, as its client in the page meets it. */
async function hotReload(server: ViteDevServer): Promise<string> {
  const address = `${urlOf(server)}${server.config.base}?token=${server.config.webSocketToken}`;
  const { socket } = await upgrade(address, { 'sec-websocket-protocol': 'vite-hmr' });
  const greeting = await said(socket, 'connected');
  socket.destroy();
  return greeting;
}

describe('signaling in Vite', () => {
  it('shares the dev server with the page and its hot reload', async () => {
    const server = await dev();
    const url = urlOf(server);
    expect(await guest(url).join('alice')).toEqual({ ok: true, members: [] });
    expect(await guest(url).join('bob')).toMatchObject({ members: [{ name: 'alice' }] });
    expect(await (await fetch(url)).text()).toContain('a page');
    expect(await hotReload(server)).toContain('connected');
  });

  it('shares even the path with a page that has it for its base', async () => {
    const server = await dev({ base: '/peerpool/' });
    const url = urlOf(server);
    expect(await guest(url).join('alice')).toMatchObject({ ok: true });
    expect(await (await fetch(`${url}/peerpool/`)).text()).toContain('a page');
    expect(await hotReload(server)).toContain('connected');
  });

  it('survives a restart of Vite, twice, with the very same plugin', async () => {
    const server = await dev();
    for (const round of ['first', 'second', 'third']) {
      const member = guest(urlOf(server));
      expect(await member.join('alice', round)).toMatchObject({ ok: true });
      expect(await hotReload(server)).toContain('connected');
      const old = server.httpServer;
      await server.restart();
      expect(await member.closed()).toMatch(/^transport/);
      expect(Object.hasOwn(old ?? {}, 'emit')).toBe(false);
    }
    expect(await guest(urlOf(server)).join('alice')).toEqual({ ok: true, members: [] });
  });

  it('is there in the preview server', async () => {
    await build(config());
    const server = await preview(config());
    closing.unshift(() => server.close());
    expect(await guest(urlOf(server)).join('alice')).toEqual({ ok: true, members: [] });
    expect(await (await fetch(urlOf(server))).text()).toContain('a page');
  });

  it('says what to do in middleware mode', async () => {
    const middleware = createServer(config({ server: { middlewareMode: true, ws: false } }));
    await expect(middleware).rejects.toThrow(/middleware mode .* attachSignaling\(httpServer\)/);
  });
});
