import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledApp, installedApp } from './packed.ts';

let app: InstalledApp;
beforeAll(async () => {
  app = await installedApp();
});
afterAll(() => app?.remove());

describe('the tarball', () => {
  it('holds what runs and what is read, and nothing else', () => {
    const runs = /^dist\/(package\.json|.*\.(js|js\.map|d\.ts))$/;
    const isRead = /^([A-Z]+\.md|LICENSE|package\.json|signaling-server\/deploy\/[\w.-]+)$/;
    expect(app.files.filter((file) => !runs.test(file) && !isRead.test(file))).toEqual([]);
    expect(app.files.filter((file) => /\.(test|spec)\./.test(file))).toEqual([]);
    for (const page of ['README.md', 'signaling-server/deploy/README.md']) expect(app.files).toContain(page);
  });

  it('runs nothing when it is installed, and needs five packages', async () => {
    const text = await readFile(path.join(app.folder, 'node_modules/peerpool/package.json'), 'utf8');
    const manifest = JSON.parse(text) as { scripts: Record<string, string>; dependencies: Record<string, string> };
    const atInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'postpack', 'prepublishOnly'];
    expect(Object.keys(manifest.scripts).filter((name) => atInstall.includes(name))).toEqual([]);
    const five = ['@msgpack/msgpack', '@noble/hashes', 'simple-peer', 'socket.io', 'socket.io-client'];
    expect(Object.keys(manifest.dependencies).toSorted()).toEqual(five);
  });

  it('brings an app nothing that is not used, and nothing that runs while it is installed', async () => {
    const ours = app.packages.filter(({ neededBy }) => neededBy.includes('peerpool')).map(({ name }) => name);
    const scripts = app.files.filter((file) => file.endsWith('.js'));
    const code = await Promise.all(
      scripts.map((file) => readFile(path.join(app.folder, 'node_modules/peerpool', file), 'utf8')),
    );
    const imported = (name: string): boolean =>
      code.some((text) => new RegExp(`(from|import)\\s*\\(?\\s*['"]${name}['"/]`).test(text));
    expect(ours.filter((name) => !imported(name))).toEqual([]);
    expect(ours.toSorted()).toEqual([
      '@msgpack/msgpack',
      '@noble/hashes',
      'simple-peer',
      'socket.io',
      'socket.io-client',
    ]);
    // Who checks tokens, draws tabs or has Vite installs that itself.
    expect(app.packages.map(({ name }) => name)).not.toContain('jose');
    expect(app.packages.filter(({ script }) => script)).toEqual([]);
  });
});

describe('an import in plain Node', () => {
  it.each(['peerpool', 'peerpool/testing', 'peerpool/server', 'peerpool/vite', 'peerpool/playwright'])(
    '%s has no side effect',
    async (door) => {
      // peers of the package are loaded first: what they do is theirs
      const peer = { 'peerpool/vite': 'vite', 'peerpool/playwright': 'playwright/test' }[door] ?? 'node:http';
      const { stdout, stderr } = await app.node(
        '--input-type=module',
        '--eval',
        `await import('${peer}');
         // what loads modules closes its files when it likes
         const resources = () => process.getActiveResourcesInfo().filter((name) => name !== 'CloseReq');
         const look = () => ({ globals: Object.getOwnPropertyNames(globalThis), resources: resources(),
           listeners: process.eventNames().map(String), streams: [process.stdout, process.stderr].length });
         look();
         const before = look();
         const module = await import('${door}');
         console.log(JSON.stringify({ before, after: look(), names: Object.keys(module) }));`,
      );
      const seen = JSON.parse(stdout) as { before: unknown; after: unknown; names: string[] };
      expect(seen.names.length).toBeGreaterThan(0);
      expect(seen.after).toEqual(seen.before);
      expect(stderr).toBe('');
    },
  );
});

