// @ts-check
/**
 * `npm run docs`: the site, in `client/docs/site`: README, guides, documents, and the reference of every entry point of the package, as its docstrings have it.
 * Whatever TypeDoc warns of is an error. `npm run docs -- --serve` shows it on 127.0.0.1.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { preview } from 'vite';
import { Application, Converter, DefaultTheme, LogLevel, Renderer, RendererEvent } from 'typedoc';

const top = fileURLToPath(new URL('../..', import.meta.url));
const SITE = fileURLToPath(new URL('site', import.meta.url));
const GUIDES = 'client/docs/guides';

/** In the order of the navigation. */
const guides = [
  'getting-started',
  'messages',
  'calls',
  'streams',
  'failures',
  'errors',
  'testing',
  'react',
  'security',
  'deploying',
  'from-peerjs',
  'from-trystero',
  'from-python-pool',
].map((name) => `${GUIDES}/${name}.md`);
const documents = [
  'ARCHITECTURE.md',
  'PROTOCOL.md',
  'SECURITY.md',
  'signaling-server/deploy/README.md',
  'signaling-server/deploy/CAPACITY.md',
  'CHANGELOG.md',
];
const GROUPS = new Map([
  ...guides.map((file) => /** @type {const} */ ([file, 'Guides'])),
  ...documents.map((file) => /** @type {const} */ ([file, 'Documents'])),
]);

/**
 * What an import of the package names, and the source behind it.
 * @returns {Map<string, string>}
 */
function entryPoints() {
  /** @type {{ name: string, exports: Record<string, string | { types: string }> }} */
  const { name, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const doors = Object.entries(exports).flatMap(([door, leads]) => {
    // A door with an extension is a file made of what others lead to.
    if (typeof leads === 'string' || door.endsWith('.js')) return [];
    const stem = leads.types.replace(/^\.\/dist\//, '').replace(/\.d\.ts$/, '');
    const source = [`${stem}.ts`, `${stem}.tsx`].find((file) => existsSync(file));
    if (source === undefined) throw new Error(`package.json has the door ${door}, and there is no ${stem}.ts`);
    return [/** @type {const} */ ([path.resolve(source), path.posix.join(name, door)])];
  });
  return new Map(doors);
}

/** @returns {Promise<boolean>} whether all went well */
export async function buildSite() {
  process.chdir(top);
  const forgotten = readdirSync(GUIDES).filter((file) => file.endsWith('.md') && !guides.includes(`${GUIDES}/${file}`));
  if (forgotten.length > 0) throw new Error(`not in the navigation of client/docs/build.mjs: ${forgotten.join(', ')}`);
  const doors = entryPoints();
  const app = await Application.bootstrapWithPlugins({
    name: 'peerpool',
    includeVersion: false,
    tsconfig: 'client/docs/tsconfig.json',
    entryPoints: [...doors.keys()],
    readme: 'README.md',
    projectDocuments: [...GROUPS.keys()].filter((file) => existsSync(file)),
    out: SITE,
    logLevel: LogLevel.Warn,
    treatWarningsAsErrors: true,
    // `npm run check:types` has looked, by the compiler that peerpool is built with.
    skipErrorChecking: true,
    validation: {
      notExported: true,
      invalidLink: true,
      invalidPath: true,
      notDocumented: true,
      unusedMergeModuleWith: true,
    },
    requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Function', 'Variable', 'Accessor', 'Method'],
    // Shapes that only make a public type what it is.
    intentionallyNotExported: [
      'client/src/pool/calls/methods.ts:Method',
      'client/src/pool/calls/remote.ts:Hidden',
      'client/src/pool/schema.ts:SchemaResult',
      'client/src/testing/bench.ts:Bench',
      'client/src/trust/web-crypto.ts:Bytes',
      'e2e/tabs.ts:TabsOf',
      'e2e/tabs.ts:CopiedOptions',
      'shared/signaling.ts:CAPABILITIES',
      'signaling-server/rooms/rooms.ts:Rooms',
      'signaling-server/rooms/rooms.ts:RoomLimits',
      'signaling-server/rooms/rooms.ts:RoomsListener',
    ],
    excludePrivate: true,
    excludeProtected: true,
    excludeInternal: true,
    disableSources: true,
    sort: ['source-order'],
    groupOrder: ['Guides', 'Documents', 'Modules', 'Classes', 'Functions', 'Constructors', 'Accessors', 'Methods', '*'],
    navigation: { includeGroups: true, includeCategories: false, includeFolders: false, excludeReferences: true },
    categorizeByGroup: false,
    searchInComments: true,
    searchInDocuments: true,
    customCss: 'client/docs/site.css',
    customJs: 'client/docs/site.js',
    favicon: 'client/demo/icon.svg',
    hideGenerator: true,
    lightHighlightTheme: 'github-light',
    darkHighlightTheme: 'github-dark',
    highlightLanguages: [
      'typescript',
      'javascript',
      'json',
      'html',
      'css',
      'sh',
      'ini',
      'yaml',
      'nginx',
      'python',
      'tsx',
      'text',
    ],
    ignoredHighlightLanguages: ['caddy', 'Caddyfile', 'promql'],
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => nameDocument(document));
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const module of context.project.children ?? []) {
      const file = context.project.files.getReflectionPath(module);
      const door = file && doors.get(path.resolve(file));
      if (door !== undefined) module.name = door;
    }
  });
  // The highlighter gives a line up after half a second, and compiles its grammar with the first ones: on a busy machine README would show it.
  let warm = false;
  app.renderer.on(Renderer.EVENT_BEGIN_PAGE, (page) => {
    if (warm || !page.isReflectionEvent()) return;
    warm = true;
    const { theme } = app.renderer;
    if (!(theme instanceof DefaultTheme)) throw new Error('the site is made for the default theme');
    const context = theme.getRenderContext(page);
    const code = readFileSync('README.md', 'utf8').matchAll(/^```\w+[^\n]*\n[\s\S]*?^```$/gm);
    for (const [text] of code) context.markdown([{ kind: 'text', text }]);
  });
  app.renderer.on(RendererEvent.END, () => servePlainly());

  const project = await app.convert();
  if (project === undefined) return false;
  app.validate(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) return false;
  rmSync(SITE, { recursive: true, force: true });
  await app.generateOutputs(project);
  return !app.logger.hasErrors() && !app.logger.hasWarnings();
}

