import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as SocketServer } from 'socket.io';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  attachSignaling,
  type SignalingOptions,
  signToken,
  tokenAuthorizer,
} from '../../../../signaling-server/server.ts';
import type { PoolError } from '../../errors.ts';
import type { Presence, TransportListener } from '../transport.ts';
import { SignalingClient } from './signaling-client.ts';
import { fetchToken, type Token, tokenOption } from './token-source.ts';

const ending: (() => unknown)[] = [];
const purpose = { room: 'sums', name: 'alice' };
const secret = 'a secret of thirty-two bytes, ok';

beforeEach(() => {
  // The shortest pause before another try.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (let end = ending.pop(); end !== undefined; end = ending.pop()) await end();
});

async function server(options: SignalingOptions): Promise<string> {
  const http = createServer();
  const signaling = attachSignaling(http, { observe: () => {}, ...options });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  ending.push(async () => {
    await signaling.close();
    await new Promise((resolve) => http.close(resolve));
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

class Alice implements TransportListener {
  readonly presence: Presence = { name: 'alice', instance: 'alice-1' };
  readonly client: SignalingClient;
  readonly heard: string[] = [];
  readonly errors: PoolError[] = [];
  #waiting: (() => void)[] = [];

  constructor(url: string, token: Token | undefined, patience = 5000) {
    const key = Promise.resolve('a key of sixteen bytes and more');
    const options = { io, urls: [url] as const, path: '/peerpool', room: 'sums', key, token, patience };
    this.client = new SignalingClient(options, this.presence, this);
    ending.push(() => this.client.leave());
  }

  join = (): Promise<readonly Presence[]> => this.client.join(new AbortController().signal);
  appeared = ({ name }: Presence): void => this.#hear(`appeared ${name}`);
  disappeared = ({ name }: Presence, how: string): void => this.#hear(`gone ${name} ${how}`);
  signal = (): void => this.#hear('signal');
  state = (state: string): void => this.#hear(state);
  hasPeers = (): boolean => false;
  stopped = ({ reason }: PoolError): void => this.#hear(`stopped ${reason}`);
  error = (error: PoolError): void => {
    this.errors.push(error);
    this.#hear(`error ${error.code} ${error.reason}`);
  };

  /** Looks again whenever something was heard. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** How often that was heard. */
  times(what: string): number {
    return this.heard.filter((heard) => heard === what).length;
  }

  #hear(what: string): void {
    this.heard.push(what);
    for (const look of this.#waiting.splice(0)) look();
  }
}

describe('a token', () => {
  it('is a string, or what a function returns or promises, told for which room and name', async () => {
    expect(await fetchToken(undefined, purpose)).toBeUndefined();
    expect(await fetchToken('abc', purpose)).toBe('abc');
    expect(await fetchToken(({ room, name }) => `${room} ${name}`, purpose)).toBe('sums alice');
    expect(await fetchToken(async () => 'later', purpose)).toBe('later');
  });

  it.each([7, '', null, {}])('is not %j', (value) => {
    expect(() => tokenOption(value)).toThrow(TypeError);
  });

  it.each<[string, () => string | Promise<string>, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no session');
      },
      /^refused: the token function failed/,
    ],
    ['rejects', () => Promise.reject(new Error('no session')), /^refused: the token function failed/],
    ['returns nothing', () => undefined as unknown as string, /returned no token/],
    ['returns an empty one', () => '', /returned no token/],
  ])('of a function that %s is a clear error', async (_what, token, sentence) => {
    const error = await fetchToken(token, purpose).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'refused', reason: 'token', cause: expect.any(Error) as Error });
    expect((error as PoolError).message).toMatch(sentence);
  });
});

