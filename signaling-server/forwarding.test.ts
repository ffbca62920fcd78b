import { once } from 'node:events';
import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryRooms } from './rooms/memory-rooms.ts';
import { attachSignaling, type Cluster, type Neighbours, type Signaling, type SignalingOptions } from './server.ts';
import { Events } from './testing/events.ts';
import { Guest } from './testing/guest.ts';

const SECRET = 'what-all-nodes-know-and-nobody-else';
const MARK = 'x-peerpool-forwarded';

const ending: (() => unknown)[] = [];

afterEach(async () => {
  for (let end = ending.pop(); end !== undefined; end = ending.pop()) await end();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Who is where, for all nodes of a test. */
class Book {
  readonly addresses = new Map<string, string>();
  readonly asked: string[] = [];

  of(self: string): Neighbours {
    return {
      self,
      secret: SECRET,
      addressOf: async (node) => {
        this.asked.push(node);
        return this.addresses.get(node);
      },
    };
  }
}

/** Nodes that share no rooms. */
function clusterOf(neighbours: Neighbours): Cluster {
  return {
    neighbours,
    adapter: undefined,
    rooms: (limits, listener) => new MemoryRooms(limits, listener),
    close: async () => undefined,
  };
}

interface Node {
  readonly url: string;
  readonly signaling: Signaling;
  readonly events: Events;
  /** What came to its door, as `POST /peerpool?…`. */
  readonly requests: string[];
}

async function node(name: string, book: Book | undefined, options: SignalingOptions = {}): Promise<Node> {
  const http = createServer();
  const events = new Events();
  const requests: string[] = [];
  http.on('connection', (socket: Socket) => ending.push(() => socket.destroy()));
  const cluster = book && clusterOf(book.of(name));
  const signaling = attachSignaling(http, { observe: events.observe, cluster, ...options });
  const url = await listen(http);
  ending.push(() => signaling.close());
  book?.addresses.set(name, url);
  const emit = http.emit.bind(http);
  http.emit = (event: string, ...args: unknown[]) => {
    const [request] = args as [IncomingMessage];
    if (event === 'request' || event === 'upgrade') requests.push(`${request.method} ${request.url}`);
    return emit(event, ...args);
  };
  return { url, signaling, events, requests };
}

/** What stands in front: new sessions come to the first node, and of their requests each to the next one. */
async function balancer(nodes: readonly Node[], upgradesTo = 1): Promise<string> {
  let turn = 0;
  const at = (place: number): URL => new URL(nodes[place % nodes.length]?.url ?? '');
  const http = createServer((request, response) => {
    const { hostname, port } = at(request.url?.includes('sid=') ? ++turn : 0);
    const { method, url: path, headers } = request;
    const inner = ask({ hostname, port, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    inner.on('error', () => response.destroy());
    response.on('close', () => inner.destroy());
    request.pipe(inner);
  });
  http.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    const { hostname, port } = at(upgradesTo);
    const far = connect(Number(port), hostname);
    for (const end of [socket, far]) end.on('error', () => end.destroy());
    const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}`);
    far.write([`GET ${request.url} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    socket.pipe(far).pipe(socket);
    ending.push(() => far.destroy());
  });
  return listen(http);
}

function guest(url: string, transports: readonly string[] = ['polling']): Guest {
  const made = new Guest(url, { transports: [...transports] });
  ending.push(() => made.socket.disconnect());
  return made;
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

async function answered(response: IncomingMessage): Promise<Answer> {
  let body = '';
  for await (const chunk of response as AsyncIterable<Buffer>) body += chunk.toString();
  return { status: response.statusCode, body };
}

function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    ask(url, { headers, agent: false }, (response) => resolve(answered(response)))
      .on('error', reject)
      .end();
  });
}

/** One that a test answers for. */
async function neighbour(
  book: Book,
  name: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
) {
  book.addresses.set(name, await listen(createServer(answer)));
}

const sessionAt = ({ url }: Node, sid: string): string => `${url}/peerpool?EIO=4&transport=polling&sid=${sid}`;

