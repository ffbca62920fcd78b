import type { Member } from '#shared/signaling';

/** A signal on its way. */
export interface Letter {
  readonly from: Member;
  readonly to: Member;
  readonly signal: unknown;
}

/** How a server came by what it delivers: as it should, changed on the way, a second time, or made up. */
export type Origin = 'relayed' | 'altered' | 'replayed' | 'injected';

export type Delivery = Letter & { readonly origin: Origin };

/** What a server does other than it should; without any of it, it is an honest one. */
export interface Attack {
  /** As whom a member is shown to another; `undefined`: not at all. Default: as who it is. */
  show?(member: Member, to: Member): Member | undefined;
  /** What is delivered in the place of a signal, now; more may be delivered later. Default: the signal. */
  relay?(letter: Letter, deliver: (delivery: Delivery) => void): readonly Delivery[];
}

/** As it should be. */
export function relayed(letter: Letter): Delivery {
  return { ...letter, origin: 'relayed' };
}
