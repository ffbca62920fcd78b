import { brokenLinkContract, communicatorContract } from '../client/src/testing/index.ts';
import { test } from './contract-stage.ts';

test.describe('the contract over WebRTC, all parties in one tab', () => {
  for (const { title } of [...communicatorContract, ...brokenLinkContract]) {
    test(title, ({ stage }) => stage.playInOne(title, 'webrtc'));
  }
});
