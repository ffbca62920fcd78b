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
 * The injected implementation, else the platform's.
 * @throws PoolError `unsupported` where there is neither
 */
export function webRTC(injected?: WebRTCImplementation): WebRTC {
  if (injected) return injected as unknown as WebRTC;
  if (typeof RTCPeerConnection !== 'function') {
    throw new PoolError('unsupported', 'there is no RTCPeerConnection here; in Node give an implementation as `rtc`');
  }
  return { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate };
}
