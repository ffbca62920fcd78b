import type { CandidateCounts, ConnectionDiagnosis, IceServerReport } from '../../connection-diagnosis.ts';
import { said } from '../../said.ts';
import { diagnose } from './verdict.ts';

/** How often a connection that is slow to come about is asked how its pairs are, in ms. Most are there long before, and cost nothing. */
const LOOK_EVERY_MS = 2_000;

/** Of a link that comes and goes for hours the last ones tell enough. */
const MOST_STATES = 20;

/** RFC 8839, section 5.1, from the foundation to the type: what comes after it differs between a description and a candidate of its own. */
const CANDIDATE = /candidate:(\S+ \d+ (udp|tcp) \d+ (\S+) \d+ typ (host|srflx|prflx|relay))/gi;

/** From 700 on the browser speaks for itself: no answer came. Below that the server said no (RFC 8489, section 14.8). */
const BROWSERS_OWN = 700;

/** From the worst to the best. */
const OUTCOMES: readonly IceServerReport['outcome'][] = ['silent', 'unreached', 'refused', 'answered'];

type Kind = keyof CandidateCounts;

/** Watches one attempt at a connection: what each end has told the other, which servers answered, what ICE reported. */
export class IceDiagnosis {
  readonly #relayOnly: boolean;
  readonly #servers: Map<string, IceServerReport>;
  readonly #began = performance.now();
  readonly #local = new Candidates();
  readonly #remote = new Candidates();
  #ms: number | undefined;
  #made = false;
  #answered = false;
  #gathering: ConnectionDiagnosis['gathering'] = 'new';
  readonly #states: string[] = [];
  #pairs: Record<string, number> = {};
  #opened = false;
  #error: string | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;

  constructor({ iceServers = [], iceTransportPolicy }: RTCConfiguration) {
    this.#relayOnly = iceTransportPolicy === 'relay';
    const urls = iceServers.flatMap(({ urls }) => urls).map(plainUrl);
    this.#servers = new Map(urls.map((url) => [fullUrl(url), { url, outcome: 'silent' }]));
  }

