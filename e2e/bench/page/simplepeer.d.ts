/** What the benchmark uses of simple-peer: all of it by default, as a stream. */
declare module 'simple-peer/simplepeer.min.js' {
  export default class SimplePeer {
    constructor(options: { readonly initiator: boolean; readonly config: RTCConfiguration });
    on(event: 'signal' | 'data', listener: (data: unknown) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'connect', listener: () => void): this;
    once(event: 'drain', listener: () => void): this;
    signal(data: unknown): void;
    /** False when its user is to wait for `drain`. */
    write(bytes: Uint8Array): boolean;
    destroy(): void;
  }
}
