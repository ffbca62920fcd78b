// @ts-check
/** `npm run check`: every check, to the end, however many fail; each counts as one, but for those that can't be done here. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NOT_DONE, reportPath } from './report.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const checks = [...Object.keys(scripts).filter((name) => name.startsWith('check:')), 'conformance'];

const ended = checks.map((name) => {
  console.log(`\n— ${name}`);
  const { status } = spawnSync('npm', ['run', '--silent', name], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return { name, status };
});
const named = (/** @type {(status: number | null) => boolean} */ so) =>
  ended.filter(({ status }) => so(status)).map(({ name }) => name);
const passed = named((status) => status === 0);
const undone = named((status) => status === NOT_DONE);
const failed = named((status) => status !== 0 && status !== NOT_DONE);

const report = reportPath();
if (report !== undefined) {
  const results = { kind: 'checks', passed: passed.length, failed };
  writeFileSync(report, `${JSON.stringify(results)}\n`);
}
if (undone.length > 0) console.log(`\nCould not be done here: ${undone.join(', ')}`);
console.log(failed.length === 0 ? `\n${passed.length} checks passed.` : `\nFailed: ${failed.join(', ')}`);
if (failed.length > 0) process.exitCode = 1;
