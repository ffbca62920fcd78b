/**
 * What we use of simple-peer's browser bundle. Its main entry needs Node's globals and its published types Node's types; the bundle brings what it needs with it
 * and works in Vite, in Node and wherever modules do.
 */
declare module 'simple-peer/simplepeer.min.js' {
  export interface SimplePeerOptions {
    readonly initiator: boolean;
    readonly trickle: boolean;
    readonly iceCompleteTimeout: number;
    readonly channelConfig: RTCDataChannelInit;
    /** The three constructors of WebRTC, by their standard names. */
    readonly wrtc: Readonly<Record<'RTCPeerConnection' | 'RTCSessionDescription' | 'RTCIceCandidate', unknown>>;
  }

  export default class SimplePeer {
    constructor(options: SimplePeerOptions);
    on(event: 'signal', listener: (data: unknown) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'close', listener: () => void): this;
    signal(data: object): void;
    destroy(): void;
  }
}
