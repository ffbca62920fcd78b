import { between, chanceOf, oneOf, shuffled } from './chance.ts';

/** What happens to a tab, to both tabs of a browser, or to the server. Times in ms. */
export type Act =
  | { readonly do: 'reload' | 'close' | 'shutdown' | 'kill' | 'kill browser' }
  | { readonly do: 'freeze' | 'compute'; readonly ms: number }
  /** The server is killed, at once or so long after somebody begins to join, and comes back later. */
  | { readonly do: 'kill server'; readonly ms: number; readonly intoJoin?: number }
  /** Connections of a tab are closed behind its back: this share of them. */
  | { readonly do: 'cut'; readonly share: number };

export interface Scene {
  /** Before it, in ms. */
  readonly pause: number;
  readonly victims: readonly string[];
  readonly act: Act;
}

/** Scenes one after the other; lines go on beside each other. */
export type Line = readonly Scene[];

/** Tabs by browser. Those of the first live to the end, whatever happens to them; each of the second is alone with its fate, those of the third share one. */
export const CAST = [
  ['alice', 'bob', 'carol', 'dave'],
  ['erin', 'frank'],
  ['grace', 'heidi'],
] as const;

/** A line for each tab, one for the links and one for the server, the same for the same seed. */
export function script(seed: number): Line[] {
  const chance = chanceOf(seed);
  const pause = (least: number, most: number): number => between(chance, least, most);
  const [steadfast, mortal, doomed] = CAST;
  const [computing, frozen, ...winking] = shuffled(chance, steadfast);
  const everybody = CAST.flat();
  const one = (victim: string | undefined, act: Act, before: number): Scene => ({
    pause: before,
    victims: victim === undefined ? [] : [victim],
    act,
  });
  return [
    [one(computing, { do: 'compute', ms: 40_000 }, pause(2000, 20_000))],
    [one(frozen, { do: 'freeze', ms: 20_000 }, pause(2000, 30_000))],
    ...winking.map((name) => [0, 1].map(() => one(name, { do: 'freeze', ms: 5000 }, pause(3000, 20_000)))),
    ...mortal.map((name) => {
      const ends = shuffled(chance, ['reload', 'reload', 'close', 'kill', 'shutdown'] as const);
      return ends.map((end) => one(name, { do: end }, pause(1500, 5000)));
    }),
    [
      one(doomed[0], { do: 'reload' }, pause(1500, 5000)),
      one(doomed[1], { do: 'close' }, pause(1500, 5000)),
      { pause: pause(3000, 8000), victims: doomed, act: { do: 'kill browser' } },
      one(oneOf(chance, doomed), { do: 'reload' }, pause(3000, 5000)),
    ],
    [
      one(undefined, { do: 'kill server', ms: 500 }, pause(5000, 10_000)),
      one(undefined, { do: 'kill server', ms: pause(1000, 4000), intoJoin: pause(0, 300) }, pause(3000, 8000)),
      one(undefined, { do: 'kill server', ms: 8000 }, pause(5000, 15_000)),
    ],
    Array.from({ length: 24 }, () =>
      one(oneOf(chance, everybody), { do: 'cut', share: oneOf(chance, [0.2, 0.5, 1]) }, pause(1000, 4000)),
    ),
  ];
}

/** Three tabs for a few seconds: what has to hold before anything else is worth trying. */
export function shortScript(seed: number): Line[] {
  const chance = chanceOf(seed);
  const names = ['alice', 'bob', 'carol'];
  return [
    Array.from({ length: 5 }, () => ({
      pause: between(chance, 200, 700),
      victims: [oneOf(chance, names)],
      act: { do: 'cut', share: oneOf(chance, [0.5, 1]) },
    })),
    [{ pause: between(chance, 300, 1500), victims: [], act: { do: 'kill server', ms: between(chance, 100, 600) } }],
    [0, 1].map(() => ({ pause: between(chance, 300, 1000), victims: ['carol'], act: { do: 'reload' } })),
  ];
}

/** As it is printed before it is played. */
export function synopsis(lines: readonly Line[]): string {
  return lines
    .map((line) =>
      line.map(({ pause, victims, act }) => `${pause} ms, ${title(act)} ${victims.join(' and ')}`).join('; '),
    )
    .join('\n');
}

export function title(act: Act): string {
  switch (act.do) {
    case 'freeze':
    case 'compute':
      return `${act.do} for ${act.ms / 1000} s`;
    case 'kill server':
      return `${act.do} for ${act.ms / 1000} s${act.intoJoin === undefined ? '' : `, ${act.intoJoin} ms into a join`}`;
    case 'cut':
      return `cut ${act.share * 100} % of the links of`;
    default:
      return act.do;
  }
}
