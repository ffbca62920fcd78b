import { brokenLinkContract, communicatorContract } from '../client/src/testing/index.ts';
import type { Way } from './contract-page.ts';
import { test } from './contract-stage.ts';

for (const way of ['broadcast-channel', 'webrtc'] satisfies Way[]) {
  test.describe(`the contract over ${way}, one party per tab`, { tag: '@each' }, () => {
    for (const { title, parties } of [...communicatorContract, ...brokenLinkContract]) {
      test(title, ({ stage }) => stage.playInTabs(title, Object.keys(parties), way));
    }
  });
}
