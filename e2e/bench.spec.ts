import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'playwright/test';

const top = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

interface Written {
  readonly rows: readonly { readonly name: string; readonly values: Readonly<Record<string, readonly number[]>> }[];
  readonly failures: readonly unknown[];
}

/** Rates depend on the machine, and nothing is said of them here: that everything arrives, that everything is measured, and that it is shown. */
test('C9 the benchmark prints what peerpool and a bare channel do, awaited and not', { tag: '@long' }, async () => {
  test.setTimeout(300_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    const files = ['json', 'plot'].map((name) => path.join(folder, name));
    const [json, plot] = files as [string, string];
    const parts = ['--rounds', '1', '--scale', '0.1', '--only', 'pair,calls,mesh', '--meshes', '3'];
    const { stdout } = await run(
      process.execPath,
      ['e2e/bench/run.mjs', ...parts, '--contenders', 'peerpool;bare;peerpool, local', '--json', json, '--plot', plot],
      { cwd: top },
    );
    const { rows, failures } = JSON.parse(readFileSync(json, 'utf8')) as Written;
    expect(failures).toEqual([]);
    for (const name of [
      '100 B, warm',
      '100 B, awaited delivered',
      '16 MiB values',
      'calls of 64 B, 64 at once',
      'mesh of 3',
    ]) {
      expect(rows.find((row) => row.name === name)?.values['peerpool']?.[0], name).toBeGreaterThan(0);
      expect(stdout).toContain(`| ${name} |`);
    }
    const bulk = rows.find(({ name }) => name === '1 MiB values');
    expect(bulk?.values['peerpool, local']?.[0]).toBeGreaterThan(0);
    expect(readFileSync(plot, 'utf8')).toContain('<svg');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
