import { connect } from 'node:net';
import { Daemon, freePort } from './daemon.ts';

/** A Redis of the test's own, which forgets everything when it ends. */
export class RedisDaemon {
  readonly port: number;
  readonly url: string;
  readonly #daemon: Daemon;

  private constructor(port: number) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#daemon = new Daemon({
      program: 'redis-server',
      pack: 'redis-server',
      args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      answers: () => pong(port),
    });
  }

  static async start(): Promise<RedisDaemon> {
    const redis = new RedisDaemon(await freePort());
    await redis.start();
    return redis;
  }

  /** Again, on the same port, with an empty memory. */
  start(): Promise<void> {
    return this.#daemon.start();
  }

  pause(): void {
    this.#daemon.signal('SIGSTOP');
  }

  resume(): void {
    this.#daemon.signal('SIGCONT');
  }

  kill(): Promise<void> {
    return this.#daemon.stop('SIGKILL');
  }
}

function pong(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(String(data).startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
  });
}