describe('joining with a token', () => {
  it('shows what the function says for this room and name, afresh each time', async () => {
    const url = await server({ authorize: await tokenAuthorizer(secret) });
    const asked: unknown[] = [];
    const alice = new Alice(url, (about) => {
      asked.push(about);
      return signToken({ secret, ...about, expiresIn: 60 });
    });
    expect(await alice.join()).toEqual([]);
    expect(asked).toEqual([purpose]);
  });

  it.each<[string, Token | undefined, string]>([
    ['without one', undefined, 'unauthorized'],
    ['with another', 'let me in', 'unauthorized'],
  ])('%s is refused, and says why', async (_what, token, reason) => {
    const url = await server({ authorize: await tokenAuthorizer(secret) });
    const error = await new Alice(url, token).join().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'refused', reason });
    expect((error as PoolError).message).not.toContain('let me in');
  });

  it('rejects when the function fails, and says that it did', async () => {
    const url = await server({ authorize: () => ({ ok: true }) });
    const cause = new Error('no session');
    const failing = new Alice(url, () => Promise.reject(cause)).join();
    await expect(failing).rejects.toMatchObject({ code: 'refused', reason: 'token', cause });
  });

  it.each<[string, number, number]>([
    ['we do', 2000, 60_000],
    ['the server does', 60_000, 1500],
  ])('rejects when the function does not answer for longer than %s wait', async (_who, patience, joinDeadline) => {
    const url = await server({ joinDeadline });
    const hanging = new Alice(url, () => new Promise(() => {}), patience).join();
    await expect(hanging).rejects.toMatchObject({ code: 'refused', reason: 'token' });
  });
});

describe('a token that expires', () => {
  it('is renewed when the server says so, each time with a new one, and without a word to anybody', async () => {
    const shown: unknown[] = [];
    const http = createServer();
    const sockets = new SocketServer(http, { path: '/peerpool', addTrailingSlash: false });
    sockets.on('connection', (socket) => {
      socket.on('join', ({ token }: { token: unknown }, reply: (answer: unknown) => void) => {
        shown.push(token);
        reply({ ok: true, members: [] });
      });
      socket.on('signal', () => socket.emit('expiring', 1000));
      socket.on('renew', (token: unknown, reply: (answer: unknown) => void) => {
        shown.push(token);
        reply({ ok: true });
        socket.emit('joined', { name: 'bob', instance: `bob-${shown.length}` });
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    ending.push(() => sockets.close());
    let tokens = 0;
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const alice = new Alice(url, () => `token ${(tokens += 1)}`);
    await alice.join();
    for (const round of [1, 2]) {
      alice.client.signal(alice.presence, { type: 'ring', to: 'alice-1', link: 1 });
      await alice.until(() => alice.times('appeared bob') === round);
    }
    expect(shown).toEqual(['token 1', 'token 2', 'token 3']);
    expect(alice.heard.filter((heard) => !/bob/.test(heard))).toEqual(['connecting', 'connected']);
  });

  it('and is not renewed ends the way to the server; it comes back by itself, with a new one', async () => {
    const url = await server({
      authorize: ({ token, renewal }) => {
        if (renewal) return { ok: false, message: 'not this one' };
        return { ok: true, expires: token === 'second' ? Infinity : Date.now() + 300 };
      },
    });
    const tokens = ['second', 'renewal', 'first'];
    const alice = new Alice(url, () => tokens.pop() ?? 'more');
    await alice.join();
    await alice.until(() => alice.times('connected') === 2);
    expect(alice.heard).toEqual([
      'connecting',
      'connected',
      'error refused unauthorized',
      'error refused expired',
      'disconnected',
      'connected',
    ]);
    expect(tokens).toEqual([]);
  });

  it('whose function fails is an error event, and asked for again when there is occasion', async () => {
    const url = await server({ authorize: () => ({ ok: true, expires: Date.now() + 300 }) });
    const answers = ['first', undefined, undefined, 'last'];
    const alice = new Alice(url, () => answers.shift() ?? Promise.reject(new Error('no session')));
    await alice.join();
    await alice.until(() => alice.times('connected') === 2);
    expect(alice.heard.slice(2, 6)).toEqual([
      'error refused token',
      'error refused expired',
      'disconnected',
      'error refused token',
    ]);
    expect(alice.errors[0]?.cause).toEqual(new Error('no session'));
  });
});
