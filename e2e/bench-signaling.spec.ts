import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'playwright/test';

const top = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const command = 'e2e/bench/signaling/run.mjs';

interface Written {
  readonly rows: readonly { readonly name: string; readonly values: Readonly<Record<string, readonly number[]>> }[];
  readonly failures: readonly unknown[];
}

/** Nothing is said of rates here: that everything arrives, by every contender, and is shown. */
test('the benchmark of signaling prints what peerpool and others do', async () => {
  test.setTimeout(120_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-signaling-'));
  try {
    const json = path.join(folder, 'json');
    const few = ['--rounds', '1', '--peers', '8,16', '--joins', '10', '--signaling', '16', '--seconds', '0.2'];
    const { stdout } = await run(
      process.execPath,
      [command, ...few, '--idle', '0.1', '--rate', '100', '--json', json],
      {
        cwd: top,
      },
    );
    const { rows, failures } = JSON.parse(readFileSync(json, 'utf8')) as Written;
    expect(failures).toEqual([]);
    for (const name of ['RSS with 16 peers', 'CPU of 1,000 idle peers', 'signals a second']) {
      for (const contender of ['bare', 'peerpool', 'PeerServer']) {
        expect(rows.find((row) => row.name === name)?.values[contender]?.[0], name).toBeGreaterThan(0);
      }
      expect(stdout).toContain(`| ${name} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the benchmark of signaling says what can be asked of it, and what can not', async () => {
  const { stdout } = await run(process.execPath, [command, '--help'], { cwd: top });
  expect(stdout).toContain('--contenders');
  await expect(run(process.execPath, [command, '--only', 'speed'], { cwd: top })).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no part "speed"'),
  });
});
