import { readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledApp, installedApp } from './packed.ts';

let app: InstalledApp;
beforeAll(async () => {
  app = await installedApp();
});
afterAll(() => app?.remove());

/** All of them; uPlot is the inspector's. */
const DEPENDENCIES = ['@msgpack/msgpack', '@noble/hashes', 'simple-peer', 'socket.io', 'socket.io-client', 'uplot'];

interface Manifest {
  readonly scripts: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly exports: Record<string, { readonly types: string; readonly default: string }>;
}

/** Where the package was installed. */
const folder = (): string => path.join(app.folder, 'node_modules/peerpool');
const manifest = async (): Promise<Manifest> =>
  JSON.parse(await readFile(path.join(folder(), 'package.json'), 'utf8')) as Manifest;

/** What no page can import. */
const NOT_FOR_PAGES = ['peerpool/server', 'peerpool/vite', 'peerpool/playwright'];

/** Every door of the package, as one imports it. */
async function doors(): Promise<string[]> {
  const names = Object.keys((await manifest()).exports).filter((door) => door !== './package.json');
  return names.map((door) => path.posix.join('peerpool', door));
}

describe('the tarball', () => {
  it('holds what runs and what is read, and nothing else', () => {
    const runs = /^dist\/(peerpool\.js\.LICENSE\.txt|.*\.(js|js\.map|d\.ts))$/;
    const isRead =
      /^([A-Z]+\.md|LICENSE|package\.json|signaling-server\/deploy\/[\w.-]+|client\/docs\/guides\/[\w-]+\.md)$/;
    expect(app.files.filter((file) => !runs.test(file) && !isRead.test(file))).toEqual([]);
    expect(
      app.files.filter((file) =>
        /\.(test|spec)\.|fuzz|simulat|\/(session|communicators|react|inspector)\/testing\/|^client\/(?!docs\/guides\/)/.test(
          file,
        ),
      ),
    ).toEqual([]);
    for (const page of ['README.md', 'signaling-server/deploy/README.md']) expect(app.files).toContain(page);
  });

  it('holds a source map for each script, with the source in it', async () => {
    const scripts = app.files.filter((file) => file.endsWith('.js'));
    const unmapped: string[] = [];
    for (const file of scripts) {
      const text = await readFile(path.join(folder(), file), 'utf8');
      const name = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(text)?.[1];
      const map =
        name === undefined ? undefined : await readFile(path.join(folder(), path.dirname(file), name), 'utf8');
      const { sources = [], sourcesContent = [] } = JSON.parse(map ?? '{}') as {
        sources?: string[];
        sourcesContent?: (string | null)[];
      };
      const whole = sources.length > 0 && sources.every((_, index) => typeof sourcesContent[index] === 'string');
      if (!whole) unmapped.push(file);
    }
    expect(unmapped).toEqual([]);
  });

  it('has types for every door, and each is there', async () => {
    for (const [door, target] of Object.entries((await manifest()).exports)) {
      if (door === './package.json') continue;
      expect(app.files).toContain(path.posix.normalize(target.types));
      expect(app.files).toContain(path.posix.normalize(target.default));
    }
  });

  it('needs no import map of its own, and brings no workspace', async () => {
    const scripts = app.files.filter((file) => /\.(js|d\.ts)$/.test(file) && file !== 'dist/peerpool.js');
    const mapped: string[] = [];
    for (const file of scripts)
      if (/['"]#shared\//.test(await readFile(path.join(folder(), file), 'utf8'))) mapped.push(file);
    expect(mapped).toEqual([]);
    expect(app.packages.map(({ name }) => name)).not.toContain('peerpool-docs');
    expect(app.packages.map(({ name }) => name)).not.toContain('typedoc');
  });

  it('runs nothing when it is installed, and needs six packages', async () => {
    const { scripts, dependencies } = await manifest();
    const atInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'postpack', 'prepublishOnly'];
    expect(Object.keys(scripts).filter((name) => atInstall.includes(name))).toEqual([]);
    expect(Object.keys(dependencies).toSorted()).toEqual(DEPENDENCIES);
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
    expect(ours.toSorted()).toEqual(DEPENDENCIES);
    // Who checks tokens, draws tabs or has Vite installs that itself.
    expect(app.packages.map(({ name }) => name)).not.toContain('jose');
    expect(app.packages.filter(({ script }) => script)).toEqual([]);
  });
});

describe('an import in plain Node', () => {
  it('of any door has no side effect', async () => {
    for (const door of await doors()) {
      // peers of the package, and others' code, are loaded first: what they do is theirs
      const peer = { 'peerpool/vite': 'vite', 'peerpool/playwright': 'playwright/test', 'peerpool/react': 'react' }[
        door
      ];
      const { stdout, stderr } = await app.node(
        '--input-type=module',
        '--eval',
        `await import('${peer ?? 'node:http'}');
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
      expect(seen.names.length, door).toBeGreaterThan(0);
      expect(seen.after, door).toEqual(seen.before);
      expect(stderr, door).toBe('');
    }
  });
});

describe('what an app does not use', () => {
  /** What is left of an entry once it is bundled: its code, and the modules of which there is some. */
  async function bundles(
    ...entries: { text: string; external?: string[] }[]
  ): Promise<{ code: string; modules: string[] }[]> {
    const { stdout } = await app.node('bundle.mjs', JSON.stringify(entries));
    return JSON.parse(stdout) as { code: string; modules: string[] }[];
  }
  const WEBRTC = /simple-peer|socket\.io|engine\.io|communicators\/webrtc\//;
  const ELSEWHERE = /dist\/client\/(react|inspector)\/|dist\/client\/src\/testing\/|node_modules\/(react|uplot)\//;

  it('leaves not a byte, whichever door it came by', async () => {
    const forPages = (await doors()).filter((door) => !NOT_FOR_PAGES.includes(door));
    expect(forPages).toEqual(expect.arrayContaining(['peerpool', 'peerpool/react', 'peerpool/peerpool.js']));
    const entries = forPages.flatMap((door) => [
      { text: `import '${door}';` },
      { text: `import * as unused from '${door}';` },
    ]);
    entries.push({ text: "import { LocalCommunicator, Pool, WebRTCCommunicator } from 'peerpool';" });
    const left = await bundles(...entries);
    expect(entries.filter((_, index) => left[index]?.code !== '')).toEqual([]);
  });

  it('is not brought by what it uses', async () => {
    const [error, local, tabs, everything, hooks, pools] = await bundles(
      { text: "export { PoolError } from 'peerpool';" },
      { text: "export { LocalCommunicator, Pool } from 'peerpool';" },
      { text: "export { BroadcastChannelCommunicator, Pool } from 'peerpool';" },
      { text: "export * from 'peerpool';" },
      { text: "export * from 'peerpool/react';", external: ['react'] },
      { text: "export * from 'peerpool/testing';" },
    );
    const inside = (modules: readonly string[] = []): string[] =>
      modules.map((id) => id.split('/node_modules/').at(-1) ?? id);
    expect(inside(error?.modules)).toEqual(['peerpool/dist/client/src/errors.js']);
    for (const bundle of [local, tabs, pools]) {
      expect(inside(bundle?.modules)).toContain('peerpool/dist/client/src/pool/pool.js');
      expect(inside(bundle?.modules).filter((id) => WEBRTC.test(id))).toEqual([]);
    }
    expect(inside(local?.modules).filter((id) => /broadcast-channel/.test(id))).toEqual([]);
    for (const bundle of [local, tabs, everything])
      expect(bundle?.modules.filter((id) => ELSEWHERE.test(id))).toEqual([]);
    expect(everything?.modules.filter((id) => WEBRTC.test(id))).not.toEqual([]);
    // Hooks know the pool by its types only.
    expect(inside(hooks?.modules).filter((id) => !id.startsWith('peerpool/dist/client/react/'))).toEqual([]);
  });
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
       const server = await createServer({ configFile: false, logLevel: 'warn', server: { middlewareMode: true, ws: false }, appType: 'custom' });
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
    const files = ['consumer.ts', 'main.ts', 'react.ts', 'render.ts', 'vite.config.ts'];
    await compile('--noEmit', '--ignoreConfig', ...settings, ...resolution, ...files);
  });

  it('are those of the guide for React', async () => {
    const guide = await readFile(new URL('../client/docs/guides/react.md', import.meta.url), 'utf8');
    const programs = [...guide.matchAll(/^```tsx[^\n]*\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
    expect(programs.length).toBeGreaterThan(0);
    const files = programs.map((_, index) => `guide-${index}.tsx`);
    for (const [index, file] of files.entries()) await writeFile(path.join(app.folder, file), programs[index] ?? '');
    const settings = ['--noEmit', '--ignoreConfig', '--strict', '--target', 'ES2022', '--skipLibCheck', '--types', ''];
    await compile(...settings, '--moduleResolution', 'bundler', '--module', 'esnext', '--jsx', 'react-jsx', ...files);
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
