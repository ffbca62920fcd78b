import { expect, it } from 'vitest';
import { said } from './said.ts';

it('keeps a stranger’s words on one line, in their direction, and short', () => {
  expect(said('why not')).toBe('why not');
  expect(said('one\r\ntwo\u2028three\u001b[31m\u202efour\u0000')).toBe('one two three [31m four ');
  expect(said('ä'.repeat(10_000)).length).toBe(500);
  expect(said('abc', 2)).toBe('ab');
});
