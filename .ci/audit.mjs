// @ts-check
/**
 * Known vulnerabilities in what an application installs with us. Only a registry knows of them: where it answers no such questions, this says so and ends with `NOT_DONE`.
 */
import { spawnSync } from 'node:child_process';
import { NOT_DONE } from './report.mjs';

const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
/** @type {{ metadata?: { vulnerabilities: { total: number } }, vulnerabilities?: Record<string, { severity: string }> }} */
let said = {};
try {
  said = JSON.parse(stdout);
} catch {
  // What is no answer is treated as none.
}
if (said.metadata === undefined) {
  console.log(`Not audited: the registry answered nothing.\n${stderr.trim()}`);
  process.exitCode = NOT_DONE;
} else {
  const found = Object.entries(said.vulnerabilities ?? {}).map(([name, { severity }]) => `  ${name}: ${severity}`);
  console.log(`${said.metadata.vulnerabilities.total} known vulnerabilities in what is shipped.`);
  for (const line of found) console.log(line);
  if (found.length > 0) process.exitCode = 1;
}
