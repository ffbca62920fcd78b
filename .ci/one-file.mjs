// @ts-check
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const top = fileURLToPath(new URL('..', import.meta.url));

/** Two of simple-peer's parts come from browserify, which is no dependency of anybody here. */
const HEAD = `What peerpool.js holds of others, and under which licence.

simple-peer is taken as it is published, in one file with its own dependencies, which are listed too, and with two modules of browserify's:
events, MIT, Copyright Joyent, Inc. and other Node contributors; process, MIT, Copyright (c) 2013 Roman Shtylman. The terms of the MIT licence stand below.
`;

/** Published bundled: what its dependencies are is inside, whatever the bundler sees. */
const BUNDLES = ['simple-peer'];

/**
 * Makes `dist/peerpool.js` for pages without a bundler: the library with all it loads, also what it otherwise loads when it is needed, in one module. Beside it stand its
 * source map, its types, and the licences of what is inside.
 */
export async function buildOneFile() {
  const { modules } = await oneFile(true);
  writeFileSync(path.join(top, 'dist/peerpool.d.ts'), "export * from './client/src/index.js';\n");
  writeFileSync(path.join(top, 'dist/peerpool.js.LICENSE.txt'), licences(modules));
}

/**
 * The module, and the files of which there is something in it.
 * @param {boolean} write whether into `dist` as well
 */
export async function oneFile(write) {
  const { version, license } = manifest(top);
  const built = await build({
    configFile: false,
    root: top,
    logLevel: 'warn',
    publicDir: false,
    build: {
      write,
      outDir: 'dist',
      emptyOutDir: false,
      target: 'es2022',
      minify: true,
      sourcemap: true,
      // As a library it is given nothing of Vite's own that would preload what is inside anyway.
      lib: { entry: 'client/src/index.ts', formats: ['es'], fileName: () => 'peerpool.js' },
      rolldownOptions: {
        output: {
          codeSplitting: false,
          // Vite leaves the white space of libraries alone; nobody bundles this one again.
          minify: true,
          postBanner: `/*! peerpool ${version}, ${license}. What else is inside: peerpool.js.LICENSE.txt */`,
        },
      },
    },
  });
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []));
  const chunks = outputs.filter((file) => file.type === 'chunk');
  const [chunk] = chunks;
  if (chunk === undefined || chunks.length > 1) throw new Error(`one file was asked for, not ${chunks.length}`);
  const others = [...chunk.imports, ...chunk.dynamicImports].filter((file) => file !== chunk.fileName);
  if (others.length > 0) throw new Error(`peerpool.js imports ${others.join(', ')}`);
  return { code: chunk.code, modules: Object.keys(chunk.modules) };
}

/** @param {readonly string[]} modules */
function licences(modules) {
  const folders = new Set(modules.map(packageOf).filter((folder) => folder !== undefined));
  for (const name of BUNDLES) addDependencies(path.join(top, 'node_modules', name), folders);
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = manifest(folder);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text =
      file === undefined
        ? 'Its package holds no text of the licence.'
        : readFileSync(path.join(folder, file), 'utf8').trim();
    return `${name} ${version}, ${license}\n\n${text}\n`;
  });
  return [HEAD, ...texts].join(`\n${'-'.repeat(80)}\n\n`);
}

/**
 * The folder of the package in which a module lies.
 * @param {string} module
 */
function packageOf(module) {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module)?.[1];
}

/**
 * @param {string} folder
 * @param {Set<string>} folders
 */
function addDependencies(folder, folders) {
  for (const name of Object.keys(manifest(folder).dependencies ?? {})) {
    const inside = path.join(folder, 'node_modules', name);
    const dependency = existsSync(inside) ? inside : path.join(top, 'node_modules', name);
    if (folders.has(dependency)) continue;
    folders.add(dependency);
    addDependencies(dependency, folders);
  }
}

/**
 * @param {string} folder
 * @returns {{ name: string, version: string, license: string, dependencies?: Record<string, string> }}
 */
function manifest(folder) {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
}
