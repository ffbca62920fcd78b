import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transformWithOxc } from 'vite';
import { readDocument, writeApp } from '../.ci/documents.mjs';

const top = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** Longer than any build, test run or program of a guide takes on a busy machine, in milliseconds. */
const LIMIT = 100_000;

/** What an app brings itself, and how each is called on a command line. */
const COMMANDS = { vite: 'bin/vite.js', vitest: 'vitest.mjs', playwright: 'cli.js' };

/** Somebody who follows a guide: an app of its own, outside of the checkout, with the guide's files and the package as its `exports` have it. */
export interface Reader {
  /** The app's folder. */
  readonly folder: string;
  /** What Node prints when it runs a program of the guide. */
  prints(program: string): Promise<string>;
  /** Runs a tool of the app to its end; rejects with all that it said when it fails. */
  runs(tool: keyof typeof COMMANDS, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>;
  /** Starts a program of the guide, and ends it by SIGTERM once it has printed `until`. Resolves with what it printed. */
  stops(program: string, until: string, env?: NodeJS.ProcessEnv): Promise<string>;
}

/** Where readers sit: one build of the package for all of them. */
export interface ReadingRoom {
  /** @param guide its name in `client/docs/guides`, without `.md` */
  reader(guide: string): Promise<Reader>;
  close(): Promise<void>;
}

/** Builds the package from a copy of its sources, so that others may build and test the checkout meanwhile. */
export async function readingRoom(): Promise<ReadingRoom> {
  const work = await mkdtemp(path.join(tmpdir(), 'peerpool-reader-'));
  const close = (): Promise<void> => rm(work, { recursive: true, force: true });
  try {
    await furnish(work);
  } catch (error) {
    await close();
    throw error;
  }
  return { reader: (guide) => reader(work, guide), close };
}

async function furnish(work: string): Promise<void> {
  const house = path.join(work, 'house');
  const modules = path.join(work, 'node_modules');
  const listed = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: top });
  const sources = /^(\.ci|shared|signaling-server|client\/(?!demo|docs)|e2e\/tabs|e2e\/tsconfig)|^[^/]+\.json$/;
  for (const file of listed.stdout.split('\0').filter((name) => sources.test(name))) {
    await cp(path.join(top, file), path.join(house, file)).catch((error: NodeJS.ErrnoException) => {
      // Deleted, and not yet told to git.
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await symlink(path.join(top, 'node_modules'), path.join(house, 'node_modules'), 'junction');
  await run(process.execPath, ['.ci/build.mjs'], { cwd: house, timeout: LIMIT });

  // Apps of one workspace share what they installed.
  await mkdir(path.join(modules, 'peerpool'), { recursive: true });
  await writeFile(path.join(work, 'package.json'), '{ "private": true, "workspaces": ["apps/*"] }\n');
  for (const part of ['package.json', 'dist'])
    await cp(path.join(house, part), path.join(modules, 'peerpool', part), { recursive: true });
  const { dependencies } = JSON.parse(await readFile(path.join(house, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const others = ['react', 'react-dom', '@types/node', '@types/react', '@types/react-dom'];
  for (const name of [...Object.keys(dependencies), ...Object.keys(COMMANDS), ...others]) {
    await mkdir(path.dirname(path.join(modules, name)), { recursive: true });
    await symlink(path.join(top, 'node_modules', name), path.join(modules, name), 'junction');
  }
  await mkdir(path.join(modules, '.bin'));
  await symlink(path.join(top, 'node_modules/vite', COMMANDS.vite), path.join(modules, '.bin/vite'));
}

async function reader(work: string, guide: string): Promise<Reader> {
  const folder = path.join(work, 'apps', guide);
  await mkdir(folder, { recursive: true });
  writeApp(readDocument(`client/docs/guides/${guide}.md`), folder, ['file']);
  const scripts = { dev: 'vite', build: 'vite build' };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', scripts }));
  // npm and the test runners are to see an app of somebody else.
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(npm_|VITEST|TEST_|NODE_ENV|PW|PLAYWRIGHT)/.test(key)),
  );
  const env = { ...clean, NO_COLOR: '1', FORCE_COLOR: undefined };

  const runs: Reader['runs'] = async (tool, args, more = {}) => {
    const script = path.join(work, 'node_modules', tool, COMMANDS[tool]);
    return node([script, ...args], { ...env, ...more });
  };
  const node = async (args: string[], environment: NodeJS.ProcessEnv): Promise<string> => {
    const ran = await run(process.execPath, args, {
      cwd: folder,
      env: environment,
      timeout: LIMIT,
      maxBuffer: 2 ** 26,
    }).catch((error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error(`node ${args.join(' ')} failed:\n${error.stdout ?? ''}\n${error.stderr ?? ''}`, { cause: error });
    });
    return ran.stdout;
  };
  for (const file of (await readdir(folder)).filter(
    (name) => name.endsWith('.ts') && !name.includes('.test.') && !name.includes('.config.'),
  ))
    await stripTypes(path.join(folder, file));
  const scriptOf = (program: string): string => program.replace(/\.ts$/, '.js');
  return {
    folder,
    runs,
    prints: async (program) => node([scriptOf(program)], env),
    stops: async (program, until, more = {}) => {
      const child = spawn(process.execPath, [scriptOf(program)], {
        cwd: folder,
        env: { ...env, ...more },
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: LIMIT,
      });
      const ended = once(child, 'exit');
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (!said.includes(until) && (said + text).includes(until)) child.kill();
        said += text;
      });
      await ended;
      return said;
    },
  };
}

/** What Node 22.18 does by itself. */
async function stripTypes(file: string): Promise<void> {
  const { code } = await transformWithOxc(await readFile(file, 'utf8'), file, { target: 'es2022' });
  await writeFile(file.replace(/\.ts$/, '.js'), code.replaceAll(/(from ['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2'));
}

/** A port of 127.0.0.1 on which nobody listens at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
