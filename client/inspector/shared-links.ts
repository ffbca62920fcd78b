import type { LinkKind, LinkState } from '../src/index.ts';
import type { InspectedPool } from './inspected-pool.ts';
import type { PeerFigures } from './peer-figures.ts';

/** The object under which an inspector that shares can be asked, and its one method. */
const OBJECT = 'peerpool.inspector';
const METHOD = `${OBJECT}.links`;

/** A link between two others, as one of them tells it. */
export interface SharedLink {
  readonly name: string;
  readonly state: LinkState;
  readonly kind: LinkKind | undefined;
  /** Milliseconds. */
  readonly roundTripTime: number | undefined;
}

const STATES: readonly string[] = ['connecting', 'connected', 'unresponsive'] satisfies LinkState[];
const KINDS: readonly string[] = ['direct', 'relay', 'broadcast-channel', 'local'] satisfies LinkKind[];

/** Of one peer's; it could tell of any number. */
const MOST_LINKS = 512;

/**
 * What a peer said of its links; what makes no sense is left out, for it is drawn and nothing else.
 */
export function parseLinks(value: unknown): readonly SharedLink[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MOST_LINKS).flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return [];
    const { name, state, kind, roundTripTime } = one as Readonly<Record<string, unknown>>;
    if (typeof name !== 'string' || !STATES.includes(state as string)) return [];
    const known = KINDS.includes(kind as string) ? (kind as LinkKind) : undefined;
    const time = typeof roundTripTime === 'number' && roundTripTime >= 0 ? roundTripTime : undefined;
    return [{ name, state: state as LinkState, kind: known, roundTripTime: time }];
  });
}

/** What this pool tells of its own. */
function ownLinks(pool: InspectedPool): readonly SharedLink[] {
  return [...pool.stats().peers].flatMap(([name, { link, roundTripTime }]) =>
    link === undefined ? [] : [{ name, state: link.state, kind: link.kind, roundTripTime }],
  );
}

/** How many inspectors of a pool share, and how to end it: a name is exposed once. */
const sharing = /* @__PURE__ */ new WeakMap<InspectedPool, { inspectors: number; readonly off: () => void }>();

/** Answers other inspectors, until the returned function is called. Costs nothing until one asks. */
export function shareLinks(pool: InspectedPool): () => void {
  const shared = sharing.get(pool) ?? { inspectors: 0, off: pool.expose(OBJECT, { links: () => ownLinks(pool) }) };
  sharing.set(pool, shared);
  shared.inspectors++;
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    if (--shared.inspectors > 0) return;
    sharing.delete(pool);
    shared.off();
  };
}

/** Milliseconds between two questions to one peer, and after one that it did not answer. */
const AGAIN = 2_000;
const LATER = 20_000;
/** Milliseconds that an answer may take. */
const PATIENCE = 3_000;

/** Asks peers for their links, each by itself; who does not answer is asked again much later. */
export class Neighbours {
  /** What was heard last, by peer. */
  readonly links = new Map<string, readonly SharedLink[]>();
  readonly #pool: InspectedPool;
  readonly #due = new Map<string, number>();
  readonly #end = new AbortController();

  constructor(pool: InspectedPool) {
    this.#pool = pool;
  }

  /** Asks those whose turn it is. */
  ask(now: number, peers: readonly PeerFigures[]): void {
    const here = new Set(peers.filter(({ state }) => state === 'connected').map(({ name }) => name));
    for (const name of this.#due.keys()) {
      if (here.has(name)) continue;
      this.#due.delete(name);
      this.links.delete(name);
    }
    for (const name of here) {
      if (now < (this.#due.get(name) ?? 0)) continue;
      this.#due.set(name, Infinity);
      this.#pool.call(name, METHOD, [], { timeout: PATIENCE, signal: this.#end.signal }).then(
        (answer) => this.#heard(name, AGAIN, parseLinks(answer)),
        // It has no inspector, or one that does not share, or is busy or gone: it is drawn without its links, which is all there is to say.
        () => this.#heard(name, LATER, undefined),
      );
    }
  }

  end(): void {
    this.#end.abort();
  }

  #heard(name: string, pause: number, links: readonly SharedLink[] | undefined): void {
    if (!this.#due.has(name)) return;
    this.#due.set(name, Date.now() + pause);
    if (links === undefined) this.links.delete(name);
    else this.links.set(name, links);
  }
}
