import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nameKey, type Tab, TabSecret } from './tab-secret.ts';

const SECRET = /^[0-9a-f]{32}$/;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  // Whatever was taken and given back, or never given: no timer is left of the taking.
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** What the pages of one origin share. */
class Origin {
  readonly #queues = new Map<string, (() => void)[]>();
  readonly #channels = new Set<{ name: string; onmessage: ((event: { data: unknown }) => void) | null }>();

  /** Names of locks that somebody has. */
  get locked(): string[] {
    return [...this.#queues.keys()];
  }

  /** Names of channels that somebody listens to. */
  get open(): string[] {
    return [...this.#channels].map(({ name }) => name);
  }

  /** How long the browser takes to answer, in ms. */
  slowness = 0;

  readonly locks = {
    request: async (
      name: string,
      { signal, ifAvailable }: LockOptions,
      callback: (lock: unknown) => Promise<void> | undefined,
    ) => {
      if (this.slowness > 0) await new Promise((resolve) => setTimeout(resolve, this.slowness));
      signal?.throwIfAborted();
      const queue = this.#queues.get(name) ?? [];
      if (ifAvailable === true && queue.length > 0) {
        await callback(null);
        return;
      }
      this.#queues.set(name, queue);
      await new Promise<void>((resolve, reject) => {
        let granted = false;
        const grant = async (): Promise<void> => {
          granted = true;
          await callback({ name });
          queue.shift();
          queue[0]?.();
          if (queue.length === 0) this.#queues.delete(name);
          resolve();
        };
        const turn = (): void => {
          grant().catch(reject);
        };
        signal?.addEventListener('abort', () => {
          if (granted) return;
          queue.splice(queue.indexOf(turn), 1);
          reject(signal.reason as Error);
        });
        queue.push(turn);
        if (queue[0] === turn) queueMicrotask(turn);
      });
    },
  } as unknown as LockManager;

  readonly channel = (name: string): BroadcastChannel => {
    const channels = this.#channels;
    const channel = {
      name,
      onmessage: null,
      postMessage: (data: unknown) => {
        for (const other of channels) {
          if (other !== channel && other.name === name) queueMicrotask(() => other.onmessage?.({ data }));
        }
      },
      close: () => {
        channel.onmessage = null;
        channels.delete(channel);
      },
    };
    channels.add(channel);
    return channel as unknown as BroadcastChannel;
  };
}

class Store {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  /** As `window.open` and "duplicate tab" do. */
  copy(): Store {
    const copy = new Store();
    for (const [key, value] of this.items) copy.setItem(key, value);
    return copy;
  }
}

let origin: Origin;
beforeEach(() => {
  origin = new Origin();
});

/** A page of a tab; `locks: false` as on an insecure origin. */
function page(storage: Tab['storage'], { locks = true, channel = true, frame = '' } = {}): TabSecret {
  const tab: Tab = {
    storage,
    locks: locks ? origin.locks : undefined,
    channel: channel ? origin.channel : undefined,
    frame,
  };
  return new TabSecret(() => tab);
}

describe.each([
  ['Web Locks', { locks: true, wait: 250 }],
  ['a BroadcastChannel', { locks: false, wait: 150 }],
])('the secret of a tab, with %s', (_what, { wait, ...means }) => {
  it('is fresh and at once in a tab that has none', async () => {
    const [one, other] = await Promise.all([page(new Store(), means).take(), page(new Store(), means).take()]);
    expect(one.secret).toMatch(SECRET);
    expect(other.secret).not.toBe(one.secret);
    one.release();
    other.release();
  });

  it('is the same for all of a page, and held until the last lets go', async () => {
    const store = new Store();
    const first = page(store, means);
    const [alice, bob] = await Promise.all([first.take(), first.take()]);
    expect(bob.secret).toBe(alice.secret);
    expect([...origin.locked, ...origin.open]).toHaveLength(1);
    alice.release();
    alice.release();
    const copied = page(store.copy(), means).take();
    await vi.advanceTimersByTimeAsync(wait);
    const copy = await copied;
    expect(copy.secret).not.toBe(bob.secret);
    copy.release();
    bob.release();
    await vi.advanceTimersByTimeAsync(0);
    expect([...origin.locked, ...origin.open]).toEqual([]);
  });

  it('stays over a reload, and over the end of all its pools', async () => {
    const store = new Store();
    const before = page(store, means);
    const first = await before.take();
    first.release();
    const again = before.take();
    await vi.advanceTimersByTimeAsync(150);
    expect((await again).secret).toBe(first.secret);
    (await again).release();
    const after = page(store, means).take();
    await vi.advanceTimersByTimeAsync(150);
    expect((await after).secret).toBe(first.secret);
    (await after).release();
  });

  it('is a new one in a copied page, which keeps that over its own reloads', async () => {
    const store = new Store();
    const original = await page(store, means).take();
    const copy = store.copy();
    const copied = page(copy, means).take();
    await vi.advanceTimersByTimeAsync(wait);
    const { secret, release } = await copied;
    expect(secret).toMatch(SECRET);
    expect(secret).not.toBe(original.secret);
    release();
    const reloaded = page(copy, means).take();
    await vi.advanceTimersByTimeAsync(150);
    expect((await reloaded).secret).toBe(secret);
    (await reloaded).release();
    original.release();
    const again = page(store, means).take();
    await vi.advanceTimersByTimeAsync(150);
    expect((await again).secret).toBe(original.secret);
    (await again).release();
  });

  it('does not disclose itself to other pages of the origin', async () => {
    const { secret, release } = await page(new Store(), means).take();
    const names = [...origin.locked, ...origin.open];
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^peerpool\/tab\/[0-9a-f]{32}$/);
    expect(names[0]).not.toContain(secret.slice(0, 8));
    release();
  });

  it('is another in each frame of a tab', async () => {
    const store = new Store();
    const [top, inner] = [page(store, means), page(store, { ...means, frame: '/0' })];
    const leases = await Promise.all([top.take(), inner.take()]);
    expect(new Set(leases.map(({ secret }) => secret)).size).toBe(2);
    for (const lease of leases) lease.release();
    const later = Promise.all([top.take(), inner.take()]);
    await vi.advanceTimersByTimeAsync(150);
    expect((await later).map(({ secret }) => secret)).toEqual(leases.map(({ secret }) => secret));
    for (const lease of await later) lease.release();
  });

  it('is never the same in two pages that begin at once with one stored', async () => {
    const store = new Store();
    (await page(store, means).take()).release();
    const taken = Promise.all([page(store.copy(), means).take(), page(store.copy(), means).take()]);
    await vi.advanceTimersByTimeAsync(wait);
    const leases = await taken;
    expect(new Set(leases.map(({ secret }) => secret)).size).toBe(2);
    for (const lease of leases) lease.release();
  });

  it('is not what somebody else has put in its place', async () => {
    const store = new Store();
    (await page(store, means).take()).release();
    for (const key of store.items.keys()) store.setItem(key, 'guess me');
    const { secret, release } = await page(store, means).take();
    expect(secret).toMatch(SECRET);
    expect([...store.items.values()]).toEqual([secret]);
    release();
  });
});

describe('the secret of a tab', () => {
  it('waits for a page that lets go a moment later, as before a reload', async () => {
    const store = new Store();
    const before = await page(store).take();
    const after = page(store).take();
    await vi.advanceTimersByTimeAsync(200);
    before.release();
    await vi.advanceTimersByTimeAsync(0);
    expect((await after).secret).toBe(before.secret);
    (await after).release();
  });

  it('is free at once for a page that was loaded again, where there are locks', async () => {
    const store = new Store();
    const { secret, release } = await page(store).take();
    release();
    const after = await page(store).take();
    expect(after.secret).toBe(secret);
    after.release();
  });

  it('is guarded, and kept over a reload, however slow the browser is to give locks', async () => {
    origin.slowness = 2000;
    const store = new Store();
    const first = await page(store).take();
    await vi.advanceTimersByTimeAsync(2000);
    expect(origin.locked).toHaveLength(1);
    const copied = page(store.copy()).take();
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await copied).secret).not.toBe(first.secret);
    first.release();
    const after = page(store).take();
    await vi.advanceTimersByTimeAsync(2000);
    expect((await after).secret).toBe(first.secret);
    (await after).release();
    (await copied).release();
  });

