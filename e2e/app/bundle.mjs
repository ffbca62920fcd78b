// @ts-check
/** Bundles each of the texts it is given, as a page's entry, and says what is left of it: `node bundle.mjs '[{ "text": …, "external": […] }]'`. */
import { build } from 'vite';

/** @type {{ text: string, external?: string[] }[]} */
const entries = JSON.parse(process.argv[2] ?? '[]');
const bundles = [];
for (const { text, external = [] } of entries) {
  const entry = 'virtual:entry';
  const built = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? text : undefined),
      },
    ],
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: entry, external, preserveEntrySignatures: 'exports-only' },
    },
  });
  if (!('output' in built)) throw new Error('one build was asked for');
  const chunks = built.output.filter((file) => file.type === 'chunk');
  const modules = chunks
    .flatMap((chunk) => Object.entries(chunk.modules))
    .filter(([id, { renderedLength }]) => id !== entry && renderedLength > 0)
    .map(([id]) => id);
  bundles.push({
    code: chunks
      .map(({ code }) => code)
      .join('\n')
      .trim(),
    modules,
  });
}
console.log(JSON.stringify(bundles));
