import type { Quality } from './quality.ts';

export type Scheme = 'light' | 'dark';

/** Text on `page` has a contrast of 4.5 and more, lines one of 3 and more (WCAG 2.2, 1.4.3 and 1.4.11). */
export const PALETTES = {
  light: {
    page: '#fbfbfa',
    raised: '#ffffff',
    sunk: '#f0f0ee',
    line: '#dededa',
    edge: '#85898a',
    ink: '#1b1e1d',
    soft: '#5a5f5d',
    accent: '#17695c',
    tint: '#e2eeeb',
    fair: '#8a5a00',
    bad: '#a8321c',
    sent: '#1f5fa8',
    received: '#8a4a9e',
  },
  dark: {
    page: '#151817',
    raised: '#1b1f1e',
    sunk: '#242928',
    line: '#333937',
    edge: '#7b8481',
    ink: '#e7ebe9',
    soft: '#a1aaa7',
    accent: '#6cc7b5',
    tint: '#1f332f',
    fair: '#e0b462',
    bad: '#f0937f',
    sent: '#7db4f0',
    received: '#d19ae0',
  },
} as const satisfies Record<Scheme, Record<string, string>>;

export type Palette = (typeof PALETTES)[Scheme];

/** How a link of that quality is drawn: the dashes alone say which. */
export const DASHES: Readonly<Record<Quality, string>> = {
  good: 'none',
  fair: '9 4',
  poor: '4 4',
  unmeasured: 'none',
  connecting: '1 6',
  unresponsive: '1 6 6 6',
  none: 'none',
};

/** As custom properties. */
export function paletteRules(): string {
  return Object.entries(PALETTES)
    .map(([scheme, colours]) => {
      const properties = Object.entries(colours).map(([name, colour]) => `--${name}:${colour}`);
      return `.panel[data-scheme=${scheme}]{color-scheme:${scheme};${properties.join(';')}}`;
    })
    .join('\n');
}

/** What the page around it says, else the system. */
export function schemeAround(host: Element, prefersDark: boolean): Scheme {
  const said = getComputedStyle(host).colorScheme;
  const [light, dark] = [/\blight\b/.test(said), /\bdark\b/.test(said)];
  if (light === dark) return prefersDark ? 'dark' : 'light';
  return dark ? 'dark' : 'light';
}
