import { getHub, LocalCommunicator, WebRTCCommunicator } from 'peerpool';
import { exchange } from './exchange.ts';

/** What a server renders: it may name every communicator, and use those that need no browser. */
export async function render(): Promise<string> {
  const hub = getHub('render');
  const received = await exchange(() => new LocalCommunicator({ hub }), 'hello');
  return `<p>${String(received)}, ${new WebRTCCommunicator({ room: 'app' }).state}</p>`;
}