/** As engine.io says it of a session it does not know. */
const UNKNOWN: Answer = { status: 400, body: '{"code":1,"message":"Session ID unknown"}' };

describe('clients that poll, at nodes behind one address that is not sticky', () => {
  it('join and signal, though each of their requests comes to another node', async () => {
    const book = new Book();
    const nodes = [await node('a', book), await node('b', book), await node('c', book)];
    const url = await balancer(nodes);
    const [alice, bob] = [guest(url), guest(url)];
    expect(await alice.join('alice')).toMatchObject({ ok: true });
    expect(await bob.join('bob')).toEqual({ ok: true, members: [{ name: 'alice', instance: 'alice-1' }] });
    expect(alice.socket.io.engine.id).toMatch(/^a\.[\w-]{20}$/);
    for (let count = 0; count < 20; count++) {
      bob.socket.emit('signal', { name: 'alice', instance: 'alice-1' }, { count, text: 'ä'.repeat(5000) });
    }
    await alice.until(() => alice.all('signal').length === 20);
    expect(alice.all('signal').map(([, , signal]) => (signal as { count: number }).count)).toEqual(
      Array.from({ length: 20 }, (_, count) => count),
    );
    // The others had a part in it, and nobody's count of anything but requests.
    for (const { requests } of nodes.slice(1)) expect(requests.length).toBeGreaterThan(0);
    const counts = await Promise.all(nodes.map(({ signaling }) => signaling.counts()));
    expect(counts.map(({ peers }) => peers)).toEqual([2, 0, 0]);
    alice.socket.emit('leave');
    await bob.until(() => bob.all('left').length === 1);
    expect(nodes.flatMap(({ events }) => events.of('fault'))).toEqual([]);
  });

  it('can not without that', async () => {
    const nodes = [await node('a', undefined), await node('b', undefined)];
    const lost = guest(await balancer(nodes));
    const why = await Promise.race([
      new Promise<string>((resolve) => lost.socket.on('connect_error', () => resolve('connect_error'))),
      lost.closed(),
      lost.join('alice').then(() => 'joined'),
    ]);
    expect(why).not.toBe('joined');
  });

  it('stay with polling where their WebSocket comes to another node', async () => {
    const book = new Book();
    const url = await balancer([await node('a', book), await node('b', book)], 1);
    const alice = guest(url, ['polling', 'websocket']);
    const failed = new Promise((resolve) => {
      alice.socket.io.on('open', () => alice.socket.io.engine.on('upgradeError', resolve));
    });
    expect(await alice.join('alice')).toMatchObject({ ok: true });
    await failed;
    const bob = guest(url);
    await bob.join('bob');
    bob.socket.emit('signal', { name: 'alice', instance: 'alice-1' }, 'still there');
    await alice.until(() => alice.all('signal').length === 1);
    expect(alice.socket.io.engine.transport.name).toBe('polling');
  });

  it('and take it where it comes to their own', async () => {
    const book = new Book();
    const alice = guest(await balancer([await node('a', book), await node('b', book)], 0), ['polling', 'websocket']);
    const upgraded = new Promise((resolve) => {
      alice.socket.io.on('open', () => alice.socket.io.engine.on('upgrade', resolve));
    });
    expect(await alice.join('alice')).toMatchObject({ ok: true });
    await upgraded;
    expect(alice.socket.io.engine.transport.name).toBe('websocket');
  });

  it('pay at the node they come to, and not at the one that has their session', async () => {
    const book = new Book();
    const owner = await node('a', book, { addressPacketBurst: 1, addressPacketsPerSecond: 0.001 });
    const entry = await node('b', book, { addressPacketBurst: 2, addressPacketsPerSecond: 0.001 });
    const statuses: unknown[] = [];
    for (let count = 0; count < 6; count++) statuses.push((await get(sessionAt(entry, 'a.none'))).status);
    expect(statuses).toEqual([400, 400, 400, 400, 429, 429]);
    expect(owner.requests).toHaveLength(4);
    expect(owner.events.of('turned-away')).toEqual([]);
  });
});

