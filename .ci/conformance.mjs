// @ts-check
/**
 * Lists the conformance ids and bug-regressions that no test carries in its title, and fails where there are any.
 * A title is the first string of `it`, `test` or `describe`, or the `title` or `name` of a contract case; one that is skipped does not count.
 */
import { readFileSync } from 'node:fs';
import { sources } from './sources.mjs';

/** @type {(letter: string, last: number) => string[]} */
const series = (letter, last) => Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);

const regressions = [
  'duplicate id unread',
  'two waiters same id',
  'late message after timeout',
  'retry recv after timeout',
  '[] recipients',
  'partial broadcast failure',
  'partial recv_all failure',
  'shutdown error type',
  '{type,data} object',
  'broadcast bytes counted',
  'explicit "0" vs auto id',
  'failed send keeps auto ids in step',
  'timeout 0',
  'send after peer loss',
  'handler throws → slot freed',
].map((name) => `BR ${name}`);

const ids = [...series('S', 7), ...series('M', 10), ...series('C', 13), ...series('A', 9), ...regressions];

const titles = sources().filter(holdsTests).flatMap(titlesOf);
const missing = ids.filter((id) => !titles.some((title) => carries(title, id)));

console.log(`${ids.length - missing.length} of ${ids.length} ids have a test (${titles.length} titles read).`);
if (missing.length > 0) {
  console.error(`Without a test: ${missing.join(', ')}`);
  process.exit(1);
}

/** @param {string} file */
function holdsTests(file) {
  return /\.(test|spec)\.ts$/.test(file) || /^client\/src\/testing\/.*contract.*\.ts$/.test(file);
}

/** @param {string} file */
function titlesOf(file) {
  const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const string = String.raw`(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|${'`'}((?:[^${'`'}\\]|\\.)*)${'`'})`;
  const call = String.raw`\b(?:it|test|describe)((?:\.\w+)*)(?:\([^()]*(?:\([^()]*\)[^()]*)*\)(?=\s*\())?\s*\(\s*`;
  const property = String.raw`\b(?:title|name):\s*()`;
  // A contract case may also be a call with the title first, as in `contractCase('S1 …', …)`.
  const plain = file.includes('contract') ? String.raw`|\w+\(\s*()` : '';
  const pattern = new RegExp(`(?:${call}|${property}${plain})${string}`, 'g');
  return [...text.matchAll(pattern)].flatMap(([, modifiers = '', ...groups]) => {
    if (/\.(skip|todo|fixme|fails)\b/.test(modifiers)) return [];
    return [groups.join('').replaceAll(/\\(.)/g, '$1')];
  });
}

/**
 * Ids stand at the beginning of a title, several separated by commas or spaces: `S2, A9 …`.
 * @param {string} title
 * @param {string} id
 */
function carries(title, id) {
  if (id.startsWith('BR ')) return title.includes(id);
  const leading = /^(?:[SMCA]\d+[\s,:]+)+/.exec(`${title} `)?.[0] ?? '';
  return leading.split(/[\s,:]+/).includes(id);
}
