import { roomName } from '#shared/identifiers';
import { PoolError } from '../../errors.ts';
import type { MeshTimes } from '../mesh-times.ts';
import { MeshCommunicator } from '../mesh.ts';
import { BroadcastChannelTransport } from './broadcast-channel-transport.ts';

export interface BroadcastChannelCommunicatorOptions extends MeshTimes {
  /** Who joins the same room can form a pool: 1 to 128 bytes of UTF-8 without `/`. */
  readonly room: string;
}

/**
 * The tabs and workers of one origin, or the threads of one Node process, without a server and without a network.
 * Where there are Web Locks, a name is one: a page that dies is known to be gone at once.
 * Same origin is same trust: whatever runs there can open the channels, and read the storage of the pages besides. There is no secret here; identities are proved as everywhere.
 */
export class BroadcastChannelCommunicator extends MeshCommunicator {
  /** @throws TypeError, RangeError for a room or a time that is none */
  constructor(options: BroadcastChannelCommunicatorOptions) {
    const { room, ...times } = { ...options };
    const name = roomName(room);
    super({
      ...times,
      transport: () => {
        if (typeof BroadcastChannel !== 'function') {
          throw new PoolError('unsupported', 'there is no BroadcastChannel here; WebRTCCommunicator does without');
        }
        const { navigator } = globalThis as { readonly navigator?: Partial<Navigator> };
        return new BroadcastChannelTransport({ room: name, locks: navigator?.locks });
      },
    });
  }
}