describe('an app for the browser', () => {
  interface Built {
    readonly warnings: string[];
    readonly chunks: { fileName: string; isEntry: boolean; imports: string[]; modules: string[]; code: string }[];
  }
  let built: Built;
  beforeAll(async () => {
    built = JSON.parse((await app.node('build.mjs')).stdout) as Built;
  });

  const WEBRTC = /node_modules\/(simple-peer|socket\.io-client|engine\.io-client)\//;

  it('builds without a warning', () => {
    expect(built.warnings).toEqual([]);
  });

  it('begins without WebRTC and socket.io, and loads them later', () => {
    const atOnce = new Set<string>();
    const add = (fileName: string): void => {
      if (atOnce.has(fileName)) return;
      atOnce.add(fileName);
      for (const next of built.chunks.find((chunk) => chunk.fileName === fileName)?.imports ?? []) add(next);
    };
    for (const { fileName, isEntry } of built.chunks) if (isEntry) add(fileName);
    const modulesOf = (inAtOnce: boolean): string[] =>
      built.chunks.filter(({ fileName }) => atOnce.has(fileName) === inAtOnce).flatMap(({ modules }) => modules);
    expect(modulesOf(true).filter((module) => WEBRTC.test(module))).toEqual([]);
    expect(modulesOf(true).filter((module) => /peerpool\/dist\/client/.test(module))).not.toEqual([]);
    const later = modulesOf(false).join('\n');
    expect(later).toMatch(/node_modules\/simple-peer\//);
    expect(later).toMatch(/node_modules\/socket\.io-client\//);
  });

  it('holds nothing of the server', () => {
    const modules = built.chunks.flatMap((chunk) => chunk.modules);
    const SERVER =
      /peerpool\/dist\/signaling-server|node_modules\/(socket\.io|engine\.io|ws)\/|__vite-browser-external|node:/;
    expect(modules.filter((module) => SERVER.test(module))).toEqual([]);
    for (const { code } of built.chunks) expect(code).not.toMatch(/(from|import\()\s*["']node:/);
  });
});

describe('server-side rendering', () => {
  const rendered = '<p>hello, uninitialized</p>';

  it('works in the development server', async () => {
    const { stdout } = await app.node(
      '--input-type=module',
      '--eval',
      // without the plugin, which has no server to stand on here
      `import { createServer } from 'vite';
       const server = await createServer({ configFile: false, server: { middlewareMode: true, ws: false }, appType: 'custom' });
       const { render } = await server.ssrLoadModule('/render.ts');
       console.log(await render());
       await server.close();`,
    );
    expect(stdout.trim()).toBe(rendered);
  });

  it.each([
    ['beside the bundle', '[]'],
    ['inside the bundle', "['peerpool']"],
  ])('works in a build, with peerpool %s', async (where, noExternal) => {
    const outDir = `dist-ssr-${where.split(' ')[0]}`;
    const { stderr } = await app.node(
      '--input-type=module',
      '--eval',
      `import { build } from 'vite';
       await build({ logLevel: 'warn', ssr: { noExternal: ${noExternal} }, build: { ssr: 'render.ts', outDir: '${outDir}' } });`,
    );
    expect(stderr).toBe('');
    const script = `import { render } from './${outDir}/render.js'; console.log(await render());`;
    const { stdout } = await app.node('--input-type=module', '--eval', script);
    expect(stdout.trim()).toBe(rendered);
  });
});

describe('the types', () => {
  it.each([
    ['bundler', 'esnext'],
    ['nodenext', 'nodenext'],
  ])('compile under moduleResolution %s', async (moduleResolution, module) => {
    // what a fresh app has: nothing that knows `Symbol.asyncDispose`
    const libraries = 'ES2022,DOM,DOM.Iterable';
    const settings = ['--strict', '--target', 'ES2022', '--lib', libraries, '--types', 'node', '--skipLibCheck'];
    const resolution = ['--moduleResolution', moduleResolution, '--module', module, '--allowImportingTsExtensions'];
    const files = ['consumer.ts', 'main.ts', 'render.ts', 'vite.config.ts'];
    await compile('--noEmit', '--ignoreConfig', ...settings, ...resolution, ...files);
  });

  it('of the server need no DOM, and those of the client no Node', async () => {
    const settings = ['--noEmit', '--ignoreConfig', '--strict', '--target', 'ES2022', '--skipLibCheck'];
    const resolution = ['--moduleResolution', 'nodenext', '--module', 'nodenext'];
    const disposable = 'ES2022,ESNext.Disposable';
    await compile(...settings, ...resolution, '--lib', disposable, '--types', 'node', 'server.ts');
    await compile(
      ...settings,
      ...resolution,
      '--lib',
      `${disposable},DOM`,
      '--types',
      '',
      '--allowImportingTsExtensions',
      'render.ts',
    );
  });
});

describe('the command', () => {
  it('peerpool-signaling answers, and ends on SIGTERM', async () => {
    const served = await app.start(
      'node_modules/peerpool/dist/signaling-server/main.js',
      '--host',
      '127.0.0.1',
      '--port',
      '0',
    );
    try {
      const health = await fetch(new URL('/healthz', served.url));
      expect(health.status).toBe(200);
      expect(await health.json()).toMatchObject({ status: 'ok' });
    } finally {
      await served.stop();
    }
    expect(await served.ended).toBe(0);
  });

  it('can be called by its name', async () => {
    expect(await readlink(path.join(app.folder, 'node_modules/.bin/peerpool-signaling'))).toMatch(
      /signaling-server\/main\.js$/,
    );
    expect((await app.node('node_modules/.bin/peerpool-signaling', '--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

/** Compiles without a complaint. */
async function compile(...args: string[]): Promise<void> {
  const { stdout } = await app.node('node_modules/typescript/bin/tsc', '--pretty', 'false', ...args);
  expect(stdout).toBe('');
}