describe('the mark of a request that was passed on', () => {
  it('is believed with the secret only', async () => {
    const strict = { addressPacketBurst: 2, addressPacketsPerSecond: 0.001 };
    const a = await node('a', new Book(), strict);
    const statuses: unknown[] = [];
    const forged = [SECRET.slice(1), `${SECRET}!`, '', 'ä', `${SECRET}, ${SECRET}`];
    for (const mark of forged) statuses.push((await get(sessionAt(a, 'a.none'), { [MARK]: mark })).status);
    expect(statuses).toEqual([400, 400, 400, 400, 429]);
    const honest: unknown[] = [];
    for (let count = 0; count < 5; count++) {
      honest.push((await get(sessionAt(a, 'a.none'), { [MARK]: SECRET })).status);
    }
    expect(honest).toEqual([400, 400, 400, 400, 400]);
  });

  it.each(['forged', SECRET])('is taken off (%s), and opens no new session', async (mark) => {
    const seen: unknown[] = [];
    const a = await node('a', new Book(), {
      authorize: ({ headers }) => {
        seen.push(headers[MARK]);
        return { ok: true };
      },
    });
    const alice = new Guest(a.url, { transports: ['polling'], extraHeaders: { [MARK]: mark } });
    ending.push(() => alice.socket.disconnect());
    expect(await alice.join('alice')).toMatchObject({ ok: true });
    expect(seen).toEqual([undefined]);
  });

  it('goes to the neighbour with the secret, whatever the client wrote, and with its other headers', async () => {
    const book = new Book();
    const seen: IncomingMessage['headers'][] = [];
    await neighbour(book, 'b', ({ headers }, response) => {
      seen.push(headers);
      response.writeHead(200, { 'x-answer': 'yes', connection: 'close' }).end('ok');
    });
    const a = await node('a', book);
    const headers = { [MARK]: 'forged', 'x-other': 'kept', connection: 'x-private', 'x-private': 'not kept' };
    expect(await get(sessionAt(a, 'b.one'), headers)).toEqual({ status: 200, body: 'ok' });
    expect(seen).toEqual([expect.objectContaining({ [MARK]: SECRET, 'x-other': 'kept', host: new URL(a.url).host })]);
    expect(seen[0]).not.toHaveProperty('x-private');
  });

  it('is not passed on once more', async () => {
    const book = new Book();
    const a = await node('a', book);
    const b = await node('b', book);
    expect(await get(sessionAt(a, 'b.one'), { [MARK]: SECRET })).toEqual(UNKNOWN);
    expect(b.requests).toEqual([]);
    expect(book.asked).toEqual([]);
  });
});

