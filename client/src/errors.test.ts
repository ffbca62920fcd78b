import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BLOCKED } from './communicators/testing/blocked.ts';
import { diagnose } from './communicators/webrtc/verdict.ts';
import { PoolError } from './errors.ts';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

/** The sources of the library, without tests and what they need. */
const SOURCES = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !/(^|\/)(testing|fuzzing)\//.test(file))
  .map((file) => [file, read(file.split(path.sep).join('/'))] as const);

/** The members of a union of literals, as it is written down. */
function union(file: string, name: string): string[] {
  const [, members = ''] = new RegExp(`type ${name} =([^;]*);`).exec(read(file)) ?? [];
  return quoted(members);
}

function quoted(text: string): string[] {
  return [...text.matchAll(/'([a-z-]+)'/g)].map(([, word = '']) => word);
}

/** What the first column of the first table under a heading of the guide names. */
function rows(first: string): string[] {
  const [, table = ''] = new RegExp(`^\\| ${first} \\|.*\\n((?:\\|.*\\n)*)`, 'm').exec(GUIDE) ?? [];
  return table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Za-z-]+)`/g)].map(([, word = '']) => word));
}

const GUIDE = read('../docs/guides/errors.md');
const sorted = (words: Iterable<string>): string[] => [...new Set(words)].toSorted();

describe('the guide to errors', () => {
  it('has each code once, and no other', () => {
    expect(rows('code').toSorted()).toEqual(sorted(union('errors.ts', 'PoolErrorCode')));
    expect(rows('code')).toHaveLength(15);
  });

  it('has each reason for leaving once, and no other', () => {
    const [, after = ''] = GUIDE.split('## Why a peer left');
    const reasons = [...after.matchAll(/^\| `([a-z-]+)`/gm)].map(([, word = '']) => word);
    expect(reasons.toSorted()).toEqual(sorted(union('communicators/communicator.ts', 'LeaveReason')));
  });

  it('has each reason that the sources give, and no other', () => {
    const leaving = union('communicators/communicator.ts', 'LeaveReason');
    const given = SOURCES.flatMap(([, text]) => [
      // As a field, as what a field is set to, as the code of a refusal among peers.
      ...[...text.matchAll(/\breason: ('[a-z-]+')/g)].flatMap(([, word = '']) => quoted(word)),
      ...[...text.matchAll(/(?:const reason|GONE) = ([^;]*);/g)].flatMap(([, value = '']) => quoted(value)),
    ]);
    const refusals = ['communicators/circle.ts', 'communicators/peer.ts'].flatMap((file) =>
      [...read(file).matchAll(/\bcode(?:: | = )('[a-z-]+')/g)].flatMap(([, word = '']) => quoted(word)),
    );
    const others = [...union('../../shared/signaling.ts', 'RefusalCode'), ...union('pool/remote-error.ts', 'Refusal')];
    // Of a method that threw it is the name of what it threw.
    const known = new Set([...given, ...refusals, ...others].filter((reason) => reason !== 'threw'));
    expect(known.size).toBeGreaterThan(25);
    const inTable = rows('reason');
    expect(sorted(inTable)).toEqual(
      sorted([...known].filter((reason) => !leaving.includes(reason) || inTable.includes(reason))),
    );
    for (const reason of inTable) expect(known).toContain(reason);
  });

  it('has each finding of a diagnosis, and each of its fields', () => {
    expect(rows('`finding`').toSorted()).toEqual(sorted(union('connection-diagnosis.ts', 'ConnectionFinding')));
    const body = read('connection-diagnosis.ts')
      .split(/interface Connection(?:Facts|Diagnosis) /)
      .slice(1);
    const fields = body.flatMap((text) => [...(text.split('\n}')[0] ?? '').matchAll(/^ {2}readonly (\w+)\??:/gm)]);
    expect(rows('field').toSorted()).toEqual(sorted(fields.map(([, field = '']) => field)));
  });
});

describe('a PoolError', () => {
  const diagnosis = diagnose(BLOCKED);

  it('keeps its diagnosis through copies and in JSON', () => {
    const error = new PoolError('unreachable', 'no link to bob', { peer: 'bob', diagnosis });
    const copy = error.with({ msgId: 'round-1' });
    expect(copy).toMatchObject({ peer: 'bob', msgId: 'round-1', diagnosis });
    expect(JSON.parse(JSON.stringify(copy))).toMatchObject({ code: 'unreachable', peer: 'bob', diagnosis });
    expect(new PoolError('closed', 'over').toJSON()).not.toHaveProperty('diagnosis');
  });
});
