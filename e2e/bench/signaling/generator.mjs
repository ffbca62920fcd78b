// @ts-check
/** A process that makes load, and nothing else. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const entry = fileURLToPath(new URL('generator.ts', import.meta.url));
const { module } = await runnerImport(entry, { configFile: false, logLevel: 'error' });
module.generate(JSON.parse(process.argv[2] ?? ''));
