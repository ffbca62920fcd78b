import { communicatorContract } from '../client/src/testing/index.ts';
import { test, type Way } from './contract-stage.ts';

for (const way of ['broadcast-channel', 'webrtc'] satisfies Way[]) {
  test.describe(`the contract over ${way}, one party per tab`, { tag: '@each' }, () => {
    for (const { title, parties } of communicatorContract) {
      test(title, ({ stage }) => stage.playInTabs(title, Object.keys(parties), way));
    }
  });
}
