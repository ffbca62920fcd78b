import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { Daemon, freePort } from './daemon.ts';

/** A coturn of the test's own, which relays between peers of this machine and shares its secret with a signaling server. */
export class CoturnDaemon {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly secret: string;
  readonly #daemon: Daemon;

  private constructor(port: number, secret: string) {
    this.port = port;
    this.secret = secret;
    this.#daemon = new Daemon({
      program: 'turnserver',
      pack: 'coturn',
      args: this.#args(),
      answers: () => bound(port),
    });
  }

  static async start(secret = randomBytes(16).toString('hex')): Promise<CoturnDaemon> {
    const coturn = new CoturnDaemon(await freePort(), secret);
    await coturn.start();
    return coturn;
  }

  get urls(): readonly string[] {
    return [`turn:${this.host}:${this.port}?transport=udp`];
  }

  /** Again, on the same port; nothing that was relayed before is known to it. */
  start(): Promise<void> {
    return this.#daemon.start();
  }

  kill(): Promise<void> {
    return this.#daemon.stop('SIGKILL');
  }

  #args(): readonly string[] {
    const { host, port, secret } = this;
    return [
      // Neither a file of settings, nor one of users, nor one that says that it runs: several run beside each other.
      '-n',
      '--userdb=:memory:',
      '--pidfile=/dev/null',
      `--listening-ip=${host}`,
      `--relay-ip=${host}`,
      `--listening-port=${port}`,
      // Both peers are on this machine, at the other end of a relay of 127.0.0.1.
      '--allow-loopback-peers',
      '--use-auth-secret',
      `--static-auth-secret=${secret}`,
      '--realm=peerpool.test',
      '--fingerprint',
      '--no-tls',
      '--no-dtls',
      '--no-cli',
      '--log-file=stdout',
    ];
  }
}

/** Without attributes, and without its transaction id: RFC 8489, section 5. */
const BINDING_REQUEST = Uint8Array.of(0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42);

/** Whether it answers. */
function bound(port: number): Promise<boolean> {
  const request = Buffer.concat([BINDING_REQUEST, randomBytes(12)]);
  const socket = createSocket('udp4');
  return new Promise<boolean>((resolve) => {
    const enough = setTimeout(() => resolve(false), 200);
    socket.once('message', () => {
      clearTimeout(enough);
      resolve(true);
    });
    // Connected, so that a port that nobody has says so.
    socket.once('error', () => {
      clearTimeout(enough);
      resolve(false);
    });
    socket.connect(port, '127.0.0.1', () => socket.send(request));
  }).finally(() => socket.close());
}
