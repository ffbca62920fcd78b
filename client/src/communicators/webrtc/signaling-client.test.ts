import { io } from 'socket.io-client';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket as NetSocket } from 'node:net';
import { Server as SocketServer, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attachSignaling, type Signaling } from '../../../../signaling-server/server.ts';
import type { PoolError } from '../../errors.ts';
import type { SignalingState } from '../communicator.ts';
import type { Disappearance, Presence, Signal, TransportListener } from '../transport.ts';
import { Backoff } from './backoff.ts';
import { IceServers } from './ice-servers.ts';
import { parsing } from './signal-post.ts';
import { SignalingClient } from './signaling-client.ts';

const ending: (() => unknown)[] = [];

/** Long enough for a pause between two tries on a busy machine. */
const until = (condition: () => boolean): Promise<unknown> => vi.waitUntil(condition, { timeout: 15_000, interval: 5 });

beforeEach(() => {
  // The shortest pause before another try.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (let end = ending.pop(); end !== undefined; end = ending.pop()) await end();
});

class Party implements TransportListener {
  readonly presence: Presence;
  readonly client: SignalingClient;
  readonly heard: string[] = [];
  readonly signals: [Presence, Signal][] = [];
  readonly errors: PoolError[] = [];
  readonly states: SignalingState[] = [];
  readonly ice = new IceServers();
  /** Somebody has met us. */
  met = false;

  constructor(
    given: string | readonly [string, ...string[]],
    name: string,
    options: { instance?: string; patience?: number; key?: string } = {},
  ) {
    const { instance = `${name}-1`, patience = 5000, key = `the key of ${name}, ${instance}` } = options;
    this.presence = { name, instance };
    const urls = typeof given === 'string' ? ([given] as const) : given;
    const shown = Promise.resolve(key);
    this.client = new SignalingClient(
      { io, urls, path: '/peerpool', room: 'sums', patience, key: shown, ice: this.ice },
      this.presence,
      parsing(this),
    );
    ending.push(() => this.client.leave());
  }

  join(signal = new AbortController().signal): Promise<readonly Presence[]> {
    return this.client.join(signal);
  }

  appeared({ instance }: Presence): void {
    this.heard.push(`appeared ${instance}`);
  }
  disappeared({ instance }: Presence, how: Disappearance): void {
    this.heard.push(`gone ${instance} ${how}`);
  }
  signal(from: Presence, signal: Signal): void {
    this.signals.push([from, signal]);
  }
  state(state: SignalingState): void {
    this.states.push(state);
  }
  error(error: PoolError): void {
    this.errors.push(error);
  }
  hasPeers(): boolean {
    return this.met;
  }
  stopped(error: PoolError): void {
    this.heard.push(`stopped ${error.code} ${error.reason}`);
  }
}

