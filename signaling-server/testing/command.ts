import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where the repository is. */
export const top = fileURLToPath(new URL('../..', import.meta.url));
export const main = 'dist/signaling-server/main.js';

/** Node 20 runs no TypeScript, so tests are about the compiled command, in a folder as the build leaves it. */
export async function compile(): Promise<void> {
  await promisify(execFile)('npx', ['tsc', '-b', 'signaling-server'], { cwd: top });
  const scope = `${top}dist/package.json`;
  const inner = { type: 'module', sideEffects: false, imports: { '#shared/*': './shared/*.js' } };
  if (!existsSync(scope)) writeFileSync(scope, `${JSON.stringify(inner, null, 2)}\n`);
}

/** A line of its log. */
export type Line = Readonly<Record<string, unknown>>;

/** A process of Node, and what it says. */
export class Command {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  out = '';
  error = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
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

  /** Its log so far; throws for a line that is no object in JSON. */
  lines(): Line[] {
    const whole = this.out
      .slice(0, this.out.lastIndexOf('\n') + 1)
      .split('\n')
      .slice(0, -1);
    return whole.map((line) => JSON.parse(line) as Line);
  }

  /** The first line of its log about that. */
  async logs(event: string): Promise<Line> {
    await this.says(new RegExp(`"event":"${event}".*\\n`));
    return this.lines().find((line) => line['event'] === event) ?? {};
  }

  async listens(): Promise<{ readonly url: string; readonly path: string }> {
    const [, url = '', path = ''] = await this.says(/listens on (http:\/\/127\.0\.0\.1:\d+)(\/[^\s"]+)".*\n/);
    return { url, path };
  }

  async #over(): Promise<never> {
    const code = await this.ended;
    throw new Error(`it ended with ${code}, having said: ${this.out}${this.error}`);
  }
}
