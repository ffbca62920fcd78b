import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { PAGES } from './pages.ts';

const DEMO = fileURLToPath(new URL('..', import.meta.url));
const FRAME = fileURLToPath(new URL('../frame/frame.html', import.meta.url));

/**
 * Puts what a page has of its own into the frame that all pages have in common: head, policy, the ways to the others, the controls, who is here. Of its own a page has a title, a description, its script,
 * an `<article>`, which is what one does there, and an `<aside>`, which says how it works.
 */
export function frame(): Plugin {
  return {
    name: 'demo-frame',
    configureServer: ({ watcher }) => void watcher.add(FRAME),
    handleHotUpdate: ({ file, server }) => {
      if (file === FRAME) server.hot.send({ type: 'full-reload' });
    },
    transformIndexHtml: {
      order: 'pre',
      handler: (page, { filename }) => framed(page, `/${relative(DEMO, filename).replaceAll('\\', '/')}`),
    },
  };
}

/** @throws Error when the page lacks one of its parts */
function framed(page: string, file: string): string {
  const own = (what: string, pattern: RegExp): string => {
    const found = pattern.exec(page)?.[1]?.trim();
    if (found === undefined) throw new Error(`demo: ${file} has no ${what}`);
    return found;
  };
  const parts: Readonly<Record<string, string>> = {
    title: own('title', /<title>(.*?)<\/title>/),
    description: own('description', /<meta\s+name="description"\s+content="([^"]*)"/),
    script: own('script', /(<script[\s\S]*?<\/script>)/),
    article: own('article', /<article>([\s\S]*)<\/article>/),
    aside: own('aside', /<aside>([\s\S]*)<\/aside>/),
    pages: PAGES.map(({ path, title }) => wayTo(path, title, file)).join(''),
  };
  return readFileSync(FRAME, 'utf8').replaceAll(/<!-- the page’s (\w+) -->/g, (_, name: string) => parts[name] ?? '');
}

function wayTo(path: string, title: string, from: string): string {
  return `<a href="${path}"${from === `${path}index.html` ? ' aria-current="page"' : ''}>${title}</a>`;
}
