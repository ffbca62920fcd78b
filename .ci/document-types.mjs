// @ts-check
/** Compiles what the documents show, README.md and the guides, as a reader would paste it into an app that installed peerpool: see `documents.mjs`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { documents, writeApp } from './documents.mjs';
import { reportPath } from './report.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Inside the package, so that `peerpool` means this very package, by its own `exports`. */
const FOLDER = 'e2e/.documents';

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });

const shown = documents();
/** Where each file comes from. */
const origins = new Map();
for (const document of shown) {
  const folder = path.join(FOLDER, document.name);
  writeApp(document, folder, ['block', 'file', 'cell']);
  for (const { file, line } of document.pieces) {
    if (/\.tsx?$/.test(file)) origins.set(path.posix.join(folder, file), `${document.path}:${line}`);
  }
}
if (!shown[0]?.pieces.length) throw new Error('README.md has no block marked ts');
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
      jsx: 'react-jsx',
      // A reader's first lines name things that they do not use yet.
      noUnusedLocals: false,
      noUnusedParameters: false,
      lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable', 'ESNext.Disposable'],
    },
    include: ['**/*.ts', '**/*.tsx'],
  }),
);

const output = compile();
/** @type {Set<string>} */
const failed = new Set();
// What the compiler says of no file in particular is a failure of its own.
/** @type {string[]} */
const stray = [];
for (const said of output) {
  const [, file = '', rest] = /^([^(]+)(\(.*)$/.exec(said) ?? [];
  const origin = origins.get(file);
  if (origin !== undefined) failed.add(origin);
  else if (!said.startsWith(' ')) stray.push(said);
  console.error(origin === undefined ? said : `${origin} ${rest}`);
}

const report = reportPath();
const passed = origins.size - failed.size;
if (report !== undefined)
  writeFileSync(report, `${JSON.stringify({ kind: 'checks', passed, failed: [...failed, ...stray] })}\n`);
console.log(`${passed} of ${origins.size} pieces of ${shown.length} documents compile.`);
if (failed.size > 0 || stray.length > 0) process.exitCode = 1;

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
