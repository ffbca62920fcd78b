import { type BrowserContext, expect } from 'playwright/test';
import { generateSecret } from '../../client/src/trust/room-keys.ts';
import { freshRoom } from '../pools.ts';
import type { HostileServer } from './hostile-server.ts';
import { enter, openParty, type Party, type PartyOptions, reconnects, send, take, told } from './party.ts';

/** What is sent. */
export const AMOUNT = 1_000_000;

/** Time for some attempts where none is to succeed, in ms. */
export const SHORT = 4_000;

export type Pair = readonly [alice: Party, bob: Party];

type Terms = Pick<PartyOptions, 'room' | 'secret'>;

export const inTheOpen = (): Terms => ({ room: freshRoom() });
export const sealed = (): Terms => ({ room: freshRoom(), secret: generateSecret() });

export function couple(context: BrowserContext): Promise<Pair> {
  return Promise.all([openParty(context, 'alice'), openParty(context, 'bob')]);
}

/** bob is there, and alice comes. Resolves with what became of her wish to meet him; `connectTimeout` is hers. */
export async function meet(
  [alice, bob]: Pair,
  { url }: HostileServer,
  terms: Terms & Pick<PartyOptions, 'connectTimeout'>,
): Promise<string> {
  expect(await enter(bob, { ...terms, url, connectTimeout: undefined })).toBe('met');
  return enter(alice, { ...terms, url, clients: ['bob'] });
}

/** What one sends the other has, as it was sent; both ways. */
export async function expectWhole(one: Party, other: Party): Promise<void> {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    await send(from, to.name, { amount: AMOUNT });
    expect(await take(to, from.name)).toEqual({ amount: AMOUNT });
  }
}

/** They have the link that they had first, nothing is lost, and of what was done to their signals each says only that some were dropped; those do who `complain`. */
export async function expectUntouched([alice, bob]: Pair, complain: readonly Party[] = []): Promise<void> {
  await expectWhole(alice, bob);
  for (const [party, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    expect(await reconnects(party, other.name)).toBe(0);
    const complaints = complain.includes(party) ? [`error untrusted ${other.name} seal`] : [];
    expect((await told(party)).sort()).toEqual([...complaints, `join ${other.name}`]);
  }
}
