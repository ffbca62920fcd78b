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
  readonly #place = element('div', { class: 'plot', 'aria-hidden': 'true' });
  readonly #resizing: ResizeObserver;
  #size = { width: 0, height: 0 };
  #samples: readonly Sample[] = [];
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
    this.element = element('figure', { 'aria-label': label }, caption, this.#place);
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

  #options(palette: Palette): uPlot.Options {
    const font = '10px system-ui, sans-serif';
    const axis = { stroke: palette.soft, font, grid: { stroke: palette.line, width: 1 }, ticks: { show: false } };
    return {
      ...this.#size,
      padding: [6, 12, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 5 } },
      scales: {
        x: { time: false, range: [1 - SAMPLES, 0] },
        y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.15 : 1] },
      },
      axes: [
        {
          ...axis,
          size: 18,
          gap: 2,
          space: 60,
          values: (_plot, splits) => splits.map((time) => (time === 0 ? 'now' : `−${-time} s`)),
        },
        {
          ...axis,
          size: 58,
          gap: 4,
          space: 26,
          values: (_plot, splits) => splits.map((value) => this.#text(value).replace('.0 ', ' ')),
        },
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