/**
 * A document is called what its first heading says.
 * @param {import('typedoc').DocumentReflection} document
 */
function nameDocument(document) {
  const file = document.project.files.getReflectionPath(document);
  const group = file && GROUPS.get(path.relative(top, file));
  if (group !== undefined) document.frontmatter['group'] = group;
  const [first] = document.content;
  const heading = first?.kind === 'text' ? /^# (.*)\n/.exec(first.text) : null;
  if (first === undefined || heading === null) throw new Error(`${file} does not begin with a heading`);
  document.name = (heading[1] ?? '').replaceAll('`', '');
}

/** What documents link to in the checkout lies in `media`; under a name by which any server hands it out as text. */
function servePlainly() {
  const media = path.join(SITE, 'media');
  if (!existsSync(media)) return;
  const shown = /\.(svg|png|gif|webp|jpg|mp4|webm|txt|html)$/;
  const plain = readdirSync(media).filter((file) => !shown.test(file));
  for (const file of plain) renameSync(path.join(media, file), path.join(media, `${file}.txt`));
  for (const page of readdirSync(SITE, { recursive: true, encoding: 'utf8' })) {
    if (!page.endsWith('.html')) continue;
    const text = readFileSync(path.join(SITE, page), 'utf8');
    const changed = text.replaceAll(/(href="(?:\.\.\/)*media\/)([^"#]+)/g, (whole, before, file) =>
      plain.includes(decodeURIComponent(file)) ? `${before}${file}.txt` : whole,
    );
    if (changed !== text) writeFileSync(path.join(SITE, page), changed);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!(await buildSite())) process.exitCode = 1;
  else if (process.argv.includes('--serve')) {
    const server = await preview({
      configFile: false,
      root: path.dirname(SITE),
      appType: 'mpa',
      build: { outDir: 'site' },
      preview: { host: '127.0.0.1' },
    });
    server.printUrls();
  } else console.log(`The site is in ${path.relative(top, SITE)}/index.html`);
}
