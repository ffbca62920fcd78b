import { roomName } from '#shared/identifiers';
import { SIGNALING_PATH } from '#shared/signaling';
import { checkSecret } from '../../trust/room-keys.ts';
import type { MeshTimes } from '../mesh-times.ts';
import { MeshCommunicator } from '../mesh.ts';
import { localLocks } from './local-links.ts';
import { type Token, tokenOption } from './token-source.ts';
import { injected, native, type WebRTCImplementation } from './webrtc-implementation.ts';
import { WebRTCTransport } from './webrtc-transport.ts';

/** Long enough for a phone that wakes its radio up, short enough that a person still looks at the page. In ms. */
const CONNECT_TIMEOUT_MS = 15_000;

/** What `setTimeout` can count to. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export interface WebRTCCommunicatorOptions extends MeshTimes {
  /** Who joins the same room of the same server can form a pool: 1 to 128 bytes of UTF-8 without `/`. */
  readonly room: string;
  /** The origin of the signaling server, e.g. `https://example.org`, or several that serve the same rooms, tried in turn. Default: the page's own. */
  readonly url?: string | readonly string[] | undefined;
  /** Where on that server; default `/peerpool`. */
  readonly path?: string | undefined;
  /**
   * What `generateSecret()` returned, given to all who are to meet by a way that the signaling server does not see. Then the server can neither read nor alter what peers say to each other before they are connected, and so sits between none of them;
   * it knows the room by a hash. Who has another secret is in another room. Needs a secure context: elsewhere `initialize` rejects with `unsupported`.
   */
  readonly secret?: string | undefined;
  /**
   * For a server that asks who may join: a token, or a function that fetches one, called afresh for each join and each renewal with the room as the server
   * sees it, and the name. When it throws, `initialize` rejects with `refused`, reason `token`; later that is an `error` event, and it is asked again.
   */
  readonly token?: Token | undefined;
  /**
   * As for `RTCPeerConnection`. With `iceServers`, be they `[]`, exactly these are used. Without, each link is made with those that the signaling server hands out by then; where it hands out none,
   * no server is asked, and peers find each other where no address translation stands between them.
   */
  readonly rtcConfiguration?: RTCConfiguration | undefined;
  /**
   * Links to tabs and workers of the same origin in this browser, with `local` too, go by BroadcastChannel: five to ten times as fast for what is large, without ICE, and who dies there is known to be gone at once. Everybody else, and everybody where there are
   * no Web Locks (insecure origins), is reached by WebRTC as without it. Chosen for each link; statistics and `link` events tell its kind, `broadcast-channel`. Default `false`.
   */
  readonly local?: boolean | undefined;
  /** WebRTC, where the platform has none; e.g. `await import('node-datachannel/polyfill')` in Node. */
  readonly rtc?: WebRTCImplementation | undefined;
}

/**
 * Peers connected directly over WebRTC data channels, after a signaling server has introduced them. In a page, simple-peer and socket.io-client
 * begin to load as soon as this is imported, and hold nothing up; elsewhere when one is initialized.
 */
export class WebRTCCommunicator extends MeshCommunicator {
  /** @throws TypeError, RangeError for an option that is none */
  constructor(options: WebRTCCommunicatorOptions) {
    const room = roomName(options.room);
    const secret = options.secret === undefined ? undefined : checkSecret(options.secret);
    const path = signalingPath(options.path ?? SIGNALING_PATH);
    const urls = options.url === undefined ? undefined : origins(options.url);
    const rtcConfiguration = frozen(options.rtcConfiguration ?? {});
    const token = tokenOption(options.token);
    const rtc = options.rtc && injected(options.rtc);
    const local = flag(options.local ?? false);
    const connectTimeout = patience(options.connectTimeout ?? CONNECT_TIMEOUT_MS);
    super({
      connectTimeout,
      reconnectTimeout: options.reconnectTimeout,
      heartbeatInterval: options.heartbeatInterval,
      unresponsiveTimeout: options.unresponsiveTimeout,
      transport: () => {
        const implementation = rtc ?? native();
        const servers = urls ?? [pageOrigin()];
        // A tenth is left over, so that who could not be reached is said before the time is up.
        const each = (connectTimeout * 0.9) / servers.length;
        return new WebRTCTransport({
          room,
          secret,
          path,
          urls: servers,
          token,
          patience: each,
          rtc: implementation,
          rtcConfiguration,
          locks: local ? localLocks() : undefined,
        });
      },
    });
  }
}

function flag(local: unknown): boolean {
  if (typeof local !== 'boolean') throw new TypeError('local is true or false');
  return local;
}

function patience(ms: unknown): number {
  if (typeof ms !== 'number') throw new TypeError('connectTimeout is a number of milliseconds');
  if (!(ms > 0 && ms <= LONGEST_TIMEOUT_MS))
    throw new RangeError(`connectTimeout is between 0 and ${LONGEST_TIMEOUT_MS} ms`);
  return ms;
}

type Origins = readonly [string, ...string[]];

function origins(url: string | readonly string[]): Origins {
  const [first, ...others] = (typeof url === 'string' ? [url] : url).map(origin);
  if (first === undefined) throw new RangeError('url names no server');
  return Object.freeze([first, ...others] as const);
}

function origin(text: string): string {
  const url = new URL(text);
  if (!/^(https?|wss?):$/.test(url.protocol))
    throw new TypeError(`a signaling server speaks http, not ${url.protocol}`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`url is an origin, what comes after it goes into path: ${JSON.stringify(text)}`);
  }
  return `${url.protocol}//${url.host}`;
}

function pageOrigin(): string {
  const { location } = globalThis as { readonly location?: Location };
  if (!location || !/^https?:$/.test(location.protocol)) {
    throw new TypeError('where there is no page with an origin of its own, WebRTCCommunicator needs a url');
  }
  return location.origin;
}

function signalingPath(path: unknown): string {
  if (typeof path !== 'string' || !/^\/[^?#]*[^/?#]$/.test(path)) {
    throw new TypeError('a path begins with "/", does not end with it, and has no query');
  }
  return path;
}

/** What is changed by the caller later is not ours. */
function frozen(configuration: RTCConfiguration): RTCConfiguration {
  const { iceServers } = configuration;
  return Object.freeze({
    ...configuration,
    ...(iceServers && {
      iceServers: iceServers.map((server) => ({
        ...server,
        urls: typeof server.urls === 'string' ? server.urls : [...server.urls],
      })),
    }),
  });
}
