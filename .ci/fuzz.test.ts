import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { flaws } from './altered-sources.mjs';

const command = fileURLToPath(new URL('fuzz.mjs', import.meta.url));

/** Runs the command to its end. */
function fuzz(...options: string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...options], { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: `${stdout}${stderr}` });
    });
  });
}

/** What is said of each flaw. */
const NOTICED: Readonly<Record<string, RegExp>> = {
  lane: /TypeError: Cannot read properties of undefined/,
  allowance: /\d+ lie unread, where at most \d+ may/,
  proof: /by somebody who has not proven|goes on with somebody who has not proven/,
  ending: /was ended \(malformed\) by somebody who has not proven/,
  asker: /carol/,
  header: /TypeError: Cannot destructure/,
  depth: /deeper than anything may be/,
  pollution: /Object.prototype has other keys than before/,
  candidates: /an end has candidates without end/,
  name: /a name was parsed that is none/,
};

describe('npm run fuzz', () => {
  // Most of a minute on two cores that have nothing else to do.
  it(
    'finds nothing with 200,000 inputs, and the memory they leave behind does not grow',
    { timeout: 400_000 },
    async () => {
      const { code, output } = await fuzz();
      expect(output).not.toContain('failed:');
      for (const target of ['frames', 'hello', 'envelopes', 'packer', 'signaling'])
        expect(output).toMatch(new RegExp(`^${target} +[\\d,]+ inputs`, 'm'));
      expect(code).toBe(0);
    },
  );

  it.each(Object.keys(flaws))(
    'notices the flaw "%s", and says with which input',
    { timeout: 120_000 },
    async (name) => {
      const { code, output } = await fuzz('--break', name, '--inputs', '20000');
      expect(code).toBe(1);
      const [, text = '', from = ''] = /failed: (.*)\n[\s\S]*--from (\d+) --inputs 1 /.exec(output) ?? [];
      expect(text).toMatch(NOTICED[name] ?? /^$/);
      const again = await fuzz('--break', name, '--inputs', '1', '--from', from);
      expect(again.output).toContain('failed:');
    },
  );

  it('says what it does not understand', { timeout: 60_000 }, async () => {
    const { code, output } = await fuzz('--only', 'weather');
    expect(code).toBe(2);
    expect(output).toMatch(/there is no target "weather"[\s\S]*npm run fuzz/);
    for (const wrong of [['--inputs', 'many'], ['--break', 'nothing'], ['--colour']])
      expect((await fuzz(...wrong)).code).toBe(2);
  });
});
