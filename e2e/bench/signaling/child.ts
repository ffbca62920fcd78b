import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

interface Answer {
  readonly number: number;
  readonly answer?: unknown;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process of our own that answers questions. It ends when it is left, also by who dies. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(script: string, args: readonly string[], flags: readonly string[] = []) {
    const stdio = ['ignore', 'pipe', 'inherit', 'ipc'] as const;
    this.#process = fork(script, [...args], { execArgv: [...flags], stdio: [...stdio] });
    this.#process.on('message', (message) => this.#hear(message as Answer));
    this.#process.once('exit', (code, signal) => {
      const error = new Error(`${script} ended with ${signal ?? code}`);
      for (const { reject } of this.#waiting.values()) reject(error);
    });
  }

  /** What it says first that fits. Goes on reading: a pipe that nobody reads would stop it. */
  async said(pattern: RegExp): Promise<string> {
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('nobody hears it');
    let said = '';
    for (;;) {
      const [text] = (await once(stdout, 'data')) as [Buffer];
      said += String(text);
      const found = pattern.exec(said)?.[1];
      if (found === undefined) continue;
      stdout.resume();
      return found;
    }
  }

  ask<Result>(question: unknown): Promise<Result> {
    const number = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve: (answer) => resolve(answer as Result), reject });
      this.#process.send({ number, question }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  /** Safe to call twice. */
  async leave(): Promise<void> {
    if (!this.#process.connected) return;
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }

  #hear({ number, answer, error }: Answer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(error));
  }
}
