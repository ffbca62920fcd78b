import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { attachSignaling, type Signaling, type SignalingOptions } from '../signaling-server/server.ts';

interface Life {
  readonly http: Server;
  readonly signaling: Signaling;
  readonly sockets: ReadonlySet<Socket>;
}

/** A signaling server that can be killed, and started again on the same port without its memory. */
export class MortalServer {
  readonly #options: SignalingOptions;
  #life: Life | undefined;
  #port = 0;

  private constructor(options: SignalingOptions) {
    this.#options = options;
  }

  static async start(options: SignalingOptions = {}): Promise<MortalServer> {
    const server = new MortalServer(options);
    await server.start();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    if (this.#life !== undefined) return;
    const http = createServer((_, response) => response.writeHead(404).end());
    const sockets = new Set<Socket>();
    http.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    const signaling = attachSignaling(http, this.#options);
    this.#life = { http, signaling, sockets };
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (http.address() as AddressInfo).port;
  }

  /** As a process that is killed: all sockets break in one instant, and nobody is told anything. Resolves when nothing of it is left. */
  async kill(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    for (const socket of life.sockets) socket.destroy();
    const closed = new Promise((resolve) => life.http.close(resolve));
    await life.signaling.close();
    await closed;
  }
}
