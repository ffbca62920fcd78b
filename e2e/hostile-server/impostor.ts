import type { Member } from '#shared/signaling';
import type { Attack } from './attack.ts';

/** Shows alice one instance of a name only, the false one; and that one nobody but alice. */
export class Impostor implements Attack {
  readonly #false: Member;

  constructor(instance: Member) {
    this.#false = instance;
  }

  show(member: Member, to: Member): Member | undefined {
    if (to.name === 'alice') return member.name !== this.#false.name || this.#is(member) ? member : undefined;
    return this.#is(member) || (this.#is(to) && member.name !== 'alice') ? undefined : member;
  }

  #is({ instance }: Member): boolean {
    return instance === this.#false.instance;
  }
}
