// @ts-check
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';
import { altering } from './altered-sources.mjs';

const top = fileURLToPath(new URL('..', import.meta.url));

/**
 * What a source file exports, bundled with all it imports and with these alterations: Node 20 reads no TypeScript.
 * @param {string} file
 * @param {readonly import('./altered-sources.mjs').Alteration[]} alterations
 */
export async function bundled(file, alterations) {
  const folder = mkdtempSync(path.join(top, 'node_modules', '.bundled-'));
  try {
    const sources = altering(top, alterations);
    await build({
      configFile: false,
      root: top,
      logLevel: 'error',
      plugins: [sources],
      ssr: { noExternal: true },
      build: {
        ssr: file,
        outDir: folder,
        minify: false,
        rolldownOptions: { output: { entryFileNames: 'bundle.mjs' } },
      },
    });
    sources.check();
    return await import(pathToFileURL(path.join(folder, 'bundle.mjs')).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
