import { brokenLinkContract, communicatorContract } from '../client/src/testing/index.ts';
import { test } from './contract-stage.ts';

const ways = { webrtc: 'WebRTC', local: 'WebRTC and its links within one browser' } as const;

for (const [way, name] of Object.entries(ways) as [keyof typeof ways, string][]) {
  test.describe(`the contract over ${name}, all parties in one tab`, () => {
    for (const { title } of [...communicatorContract, ...brokenLinkContract]) {
      test(title, ({ stage }) => stage.playInOne(title, way));
    }
  });
}
