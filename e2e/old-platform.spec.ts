import { expect, test } from 'playwright/test';
import { projectTabs } from './project-tabs.ts';

test('a platform without Symbol.asyncDispose exchanges values, and pools are disposed of', async ({ context }) => {
  await context.addInitScript(() => {
    // The symbol can't be deleted where there is one, so everything else moves.
    const native = globalThis.Symbol;
    const older = (description?: string): symbol => native(description);
    for (const key of Reflect.ownKeys(native)) {
      if (key === 'asyncDispose' || key === 'dispose') continue;
      const property = Reflect.getOwnPropertyDescriptor(native, key);
      if (property !== undefined) Reflect.defineProperty(older, key, property);
    }
    Reflect.defineProperty(older, 'prototype', { value: native.prototype });
    globalThis.Symbol = older as typeof Symbol;
  });
  const [alice, bob] = await projectTabs(context, ['alice', 'bob']);
  expect(await alice.page.evaluate(() => 'asyncDispose' in Symbol)).toBe(false);
  await alice.evaluate((pool) => pool.send('bob', 'hello'));
  expect(await bob.evaluate((pool) => pool.recv('alice'))).toBe('hello');
  const state = await alice.evaluate(async (pool) => {
    // What compilers of `await using` look for where the platform has no symbol of its own.
    const dispose = Reflect.get(pool, Symbol.for('Symbol.asyncDispose')) as () => Promise<void>;
    await dispose.call(pool);
    return pool.state;
  });
  expect(state).toBe('stopped');
});