/** What a test does to the connections to a server. */
interface House {
  readonly url: string;
  readonly port: number;
  /** Cuts them all, without a word; whatever comes later is let in. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** The real server, which forgets everything when it is closed. */
async function house(port = 0): Promise<House> {
  const http = createServer();
  const sockets = new Set<{ destroy(): void }>();
  http.on('connection', (socket) => sockets.add(socket));
  const signaling: Signaling = attachSignaling(http, { observe: () => {} });
  const at = await listen(http, port);
  const close = async (): Promise<void> => {
    await signaling.close();
    if (http.listening) await new Promise((resolve) => http.close(resolve));
  };
  ending.push(close);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return { url: `http://127.0.0.1:${at}`, port: at, cut, close };
}

/** Between a client and a server. */
async function proxy(url: string): Promise<{ url: string; abandon: () => void }> {
  const near = new Set<NetSocket>();
  const far = new Set<NetSocket>();
  const server = createTcpServer((socket) => {
    const through = connect(Number(new URL(url).port), '127.0.0.1');
    near.add(socket);
    far.add(through);
    for (const end of [socket, through]) end.on('error', () => end.destroy());
    socket.on('data', (data) => through.write(data));
    through.on('data', (data) => socket.write(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const abandon = (): void => {
    for (const socket of near) socket.destroy();
    near.clear();
  };
  ending.push(() => {
    for (const socket of [...near, ...far]) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, abandon };
}

interface ClientToServer {
  join(request: unknown, reply: (reply: unknown) => void): void;
  signal(to: unknown, signal: unknown): void;
  leave(): void;
}

interface Anything {
  [event: string]: (...values: unknown[]) => void;
}

/** A server of our own making, which answers as a test likes. */
async function stranger(
  greet: (socket: Socket<ClientToServer, Anything>) => void,
  transports: ('websocket' | 'polling')[] = ['websocket', 'polling'],
): Promise<string> {
  const http = createServer();
  const io = new SocketServer<ClientToServer, Anything>(http, {
    path: '/peerpool',
    addTrailingSlash: false,
    transports,
  });
  io.on('connection', (socket) => {
    greet(socket);
    socket.on('leave', () => socket.disconnect(true));
  });
  ending.push(() => io.close());
  return `http://127.0.0.1:${await listen(http)}`;
}

describe('in the room of a signaling server', () => {
  it('a newcomer hears who is there, and they of the newcomer; who leaves is told', async () => {
    const { url } = await house();
    const [alice, bob] = [new Party(url, 'alice'), new Party(url, 'bob')];
    expect(await alice.join()).toEqual([]);
    expect(await bob.join()).toEqual([alice.presence]);
    await until(() => alice.heard.length === 1);
    await bob.client.leave();
    await until(() => alice.heard.length === 2);
    expect(alice.heard).toEqual(['appeared bob-1', 'gone bob-1 left']);
    expect(alice.states).toEqual(['connecting', 'connected']);
  });

  it('signals go to one instance, in order, with their sender', async () => {
    const { url } = await house();
    const [alice, bob] = [new Party(url, 'alice'), new Party(url, 'bob')];
    await alice.join();
    await bob.join();
    for (let link = 0; link < 10; link++) bob.client.signal(alice.presence, { type: 'ring', to: 'alice-1', link });
    await until(() => alice.signals.length === 10);
    expect(alice.signals.map(([from, { link }]) => [from, link])).toEqual(
      Array.from({ length: 10 }, (_, link) => [bob.presence, link]),
    );
  });

  it('a name that is taken is refused as duplicate-peer, and free when its owner has left', async () => {
    const { url } = await house();
    const [alice, thief, heir] = ['1', '2', '3'].map((instance) => new Party(url, 'alice', { instance }));
    await alice?.join();
    await expect(thief?.join()).rejects.toMatchObject({ code: 'duplicate-peer', reason: 'name-taken' });
    await alice?.client.leave();
    expect(await heir?.join()).toEqual([]);
  });

  it('a server that takes the socket and closes it is unreachable at once', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end());
    server.on('upgrade', (request, socket) => {
      const secret = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash('sha1').update(secret).digest('base64');
      const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
      socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
      // RFC 6455, section 5.5.1: a close frame without a reason.
      socket.end(Uint8Array.of(0x88, 0));
      ending.push(() => socket.destroy());
    });
    const url = `http://127.0.0.1:${await listen(server)}`;
    ending.push(() => new Promise((resolve) => server.close(resolve)));
    const error: unknown = await new Party(url, 'alice', { patience: 60_000 }).join().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'unreachable', reason: 'signaling' });
  });

  it('a server that is not there is unreachable, with its url and the cause', async () => {
    const { url, close } = await house();
    await close();
    const error = await new Party(url, 'alice').join().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'unreachable', reason: 'signaling' });
    expect((error as PoolError).message).toContain(`${url}/peerpool`);
    expect((error as PoolError).cause).toBeInstanceOf(Error);
  });

  it('a server that does not answer is given up after its time', async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    ending.push(() => silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await expect(new Party(url, 'alice', { patience: 50 }).join()).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('a server behind a proxy that lets no WebSocket through is reached by polling', async () => {
    const others = [{ name: 'bob', instance: 'bob-1' }];
    const url = await stranger(
      (socket) => socket.on('join', (_, answer) => answer({ ok: true, members: others })),
      ['polling'],
    );
    expect(await new Party(url, 'alice').join()).toEqual(others);
  });

  it('a leave between two servers is the end of it', async () => {
    const first = await stranger((socket) => {
      socket.on('join', (_, answer) => answer({ ok: false, code: 'shutting-down', message: 'later' }));
      socket.on('leave', () => void alice.client.leave());
    });
    let came = 0;
    const second = await stranger(() => came++);
    const alice = new Party([first, second], 'alice');
    await expect(alice.join()).rejects.toMatchObject({ code: 'closed' });
    expect(came).toBe(0);
  });

  it('a reply that comes after all was given up is not heard', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const url = await stranger((socket) => {
      socket.on('join', (_, answer) => {
        socket.on('leave', () => answer({ ok: true, members: [] }));
        abort.abort(reason);
      });
    });
    const alice = new Party(url, 'alice');
    await expect(alice.join(abort.signal)).rejects.toBe(reason);
    expect(alice.states).toEqual(['connecting']);
  });

  it('several servers are tried in turn', async () => {
    const [gone, here] = [await house(), await house()];
    await gone.close();
    const alice = new Party([gone.url, here.url], 'alice');
    expect(await alice.join()).toEqual([]);
    expect(alice.states).toEqual(['connecting', 'connected']);
  });

  it('an abort rejects with the very reason, a leave with closed', async () => {
    const { url } = await house();
    const reason = new Error('enough');
    await expect(new Party(url, 'alice').join(AbortSignal.abort(reason))).rejects.toBe(reason);
    const abort = new AbortController();
    const joining = new Party(url, 'bob').join(abort.signal);
    abort.abort(reason);
    await expect(joining).rejects.toBe(reason);
    const carol = new Party(url, 'carol');
    const left = expect(carol.join()).rejects.toMatchObject({ code: 'closed' });
    await carol.client.leave();
    await carol.client.leave();
    await left;
  });
});

describe('a server that went and came back without its memory', () => {
  it('finds everybody in their place, and nobody is told that anybody left', async () => {
    const before = await house();
    const [alice, bob] = [new Party(before.url, 'alice'), new Party(before.url, 'bob')];
    await alice.join();
    await bob.join();
    await until(() => alice.heard.length === 1);
    await before.close();
    await until(() => alice.states.at(-1) === 'disconnected' && bob.states.at(-1) === 'disconnected');
    const { url } = await house(before.port);
    await until(() => alice.states.at(-1) === 'connected' && bob.states.at(-1) === 'connected');
    // Whoever is back first hears that the other is, to whom nothing it signaled meanwhile has come.
    expect([...alice.heard.slice(1), ...bob.heard]).toEqual([expect.stringMatching(/^appeared (alice|bob)-1$/)]);
    alice.heard.length = bob.heard.length = 0;
    expect(alice.states).toEqual(['connecting', 'connected', 'disconnected', 'connected']);
    // And newcomers are met again, by the same names.
    const carol = new Party(url, 'carol');
    expect(new Set(await carol.join())).toEqual(new Set([alice.presence, bob.presence]));
    await until(() => alice.heard.length === 1 && bob.heard.length === 1);
    bob.client.signal(alice.presence, { type: 'ring', to: 'alice-1', link: 1 });
    await until(() => alice.signals.length === 1);
    expect([alice.errors, bob.errors]).toEqual([[], []]);
  });

  it('has given the name to another, and nobody is connected to us: that is the end', async () => {
    const before = await house();
    const alice = new Party(before.url, 'alice');
    await alice.join();
    await before.close();
    await until(() => alice.states.at(-1) === 'disconnected');
    const { url } = await house(before.port);
    await new Party(url, 'alice', { instance: 'thief' }).join();
    await until(() => alice.heard.length === 1);
    expect(alice.heard).toEqual(['stopped duplicate-peer name-taken']);
  });

  it('has given the name to another, and somebody is connected to us: we say so once, and have it back when the other is gone', async () => {
    const before = await house();
    const alice = new Party(before.url, 'alice');
    await alice.join();
    alice.met = true;
    await before.close();
    await until(() => alice.states.at(-1) === 'disconnected');
    const { url } = await house(before.port);
    const impostor = new Party(url, 'alice', { instance: 'impostor' });
    await impostor.join();
    alice.client.wake();
    await until(() => alice.errors.length === 1);
    // The first look is told, the second only looked.
    const again = alice.states.length;
    alice.client.wake();
    await until(() => alice.states.length > again);
    await impostor.client.leave();
    alice.client.wake();
    await until(() => alice.states.at(-1) === 'connected');
    expect(alice.errors.map(({ code, reason }) => [code, reason])).toEqual([['duplicate-peer', 'name-taken']]);
    expect(alice.heard).toEqual([]);
    expect(impostor.heard).toEqual([]);
  });

  it('is not looked for after a leave', async () => {
    const { url, close } = await house();
    const alice = new Party(url, 'alice');
    await alice.join();
    await close();
    await until(() => alice.states.at(-1) === 'disconnected');
    vi.useFakeTimers();
    try {
      await alice.client.leave();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a server that remembers', () => {
  const key = 'one key for both lives';

  it('gives us our seat back while it still holds our old socket, and tells the others that we hear again', async () => {
    const { url } = await house();
    const gate = await proxy(url);
    const [alice, bob] = [new Party(gate.url, 'alice'), new Party(url, 'bob')];
    await alice.join();
    await bob.join();
    await until(() => alice.heard.length === 1);
    // Our end of the connection ends, and the server is not told.
    gate.abandon();
    await until(() => alice.states.at(-1) === 'disconnected');
    alice.client.wake();
    await until(() => alice.states.at(-1) === 'connected');
    bob.client.signal(alice.presence, { type: 'ring', to: 'alice-1', link: 1 });
    await until(() => alice.signals.length === 1);
    expect([alice.heard, bob.heard, alice.errors]).toEqual([['appeared bob-1'], ['appeared alice-1'], []]);
  });

  it('gives us our seat back after it saw our socket closing', async () => {
    const { url, cut } = await house();
    const [alice, bob] = [new Party(url, 'alice'), new Party(url, 'bob')];
    await alice.join();
    cut();
    await until(() => alice.states.at(-1) === 'disconnected');
    await bob.join();
    await expect(new Party(url, 'alice', { instance: 'thief' }).join()).rejects.toMatchObject({ reason: 'name-taken' });
    alice.client.wake();
    await until(() => alice.states.at(-1) === 'connected');
    await until(() => bob.heard.length === 1);
    expect([alice.heard, bob.heard, alice.errors]).toEqual([['appeared bob-1'], ['appeared alice-1'], []]);
  });

  it('refuses another instance with our key while we are there, and we notice nothing', async () => {
    const { url } = await house();
    const [first, second] = ['1', '2'].map((instance) => new Party(url, 'alice', { instance, key }));
    await first?.join();
    await expect(second?.join()).rejects.toMatchObject({ code: 'duplicate-peer', reason: 'name-taken' });
    expect([first?.heard, first?.errors]).toEqual([[], []]);
    expect(first?.states).toEqual(['connecting', 'connected']);
  });

  it.each([true, false])('has given our name to another with our key: that is the end (met: %s)', async (met) => {
    const { url, cut } = await house();
    const old = new Party(url, 'alice', { instance: 'old', key });
    await old.join();
    old.met = met;
    cut();
    await until(() => old.states.at(-1) === 'disconnected');
    const next = new Party(url, 'alice', { instance: 'next', key });
    await next.join();
    old.client.wake();
    await until(() => old.heard.length === 1);
    expect(old.heard).toEqual(['stopped duplicate-peer replaced']);
    vi.useFakeTimers();
    try {
      old.client.wake();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    expect([next.heard, next.errors]).toEqual([[], []]);
  });
});

describe('a server that sends us on', () => {
  type Join = (answer: (reply: unknown) => void, socket: Socket<ClientToServer, Anything>) => void;

  /** Answers the joins that come, one after the other, by these; the last goes on. */
  const answering = (...answers: Join[]): Promise<string> =>
    stranger((socket) => {
      socket.on('join', (_, answer) => {
        const [next] = answers.length > 1 ? answers.splice(0, 1) : answers;
        next?.(answer, socket);
      });
    });
  const welcome: Join = (answer) => answer({ ok: true, members: [] });
  const refusing =
    (code: string): Join =>
    (answer) =>
      answer({ ok: false, code, message: `it is ${code}` });
  const closing: Join = (answer, socket) => {
    answer({ ok: true, members: [] });
    socket.emit('refused', { ok: false, code: 'shutting-down', message: 'later' });
    socket.conn.close();
  };
  const dropping: Join = (answer, socket) => {
    answer({ ok: true, members: [] });
    socket.conn.close();
  };

  it.each(['unavailable', 'shutting-down', 'server-full'])(
    'by %s at the first join makes us ask the next',
    async (code) => {
      const [first, second] = [await answering(refusing(code)), await answering(welcome)];
      const alice = new Party([first, second], 'alice');
      expect(await alice.join()).toEqual([]);
      expect([alice.states, alice.errors]).toEqual([['connecting', 'connected'], []]);
    },
  );

  it('where all do so, the first join fails, and says what each said', async () => {
    const gone = await house();
    await gone.close();
    const full = await answering(refusing('server-full'));
    const failing = await answering(refusing('unavailable'));
    const error: unknown = await new Party([full, gone.url, failing], 'alice').join().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'unreachable', reason: 'signaling' });
    const { message, cause } = error as PoolError;
    expect(message).toContain('none of 3 signaling servers lets us in');
    expect(message).toContain(`${full} refuses: it is server-full; no signaling server answers at ${gone.url}`);
    expect(message).toContain(`${failing} refuses: it is unavailable`);
    expect((cause as AggregateError).errors).toHaveLength(3);
    await expect(new Party([full, full], 'bob').join()).rejects.toMatchObject({
      code: 'refused',
      reason: 'server-full',
    });
  });

  it('a refusal of us is no reason to ask the next', async () => {
    const [first, second] = [await answering(refusing('room-full')), await answering(welcome)];
    await expect(new Party([first, second], 'alice').join()).rejects.toMatchObject({ reason: 'room-full' });
  });

  it('because it shuts down is left for the next within a second or so, without an error', async () => {
    const pauses = vi.spyOn(Backoff.prototype, 'pause');
    const [first, second] = [await answering(closing), await answering(refusing('shutting-down'), welcome)];
    const alice = new Party([first, second], 'alice');
    await alice.join();
    // The second goes too, and sends us back to the first, which closes once more.
    await until(() => alice.states.filter((state) => state === 'connected').length === 3);
    expect(pauses.mock.calls).toEqual([[true], [true], [true]]);
    expect(alice.errors).toEqual([]);
  });

  it('before it was asked is heard as well', async () => {
    const pauses = vi.spyOn(Backoff.prototype, 'pause');
    let comings = 0;
    const url = await stranger((socket) => {
      comings++;
      if (comings === 2) {
        socket.emit('refused', { ok: false, code: 'shutting-down', message: 'later' });
        socket.conn.close();
      } else socket.on('join', (_, answer) => (comings === 1 ? dropping : welcome)(answer, socket));
    });
    const alice = new Party(url, 'alice');
    await alice.join();
    await until(() => alice.states.filter((state) => state === 'connected').length === 2);
    expect(pauses.mock.calls).toEqual([[false], [true]]);
    expect(alice.errors).toEqual([]);
  });

  it('whose store fails for long is an error event once, while the others are asked', async () => {
    const first = await answering(dropping, refusing('unavailable'));
    let asked = 0;
    const second = await answering((answer, socket) => {
      asked++;
      (asked < 3 ? refusing('unavailable') : welcome)(answer, socket);
    });
    const alice = new Party([first, second], 'alice');
    await alice.join();
    await until(() => alice.states.filter((state) => state === 'connected').length === 2);
    expect(asked).toBe(3);
    expect(alice.errors.map(({ code, reason }) => [code, reason])).toEqual([['unreachable', 'unavailable']]);
  });

  it('comes back sooner when it has something to say to a peer', async () => {
    const patient = vi.spyOn(Backoff.prototype, 'pause').mockReturnValue(1_000_000);
    vi.spyOn(Backoff.prototype, 'urgentPause').mockReturnValue(10);
    const { url, cut } = await house();
    const alice = new Party(url, 'alice');
    await alice.join();
    cut();
    await until(() => alice.states.at(-1) === 'disconnected');
    expect(patient).toHaveBeenCalledTimes(1);
    alice.client.signal({ name: 'bob', instance: 'bob-1' }, { type: 'ring', to: 'bob-1', link: 0 });
    await until(() => alice.states.at(-1) === 'connected');
    // And again, for it may not have been heard.
    cut();
    await until(() => alice.states.filter((state) => state === 'connected').length === 3);
    expect(patient).toHaveBeenCalledTimes(1);
  });

  it('lets us in and drops us: our pauses grow all the same', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.3);
    const pauses = vi.spyOn(Backoff.prototype, 'pause');
    const url = await answering(dropping);
    const alice = new Party(url, 'alice');
    await alice.join();
    await until(() => pauses.mock.results.length === 2);
    expect(pauses.mock.results.map(({ value }) => Math.round(value as number))).toEqual([670, 1270]);
  });
});

describe('a server that is a stranger', () => {
  const member = { name: 'bob', instance: 'bob-1' };

  it.each([
    ['nothing', undefined],
    ['text', 'welcome'],
    ['no members', { ok: true }],
    ['members without names', { ok: true, members: [{ instance: 'x' }] }],
    ['a refusal without a code', { ok: false }],
  ])('is refused when it answers a join by %s', async (_, reply) => {
    const url = await stranger((socket) => socket.on('join', (_request, answer) => answer(reply)));
    await expect(new Party(url, 'alice').join()).rejects.toMatchObject({ code: 'malformed' });
  });

  it.each([
    ['version', 'unsupported'],
    ['room-full', 'refused'],
    ['shutting-down', 'unreachable'],
    ['something-new', 'refused'],
    ['__proto__', 'refused'],
  ])('refuses with %s, and that is %s', async (code, ours) => {
    const url = await stranger((socket) =>
      socket.on('join', (_, answer) => answer({ ok: false, code, message: 'no' })),
    );
    await expect(new Party(url, 'alice').join()).rejects.toMatchObject({ code: ours, reason: code });
  });

  it('is heard as far as it makes sense, and the rest is an error event', async () => {
    const url = await stranger((socket) => {
      socket.on('join', (_, answer) => answer({ ok: true, members: [] }));
      socket.on('signal', () => {
        socket.emit('joined', null);
        socket.emit('left', 'bob');
        socket.emit('signal', member, { type: 'offer' });
        socket.emit('signal', { name: '', instance: '' }, { type: 'ring', to: 'alice-1', link: 1 });
        socket.emit('refused', 7);
        socket.emit('refused', { ok: false, code: 'too-large', message: 'a signal is smaller' });
        socket.emit('unheard-of');
        socket.emit('joined', member);
        socket.emit('joined', { name: 'alice', instance: 'alice-1' });
        socket.emit('joined', { name: 'bob', instance: 'bob-2' });
        socket.emit('left', member, 'left');
      });
    });
    const alice = new Party(url, 'alice');
    await alice.join();
    alice.client.signal(member, { type: 'ring', to: 'bob-1', link: 1 });
    await until(() => alice.heard.length === 4);
    expect(alice.heard).toEqual(['appeared bob-1', 'gone bob-1 closed', 'appeared bob-2', 'gone bob-1 left']);
    expect(alice.errors.map(({ code }) => code)).toEqual([...Array<string>(5).fill('malformed'), 'too-large']);
  });

  it('lets us in although what it hands out makes no sense, and that is an error event', async () => {
    const servers = [{ urls: ['stun:stun.example.org'] }];
    const url = await stranger((socket) => {
      socket.on('join', (_, answer) => {
        socket.emit('ice', { servers: [] });
        answer({ ok: true, members: [member], ice: { servers: 'stun:stun.example.org' } });
      });
      socket.on('signal', () => {
        socket.emit('ice', { servers });
        socket.emit('ice');
        socket.emit('ice', { servers: [{ urls: ['https://example.org'] }] });
        socket.emit('joined', { name: 'carol', instance: 'carol-1' });
      });
    });
    const alice = new Party(url, 'alice');
    expect(await alice.join()).toEqual([member]);
    expect(alice.errors).toMatchObject([{ code: 'malformed', reason: 'signaling' }]);
    alice.client.signal(member, { type: 'ring', to: 'bob-1', link: 1 });
    await until(() => alice.heard.length === 1);
    expect(alice.errors.map(({ code, reason }) => `${code} ${reason}`)).toEqual(
      Array<string>(3).fill('malformed signaling'),
    );
    expect(alice.ice.current).toEqual(servers);
  });

  it('hands out none any more when it says nothing of them to who comes back', async () => {
    const ice = { servers: [{ urls: ['stun:stun.example.org'] }] };
    let joins = 0;
    const url = await stranger((socket) => {
      socket.on('join', (_, answer) => answer({ ok: true, members: [], ...(joins++ === 0 && { ice }) }));
      socket.on('signal', () => socket.disconnect(true));
    });
    const alice = new Party(url, 'alice');
    await alice.join();
    expect(alice.ice.current).toEqual(ice.servers);
    alice.client.signal(member, { type: 'ring', to: 'bob-1', link: 1 });
    await until(() => alice.states.at(-1) === 'disconnected');
    expect(alice.ice.current).toEqual(ice.servers);
    alice.client.wake();
    await until(() => alice.states.at(-1) === 'connected');
    expect([alice.ice.current, alice.errors]).toEqual([[], []]);
  });

  it('lists who comes in the same breath as its reply, and does not announce them as well', async () => {
    const url = await stranger((socket) => {
      socket.on('join', (_, answer) => {
        socket.emit('joined', { name: 'carol', instance: 'carol-0' });
        answer({ ok: true, members: [member] });
        socket.emit('joined', { name: 'carol', instance: 'carol-1' });
      });
      socket.on('signal', () => socket.emit('left', member));
    });
    const alice = new Party(url, 'alice');
    const listed = await alice.join();
    alice.client.signal(member, { type: 'ring', to: 'bob-1', link: 1 });
    await until(() => alice.heard.includes('gone bob-1 closed'));
    const told = alice.heard.filter((line) => line.startsWith('appeared'));
    expect([...listed.map(({ instance }) => `appeared ${instance}`), ...told]).toEqual([
      'appeared bob-1',
      'appeared carol-1',
    ]);
  });

  it('says replaced, and that is the end', async () => {
    const url = await stranger((socket) => {
      socket.on('join', (_, answer) => {
        answer({ ok: true, members: [] });
        socket.emit('refused', { ok: false, code: 'replaced', message: 'joined again elsewhere' });
      });
    });
    const alice = new Party(url, 'alice');
    await alice.join();
    await until(() => alice.heard.length === 1);
    expect(alice.heard).toEqual(['stopped duplicate-peer replaced']);
  });

  it('may ask whether we are there, and is told so only while we are', async () => {
    const answers: unknown[] = [];
    const url = await stranger((socket) => {
      const ask = (): unknown => socket.emit('still-here', (answer: unknown) => answers.push(answer));
      socket.on('join', (_, answer) => {
        ask();
        answer({ ok: true, members: [] });
        ask();
        socket.emit('still-here');
        socket.emit('still-here', 'no function');
      });
    });
    const alice = new Party(url, 'alice');
    await alice.join();
    await until(() => answers.length > 0);
    await alice.client.leave();
    expect(answers).toEqual([true]);
    expect(alice.errors).toEqual([]);
  });

  it('hears a goodbye when we leave', async () => {
    const said: string[] = [];
    const url = await stranger((socket) => {
      socket.onAny((event: string) => said.push(event));
      socket.on('join', (_, answer) => answer({ ok: true, members: [] }));
    });
    const alice = new Party(url, 'alice');
    await alice.join();
    await alice.client.leave();
    await until(() => said.length === 2);
    expect(said).toEqual(['join', 'leave']);
  });

  it('hears a goodbye by a beacon too when the page goes, for the socket may go with it', async () => {
    const sent: string[] = [];
    const key = 'the key of alice';
    vi.stubGlobal('navigator', { sendBeacon: (url: string, body: string) => sent.push(`${url} ${body}`) });
    const url = await stranger((socket) => {
      socket.on('join', (_, answer) => answer({ ok: true, members: [] }));
    });
    const [alice, bob] = [new Party(url, 'alice', { key }), new Party(url, 'bob')];
    await alice.join();
    await bob.join();
    await bob.client.leave();
    await alice.client.leave(true);
    expect(sent).toEqual([`${url}/peerpool?leave {"room":"sums","name":"alice","instance":"alice-1","key":"${key}"}`]);
    vi.unstubAllGlobals();
  });

  it('hears a goodbye also when we close the socket at once', async () => {
    const said: string[] = [];
    const url = await stranger((socket) => {
      socket.onAny((event: string) => said.push(event));
      socket.on('disconnect', (reason) => said.push(reason));
      socket.on('join', (_, answer) => answer({ ok: true, members: [] }));
    });
    const alice = new Party(url, 'alice');
    await alice.join();
    await alice.client.leave(true);
    await until(() => said.length === 3);
    expect(said).toEqual(['join', 'leave', 'client namespace disconnect']);
  });
});
