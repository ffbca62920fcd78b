import { PoolError } from '../../errors.ts';

/** The three constructors of WebRTC, for where the platform has none: those of `@roamhq/wrtc`, or of `node-datachannel/polyfill`. */
export interface WebRTCImplementation {
  readonly RTCPeerConnection: new (...args: never[]) => unknown;
  readonly RTCSessionDescription: new (...args: never[]) => unknown;
  readonly RTCIceCandidate: new (...args: never[]) => unknown;
}

/** The same, as the platform's own types have them. */
export interface WebRTC {
  readonly RTCPeerConnection: typeof RTCPeerConnection;
  readonly RTCSessionDescription: typeof RTCSessionDescription;
  readonly RTCIceCandidate: typeof RTCIceCandidate;
}

/**
 * What is injected, looked at before it is needed.
 * @throws TypeError when a constructor is missing
 */
export function injected(rtc: WebRTCImplementation): WebRTC {
  for (const name of ['RTCPeerConnection', 'RTCSessionDescription', 'RTCIceCandidate'] as const) {
    if (typeof rtc[name] !== 'function') throw new TypeError(`rtc has no ${name}; it may be in its default export`);
  }
  return rtc as unknown as WebRTC;
}

/**
 * What the platform has.
 * @throws PoolError `unsupported` where it has none
 */
export function native(): WebRTC {
  if (typeof RTCPeerConnection !== 'function') {
    throw new PoolError('unsupported', 'there is no RTCPeerConnection here; in Node give an implementation as rtc');
  }
  return { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate };
}
