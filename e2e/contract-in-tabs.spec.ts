import { brokenLinkContract, communicatorContract } from '../client/src/testing/index.ts';
import { test } from './contract-stage.ts';

/** Sealed signals take all the ways that open ones take; the open ones are played in one tab. */
const ways = { 'broadcast-channel': 'BroadcastChannel', sealed: 'WebRTC in a room with a secret' } as const;

for (const [way, name] of Object.entries(ways) as [keyof typeof ways, string][]) {
  test.describe(`the contract over ${name}, one party per tab`, { tag: '@each' }, () => {
    for (const { title, parties } of [...communicatorContract, ...brokenLinkContract]) {
      test(title, ({ stage }) => stage.playInTabs(title, Object.keys(parties), way));
    }
  });
}
