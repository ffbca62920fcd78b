import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as ask,
  type ServerResponse,
} from 'node:http';

/**
 * The nodes that share one store of rooms and stand behind one address, for clients by long polling: each request of
 * theirs may come to another node, where the load balancer keeps nobody with one.
 *
 * Whoever runs them writes down, where all nodes can read it and for as long as a node lives, under its id where the
 * others reach it: by plain HTTP, on a network of their own, since the secret travels on it.
 */
export interface Neighbours {
  /** This node: 1 to 64 letters, digits, `-` and `_`; new with each start, for what was before has forgotten its clients. */
  readonly self: string;
  /** What all nodes know, and nobody else; while it is not known nothing is passed on. */
  readonly secret: string | undefined;
  /**
   * Where another node is reached, as `http://10.0.0.7:8080`; `undefined` when there is none of that id. Strangers can
   * have any id looked up, so the answer is better remembered for a second or so, that there is none too.
   */
  addressOf(node: string): Promise<string | undefined>;
}

interface ForwardingOptions {
  readonly neighbours: Neighbours;
  /** Requests that are passed on at once for one address. */
  readonly mostPerAddress: number;
  /** How long a neighbour may take to answer, in ms: what brings something, and what waits for something. */
  readonly answerWithin: { readonly post: number; readonly poll: number };
  /** Why a neighbour could not be asked. */
  readonly failed: (error: unknown) => void;
}

/** Says that a node has passed the request on, by the secret. */
const MARK = 'x-peerpool-forwarded';
/** Milliseconds for a neighbour to be found, and then to take the connection. */
const REACH = 2000;
/** What is between two ends of one connection and goes no further (RFC 9110, section 7.6.1), and what Node does itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
]);

/**
 * Passes requests of sessions that another node has on to that node. The ids of sessions begin with the node's, which
 * is all that a node has to know. A WebSocket for another node's session is not passed on: engine.io refuses it, and the
 * client, which tried to leave polling for it, goes on polling.
 */
export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #underWay = new Map<string, Set<ClientRequest>>();
  #closed = false;

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  /** For a session of this node; nobody can guess it. */
  readonly sessionId = (): string => `${this.#options.neighbours.self}.${randomBytes(15).toString('base64url')}`;

  /**
   * Whether a neighbour has passed it on, at whose door it has paid. A mark is taken off, so that nobody behind sees it
   * and one that was forged goes no further.
   */
  isPassedOn(request: IncomingMessage): boolean {
    const mark = request.headers[MARK];
    if (mark === undefined) return false;
    delete request.headers[MARK];
    const { secret } = this.#options.neighbours;
    if (typeof mark !== 'string' || secret === undefined) return false;
    const [said, expected] = [Buffer.from(mark), Buffer.from(secret)];
    return said.length === expected.length && timingSafeEqual(said, expected);
  }

  /**
   * Whether it is of a session of another node, and so taken care of. Where that node is gone, does not answer in time,
   * or where too many of that address are under way, `unknown` answers.
   */
  takes(request: IncomingMessage, response: ServerResponse, address: string, unknown: () => void): boolean {
    // A question of CORS every node answers alike.
    if (this.#closed || request.method === 'OPTIONS') return false;
    const [node, ...rest] = sessionOf(request)?.split('.') ?? [];
    if (node === undefined || rest.length === 0 || node === this.#options.neighbours.self) return false;
    if (!/^[\w-]{1,64}$/.test(node)) return false;
    this.#forward(node, request, response, address, unknown).catch((error: unknown) => {
      this.#options.failed(error);
      if (!response.headersSent) unknown();
    });
    return true;
  }

  /** Cuts what is under way. */
  close(): void {
    this.#closed = true;
    for (const inner of [...this.#underWay.values()].flatMap((each) => [...each])) {
      inner.destroy(new Error('the node is closing'));
    }
  }

  async #forward(
    node: string,
    request: IncomingMessage,
    response: ServerResponse,
    address: string,
    unknown: () => void,
  ): Promise<void> {
    const { secret } = this.#options.neighbours;
    const where = secret === undefined ? undefined : await soon(this.#options.neighbours.addressOf(node));
    if (response.destroyed) return;
    const others = this.#underWay.get(address) ?? new Set();
    if (where === undefined || this.#closed || others.size >= this.#options.mostPerAddress) return unknown();
    const { hostname, port } = new URL(where);
    const { method = 'GET', url = '/' } = request;
    const headers = { ...endToEnd(request.headers), [MARK]: secret };
    // One connection for each: of one that was kept nobody knows whether the neighbour is about to close it.
    const inner = ask({ hostname: hostname.replace(/^\[|\]$/g, ''), port, method, path: url, headers, agent: false });
    this.#underWay.set(address, others.add(inner));
    await new Promise<void>((resolve) => {
      const { post, poll } = this.#options.answerWithin;
      // Also in the middle of an answer.
      inner.setTimeout(poll, () => late());
      const late = (): void => void inner.destroy(new Error(`node ${node} does not answer`));
      let timer = setTimeout(late, REACH);
      const within = (milliseconds: number): void => {
        clearTimeout(timer);
        if (!inner.destroyed) timer = setTimeout(late, milliseconds);
      };
      inner.once('socket', (socket) =>
        socket.once('connect', () => {
          // While a body comes, it is the client that takes its time, and its door looks to that.
          if (method === 'GET') within(poll);
          else clearTimeout(timer);
        }),
      );
      inner.once('finish', () => method !== 'GET' && within(post));
      inner.once('response', (answer) => {
        clearTimeout(timer);
        response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
        answer.once('error', () => response.destroy());
        answer.pipe(response);
      });
      inner.once('error', (error) => {
        if (response.destroyed) return;
        if (!this.#closed) this.#options.failed(error);
        if (response.headersSent) return void response.destroy();
        request.unpipe(inner);
        unknown();
      });
      inner.once('close', () => {
        clearTimeout(timer);
        others.delete(inner);
        if (others.size === 0) this.#underWay.delete(address);
        resolve();
      });
      // Who waits no longer; what was answered to its end is closed too, and that changes nothing.
      response.once('close', () => inner.destroy());
      request.once('error', () => inner.destroy());
      request.pipe(inner);
    });
  }
}

/** As engine.io reads it: of several the last. */
function sessionOf({ url = '' }: IncomingMessage): string | undefined {
  return new URL(url, 'http://localhost').searchParams.getAll('sid').at(-1);
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  // HTTP/2 has its own, which begin with a colon.
  const kept = Object.entries(headers).filter(
    ([name]) => !HOP_BY_HOP.has(name) && !named.includes(name) && !name.startsWith(':'),
  );
  return Object.fromEntries(kept);
}

async function soon<Answer>(promise: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no address of a neighbour within ${REACH} ms`)), REACH);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
