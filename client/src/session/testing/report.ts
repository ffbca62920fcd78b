/** What a simulation has seen, over all of its runs. */
export interface Report {
  readonly runs: number;
  /** Links cut. */
  readonly cuts: number;
  /** Messages, or what else is carried. */
  readonly sent: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly unsettled: number;
  /** Each with the seed that replays it in one run. */
  readonly failures: readonly { readonly seed: number; readonly text: string }[];
  /** How often each situation was met that has to be met. */
  readonly coverage: Readonly<Record<string, number>>;
  /** The most that one side held at once, in bytes. */
  readonly largestMemory: number;
}

/** What a simulation is asked to do: so many runs, or until so many links were cut. Run number n draws from seed + n. */
export interface Span {
  readonly seed: number;
  readonly runs: number;
  readonly cuts?: number | undefined;
  /** After so many failures the rest says nothing new. */
  readonly failures?: number | undefined;
}
