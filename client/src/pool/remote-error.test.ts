import { describe, expect, it } from 'vitest';
import { PoolError } from '../errors.ts';
import { JsonPacker } from '../packers/json.ts';
import { MessagePackPacker } from '../packers/message-pack.ts';
import type { Packer, Packet } from '../packers/packer.ts';
import { pack } from './packing.ts';
import { refusalPackets, remoteError } from './remote-error.ts';

class Hostile {
  toString(): string {
    throw new Error('no text');
  }

  toJSON(): unknown {
    throw new Error('no JSON');
  }
}

class HostileError extends Error {
  override get message(): string {
    throw new Error('no message');
  }
}

const trap = (): never => {
  throw new Error('a trap');
};
const everyTrap = new Proxy({}, { get: trap, getPrototypeOf: trap, ownKeys: trap, has: trap });
const circular: { self?: unknown } = {};
circular.self = circular;

function packets(packer: Packer, thrown: unknown, maxMessageSize = 1e6): Packet[] {
  return [...refusalPackets((value) => pack(packer, value, maxMessageSize), 'threw', thrown)];
}

/** What the caller gets of it. */
function arrived(packer: Packer, thrown: unknown): PoolError {
  const [first] = packets(packer, thrown);
  if (first === undefined) throw new Error('nothing is told');
  return remoteError(packer.unpack(first), 'bob', 'run()', { method: 'run' });
}

describe.each([new MessagePackPacker(), new JsonPacker()])('what is thrown, over $name', (packer) => {
  it.each<[string, unknown, string, string]>([
    ['undefined', undefined, 'thrown', 'undefined'],
    ['null', null, 'thrown', 'null'],
    ['a string', 'plain', 'thrown', 'plain'],
    ['NaN', NaN, 'thrown', 'NaN'],
    ['a bigint', 7n, 'thrown', '7'],
    ['a symbol', Symbol('seven'), 'thrown', 'Symbol(seven)'],
    ['a function', () => 7, 'thrown', '() => 7'],
    ['an object', { a: [1] }, 'thrown', '{"a":[1]}'],
    ['a cycle', circular, 'thrown', 'object'],
    ['what has no text', new Hostile(), 'thrown', 'object'],
    ['what traps everything', everyTrap, 'thrown', 'object'],
    ['an error whose message throws', new HostileError(), 'Error', 'Error: '],
    ['an error', new RangeError('too far'), 'RangeError', 'RangeError: too far'],
    ['an error with an unpackable cause', new TypeError('odd', { cause: trap }), 'TypeError', 'TypeError: odd'],
    ['a PoolError', new PoolError('timeout', 'late'), 'PoolError', 'PoolError: timeout: late'],
    ['an AggregateError', new AggregateError([new Error('one')], 'all'), 'AggregateError', 'AggregateError: all'],
    ['a DOMException', new DOMException('stop', 'AbortError'), 'AbortError', 'AbortError: stop'],
    ['an error of an odd name', Object.assign(new Error('x'), { name: 7 }), '7', '7: x'],
  ])('%s', (_what, thrown, reason, said) => {
    const error = arrived(packer, thrown);
    expect(error).toMatchObject({ code: 'remote', peer: 'bob', method: 'run', reason });
    expect(error.message).toBe(`remote: run() of bob threw ${said}`);
  });

  it('keeps what can be packed as the cause: errors in errors, and values', () => {
    expect(arrived(packer, { a: [1n] }).cause).toEqual({ a: [1n] });
    const cause = arrived(packer, new AggregateError([new RangeError('one')], 'all', { cause: 7 })).cause;
    expect(cause).toBeInstanceOf(AggregateError);
    expect(cause).toMatchObject({ message: 'all', cause: 7, errors: [new RangeError('one')] });
  });

  it('tells less and less, and of the least something always fits', () => {
    const told = packets(packer, new Error('x'.repeat(10_000)));
    expect(told).toHaveLength(3);
    expect(told.map(({ head }) => head.length)).toEqual(told.map(({ head }) => head.length).sort((a, b) => b - a));
    expect(packets(packer, new Error('x'.repeat(10_000)), 200)).toHaveLength(1);
    expect(packets(packer, undefined, 1)).toEqual([]);
  });
});

describe('the stack', () => {
  const error = new Error('odd', { cause: trap });

  it('travels with `stacks` only, and is that of what was thrown, also when not all of it could be packed', () => {
    const stacks = new MessagePackPacker({ stacks: true });
    const whole = new Error('whole');
    expect((arrived(stacks, whole).cause as Error).stack).toBe(whole.stack);
    expect((arrived(stacks, error).cause as Error).stack).toBe(error.stack);
    expect((arrived(new MessagePackPacker(), whole).cause as Error).stack).toBe('Error: whole');
    expect((arrived(new MessagePackPacker(), error).cause as Error).stack).toBe('Error: odd');
  });
});

describe('what is no refusal', () => {
  it.each([[undefined], [null], ['threw'], [[]], [['threw']], [['threw', 1, 2]], [['odd', 1]], [{ 0: 'threw', 1: 1 }]])(
    '%j is malformed',
    (unpacked) => {
      expect(() => remoteError(unpacked, 'bob', 'run()', {})).toThrow(/^malformed: /);
    },
  );
});

it('quotes what another program threw on one line and not for ever, and has all of it as the cause', () => {
  const thrown = new RangeError(`one\ntwo\u001b[2J${'x'.repeat(100_000)}`);
  const error = remoteError(['threw', thrown], 'mallory', 'add()', {});
  expect(error.message).toMatch(/^remote: add\(\) of mallory threw RangeError: one two \[2Jx+$/);
  expect(error.message.length).toBeLessThan(1_100);
  expect(error.cause).toBe(thrown);
});
