import { brokenLinkContract, communicatorContract } from '../client/src/testing/index.ts';
import { identities } from '../client/src/testing/contract/identities.ts';
import { lifecycle } from '../client/src/testing/contract/lifecycle.ts';
import { membership } from '../client/src/testing/contract/membership.ts';
import { order } from '../client/src/testing/contract/order.ts';
import { restarts } from '../client/src/testing/contract/restarts.ts';
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

/** The link is that of BroadcastChannel, and the way to it that of WebRTC: what is new is who meets whom, who is gone, and which link is the next. */
const met = [...lifecycle, ...membership, ...restarts, ...identities, ...order, ...brokenLinkContract];

test.describe('the contract over links within one browser, one party per tab', () => {
  for (const { title, parties } of met) {
    test(title, ({ stage }) => stage.playInTabs(title, Object.keys(parties), 'local'));
  }
});