  it('is a fresh one where the browser gives no answer, and no lock stays when it does later', async () => {
    const store = new Store();
    (await page(store).take()).release();
    const [before] = store.items.values();
    await vi.advanceTimersByTimeAsync(0);
    origin.slowness = 60_000;
    const taking = page(store).take();
    await vi.advanceTimersByTimeAsync(3000);
    const { secret, release } = await taking;
    expect(secret).toMatch(SECRET);
    expect(secret).not.toBe(before);
    release();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(origin.locked).toEqual([]);
  });

  it('leaves no timer when it is given back before the browser has answered', async () => {
    origin.slowness = 60_000;
    const { release } = await page(new Store()).take();
    release();
    // The one that is left is the browser's.
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(origin.locked).toEqual([]);
  });

  it('is fresh for each where nothing can be stored', async () => {
    const nowhere = new TabSecret(() => undefined);
    const leases = await Promise.all([nowhere.take(), nowhere.take()]);
    expect(new Set(leases.map(({ secret }) => secret)).size).toBe(2);
    for (const lease of leases) lease.release();
  });

  it('ends with the page where the storage refuses to keep it', async () => {
    const denied = {
      getItem: (): never => {
        throw new DOMException('denied', 'SecurityError');
      },
      setItem: (): never => {
        throw new DOMException('full', 'QuotaExceededError');
      },
    };
    const { secret, release } = await page(denied).take();
    expect(secret).toMatch(SECRET);
    release();
  });

