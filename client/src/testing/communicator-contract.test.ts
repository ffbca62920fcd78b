import { describe, expect, it } from 'vitest';
import { BroadcastChannelCommunicator } from '../communicators/broadcast-channel/broadcast-channel-communicator.ts';
import { BroadcastChannelTransport } from '../communicators/broadcast-channel/broadcast-channel-transport.ts';
import { getHub } from '../communicators/local/hub.ts';
import { LocalCommunicator } from '../communicators/local/local-communicator.ts';
import { LocalTransport } from '../communicators/local/local-transport.ts';
import { MeshCommunicator } from '../communicators/mesh.ts';
import type { Transport } from '../communicators/transport.ts';
import { brokenLinkContract, communicatorContract } from './communicator-contract.ts';
import { FaultyTransport } from './faulty-transport.ts';
import type { BreakableCommunicator } from './party.ts';
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

const transports = {
  'a hub': (room: string) => new LocalTransport(getHub(room)),
  BroadcastChannel: (room: string) => new BroadcastChannelTransport({ room }),
};

function breakable(transport: Transport): BreakableCommunicator {
  const faulty = new FaultyTransport(transport);
  return { communicator: new MeshCommunicator({ transport: () => faulty }), breakLinks: () => faulty.cut() };
}

for (const [name, transport] of Object.entries(transports)) {
  describe(`the contract of broken links over ${name}`, () => {
    for (const contractCase of brokenLinkContract) {
      it(contractCase.title, { timeout: 60_000 }, () => runCase(contractCase, (room) => breakable(transport(room))));
    }
  });
}

describe('the contract itself', () => {
  it('has titles that are unique, and at most five parties a case', () => {
    const titles = [...communicatorContract, ...brokenLinkContract].map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    for (const { parties } of [...communicatorContract, ...brokenLinkContract])
      expect(Object.keys(parties).length).toBeLessThanOrEqual(5);
  });
});
