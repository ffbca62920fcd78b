import type uPlot from 'uplot';
import { element, setText } from './element.ts';
import { clockText } from './figures.ts';
import { type Sample, SAMPLES } from './history.ts';
import type { Palette } from './palette.ts';

/** One line of a plot. */
export interface Curve {
  readonly label: string;
  readonly colour: 'accent' | 'sent' | 'received';
  readonly dashed?: boolean;
  readonly value: (sample: Sample) => number | undefined;
}

/** Canvases are drawn by uPlot, which is loaded when the first plot is looked at. */
type Library = typeof uPlot;
let library: Promise<Library> | undefined;

function load(): Promise<Library> {
  library ??= import('uplot').then(
    (module) => module.default,
    (error: unknown) => {
      library = undefined;
      throw error;
    },
  );
  return library;
}

/** The last two minutes as curves. What they end at stands above them in words, or what they are under the pointer. */
export class Plot {
  readonly element: HTMLElement;
  readonly #curves: readonly Curve[];
  readonly #text: (value: number) => string;
  readonly #values: readonly HTMLElement[];
  readonly #moment = element('span');
  readonly #place = element('div', { class: 'plot' });
  readonly #marks = [element('span'), element('span'), element('span')] as const;
  readonly #resizing: ResizeObserver;
  #size = { width: 0, height: 0 };
  #samples: readonly Sample[] = [];
  /** Of the upright axis. */
  #top = 1;
  #palette: Palette | undefined;
  #plot: uPlot | undefined;
  #ended = false;

  constructor(label: string, text: (value: number) => string, curves: readonly Curve[]) {
    this.#curves = curves;
    this.#text = text;
    this.#values = curves.map(() => element('b'));
    const entries = curves.map(({ label, colour }, index) =>
      element(
        'span',
        {},
        element('i', { class: colour, 'aria-hidden': 'true' }),
        `${label} `,
        this.#values[index] ?? '',
      ),
    );
    const caption = element('figcaption', {}, ...entries, this.#moment);
    const times = [`−${SAMPLES} s`, `−${SAMPLES / 2} s`, 'now'].map((time) => element('span', {}, time));
    const frame = element('div', { class: 'frame', 'aria-hidden': 'true' });
    frame.append(
      element('div', { class: 'upright' }, ...this.#marks),
      this.#place,
      element('div', { class: 'level' }, ...times),
    );
    this.element = element('figure', { 'aria-label': label }, caption, frame);
    this.#resizing = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const { width, height } = entry.contentRect;
      this.#size = { width: Math.floor(width), height: Math.floor(height) };
      if (this.#plot !== undefined) this.#plot.setSize(this.#size);
      else this.#begin();
    });
    this.#resizing.observe(this.#place);
  }

  render(samples: readonly Sample[], palette: Palette): void {
    this.#samples = samples;
    this.#measure();
    if (this.#palette !== palette) {
      this.#palette = palette;
      this.#plot?.destroy();
      this.#plot = undefined;
      this.#begin();
    } else this.#plot?.setData(this.#data());
    this.#say(this.#plot?.cursor.idx ?? undefined);
  }

  end(): void {
    this.#ended = true;
    this.#resizing.disconnect();
    this.#plot?.destroy();
  }

  #measure(): void {
    const values = this.#samples.flatMap((sample) => this.#curves.map(({ value }) => value(sample) ?? 0));
    this.#top = roundUp(Math.max(0, ...values));
    for (const [index, part] of [1, 0.5, 0].entries()) {
      const mark = this.#marks[index];
      if (mark !== undefined) setText(mark, this.#text(this.#top * part).replace('.0 ', ' '));
    }
  }

  #begin(): void {
    if (this.#palette === undefined || this.#size.width < 40 || this.#size.height < 30) return;
    load().then(
      (Library) => {
        if (this.#ended || this.#plot !== undefined || this.#palette === undefined) return;
        this.#plot = new Library(this.#options(this.#palette), this.#data(), this.#place);
      },
      // The figures are there; only their picture is not.
      () => setText(this.#place, 'The plots could not be loaded.'),
    );
  }

  /** Seconds before the newest sample, and the curves; `null` is a gap. */
  #data(): uPlot.AlignedData {
    const newest = this.#samples.at(-1)?.time ?? 0;
    const times = this.#samples.map(({ time }) => (time - newest) / 1000);
    return [times, ...this.#curves.map(({ value }) => this.#samples.map((sample) => value(sample) ?? null))];
  }

  /** Its axes are lines alone: canvas text costs more than everything else here together, so what stands at them is HTML. */
  #options(palette: Palette): uPlot.Options {
    const lines = { size: 0, gap: 0, grid: { stroke: palette.line, width: 1 }, ticks: { show: false } };
    const unsaid = { values: (_plot: uPlot, splits: number[]) => splits.map(() => null) };
    return {
      ...this.#size,
      padding: [3, 3, 3, 1],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 5 } },
      scales: { x: { time: false, range: [-SAMPLES, 0] }, y: { range: () => [0, this.#top] } },
      axes: [
        { ...lines, ...unsaid, splits: () => [-SAMPLES, -SAMPLES / 2, 0] },
        { ...lines, ...unsaid, splits: () => [0, this.#top / 2, this.#top] },
      ],
      series: [
        {},
        ...this.#curves.map(({ label, colour, dashed }) => ({
          label,
          stroke: palette[colour],
          width: 1.5,
          points: { show: false },
          ...(dashed === true ? { dash: [5, 4] } : {}),
        })),
      ],
      hooks: { setCursor: [(plot) => this.#say(plot.cursor.idx ?? undefined)] },
    };
  }

  #say(index: number | undefined): void {
    const sample = index === undefined ? this.#samples.at(-1) : this.#samples[index];
    for (const [place, { value }] of this.#curves.entries()) {
      const known = sample === undefined ? undefined : value(sample);
      const field = this.#values[place];
      if (field !== undefined) setText(field, known === undefined ? '–' : this.#text(known));
    }
    const then = index === undefined || sample === undefined ? '' : `at ${clockText(sample.time).slice(0, 8)}`;
    setText(this.#moment, then);
  }
}

/** The next 1, 2 or 5 with zeros behind, so that an axis stays as it is for a while. */
export function roundUp(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return (([1, 2, 5] as const).find((step) => step * power >= most) ?? 10) * power;
}
