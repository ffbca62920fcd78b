import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequest } from './requests.ts';

const request = { version: 1, room: 'sums', name: 'alice', instance: 'alice-1', key: 'k'.repeat(26) };
const bob = { name: 'bob', instance: 'bob-1' };
const parse = (event: unknown, ...args: unknown[]) => parseRequest(event, args, 1000);

describe('requests', () => {
  it('come out as they went in, without fields that nobody knows', () => {
    const { version: _, ...parsed } = request;
    expect(parse('join', { ...request, colour: 'red' })).toEqual({ type: 'join', ...parsed, again: false });
    expect(parse('join', { ...request, again: true })).toMatchObject({ again: true });
    expect(parse('signal', { ...bob, from: 'mallory' }, null)).toEqual({ type: 'signal', to: bob, signal: null });
    expect(parse('leave')).toEqual({ type: 'leave' });
  });

  it('pass a signal on untouched', () => {
    const signal = Object.freeze({ sdp: 'v=0', deep: Object.freeze([new Uint8Array(3)]) });
    expect(parse('signal', bob, signal)).toHaveProperty('signal', signal);
  });

  it('read every field once, so that none can change after it was looked at', () => {
    const reads: string[] = [];
    const watched = {};
    for (const [field, value] of Object.entries(request)) {
      Object.defineProperty(watched, field, {
        get: () => {
          reads.push(field);
          return value;
        },
      });
    }
    expect(parse('join', watched)).toHaveProperty('type', 'join');
    expect(reads.sort()).toEqual(['instance', 'key', 'name', 'room', 'version']);
  });

  it.each([
    ['an error', new Error('mine')],
    ['something else', 'mine'],
    ['nothing', undefined],
  ])('are malformed when reading them throws %s', (_what, thrown: unknown) => {
    const fail = () => {
      throw thrown;
    };
    const hostile = new Proxy({}, { get: fail, ownKeys: fail });
    for (const parsed of [parse('join', hostile), parse('signal', hostile, 1), parse('signal', bob, hostile)]) {
      expect(parsed).toMatchObject({ ok: false, code: 'malformed' });
    }
  });

  it('weigh strings and keys in UTF-8, binary as it is, and 8 for the rest', () => {
    const fits = [
      'x'.repeat(1000),
      'é'.repeat(500),
      Buffer.alloc(1000),
      new Uint16Array(500),
      new ArrayBuffer(1000),
      { ['k'.repeat(984)]: 1 },
      Array.from({ length: 100 }, () => null),
    ];
    for (const signal of fits) expect(parse('signal', bob, signal)).toHaveProperty('type', 'signal');
    const tooLarge = [
      'x'.repeat(1001),
      'é'.repeat(501),
      Buffer.alloc(1001),
      new Uint16Array(501),
      { ['k'.repeat(985)]: 1 },
      Array.from({ length: 200 }, () => null),
      { a: 'x'.repeat(600), b: 'x'.repeat(600) },
      // It stops when it is sure: nobody walks the million after it.
      ['x'.repeat(1001), Array.from({ length: 1e6 }, () => ({}))],
    ];
    for (const signal of tooLarge) expect(parse('signal', bob, signal)).toHaveProperty('code', 'too-large');
  });

  it('nest 16 deep at most', () => {
    const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)]);
    expect(parse('signal', bob, nest(16))).toHaveProperty('type', 'signal');
    expect(parse('signal', bob, nest(17))).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('16') as unknown,
    });
  });

  it('are a request or a refusal with a sentence, whatever comes', () => {
    const event = fc.oneof(fc.constantFrom('join', 'signal', 'leave'), fc.anything());
    const args = fc.array(fc.oneof(fc.anything({ withNullPrototype: true, withBigInt: true }), fc.constant(bob)), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(event, args, (what, given) => {
        const parsed = parseRequest(what, given, 1000);
        if ('code' in parsed) expect(parsed.message.length).toBeGreaterThan(10);
        else expect(['join', 'signal', 'leave']).toContain(parsed.type);
      }),
    );
  });
});
