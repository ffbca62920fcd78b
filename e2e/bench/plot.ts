import type { ContenderName } from './page/main.ts';
import type { Results } from './results.ts';
import { estimate } from './statistics.ts';

/** Rows of the picture: what people ask first. */
const ROWS = [
  { metric: '100 B, warm', title: '100 B messages', unit: 'thousand a second', scale: 1e-3 },
  { metric: '1 MiB values', title: '1 MiB values', unit: 'MB a second', scale: 1 },
  { metric: 'round trip under bulk, p50', title: 'Round trip under bulk', unit: 'ms, less is better', scale: 1 },
] as const;

const CONTENDERS: readonly ContenderName[] = ['peerpool', 'bare', 'Trystero', 'PeerJS', 'simple-peer', 'socket.io'];
const WIDTH = 860;
const LABEL = 96;
const BAR = 16;
const GAP = 6;
const HEAD = 34;
const COLUMN = WIDTH / ROWS.length;

/** A picture of the medians with their intervals, that looks right on light and on dark pages. */
export function plot(results: Results, machine: string): string {
  const height = HEAD + CONTENDERS.length * (BAR + GAP) + 40;
  const columns = ROWS.map((row, index) => column(results, row, index * COLUMN)).join('');
  const rounds = Math.max(...ROWS.map(({ metric }) => results.values(metric, 'peerpool').length));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="peerpool compared with others">
<style>text{fill:#57606a}.own{fill:#0969da}.other{fill:#8c959f}.line{stroke:#57606a;stroke-width:1.5}.title{font-weight:600;font-size:13px;fill:#24292f}.ownname{font-weight:600;fill:#0969da}
@media(prefers-color-scheme:dark){text{fill:#8d96a0}.own{fill:#4493f8}.other{fill:#6e7681}.line{stroke:#c9d1d9}.title{fill:#e6edf3}.ownname{fill:#4493f8}}</style>
${columns}<text x="0" y="${height - 8}">Medians of ${rounds} rounds, with 95 % intervals; two tabs, ${machine}. npm run bench</text>
</svg>
`;
}

function column(results: Results, { metric, title, unit, scale }: (typeof ROWS)[number], x: number): string {
  const estimates = CONTENDERS.map((name) => ({ name, ...estimate(results.values(metric, name)) }));
  const most = Math.max(...estimates.map(({ high }) => (Number.isNaN(high) ? 0 : high)));
  const room = COLUMN - LABEL - 64;
  const bars = estimates.map(({ name, median, low, high }, place) => {
    const y = HEAD + place * (BAR + GAP);
    const own = name === 'peerpool';
    const label = `<text x="${x + LABEL - 8}" y="${y + 12}" text-anchor="end" class="${own ? 'ownname' : ''}">${name}</text>`;
    if (Number.isNaN(median)) return `${label}<text x="${x + LABEL}" y="${y + 12}">fails</text>`;
    const at = (value: number): string => (x + LABEL + (room * value) / most).toFixed(1);
    const width = ((room * median) / most).toFixed(1);
    const middle = y + BAR / 2;
    return `${label}<rect x="${x + LABEL}" y="${y}" width="${width}" height="${BAR}" rx="2" class="${own ? 'own' : 'other'}"/><line x1="${at(low)}" x2="${at(high)}" y1="${middle}" y2="${middle}" class="line"/><text x="${(x + LABEL + (room * Math.max(median, high)) / most + 6).toFixed(1)}" y="${y + 12}">${figure(median * scale)}</text>`;
  });
  return `<text x="${x + LABEL}" y="14" class="title">${title}</text><text x="${x + LABEL}" y="28">${unit}</text>${bars.join('')}\n`;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
