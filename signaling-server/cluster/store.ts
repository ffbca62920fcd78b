import { createHash } from 'node:crypto';
import type { createClient } from 'redis';
import { SCRIPTS } from './scripts.ts';

export type Client = ReturnType<typeof createClient>;

/** Milliseconds for Redis to answer, where somebody waits for it. */
const PATIENCE = 5000;

const DIGESTS = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, text]) => [name, createHash('sha1').update(text).digest('hex')]),
) as Record<keyof typeof SCRIPTS, string>;

/** The scripts, as a Redis runs them. */
export class Store {
  readonly #client: Client;
  readonly #prefix: string;

  constructor(client: Client, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /** Takes as long as it takes. What was sent may have been done although this rejects. */
  async run(script: keyof typeof SCRIPTS, ...values: readonly (string | number)[]): Promise<unknown> {
    const options = { keys: [this.#prefix], arguments: values.map(String) };
    try {
      return await this.#client.evalSha(DIGESTS[script], options);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return await this.#client.eval(SCRIPTS[script], options);
    }
  }
}

/**
 * What is answered in time.
 * @throws Error when it is not; then it may still come
 */
export async function inTime<Answer>(asked: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis has not answered within ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
