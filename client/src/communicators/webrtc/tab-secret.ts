import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { randomId } from '../random-id.ts';

/** Where in `sessionStorage`. */
const STORED = 'peerpool/tab-secret';
/**
 * How long a secret that somebody holds is waited for, in ms: the page before a reload lets go of it within some, the
 * page that we are a copy of never does.
 */
const PATIENCE_MS = 250;
/** A browser that does not say within this time whether a lock is held, in ms, does not let the page have any yet, as while it is rendered ahead. */
const ANSWER_MS = 3000;
/** Where there are no locks: a page that lives answers within this time, in ms. Only a page that was loaded again waits for it. */
const SILENCE_MS = 150;

/** What a page offers for keeping a secret. */
export interface Tab {
  /** Kept across a reload, and copied by `window.open` and "duplicate tab". */
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>;
  /** Not there on insecure origins. */
  readonly locks: Pick<LockManager, 'request'> | undefined;
  readonly channel: ((name: string) => BroadcastChannel) | undefined;
  /** Frames of one tab share its storage: which of them this is. */
  readonly frame: string;
}

/** A secret for as long as somebody has need of it. */
export interface Lease {
  readonly secret: string;
  /** Takes effect within the call, as `pagehide` needs it. Safe to call twice. */
  readonly release: () => void;
}

/** Tells the other pages that a secret is ours. */
interface Guard {
  /** Whether it is: nobody had it, or whoever did let go of it in time. Never rejects. */
  readonly free: Promise<boolean>;
  letGo(): void;
}

interface Held {
  readonly secret: string;
  readonly guard: Guard;
}

/**
 * What proves to a signaling server that we are the page that had a name before. Kept across a reload, but not across a
 * copy of the page: who finds the stored secret held by a living page takes and stores a new one.
 */
export class TabSecret {
  readonly #tab: () => Tab | undefined;
  #leases = 0;
  #held: Promise<Held> | undefined;

  constructor(tab: () => Tab | undefined) {
    this.#tab = tab;
  }

  /**
   * All who have it at a time have the same; where nothing can be stored, each a fresh one. Takes some milliseconds, a
   * quarter of a second in a copied page, and does not fail.
   */
  async take(): Promise<Lease> {
    const tab = this.#tab();
    if (tab === undefined) return { secret: randomId(), release: () => {} };
    this.#leases++;
    const held = (this.#held ??= hold(tab));
    const { secret, guard } = await held;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      if (--this.#leases > 0) return;
      this.#held = undefined;
      guard.letGo();
    };
    return { secret, release };
  }
}

/** This page's. Nothing is touched before it is taken. */
export const tabSecret = new TabSecret(thisTab);

/**
 * What one server is shown for one name: HMAC-SHA-256 (RFC 2104) under the secret, in base 16, so that it proves nothing
 * elsewhere. Servers that are given together stand for one room, and see the same.
 */
export function nameKey(secret: string, servers: readonly string[], path: string, room: string, name: string): string {
  const place = JSON.stringify(['peerpool name', [...servers].sort(), path, room, name]);
  return base16(hmac(sha256, encode(secret), encode(place)));
}

async function hold(tab: Tab): Promise<Held> {
  const key = STORED + tab.frame;
  const stored = read(tab.storage, key);
  if (stored !== undefined) {
    const guard = guarded(tab, stored);
    if (await guard.free) return { secret: stored, guard };
    guard.letGo();
  }
  const secret = randomId();
  write(tab.storage, key, secret);
  return { secret, guard: guarded(tab, secret) };
}

function guarded({ locks, channel }: Tab, secret: string): Guard {
  // Other pages of the origin can see it, and learn nothing by it.
  const name = `peerpool/tab/${base16(sha256(encode(`peerpool tab ${secret}`))).slice(0, 32)}`;
  if (locks !== undefined) return guardByLock(locks, name);
  if (channel !== undefined) return guardByAnswer(channel(name));
  return { free: Promise.resolve(true), letGo: () => {} };
}

/**
 * The browser takes the lock away when the page ends, however it ends. Asked first without waiting: that a lock is held is its answer, and not the silence of a
 * machine that is busy.
 */
function guardByLock(locks: Pick<LockManager, 'request'>, name: string): Guard {
  const given = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let release: (() => void) | undefined;
  const free = new Promise<boolean>((resolve) => {
    const keep = (lock: Lock | null): Promise<void> | undefined => {
      clearTimeout(timer);
      if (lock === null || given.signal.aborted) return undefined;
      resolve(true);
      return new Promise((done) => (release = done));
    };
    const take = async (): Promise<void> => {
      timer = setTimeout(() => resolve(false), ANSWER_MS);
      await locks.request(name, { ifAvailable: true }, keep);
      if (release !== undefined || given.signal.aborted) return;
      timer = setTimeout(() => given.abort(), PATIENCE_MS);
      await locks.request(name, { signal: given.signal }, keep);
    };
    // Given up, taken away by force, or not for this page at all. After `keep` has said that it is ours, this says nothing more.
    const over = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    take().then(over, over);
  });
  const letGo = (): void => {
    given.abort();
    clearTimeout(timer);
    release?.();
  };
  return { free, letGo };
}

/** Two that ask in the same instant answer each other, and both take new ones. */
function guardByAnswer(channel: BroadcastChannel): Guard {
  let silence: ReturnType<typeof setTimeout> | undefined;
  const free = new Promise<boolean>((resolve) => {
    silence = setTimeout(() => resolve(true), SILENCE_MS);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === 'held?') channel.postMessage('held');
      else if (data === 'held') resolve(false);
    };
    channel.postMessage('held?');
  });
  const letGo = (): void => {
    clearTimeout(silence);
    channel.close();
  };
  return { free, letGo };
}

/** What is not one of ours, or can't be read any more, is as good as none. */
function read(storage: Tab['storage'], key: string): string | undefined {
  try {
    const stored = storage.getItem(key);
    return stored !== null && /^[0-9a-f]{32}$/.test(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}

/** A storage that is full or closed keeps nothing; then the secret ends with the page. */
function write(storage: Tab['storage'], key: string, secret: string): void {
  try {
    storage.setItem(key, secret);
  } catch {
    return;
  }
}

/** Nothing in Node and in workers, and where the page may not store anything: to ask for the storage throws there. */
function thisTab(): Tab | undefined {
  try {
    const { sessionStorage: storage, BroadcastChannel: Channel, navigator } = globalThis as Partial<typeof globalThis>;
    if (!storage) return undefined;
    const { locks }: Partial<Navigator> = navigator ?? {};
    return { storage, locks, channel: Channel && ((name) => new Channel(name)), frame: frame() };
  } catch {
    return undefined;
  }
}

/** By its place among its siblings, level by level; the page itself is the empty text. */
function frame(): string {
  const { window } = globalThis as Partial<typeof globalThis>;
  let path = '';
  for (let at: Window | undefined = window; at !== undefined && at !== at.parent; at = at.parent) {
    const { parent } = at;
    let index = 0;
    while (index < parent.length && parent[index] !== at) index++;
    path = `/${index}${path}`;
  }
  return path;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function base16(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
