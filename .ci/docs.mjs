// @ts-check
/**
 * `npm run check:docs`: builds the site, without a warning, and follows every link: in the documents, as they are read in the repository, and in the built pages.
 * A link leads to a file that git knows, and its anchor to a heading of that file. Links to other sites are not followed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSite } from '../client/docs/build.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const SITE = 'client/docs/site';

const built = await buildSite();
const inDocuments = documentLinks();
const inPages = built ? pageLinks() : { links: 0, pages: 0, broken: ['the site was not built'] };
const broken = [...inDocuments.broken, ...inPages.broken];
for (const line of broken) console.error(line);
console.log(
  `${inDocuments.links} links of ${inDocuments.documents} documents and ${inPages.links} of ${inPages.pages} pages: ${broken.length} broken.`,
);
if (broken.length > 0) process.exitCode = 1;

function documentLinks() {
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(file));
  const documents = tracked.filter((file) => file.endsWith('.md'));
  const files = new Set(tracked);
  for (const file of tracked)
    for (let up = path.posix.dirname(file); up !== '.'; up = path.posix.dirname(up)) files.add(up);
  /** @type {Map<string, Set<string>>} */
  const anchors = new Map();
  for (const document of documents) anchors.set(document, headings(readFileSync(document, 'utf8')));
  /** @type {string[]} */
  const broken = [];
  let links = 0;
  for (const document of documents) {
    for (const { target, line } of markdownLinks(readFileSync(document, 'utf8'))) {
      if (/^[a-z]+:/i.test(target)) continue;
      links += 1;
      const [file = '', anchor] = target.split('#');
      const leads =
        file === ''
          ? document
          : path.posix.normalize(path.posix.join(path.posix.dirname(document), decodeURIComponent(file)));
      const where = `${document}:${line} ${target}`;
      if (!files.has(leads.replace(/\/$/, ''))) broken.push(`${where}: there is no such file`);
      else if (anchor !== undefined && !anchors.get(leads)?.has(decodeURIComponent(anchor)))
        broken.push(`${where}: there is no such heading`);
    }
  }
  return { documents: documents.length, links, broken };
}

/**
 * Without fenced blocks and code, in which nothing is a link.
 * @param {string} text
 */
function prose(text) {
  const blank = (/** @type {string} */ code) => code.replaceAll(/[^\n]/g, ' ');
  return text.replaceAll(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, blank).replaceAll(/<!--[\s\S]*?-->/g, blank);
}

/** @param {string} text */
function markdownLinks(text) {
  const plain = prose(text).replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ' '));
  const links = [...plain.matchAll(/\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)|(?:href|src)="([^"]+)"/gm)];
  return links.map((match) => ({
    target: match[1] ?? match[2] ?? match[3] ?? '',
    line: plain.slice(0, match.index).split('\n').length,
  }));
}

/**
 * The anchors that repository hosts give to headings: in lower case, without punctuation, spaces as hyphens, and numbered when they repeat.
 * @param {string} text
 */
function headings(text) {
  /** @type {Set<string>} */
  const anchors = new Set();
  for (const [, title = ''] of prose(text).matchAll(/^#{1,6} (.*)$/gm)) {
    const words = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function pageLinks() {
  const pages = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
  /** @type {Map<string, { ids: Set<string>, links: string[] }>} */
  const read = new Map();
  for (const page of pages) {
    const html = readFileSync(path.join(SITE, page), 'utf8');
    read.set(page, {
      ids: new Set([...html.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id = '']) => unescaped(id))),
      links: [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link = '']) => unescaped(link)),
    });
  }
  /** @type {Set<string>} */
  const broken = new Set();
  let links = 0;
  for (const [page, { links: found }] of read) {
    for (const link of found) {
      if (/^([a-z]+:|\/\/)/i.test(link)) continue;
      links += 1;
      const [file = '', anchor = ''] = link.split('#');
      const named = decodeURIComponent(file.replace(/\?.*$/, ''));
      const folder = named.endsWith('/') ? 'index.html' : '';
      const leads = file === '' ? page : path.posix.join(path.posix.dirname(page), named, folder);
      const target = path.join(SITE, leads);
      if (!existsSync(target) || statSync(target).isDirectory())
        broken.add(`${SITE}/${page} ${link}: there is no such page`);
      else if (anchor !== '' && leads.endsWith('.html') && !read.get(leads)?.ids.has(decodeURIComponent(anchor)))
        broken.add(`${SITE}/${page} ${link}: there is no such place in it`);
    }
  }
  return { pages: pages.length, links, broken: [...broken] };
}

/** @param {string} text of an attribute */
function unescaped(text) {
  return text
    .replaceAll('&amp;', '&')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
}
