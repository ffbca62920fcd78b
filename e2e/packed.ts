import { execFile, type ExecFileOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const top = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** What an app brings itself; linked, because it is not what is tried. */
const BROUGHT_ALONG = [
  'vite',
  'typescript',
  'playwright',
  'react',
  'react-dom',
  '@types/node',
  '@types/react',
  '@types/react-dom',
];

/** Longer than any build or start of an app takes on a busy machine, in milliseconds. */
const LIMIT = 100_000;

/** A copy of `e2e/app` that installed the packed tarball of this package, in a folder of its own outside of the checkout. */
export interface InstalledApp {
  readonly folder: string;
  /** What the tarball holds, as paths in the package. */
  readonly files: readonly string[];
  /** Everything that `npm install` brought, whosever dependency it is, as `npm ls --omit=dev` tells. */
  readonly packages: readonly InstalledPackage[];
  /** Runs Node in the app; rejects when it fails or does not end by itself. */
  node(...args: string[]): Promise<Output>;
  /** Starts a server in the app with Node; resolves once it has printed an address of 127.0.0.1. */
  start(script: string, ...args: string[]): Promise<StartedServer>;
  remove(): Promise<void>;
}

export interface InstalledPackage {
  readonly name: string;
  /** Who asks for it; `app` is the app itself. */
  readonly neededBy: readonly string[];
  /** It would run something while it is installed. */
  readonly script: boolean;
}

export interface StartedServer {
  readonly url: string;
  /** The exit code; `null` when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Sends SIGTERM, and resolves when the process is gone. */
  stop(): Promise<void>;
}

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; what it said is part of what it failed with. */
async function execute(command: string, args: readonly string[], options: ExecFileOptions): Promise<Output> {
  return run(command, args, { ...options, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => {
    const said = error instanceof Error && 'stdout' in error ? `\n${String(error.stdout)}` : '';
    throw new Error(`${command} ${args.join(' ')} failed:${said}`, { cause: error });
  });
}

/** Builds, packs and installs: what `npm run build`, `npm pack` and a user's `npm install` would do. */
export async function installedApp(): Promise<InstalledApp> {
  const work = await mkdtemp(path.join(tmpdir(), 'peerpool-app-'));
  const remove = (): Promise<void> => rm(work, { recursive: true, force: true });
  try {
    return { ...(await install(work)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function install(work: string): Promise<Omit<InstalledApp, 'remove'>> {
  const folder = path.join(work, 'app');
  const { filename, files } = await pack(work);
  await cp(path.join(top, 'e2e/app'), folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "name": "app", "private": true, "type": "module" }\n');
  await npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', path.join(work, filename));
  const packages = await listed(folder);
  for (const name of BROUGHT_ALONG) {
    const link = path.join(folder, 'node_modules', name);
    await rm(link, { recursive: true, force: true });
    await mkdir(path.dirname(link), { recursive: true });
    await symlink(path.join(top, 'node_modules', name), link, 'junction');
  }
  return {
    folder,
    files,
    packages,
    node: (...args) => execute(process.execPath, args, { cwd: folder, timeout: LIMIT }),
    start: (...args) => start(folder, args),
  };
}

interface Listed {
  /** Without one it could be there, as an optional peer, and is not. */
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, Listed>>;
}

async function listed(folder: string): Promise<InstalledPackage[]> {
  const tree = JSON.parse((await npm(folder, 'ls', '--omit=dev', '--all', '--json')).stdout) as Listed;
  const needed = new Map<string, Set<string>>();
  const walk = (by: string, { dependencies = {} }: Listed): void => {
    for (const [name, below] of Object.entries(dependencies)) {
      if (below.version === undefined) continue;
      needed.set(name, (needed.get(name) ?? new Set()).add(by));
      walk(name, below);
    }
  };
  walk('app', tree);
  const lock = JSON.parse(await readFile(path.join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  return [...needed].map(([name, by]) => ({
    name,
    neededBy: [...by],
    script: lock.packages[`node_modules/${name}`]?.hasInstallScript ?? false,
  }));
}

async function pack(target: string): Promise<{ filename: string; files: string[] }> {
  await execute(process.execPath, ['.ci/build.mjs'], { cwd: top });
  const { stdout } = await npm(top, 'pack', '--json', '--pack-destination', target);
  const [tarball] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (tarball === undefined) throw new Error(`npm pack made nothing: ${stdout}`);
  return { filename: tarball.filename, files: tarball.files.map((file) => file.path) };
}

/** npm as a user would run it, not as a part of the npm script that runs the tests. */
function npm(folder: string, ...args: string[]): Promise<Output> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^npm_(lifecycle|package|command|config_local_prefix)/.test(key)),
  );
  return execute('npm', args, { cwd: folder, env, timeout: 2 * LIMIT, shell: process.platform === 'win32' });
}

async function start(folder: string, args: string[]): Promise<StartedServer> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    // Without colours: they would stand in the middle of the address.
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = (): boolean => child.kill();
  process.once('exit', kill);
  const ended = once(child, 'exit').then(([code]) => {
    process.off('exit', kill);
    return code as number | null;
  });
  const stop = async (): Promise<void> => {
    kill();
    await ended;
  };
  try {
    return { url: await addressOf(child.stdout, ended), ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The address that a server prints once it listens. */
async function addressOf(stdout: Readable, ended: Promise<unknown>): Promise<string> {
  let said = '';
  const signal = AbortSignal.timeout(LIMIT);
  stdout.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error(`no address in what the server said: ${said}`));
    signal.addEventListener('abort', fail);
    ended.then(fail, reject);
    stdout.on('data', (text: string) => {
      said += text;
      const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
      if (address !== undefined) resolve(address);
    });
  });
}
