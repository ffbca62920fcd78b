import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documents } from '../../.ci/documents.mjs';
import { freePort, type Reader, type ReadingRoom, readingRoom } from '../../e2e/reader.ts';

/** A build of the package, and what a program of a guide takes, in ms on a busy machine. */
const PATIENCE = 120_000;

let room: ReadingRoom;
beforeAll(async () => {
  room = await readingRoom();
}, PATIENCE);
afterAll(() => room?.close());

const guides = documents().filter(({ path }) => path.startsWith('client/docs/guides/'));

/** It is started, and stopped. */
const SERVER = 'server.ts';

for (const { name, prints } of guides.filter((guide) => guide.prints.length > 0)) {
  describe(name, { timeout: PATIENCE }, () => {
    let reader: Reader;
    beforeAll(async () => {
      reader = await room.reader(name);
    });

    for (const { file, text } of prints) {
      it(`${file} prints what the guide says`, async () => {
        const printed =
          file === SERVER
            ? await reader.stops(file, 'listening', { PORT: String(await freePort()) })
            : await reader.prints(file);
        expect(printed).toBe(text);
      });
    }
  });
}

describe('testing', { timeout: PATIENCE }, () => {
  it('its tests in one process pass, and so do cases of the contract', async () => {
    const reader = await room.reader('testing');
    const said = await reader.runs('vitest', [
      'run',
      '--exclude',
      'e2e/**',
      '-t',
      "sum|somebody leaves|ack 'consumed'",
    ]);
    expect(said).toMatch(/Test Files {2}2 passed \(2\)/);
    expect(said).toMatch(/Tests {2}\d+ passed \| \d+ skipped/);
  });
});
