// @ts-check
/** `npm run check`: every check, to the end, however many fail; each counts as one. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reportPath } from './report.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const checks = [...Object.keys(scripts).filter((name) => name.startsWith('check:')), 'conformance'];

const failed = checks.filter((name) => {
  console.log(`\n— ${name}`);
  return (
    spawnSync('npm', ['run', '--silent', name], { stdio: 'inherit', shell: process.platform === 'win32' }).status !== 0
  );
});

const report = reportPath();
if (report !== undefined) {
  const results = { kind: 'checks', passed: checks.length - failed.length, failed };
  writeFileSync(report, `${JSON.stringify(results)}\n`);
}
console.log(failed.length === 0 ? `\nAll ${checks.length} checks passed.` : `\nFailed: ${failed.join(', ')}`);
if (failed.length > 0) process.exitCode = 1;
