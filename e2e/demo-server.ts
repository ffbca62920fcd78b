import { fileURLToPath } from 'node:url';
import { createServer, type ViteDevServer } from 'vite';

/** A server of the demo for one test, which may stop its signaling without anybody else's missing it. */
export class DemoServer {
  readonly url: string;
  readonly #vite: ViteDevServer;

  private constructor(vite: ViteDevServer) {
    this.#vite = vite;
    this.url = (vite.resolvedUrls?.local[0] ?? '').replace(/\/$/, '');
  }

  static async start(): Promise<DemoServer> {
    const configFile = fileURLToPath(new URL('../vite.config.ts', import.meta.url));
    const server = { host: '127.0.0.1', port: 0 };
    return new DemoServer(await (await createServer({ configFile, logLevel: 'error', server })).listen());
  }

  /** What the switch answers to one of the demo's pages. */
  async post(wish: 'stop' | 'start'): Promise<unknown> {
    const headers = { origin: this.url };
    const response = await fetch(`${this.url}/demo/signaling/${wish}`, { method: 'POST', headers });
    return response.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vite.close();
  }
}
