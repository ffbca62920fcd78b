import { BroadcastChannelCommunicator, WebRTCCommunicator } from 'peerpool';
import { exchange } from './exchange.ts';

const value = { share: 2n ** 64n, rows: new Float32Array([1.5, -0]), when: new Date(0) };

declare global {
  /** What the test asks the page to do. */
  var exchanges: Record<'broadcastChannel' | 'webRTC', () => Promise<unknown>>;
}

globalThis.exchanges = {
  broadcastChannel: () => exchange(() => new BroadcastChannelCommunicator({ room: 'app' }), value),
  webRTC: () => exchange(() => new WebRTCCommunicator({ room: 'app' }), value),
};
