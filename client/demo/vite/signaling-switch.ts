import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PreviewServer, Plugin, ViteDevServer } from 'vite';
import { attachSignaling, type HttpServer, type Signaling } from '../../../signaling-server/server.ts';

/** `GET` says whether signaling runs, `POST` to `…/stop` and `…/start` does what it says. */
const SWITCH = '/demo/signaling';

/**
 * Signaling on the demo's own port, as `peerpool()` of `peerpool/vite` puts it there, and a switch by which every page stops and starts it, so that one sees who needs it. Only the demo has one: it
 * would be everybody's.
 */
export function signalingSwitch(): Plugin {
  const install = ({ httpServer, middlewares }: ViteDevServer | PreviewServer): void => {
    if (httpServer === null) throw new Error('demo: in middleware mode there is no server to put signaling into');
    const power = new Power(httpServer);
    middlewares.use(SWITCH, (request, response) => void power.answer(request, response));
  };
  return { name: 'demo-signaling', configureServer: install, configurePreviewServer: install };
}

/** The signaling of one server: on, or off. */
class Power {
  readonly #server: HttpServer;
  readonly #path: string;
  #signaling: Signaling | undefined;
  /** One after the other, in the order in which they were asked for. */
  #change: Promise<void> = Promise.resolve();

  constructor(server: HttpServer) {
    this.#server = server;
    this.#signaling = attachSignaling(server);
    this.#path = this.#signaling.path;
  }

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const wanted = request.method === 'POST' ? request.url : undefined;
      if (wanted !== undefined && !fromOwnPage(request)) return reply(response, 403, { error: 'not from this page' });
      if (wanted === '/stop') await this.#turn(() => this.#stop());
      else if (wanted === '/start') await this.#turn(() => this.#start());
      else if (wanted !== undefined) return reply(response, 404, { error: 'stop, or start' });
      reply(response, 200, { running: this.#signaling !== undefined });
    } catch (error) {
      reply(response, 500, { error: String(error) });
    }
  }

  #turn(act: () => void | Promise<void>): Promise<void> {
    const turned = this.#change.then(act);
    this.#change = turned.catch(() => {});
    return turned;
  }

  /** Safe to do twice. */
  async #stop(): Promise<void> {
    const signaling = this.#signaling;
    if (signaling === undefined) return;
    this.#signaling = undefined;
    this.#server.on('upgrade', this.#refuse);
    await signaling.close();
  }

  #start(): void {
    if (this.#signaling !== undefined) return;
    this.#server.off('upgrade', this.#refuse);
    this.#signaling = attachSignaling(this.#server);
  }

  /** Where nobody is, nobody answers; Vite would leave the caller waiting. */
  readonly #refuse = ({ url = '' }: IncomingMessage, socket: Duplex): void => {
    const [path] = url.split('?', 1);
    if (path !== this.#path && path !== `${this.#path}/`) return;
    socket.once('error', () => socket.destroy());
    socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  };
}

/** Another site's page can post here too, and is not meant. */
function fromOwnPage({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined && URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
