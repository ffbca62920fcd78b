// @ts-check
/** Builds the app and says what came of it: warnings, and which modules each chunk holds. Run in the app's folder. */
import { build, createLogger } from 'vite';

/** @type {string[]} */
const warnings = [];
const logger = createLogger('warn');
logger.warn = (message) => warnings.push(message);
logger.warnOnce = (message) => warnings.push(message);

const result = await build({
  logLevel: 'warn',
  customLogger: logger,
  build: { modulePreload: { polyfill: false }, minify: false },
});
if (!('output' in result)) throw new Error('one build was asked for');
const chunks = result.output.flatMap((file) =>
  file.type === 'chunk'
    ? {
        fileName: file.fileName,
        isEntry: file.isEntry,
        imports: file.imports,
        modules: Object.keys(file.modules),
        code: file.code,
      }
    : [],
);
console.log(JSON.stringify({ warnings, chunks }));