  /** How it is, or was when it ended. */
  get now(): ConnectionDiagnosis {
    return diagnose({
      ms: Math.round(this.#ms ?? performance.now() - this.#began),
      local: { ...this.#local.counts },
      remote: { ...this.#remote.counts },
      made: this.#made,
      answered: this.#answered,
      relayOnly: this.#relayOnly,
      servers: [...this.#servers.values()],
      gathering: this.#gathering,
      states: [...this.#states],
      pairs: this.#pairs,
      opened: this.#opened,
      ...(this.#error !== undefined && { error: this.#error }),
    });
  }

  /** One of the two ends can be reached by a TURN server: it may be the way that ICE chooses. */
  get relays(): boolean {
    return this.#local.counts.relay + this.#remote.counts.relay > 0;
  }

  /** Gathering is over and has found nothing, with an error: ICE says nothing more, and would wait until its time is over. */
  get hopeless(): boolean {
    const failed = [...this.#servers.values()].some(({ error }) => error !== undefined);
    return this.#gathering === 'complete' && failed && this.#local.none;
  }

  watch(connection: RTCPeerConnection): void {
    this.#made = true;
    // One that is closed meanwhile need not answer; what was seen before stands.
    const look = (): void => void this.#look(connection).catch(() => {});
    connection.addEventListener('icecandidate', ({ candidate }) => this.#found(candidate));
    connection.addEventListener('icecandidateerror', (event) => this.#notServed(event));
    connection.addEventListener('icegatheringstatechange', () => (this.#gathering = connection.iceGatheringState));
    connection.addEventListener('iceconnectionstatechange', () => {
      if (this.#states.push(connection.iceConnectionState) > MOST_STATES) this.#states.shift();
      if (connection.iceConnectionState === 'failed') look();
    });
    this.#looking = setInterval(look, LOOK_EVERY_MS);
  }

  /** A description or a candidate of ours goes to the other end. */
  told(negotiation: unknown): void {
    this.#local.add(negotiation);
  }

  /** One of theirs has come. */
  heard(negotiation: unknown): void {
    this.#answered = true;
    this.#remote.add(negotiation);
  }

  opened(): void {
    this.#opened = true;
    this.end();
  }

  /** The first error says why. Safe to call twice. */
  end(error?: Error): void {
    clearInterval(this.#looking);
    this.#ms ??= performance.now() - this.#began;
    if (error) this.#error ??= said(error.message);
  }

  #found(candidate: RTCIceCandidate | null): void {
    const { type, url } = (candidate ?? {}) as { readonly type?: string | null; readonly url?: string | null };
    if (type !== 'srflx' && type !== 'relay') return;
    if (url) return this.#report(url, { outcome: 'answered' });
    // Not all browsers say which server it was; with one there is no question.
    const [one, ...more] = [...this.#servers.keys()].filter((key) => type === 'srflx' || key.startsWith('turn'));
    if (one !== undefined && more.length === 0) this.#report(one, { outcome: 'answered' });
  }

  #notServed({ url, errorCode, errorText }: RTCPeerConnectionIceErrorEvent): void {
    const outcome = errorCode < BROWSERS_OWN ? 'refused' : 'unreached';
    this.#report(url, { outcome, error: said(`${errorCode} ${errorText}`.trim()) });
  }

  /** One network interface may reach a server that another does not: the best that came of it counts. */
  #report(heard: string, report: Omit<IceServerReport, 'url'>): void {
    const key = fullUrl(plainUrl(heard));
    const { url, outcome } = this.#servers.get(key) ?? { url: plainUrl(heard), outcome: 'silent' };
    if (OUTCOMES.indexOf(report.outcome) >= OUTCOMES.indexOf(outcome)) this.#servers.set(key, { url, ...report });
  }

  async #look(connection: RTCPeerConnection): Promise<void> {
    const report = await connection.getStats();
    const pairs: Record<string, number> = {};
    this.#local.counts.prflx = this.#remote.counts.prflx = 0;
    for (const { type, state, candidateType } of entries(report)) {
      if (type === 'candidate-pair' && state !== undefined) pairs[state] = (pairs[state] ?? 0) + 1;
      if (candidateType === 'prflx') (type === 'local-candidate' ? this.#local : this.#remote).counts.prflx++;
    }
    this.#pairs = pairs;
  }
}

/** Those of one end. Some descriptions list candidates that then come by themselves, too. */
class Candidates {
  readonly counts: { -readonly [kind in Kind]: number } = {
    host: 0,
    srflx: 0,
    prflx: 0,
    relay: 0,
    udp: 0,
    tcp: 0,
    mdns: 0,
  };
  readonly #seen = new Set<string>();

  get none(): boolean {
    return this.#seen.size === 0;
  }

  add(negotiation: unknown): void {
    const { sdp, candidate } = negotiation as {
      readonly sdp?: unknown;
      readonly candidate?: { readonly candidate?: unknown };
    };
    const text = sdp ?? candidate?.candidate;
    if (typeof text !== 'string') return;
    for (const [, whole = '', protocol = '', address = '', type = ''] of text.matchAll(CANDIDATE)) {
      if (this.#seen.has(whole)) continue;
      this.#seen.add(whole);
      this.counts[type.toLowerCase() as Kind]++;
      this.counts[protocol.toLowerCase() as Kind]++;
      if (address.endsWith('.local')) this.counts.mdns++;
    }
  }
}

function entries(report: RTCStatsReport): readonly Readonly<Record<string, string | undefined>>[] {
  return [...(report as unknown as ReadonlyMap<string, Readonly<Record<string, string | undefined>>>).values()];
}

/** RFC 7065 has no place for credentials; who wrote some there all the same does not read them in an error. */
function plainUrl(url: string): string {
  return said(url.replace(/:.*@/, ':'));
}

/** As browsers report it: with the port and, for TURN, the transport that were left to the defaults of RFC 7064 and RFC 7065. */
function fullUrl(url: string): string {
  const [, scheme = '', host = '', port, transport] =
    /^(\w+):(.*?)(?::(\d+))?(?:\?transport=(\w+))?$/.exec(url.toLowerCase()) ?? [];
  const secure = scheme.endsWith('s');
  const by = scheme.startsWith('turn') ? `?transport=${transport ?? (secure ? 'tcp' : 'udp')}` : '';
  return `${scheme}:${host}:${port ?? (secure ? 5349 : 3478)}${by}`;
}
