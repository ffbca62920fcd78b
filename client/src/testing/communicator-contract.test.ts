import { describe, expect, it } from 'vitest';
import { BroadcastChannelCommunicator } from '../communicators/broadcast-channel/broadcast-channel-communicator.ts';
import { getHub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import { communicatorContract } from './communicator-contract.ts';
import { runCase } from './run-case.ts';

const communicators = {
  LocalCommunicator: (room: string) => new LocalCommunicator({ hub: getHub(room) }),
  BroadcastChannelCommunicator: (room: string) => new BroadcastChannelCommunicator({ room }),
};

for (const [name, communicator] of Object.entries(communicators)) {
  describe(`the contract over ${name}`, () => {
    for (const contractCase of communicatorContract) {
      it(contractCase.title, { timeout: 60_000 }, () => runCase(contractCase, communicator));
    }
  });
}

describe('the contract itself', () => {
  it('has titles that are unique, and at most five parties a case', () => {
    const titles = communicatorContract.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    for (const { parties } of communicatorContract) expect(Object.keys(parties).length).toBeLessThanOrEqual(5);
  });
});
