import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** How long a daemon may take until it answers, in ms. */
const PATIENCE = 10_000;
/** Characters of what it said last, for whoever has to find out why it did not start. */
const LAST_WORDS = 2000;

/** Somebody else's server, as the tests start it: on a free port of 127.0.0.1, and gone when they are. */
export interface DaemonPlan {
  /** The program, and the Debian package that brings it. */
  readonly program: string;
  readonly pack: string;
  readonly args: readonly string[];
  /** Where it writes, if it does. */
  readonly folder?: string | undefined;
  /** Whether it serves; asked until it does. */
  readonly answers: () => Promise<boolean>;
}

export class Daemon {
  readonly #plan: DaemonPlan;
  #process: ChildProcess | undefined;
  #said = '';

  constructor(plan: DaemonPlan) {
    this.#plan = plan;
  }

  /** @throws Error that says what to install, or what it said before it ended */
  async start(): Promise<void> {
    const { program, pack, args, folder, answers } = this.#plan;
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const failed = new Promise<Error>((resolve) => {
      child.once('error', (cause) => {
        resolve(new Error(`${program} is not installed; apt-get install -y ${pack} brings it`, { cause }));
      });
      child.once('close', (code) => resolve(new Error(`${program} ended with ${code}, having said: ${this.#said}`)));
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => (this.#said = (this.#said + String(text)).slice(-LAST_WORDS)));
    }
    this.#process = child;
    const end = performance.now() + PATIENCE;
    for (;;) {
      const outcome = await Promise.race([answers(), failed]);
      if (outcome === true) return;
      if (outcome instanceof Error) throw outcome;
      if (performance.now() > end) throw new Error(`${program} does not answer; it said: ${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** SIGSTOP and SIGCONT pause it: what it holds stays open, and nothing answers. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Safe to call twice. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const closed = once(child, 'close');
    child.kill(signal);
    // One that is paused hears nothing else.
    child.kill('SIGCONT');
    await closed;
  }
}

/** A port of 127.0.0.1 that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a server without a port');
  return address.port;
}
