// @ts-check
/** `npm run build`: makes `dist/` from nothing, and looks whether every door of the package leads somewhere. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOneFile } from './one-file.mjs';

const top = fileURLToPath(new URL('..', import.meta.url));
process.chdir(top);

/** What is shipped; everything else in the house is compiled by `npm run check` only. */
const projects = [
  'shared',
  'signaling-server',
  'client/src',
  'client/inspector',
  'client/react',
  'e2e/tsconfig.tabs.json',
];

rmSync('dist', { recursive: true, force: true });
try {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', ...projects], { stdio: 'inherit' });
} catch {
  // The compiler has said why.
  process.exit(1);
}

// What is shipped names the files themselves: not every bundler looks into a package.json below the top for what `#shared/…` means.
for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  if (!/\.(js|d\.ts)$/.test(file)) continue;
  const text = readFileSync(path.join('dist', file), 'utf8');
  const shared = path.posix.relative(path.posix.dirname(file.replaceAll('\\', '/')), 'shared');
  const way = shared.startsWith('.') ? shared : `./${shared}`;
  const named = text.replaceAll(/'#shared\/([\w-]+)'/g, `'${way}/$1.js'`);
  if (named !== text) writeFileSync(path.join('dist', file), named);
}

// What tests compile anew, on top of that, still says `#shared/…`. Not shipped.
const inner = { type: 'module', sideEffects: false, imports: { '#shared/*': './shared/*.js' } };
writeFileSync('dist/package.json', `${JSON.stringify(inner, null, 2)}\n`);

await buildOneFile();

const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
const doors = Object.values(exports).flatMap((door) => (typeof door === 'string' ? [door] : Object.values(door)));
const commands = Object.values(bin);
const missing = [...doors, ...commands].filter((file) => !existsSync(file));
if (missing.length > 0) {
  console.error(`package.json names files that the build did not make: ${missing.join(', ')}`);
  process.exit(1);
}
for (const command of commands) {
  if (!readFileSync(command, 'utf8').startsWith('#!')) {
    console.error(`${command} is a command and does not begin with #!`);
    process.exit(1);
  }
  chmodSync(command, 0o755);
}
