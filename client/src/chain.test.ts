import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Chain, type ChainLink } from './chain.ts';

it('holds what an array would after any pushes, insertions and removals', () => {
  const step = fc.record({ kind: fc.constantFrom('push', 'insert', 'remove'), at: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const chain = new Chain<number>();
      const model: number[] = [];
      const links = new Map<number, ChainLink<number>>();
      steps.forEach(({ kind, at }, value) => {
        if (kind === 'push') {
          links.set(value, chain.push(value));
          model.push(value);
        } else if (kind === 'insert') {
          const place = model[at];
          links.set(value, chain.insertBefore(place === undefined ? undefined : links.get(place), value));
          model.splice(place === undefined ? model.length : at, 0, value);
        } else {
          const [gone] = model.splice(at, 1);
          const link = gone === undefined ? undefined : links.get(gone);
          if (link !== undefined) chain.remove(link);
          if (link !== undefined) chain.remove(link);
        }
        expect([...chain]).toEqual(model);
        expect(chain.first?.value).toBe(model[0]);
        expect(chain.empty).toBe(model.length === 0);
      });
    }),
  );
});
