import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const top = fileURLToPath(new URL('../..', import.meta.url));

let compiled: Promise<string> | undefined;

/** Where the command is, compiled once from the sources as they are now: Node 20 runs no TypeScript. */
export function compiledServer(): Promise<string> {
  return (compiled ??= compile());
}

async function compile(): Promise<string> {
  await promisify(execFile)('npx', ['tsc', '-b', 'signaling-server'], { cwd: top });
  const scope = `${top}dist/package.json`;
  const inner = { type: 'module', sideEffects: false, imports: { '#shared/*': './shared/*.js' } };
  if (!existsSync(scope)) writeFileSync(scope, `${JSON.stringify(inner, null, 2)}\n`);
  return `${top}dist/signaling-server/main.js`;
}

/** The compiled command, in a process of its own: what is done to it takes nothing from who watches. */
export class ServerProcess {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;

  private constructor(process: ChildProcess, ended: Promise<number | null>, url: string) {
    this.#process = process;
    this.#ended = ended;
    this.url = url;
  }

  /** On a free port of 127.0.0.1, or on the one that `args` names. */
  static async start(args: readonly string[] = []): Promise<ServerProcess> {
    const command = [await compiledServer(), '--host', '127.0.0.1', '--port', '0', ...args];
    const child = spawn(process.execPath, command, { cwd: top, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    let said = '';
    for (;;) {
      const outcome = await Promise.race([once(child.stdout, 'data'), ended]);
      if (!Array.isArray(outcome)) throw new Error(`it ended with ${outcome}, having said: ${said}`);
      said += String(outcome[0]);
      const url = /listens on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (url === undefined) continue;
      // A pipe that nobody reads would stop it.
      child.stdout.resume();
      return new ServerProcess(child, ended, url);
    }
  }

  async health(): Promise<{ refusals: Record<string, number>; socketsRefused: number }> {
    const answer = await fetch(`${this.url}/healthz`);
    return (await answer.json()) as { refusals: Record<string, number>; socketsRefused: number };
  }

  /** What `/readyz` says: nothing when all is well. */
  async unready(): Promise<readonly string[]> {
    const answer = await fetch(`${this.url}/readyz`);
    const { reasons = [] } = (await answer.json()) as { readonly reasons?: readonly string[] };
    return reasons;
  }

  /** Resolves when `/readyz` says that it takes newcomers. */
  async ready(): Promise<void> {
    while ((await this.unready()).length > 0) await new Promise((resolve) => setTimeout(resolve, 25));
  }

  /** SIGSTOP and SIGCONT: its sockets stay open, and nobody answers. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal);
  }

  /** Its exit code; safe to call twice. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    this.#process.kill(signal);
    this.#process.kill('SIGCONT');
    return this.#ended;
  }
}
