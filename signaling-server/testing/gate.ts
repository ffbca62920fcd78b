import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The way to a server of 127.0.0.1: open, or cut, or silent, for whoever takes it. */
export class Gate {
  readonly port: number;
  /** Asked for each connection: the port of the server that takes it. */
  target: () => number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: 'open' | 'cut' | 'silent' = 'open';

  private constructor(server: Server, target: () => number) {
    this.#server = server;
    this.target = target;
    this.port = (server.address() as AddressInfo).port;
  }

  static async to(target: number | (() => number)): Promise<Gate> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const gate = new Gate(server, typeof target === 'number' ? () => target : target);
    server.on('connection', (near) => gate.#pass(near));
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** As a cable that is pulled out at the other end: nothing passes, and no connection breaks. */
  silence(): void {
    this.#state = 'silent';
    for (const socket of this.#sockets) socket.pause();
  }

  /** What is open breaks, and nothing else gets through. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  open(): void {
    this.#state = 'open';
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(near: Socket): void {
    if (this.#state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(this.target(), '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('data', (data) => to.write(data));
      if (this.#state === 'silent') from.pause();
    }
  }
}