  it('is a fresh one where locks are refused', async () => {
    const store = new Store();
    (await page(store).take()).release();
    const [before] = store.items.values();
    const refused = {
      request: () => Promise.reject(new DOMException('not here', 'SecurityError')),
    } as unknown as LockManager;
    const tab: Tab = { storage: store, locks: refused, channel: origin.channel, frame: '' };
    const { secret, release } = await new TabSecret(() => tab).take();
    expect(secret).toMatch(SECRET);
    expect(secret).not.toBe(before);
    release();
  });

  it('is kept where a page can ask nobody', async () => {
    const store = new Store();
    const means = { locks: false, channel: false };
    const { secret, release } = await page(store, means).take();
    release();
    const after = await page(store, means).take();
    expect(after.secret).toBe(secret);
    after.release();
  });
});

describe('the key of a name', () => {
  const secret = '0123456789abcdef0123456789abcdef';
  const key = (servers = ['https://a.example'], path = '/peerpool', room = 'sums', name = 'alice', from = secret) =>
    nameKey(from, servers, path, room, name);

  it('is HMAC-SHA-256 under the secret', () => {
    // printf '["peerpool name",["https://a.example"],"/peerpool","sums","alice"]' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    expect(key()).toBe('97dee4d3bdc4c5dd676e74deeeda9dc229111b9af474eb24ff148668c6ff7b68');
  });

  it('is another for every server, path, room, name and secret', () => {
    const keys = [
      key(),
      key(['https://b.example']),
      key(['https://a.example', 'https://b.example']),
      key(undefined, '/other'),
      key(undefined, undefined, 'chat'),
      key(undefined, undefined, undefined, 'bob'),
      key(undefined, undefined, undefined, undefined, secret.replace('0', '1')),
      key(undefined, undefined, 'sum', 'salice'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is one for servers that stand for one room, in whatever order they are tried', () => {
    expect(key(['https://b.example', 'https://a.example'])).toBe(key(['https://a.example', 'https://b.example']));
  });
});
