// @ts-check
/**
 * Compiles what the documents show: every block of README.md marked `ts`, as a reader would paste it into a module of an app that installed peerpool.
 * A block marked `ts continued` goes on where the block before it ended. Blocks of other languages are left alone.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportPath } from './report.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Inside the package, so that `peerpool` means this very package, by its own `exports`. */
const FOLDER = 'e2e/.readme';

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });

const programs = blocks('README.md');
if (programs.length === 0) throw new Error('README.md has no block marked ts');
for (const { line, code } of programs) writeFileSync(path.join(FOLDER, `line-${line}.ts`), `${code}\nexport {};\n`);
writeFileSync(
  path.join(FOLDER, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      composite: false,
      noEmit: true,
      // Not the package's own `dist`: what is built there is then read as a user reads it, and not traced back to its source.
      outDir: 'out',
      types: ['node'],
      // A reader's first lines name things that they do not use yet.
      noUnusedLocals: false,
      noUnusedParameters: false,
      lib: ['ES2022', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable', 'ESNext.Disposable'],
    },
    include: ['*.ts'],
  }),
);

const output = compile();
const failed = programs.filter(({ line }) => output.some((said) => said.startsWith(`${FOLDER}/line-${line}.ts(`)));
for (const said of output)
  console.error(said.replace(/^e2e\/\.readme\/line-(\d+)\.ts/, 'README.md, block of line $1, '));

// What the compiler says of no block in particular is a failure of its own.
const stray = output.filter((said) => !said.startsWith(`${FOLDER}/line-`) && !said.startsWith(' '));
const report = reportPath();
if (report !== undefined) {
  const names = [...failed.map(({ line }) => `README.md block of line ${line}`), ...stray];
  writeFileSync(
    report,
    `${JSON.stringify({ kind: 'checks', passed: programs.length - failed.length, failed: names })}\n`,
  );
}
console.log(`${programs.length - failed.length} of ${programs.length} blocks of README.md compile.`);
if (failed.length > 0 || stray.length > 0) process.exitCode = 1;

/** @returns {string[]} */
function compile() {
  try {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', FOLDER, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    return [];
  } catch (error) {
    if (error instanceof Error && 'stdout' in error)
      return String(error.stdout)
        .split('\n')
        .filter((line) => line !== '');
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {{ line: number, code: string }[]}
 */
function blocks(file) {
  if (!existsSync(file)) throw new Error(`${file} is missing`);
  /** @type {{ line: number, code: string }[]} */
  const found = [];
  const text = readFileSync(file, 'utf8');
  for (const match of text.matchAll(/^```ts( continued)?\n([\s\S]*?)^```$/gm)) {
    const [, continued, code = ''] = match;
    const before = found.at(-1);
    if (continued === undefined) found.push({ line: text.slice(0, match.index).split('\n').length, code });
    else if (before === undefined) throw new Error(`${file} continues a block before the first`);
    else before.code += code;
  }
  return found;
}
