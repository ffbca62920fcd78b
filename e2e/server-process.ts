import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const top = fileURLToPath(new URL('..', import.meta.url));

/** Where the command is, compiled from the sources as they are now. */
export async function compiledServer(): Promise<string> {
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

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(args: readonly string[] = []): Promise<ServerProcess> {
    const command = [await compiledServer(), '--host', '127.0.0.1', '--port', '0', ...args];
    const child = spawn(process.execPath, command, { cwd: top, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    for (;;) {
      const [text] = (await once(child.stdout, 'data')) as [Buffer];
      said += String(text);
      const url = /listens on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (url === undefined) continue;
      // A pipe that nobody reads would stop it.
      child.stdout.resume();
      return new ServerProcess(child, url);
    }
  }

  async health(): Promise<{ refusals: Record<string, number>; socketsRefused: number }> {
    const answer = await fetch(`${this.url}/healthz`);
    return (await answer.json()) as { refusals: Record<string, number>; socketsRefused: number };
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'close');
    this.#process.kill('SIGTERM');
    await ended;
  }
}
