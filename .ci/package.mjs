// @ts-check
/**
 * `npm run check:package`: packs what a user would install, and looks at it as publint, Are the types wrong? and an old browser would. Needs no network.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BASELINE, laterFeatures, SYNTAX } from './baseline.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Doors that no page goes through. */
const NOT_FOR_PAGES = ['./server', './vite', './playwright', './package.json'];

const work = mkdtempSync(path.join(tmpdir(), 'peerpool-package-'));
try {
  run('.ci/build.mjs');
  const { tarball, files } = pack();

  // Warnings and suggestions are failures too.
  run('node_modules/publint/src/cli.js', 'run', tarball, '--strict');

  // The package is ESM only: who uses `require` in a Node before 20.19, or the resolution of Node 10, gets nothing. That profile ignores what these two would find, and nothing else.
  run(
    'node_modules/@arethetypeswrong/cli/dist/index.js',
    tarball,
    '--profile',
    'esm-only',
    '--format',
    'table-flipped',
    '--no-emoji',
    '--no-color',
    '--no-summary',
  );

  const doors = pageDoors();
  const reached = reachedFrom(doors, new Set(files));
  const ours = [...reached].filter((file) => file !== 'dist/peerpool.js');
  run(
    'node_modules/es-check/lib/cli/index.js',
    SYNTAX,
    '--module',
    '--noCache',
    '--quiet',
    '--files',
    [...reached].join(','),
  );
  // Its `--checkFeatures` goes by the names of methods and takes our `error.with` for that of arrays; so the list is our own.
  const later = laterFeatures(ours);
  if (later.length > 0) throw new Error(`Later than ${BASELINE}, and used unseen:\n  ${later.join('\n  ')}`);
  console.log(
    `${files.length} files packed; ${reached.size} of them for pages, in the syntax of ${SYNTAX}, for ${BASELINE}.`,
  );
} catch (error) {
  // The tools have said why.
  if (!(error instanceof Error && 'status' in error)) console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** @param {string[]} args */
function run(...args) {
  execFileSync(process.execPath, args, { stdio: 'inherit' });
}

function pack() {
  const shell = process.platform === 'win32';
  const said = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work], {
    encoding: 'utf8',
    shell,
  });
  /** @type {{ filename: string, files: { path: string }[] }[]} */
  const [packed] = JSON.parse(said);
  if (packed === undefined) throw new Error(`npm pack made nothing: ${said}`);
  return { tarball: path.join(work, packed.filename), files: packed.files.map((file) => file.path) };
}

function pageDoors() {
  /** @type {{ exports: Record<string, { default: string }> }} */
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  return Object.entries(exports)
    .filter(([door]) => !NOT_FOR_PAGES.includes(door))
    .map(([, { default: file }]) => path.posix.normalize(file));
}

/**
 * Every packed file that is loaded with one of these. Each has to be there.
 * @param {readonly string[]} doors
 * @param {ReadonlySet<string>} packed
 */
function reachedFrom(doors, packed) {
  const reached = new Set(doors);
  for (const file of reached) {
    if (!packed.has(file)) throw new Error(`${file} is not in the package`);
    const code = readFileSync(file, 'utf8');
    for (const [, specifier = ''] of code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g))
      reached.add(path.posix.join(path.posix.dirname(file), specifier));
  }
  return reached;
}
