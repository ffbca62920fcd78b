import { element, part } from './element.ts';

/** Where each page stands, from the top of the demo. */
const PAGES = {
  './': 'Room',
  'examples/secure-sum/': 'Secure sum',
  'examples/averaging/': 'Averaging',
  'examples/work-pool/': 'Work pool',
  'examples/files/': 'Files',
} as const;

/** The way to the other pages, which takes the room along. */
export function showPages(): void {
  const list = part('pages', HTMLElement);
  const root = new URL(list.dataset['root'] ?? './', location.href);
  const links = Object.entries(PAGES).map(([path, title]) => {
    const link = element('a', '', title);
    const url = new URL(path, root);
    if (url.pathname === location.pathname) link.ariaCurrent = 'page';
    url.hash = location.hash;
    link.href = url.href;
    return link;
  });
  list.replaceChildren(...links);
}
