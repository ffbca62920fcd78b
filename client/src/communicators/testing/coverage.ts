import { PROBES } from './probes.ts';

/** How often each thing that a simulation is for has happened. What never happened stands there with a zero. */
export class Coverage<Name extends string> {
  readonly counts: Record<Name, number>;

  constructor(names: readonly Name[]) {
    this.counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  }

  saw(name: Name): void {
    this.counts[name]++;
  }
}

export type Sight = (typeof TROUBLES)[number] | `probe: ${keyof typeof PROBES}`;

const TROUBLES = [
  'ring heard while apart',
  'ring heard while queued',
  'ring heard while pausing',
  'ring heard while dialing',
  'ring heard while joined',
  'stale signal of an older link',
  'signal to an instance that is gone',
  'signal lost',
  'signal doubled',
  'signal late',
  'handshake slots contended',
  'attempt fails',
  'attempt hangs',
  'attempt abandoned at one end',
  'link breaks at both ends',
  'link breaks at one end first',
  'link half-open',
  'link silent for ever',
  'session resumed',
  'session lost',
  'server death',
  'server death during a join',
  'server back with its memory',
  'server back without its memory',
  'socket closed and back',
  'name taken',
  'own name taken by another',
  'own name disputed',
  'impostor gives way',
  'restart after a goodbye',
  'restart without a goodbye',
  'restart while the old link stands',
  'simultaneous join',
  'refused stranger',
  'removed and added again',
  'failed and called again',
  'timers late',
  'page frozen',
  'shutdown of all in one instant',
] as const;

/** All that is to be seen, in enough runs. */
export const SIGHTS: readonly Sight[] = [
  ...TROUBLES,
  ...(Object.keys(PROBES) as (keyof typeof PROBES)[]).map((name) => `probe: ${name}` as const),
];
