import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { breaks } from './altered-sources.mjs';

const command = fileURLToPath(new URL('simulate.mjs', import.meta.url));

/** Runs the command to its end. */
function simulate(...options: string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...options], { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: `${stdout}${stderr}` });
    });
  });
}

/** What an ordinary run says of each break; several things, where it depends on who comes first. */
const NOTICED: Readonly<Record<string, RegExp>> = {
  resend: /nothing came of|nobody acknowledges|it arrived before|waits in vain/,
  dedupe: /it arrived twice|arrived although it was not to|acknowledges what was never sent/,
  recut: /waits in vain|nothing came of|nobody acknowledges/,
  'early-ack': /it was said to be delivered, and is not|acknowledges what was never sent/,
  waiter: /waits in vain/,
  fragment: /continues a message that it has not begun/,
  credit: /waits in vain|nothing came of/,
  'old-link': /calls this link|arrived twice|lane does not open with a hello/,
  cancel: /nothing came of|waits in vain|never arrived/,
  ring: /is not connected to/,
  jitter: /10000 tries come in one second/,
  resume: /does not have the session any more/,
};

describe('npm run simulate', () => {
  // Half a minute on two cores that have nothing else to do.
  it('loses, doubles, reorders and forgets nothing while 100,000 links are cut', { timeout: 300_000 }, async () => {
    const { code, output } = await simulate('session', '--cuts', '100000');
    expect(output).toMatch(/ 100,\d{3} links cut/);
    expect(output).toContain(' 0 lost, 0 duplicated, 0 reordered, 0 unsettled');
    expect(output).not.toMatch(/failed:|never met/);
    expect(code).toBe(0);
  });

  it.each(Object.keys(breaks))(
    'notices the break "%s", and says with which seed',
    { timeout: 120_000 },
    async (name) => {
      const runs = breaks[name]?.simulation === 'pairing' ? 20 : 1_000;
      const { code, output } = await simulate('--break', name, '--runs', `${runs}`);
      expect(code).toBe(1);
      const [, text = '', seed = ''] = /failed: (.*)\n.*--seed (\d+)/.exec(output) ?? [];
      expect(text).toMatch(NOTICED[name] ?? /^$/);
      const again = await simulate('--break', name, '--runs', '1', '--seed', seed);
      expect(again.output).toContain(`failed: ${text}`);
    },
  );

  it('lets 10,000 clients come back to a server that was away for half a minute', { timeout: 60_000 }, async () => {
    const { code, output } = await simulate('outage');
    expect(output).toMatch(/10,000 clients, 1,000 joins a second, 30 s away/);
    expect(output).toMatch(/ours +\d/);
    expect(output).not.toContain('failed:');
    expect(code).toBe(0);
  });

  it.each([1, 120])('and for %i s', { timeout: 60_000 }, async (outage) => {
    const { code } = await simulate('outage', '--outage', `${outage}`, '--clients', '5000');
    expect(code).toBe(0);
  });

  it('says what it does not understand', { timeout: 60_000 }, async () => {
    const { code, output } = await simulate('--break', 'nothing');
    expect(code).toBe(2);
    expect(output).toMatch(/there is no break "nothing"[\s\S]*npm run simulate/);
    for (const wrong of [['--runs', 'many'], ['weather'], ['--colour']])
      expect((await simulate(...wrong)).code).toBe(2);
  });

  it('refuses to break what does not stand there once', async () => {
    const { altering } = await import('./altered-sources.mjs');
    const { transform, check } = altering('/house/', [{ file: 'a.ts', from: 'one', to: 'two' }]) as unknown as {
      readonly transform: (code: string, id: string) => unknown;
      readonly check: () => void;
    };
    expect(() => transform('one one', '/house/a.ts')).toThrow(/a\.ts has 2 times what is to be altered once: one/);
    expect(check).toThrow(/a\.ts is no part of the simulation/);
    expect(transform('one', '/house/a.ts')).toBe('two');
    check();
  });
});
