import { describe, expect, it } from 'vitest';
import { MissingPackage, optionalPackage } from './optional-package.ts';

function failing(cause: unknown): Promise<unknown> {
  return optionalPackage('abacus', 'sums need', () => Promise.reject(cause));
}

describe('a package that only some need', () => {
  it('is there, or told with the line that installs it', async () => {
    expect(await optionalPackage('abacus', 'sums need', () => Promise.resolve(5))).toBe(5);
    for (const code of ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']) {
      const cause = Object.assign(new Error('not here'), { code });
      const missing = new MissingPackage('sums need the package abacus: npm install abacus', { cause });
      await expect(failing(cause)).rejects.toThrow(missing);
    }
  });

  it('speaks for itself where it is there and broken', async () => {
    const broken = new SyntaxError('out of luck');
    await expect(failing(broken)).rejects.toBe(broken);
  });
});
