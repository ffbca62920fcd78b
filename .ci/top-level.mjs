// @ts-check
/** Lists what may stand at the top of the house; anything else tracked by git is an error. */
import { execFileSync } from 'node:child_process';

const folders = ['client', 'signaling-server', 'shared', 'e2e', '.ci'];
const files = [
  'package.json',
  'package-lock.json',
  'vite.config.ts',
  'README.md',
  'ARCHITECTURE.md',
  'PROTOCOL.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'LICENSE',
  'tsconfig.json',
  'tsconfig.base.json',
  'tsconfig.test.json',
  'vitest.config.ts',
  'playwright.config.ts',
  'knip.json',
  '.oxlintrc.json',
  '.oxfmtrc.json',
  '.editorconfig',
  '.gitattributes',
  '.gitignore',
];

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
const strangers = new Set();
for (const file of listed.split('\n').filter((line) => line !== '')) {
  const [first = '', ...rest] = file.split('/');
  const allowed = rest.length > 0 ? folders : files;
  if (!allowed.includes(first)) strangers.add(rest.length > 0 ? `${first}/` : first);
}
if (strangers.size > 0) {
  console.error(`May not stand at the top: ${[...strangers].join(', ')}`);
  process.exit(1);
}
console.log(`Only what may stand at the top does: ${folders.length} folders, ${files.length} files at most.`);
