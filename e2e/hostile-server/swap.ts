import type { Member } from '#shared/signaling';
import { type Attack, type Delivery, type Letter, relayed } from './attack.ts';

/** Exchanges bob and carol, for alice: under each name she is shown, hears and calls the other. */
export class Swap implements Attack {
  show({ name, instance }: Member, to: Member): Member {
    return { name: to.name === 'alice' ? exchanged(name) : name, instance };
  }

  relay(letter: Letter): readonly Delivery[] {
    const { from, to } = letter;
    if (to.name !== 'alice') return [relayed(letter)];
    return [{ ...letter, from: this.show(from, to), origin: 'altered' }];
  }
}

function exchanged(name: string): string {
  if (name === 'bob') return 'carol';
  return name === 'carol' ? 'bob' : name;
}