describe('a node', () => {
  it('that does not know the secret yet passes nothing on, and believes no mark', async () => {
    const book = new Book();
    const cluster = clusterOf({ ...book.of('a'), secret: undefined });
    const a = await node('a', book, { cluster });
    const b = await node('b', book);
    expect(await get(sessionAt(a, 'b.one'))).toEqual(UNKNOWN);
    expect(b.requests).toEqual([]);
    expect(book.asked).toEqual([]);
  });

  it('that is gone has sessions that nobody knows', async () => {
    const book = new Book();
    const a = await node('a', book);
    expect(await get(sessionAt(a, 'gone.one'))).toEqual(UNKNOWN);
    expect(a.events.of('fault')).toEqual([]);
    book.addresses.set('dead', await listen(createServer()));
    await ending.pop()?.();
    expect(await get(sessionAt(a, 'dead.one'))).toEqual(UNKNOWN);
    expect(a.events.of('fault')).toHaveLength(1);
  });

  it('that can not be looked up likewise', async () => {
    const book = new Book();
    const error = new Error('no book');
    const a = await node('a', book, {
      cluster: clusterOf({ self: 'a', secret: SECRET, addressOf: () => Promise.reject(error) }),
    });
    expect(await get(sessionAt(a, 'b.one'))).toEqual(UNKNOWN);
    expect(a.events.of('fault')).toEqual([{ type: 'fault', error }]);
  });

  it.each(['one', '.one', 'a b.one', '', 'a.one.two'])('is not looked for where the session is %j', async (sid) => {
    const book = new Book();
    const a = await node('a', book);
    expect((await get(sessionAt(a, encodeURIComponent(sid)))).status).toBe(sid === '' ? 200 : 400);
    expect(book.asked).toEqual([]);
  });

  it('that takes what is posted and says nothing is given up', async () => {
    const book = new Book();
    const silent = createTcpServer((socket) => ending.push(() => socket.destroy()));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    ending.push(() => silent.close());
    book.addresses.set('b', `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const a = await node('a', book, { joinDeadline: 300 });
    const inner = ask(sessionAt(a, 'b.one'), { method: 'POST', agent: false });
    inner.end('4hello');
    const [response] = (await once(inner, 'response')) as [IncomingMessage];
    expect(await answered(response)).toEqual(UNKNOWN);
    expect(a.events.of('fault')).toEqual([{ type: 'fault', error: new Error('node b does not answer') }]);
  });

  it('that ends in the middle of an answer ends ours', async () => {
    const book = new Book();
    await neighbour(book, 'b', (_, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setImmediate(() => response.destroy());
    });
    await expect(get(sessionAt(await node('a', book), 'b.one'))).rejects.toThrow(/aborted|hang up/);
  });
});

describe('a request that is passed on', () => {
  it('brings its body as it comes', async () => {
    const book = new Book();
    let begun: (() => void) | undefined;
    const first = new Promise<void>((resolve) => (begun = resolve));
    await neighbour(book, 'b', (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
        begun?.();
      });
      request.on('end', () => response.end(body));
    });
    const a = await node('a', book);
    const outer = ask(sessionAt(a, 'b.one'), { method: 'POST', agent: false });
    outer.write('one ');
    // The neighbour has the beginning before the end was sent.
    await first;
    outer.end('two');
    const [response] = (await once(outer, 'response')) as [IncomingMessage];
    expect(await answered(response)).toEqual({ status: 200, body: 'one two' });
  });

  it('and whose body does not end is cut, at both nodes', async () => {
    const book = new Book();
    let cut: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => (cut = resolve));
    await neighbour(book, 'b', (request) => request.on('error', () => cut?.()).resume());
    const a = await node('a', book, { joinDeadline: 300 });
    const outer = ask(sessionAt(a, 'b.one'), { method: 'POST', agent: false });
    const failed = once(outer, 'response').catch((error: unknown) => error);
    outer.write('one ');
    await ended;
    expect(await failed).toBeInstanceOf(Error);
    expect(a.events.of('fault')).toEqual([]);
  });

  it('and is not waited for any more ends at the neighbour too', async () => {
    const book = new Book();
    const seen: string[] = [];
    let look: (() => void) | undefined;
    await neighbour(book, 'b', (_, response) => {
      seen.push('came');
      response.on('close', () => {
        seen.push('closed');
        look?.();
      });
      look?.();
    });
    const a = await node('a', book);
    const outer = ask(sessionAt(a, 'b.one'), { agent: false });
    outer.on('error', () => undefined).end();
    while (seen.length < 1) await new Promise<void>((resolve) => (look = resolve));
    outer.destroy();
    while (seen.length < 2) await new Promise<void>((resolve) => (look = resolve));
    expect(a.events.of('fault')).toEqual([]);
  });

  it('is one of so many of its address, and ends when the node closes', async () => {
    const book = new Book();
    const came: unknown[] = [];
    let look: (() => void) | undefined;
    await neighbour(book, 'b', ({ url }) => {
      came.push(url);
      look?.();
    });
    const a = await node('a', book, { maxConnectionsPerAddress: 1 });
    const waiting = [1, 2].map(() => get(sessionAt(a, 'b.one')).catch((error: unknown) => error));
    while (came.length < 2) await new Promise<void>((resolve) => (look = resolve));
    expect(await get(sessionAt(a, 'b.one'))).toEqual(UNKNOWN);
    await a.signaling.close();
    expect(await Promise.all(waiting)).toEqual([UNKNOWN, UNKNOWN]);
    expect(came).toHaveLength(2);
  });
});
