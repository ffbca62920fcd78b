import type { IncomingHttpHeaders } from 'node:http';
import { CAPABILITIES, type Capability, type Refusal } from '#shared/signaling';
import { refusal } from '../refusal.ts';

/** Who asks to join, or to stay. */
export interface Application {
  /** As the server sees it: where clients keep the room's name from the server, not that name. */
  readonly room: string;
  readonly name: string;
  readonly instance: string;
  /** As it came from the client: it may be anything, up to 8 KiB of it. */
  readonly token: string | undefined;
  /** Of the page, as its browser says; a program says what it likes. */
  readonly origin: string | undefined;
  /** An IPv4 address, or the /64 of an IPv6 address. */
  readonly address: string;
  /** Of the request by which the socket came: cookies, say. */
  readonly headers: IncomingHttpHeaders;
  /** It is a member already, and shows a newer token. */
  readonly renewal: boolean;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Yes: for how long, and for what. */
export interface Grant {
  readonly ok: true;
  /** Until when, in ms since 1970; default: as long as the socket. */
  readonly expires?: number | undefined;
  /** Default: all. Who may not `join` does not come in. */
  readonly capabilities?: readonly Capability[] | undefined;
}

/** The sentence is for the person at the client; it should not repeat the token. */
export interface Denial {
  readonly ok: false;
  readonly message: string;
  /** Default: `unauthorized`. */
  readonly code?: 'unauthorized' | 'expired' | 'forbidden' | undefined;
}

/**
 * Asked at each join, also of a client that comes back, and at each renewal. When it throws, or does not answer in time,
 * that is a `fault`, and the client hears `unavailable`.
 */
export type Authorize = (application: Application) => Grant | Denial | Promise<Grant | Denial>;

/** A grant that was looked at. */
export interface Permit {
  readonly ok: true;
  readonly expires: number;
  readonly capabilities: ReadonlySet<Capability>;
}

/** Of a server that asks nobody. */
export const OPEN_DOOR: Permit = { ok: true, expires: Infinity, capabilities: new Set(CAPABILITIES) };

/** Why it is asked, and how long. */
interface Asking {
  /** Aborted when its socket has closed. */
  readonly gone: AbortSignal;
  /** Milliseconds for the answer. */
  readonly within: number;
}

/**
 * The hook's answer, looked at.
 * @throws whatever it throws, TypeError for an answer that is none, Error when it does not come in time
 */
export async function permit(
  authorize: Authorize,
  application: Omit<Application, 'signal'>,
  { gone, within }: Asking,
): Promise<Permit | Refusal> {
  const late = AbortSignal.timeout(within);
  const signal = AbortSignal.any([gone, late]);
  let abort = (): void => {};
  const aborted = new Promise<'aborted'>((resolve) => {
    abort = () => resolve('aborted');
    signal.addEventListener('abort', abort);
  });
  try {
    // Within a promise, so that what it throws at once is a rejection too.
    const asked = Promise.resolve({ ...application, signal }).then(authorize);
    const answer = await Promise.race([asked, aborted]);
    if (gone.aborted) return refusal('not-joined', 'the socket has closed');
    if (answer === 'aborted') throw new Error(`authorize has not answered within ${within} ms`);
    return looked(answer, Date.now());
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const DENIALS = ['unauthorized', 'expired', 'forbidden'] as const;

/** Whoever wrote the hook may not have had our types. */
function looked(answer: Grant | Denial, now: number): Permit | Refusal {
  if (typeof answer !== 'object' || answer === null) throw new TypeError('authorize answers with { ok, … }');
  if (!answer.ok) {
    const { code = 'unauthorized', message } = answer;
    if (typeof message !== 'string' || !DENIALS.includes(code)) {
      throw new TypeError(`authorize: a denial has a message, and a code of ${DENIALS.join(', ')}`);
    }
    return refusal(code, message);
  }
  const { expires = Infinity, capabilities = CAPABILITIES } = answer;
  if (typeof expires !== 'number' || Number.isNaN(expires)) {
    throw new TypeError('authorize: expires is a number of ms since 1970');
  }
  if (!Array.isArray(capabilities) || !capabilities.every((each) => CAPABILITIES.includes(each as Capability))) {
    throw new TypeError(`authorize: capabilities are of ${CAPABILITIES.join(', ')}`);
  }
  if (expires <= now) return refusal('expired', 'what would be allowed is over already');
  const allowed = new Set(capabilities as readonly Capability[]);
  if (!allowed.has('join')) return refusal('forbidden', 'it is allowed, but not to join');
  return { ok: true, expires, capabilities: allowed };
}
