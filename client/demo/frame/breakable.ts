import type { WebRTCImplementation } from 'peerpool';

/** The connections of this page, which it can break as a bad network would: peerpool is not told, and finds out. */
export class Breakable {
  readonly #connections = new Set<RTCPeerConnection>();

  /** What a `WebRTCCommunicator` is to connect by; `undefined` where the browser has no WebRTC, which is not for this to say. */
  get rtc(): WebRTCImplementation | undefined {
    if (typeof RTCPeerConnection !== 'function') return undefined;
    const connections = this.#connections;
    class Registered extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        connections.add(this);
      }

      override close(): void {
        connections.delete(this);
        super.close();
      }
    }
    return { RTCPeerConnection: Registered, RTCSessionDescription, RTCIceCandidate };
  }

  /** Breaks so many of those that are connected, the newest first. Returns how many there were to break. */
  break(count = Infinity): number {
    const connected = [...this.#connections].filter(({ connectionState }) => connectionState === 'connected');
    const chosen = connected.reverse().slice(0, count);
    for (const connection of chosen) connection.close();
    return chosen.length;
  }
}
