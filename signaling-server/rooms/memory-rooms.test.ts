import { Recorder, roomsContract } from '../testing/rooms-contract.ts';
import { MemoryRooms } from './memory-rooms.ts';

roomsContract('in memory', 1, async (limits) => {
  let now = 0;
  const recorder = new Recorder();
  const rooms = new MemoryRooms(limits, recorder, () => now);
  return {
    rooms,
    slack: 1,
    heard: () => recorder,
    pass: async (milliseconds) => void (now += milliseconds),
    close: () => rooms.close(),
  };
});
