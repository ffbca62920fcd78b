import {
  BroadcastChannelCommunicator,
  type Communicator,
  Pool,
  WebRTCCommunicator,
} from '../../../../client/src/index.ts';
import type { Bytes, Open, Setup } from '../endpoint.ts';

/** A value of 256 MiB and the few bytes that say what it is; that is just above what a pool takes by default. */
const MOST_BYTES = 257 * 1024 * 1024;

export const openWebRTC: Open = (setup) => open(new WebRTCCommunicator({ room: setup.room }), setup);

export const openLocal: Open = (setup) => open(new WebRTCCommunicator({ room: setup.room, local: true }), setup);

export const openBroadcastChannel: Open = (setup) =>
  open(new BroadcastChannelCommunicator({ room: setup.room }), setup);

async function open(communicator: Communicator<never>, setup: Setup): ReturnType<Open> {
  const { name, others, received, failed } = setup;
  const pool = new Pool(name, communicator, {
    maxMessageSize: MOST_BYTES,
    on: { error: ({ error }) => failed(error) },
  });
  pool.onMessage(({ sender, value }) => received(sender, value), { everyId: true });
  pool.expose({ echo: (bytes: Bytes) => bytes });
  await pool.initialize();
  await pool.waitFor(others, { timeout: Infinity });
  return {
    send: (to, bytes, topic) => {
      pool.send(to, bytes, topic).catch(failed);
    },
    sendValue: (to, value) => {
      pool.send(to, value, 'values').catch(failed);
    },
    broadcast: (bytes) => {
      pool.broadcast(bytes, 'values').catch(failed);
    },
    acknowledged: (to, bytes, ack) => pool.send(to, bytes, { msgId: 'values', ack }),
    call: (to, bytes) => pool.call<Bytes>(to, 'echo', [bytes], { timeout: Infinity }),
    close: () => pool.shutdown(),
  };
}
