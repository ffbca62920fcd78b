// @ts-check
/**
 * Adds up what the steps of `.ci/run` reported: `node .ci/sum.mjs <folder>`. The last line is `N passed, N failed`.
 * A suite that left no report, ran nothing or skipped something has failed, and so has a step that ended badly without saying why.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Which reports each step leaves. */
const steps = {
  start: ['start'],
  test: ['test-unit', 'test-types', 'test-package', 'test-e2e'],
  check: ['check'],
  servers: ['test-servers-node', 'test-servers-tabs'],
  long: ['test-long'],
};

/** Titles that may be skipped, each with its reason beside it. */
const MAY_BE_SKIPPED = new Set(/** @type {string[]} */ ([]));

/** @typedef {{ passed: number, failures: string[] }} Count */

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('the reports of which folder?');

let passed = 0;
/** @type {string[]} */
const failures = [];
for (const [step, suites] of Object.entries(steps)) {
  /** @type {string[]} */
  const ofStep = [];
  for (const suite of suites) {
    const count = read(path.join(folder, step, `${suite}.json`));
    if (count.passed + count.failures.length === 0) count.failures.push('it ran nothing');
    console.log(`${suite}: ${count.passed} passed, ${count.failures.length} failed`);
    passed += count.passed;
    ofStep.push(...count.failures.map((failure) => `${suite}: ${failure}`));
  }
  const ending = path.join(folder, step, 'exit');
  const code = existsSync(ending) ? readFileSync(ending, 'utf8').trim() : 'nothing';
  if (code !== '0' && ofStep.length === 0) ofStep.push(`${step} ended with ${code}`);
  failures.push(...ofStep);
}
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`${passed} passed, ${failures.length} failed`);
if (failures.length > 0) process.exitCode = 1;

/**
 * @param {string} file
 * @returns {Count}
 */
function read(file) {
  if (!existsSync(file)) return { passed: 0, failures: ['it left no report'] };
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    if (report.kind === 'checks') return { passed: report.passed, failures: report.failed };
    return 'testResults' in report ? ofVitest(report) : ofPlaywright(report);
  } catch (error) {
    return { passed: 0, failures: [`its report can't be read: ${String(error)}`] };
  }
}

/**
 * @param {{ testResults: { name: string, status: string, message: string,
 *   assertionResults: { fullName: string, status: string }[] }[] }} report
 * @returns {Count}
 */
function ofVitest(report) {
  /** @type {Count} */
  const count = { passed: 0, failures: [] };
  for (const file of report.testResults) {
    const before = count.failures.length;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') count.passed += 1;
      else if (test.status === 'failed' || !MAY_BE_SKIPPED.has(test.fullName)) {
        count.failures.push(`${test.fullName} (${test.status})`);
      }
    }
    // A file that could not be loaded has no tests to fail.
    const silent = file.assertionResults.length === 0 || (file.status === 'failed' && count.failures.length === before);
    if (silent) count.failures.push(`${file.name} ${file.message}`.trim());
  }
  return count;
}

/**
 * @typedef {{ title: string, file: string, suites?: Suite[], specs: { title: string, tests: { status: string }[] }[] }} Suite
 * @param {{ suites: Suite[], errors: { message?: string }[] }} report
 * @returns {Count}
 */
function ofPlaywright(report) {
  /** @type {Count} */
  const count = { passed: 0, failures: report.errors.map(({ message }) => message ?? 'an error outside of the tests') };
  /** @param {Suite} suite */
  const add = (suite) => {
    for (const { title, tests } of suite.specs) {
      for (const { status } of tests) {
        if (status === 'expected') count.passed += 1;
        else if (status !== 'skipped' || !MAY_BE_SKIPPED.has(title))
          count.failures.push(`${suite.file} ${title} (${status})`);
      }
    }
    for (const inner of suite.suites ?? []) add(inner);
  };
  for (const suite of report.suites) add(suite);
  return count;
}
