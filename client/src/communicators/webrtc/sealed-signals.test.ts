import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { PoolError } from '../../errors.ts';
import { checkSecret, generateSecret, RoomKeys } from '../../trust/room-keys.ts';
import type { Presence, Signal, TransportListener } from '../transport.ts';
import { SealedSignals, type SealedSignal } from './sealed-signals.ts';

const ALICE: Presence = { name: 'alice', instance: 'a1' };
const BOB: Presence = { name: 'bob', instance: 'b1' };
const CAROL: Presence = { name: 'carol', instance: 'c1' };

/** Long enough for a busy machine. */
const until = (condition: () => boolean): Promise<unknown> => vi.waitUntil(condition, { timeout: 20_000, interval: 5 });

let secret = generateSecret();
beforeEach(() => {
  secret = generateSecret();
});

/** What one end said, as a server has it, and what it heard. */
class End {
  readonly heard: string[] = [];
  readonly errors: PoolError[] = [];
  readonly carried: { readonly to: Presence; readonly sealed: SealedSignal }[] = [];
  readonly signals: SealedSignals;

  private constructor(keys: RoomKeys, self: Presence) {
    const listener: TransportListener = {
      appeared: ({ name }) => this.heard.push(`${name} appeared`),
      disappeared: ({ name }) => this.heard.push(`${name} disappeared`),
      signal: ({ name }, signal) => this.heard.push(`${name}: ${signal.type} ${signal.link}`),
      state: () => {},
      error: (error) => this.errors.push(error),
      hasPeers: () => false,
      stopped: () => {},
    };
    this.signals = new SealedSignals(keys, self, listener, (to, sealed) => this.carried.push({ to, sealed }));
  }

  static async of(self: Presence, options: { secret?: string; room?: string } = {}): Promise<End> {
    return new End(await RoomKeys.derive(checkSecret(options.secret ?? secret), options.room ?? 'sums'), self);
  }

  /** What the server gets to see of it. */
  async say(to: Presence, ...links: number[]): Promise<SealedSignal[]> {
    const before = this.carried.length;
    for (const link of links) this.signals.say(to, ring(to, link));
    await until(() => this.carried.length === before + links.length);
    return this.carried.slice(before).map(({ sealed }) => sealed);
  }

  /** Resolves when it has looked at it, and at all before it. */
  async hear(from: Presence, ...payloads: unknown[]): Promise<void> {
    for (const payload of payloads) this.signals.ear.signal(from, payload);
    const fence = { name: 'fence', instance: `f${this.heard.length}` };
    this.signals.ear.appeared(fence);
    await until(() => this.heard.at(-1) === 'fence appeared');
    this.heard.pop();
  }
}

function ring(to: Presence, link: number): Signal {
  return { type: 'ring', to: to.instance, link };
}

describe('a sealed signal', () => {
  it('arrives', async () => {
    const [alice, bob] = [await End.of(ALICE), await End.of(BOB)];
    await bob.hear(ALICE, ...(await alice.say(BOB, 1, 2, 3)));
    expect(bob.heard).toEqual(['alice: ring 1', 'alice: ring 2', 'alice: ring 3']);
    expect(bob.errors).toEqual([]);
  });

  it('shows nothing of what it says, and is another each time', async () => {
    const alice = await End.of(ALICE);
    const said = await alice.say(BOB, 1, 1);
    const texts = said.map(({ sealed }) => Buffer.from(sealed).toString('latin1'));
    for (const text of texts) expect(text).not.toMatch(/ring|b1|link/);
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('is taken once, in any order', async () => {
    const [alice, bob] = [await End.of(ALICE), await End.of(BOB)];
    const [one, two, three] = await alice.say(BOB, 1, 2, 3);
    await bob.hear(ALICE, three, one, three, two, one);
    expect(bob.heard).toEqual(['alice: ring 3', 'alice: ring 1', 'alice: ring 2']);
    expect(bob.errors.map(({ message }) => message)).toEqual([
      'untrusted: a signal that claims to come from alice was dropped: it has come before',
    ]);
  });

  it('keeps its place among arrivals and departures', async () => {
    const [alice, bob] = [await End.of(ALICE), await End.of(BOB)];
    const [one, two] = await alice.say(BOB, 1, 2);
    bob.signals.ear.appeared(ALICE);
    bob.signals.ear.signal(ALICE, one);
    bob.signals.ear.disappeared(ALICE, 'closed');
    await bob.hear(ALICE, two);
    expect(bob.heard).toEqual(['alice appeared', 'alice: ring 1', 'alice disappeared', 'alice: ring 2']);
  });

  it.each<[string, (said: SealedSignal, ends: { alice: End; bob: End; carol: End }) => Promise<End>]>([
    ['reflected', async (said, { alice }) => (await alice.hear(BOB, said), alice)],
    ['delivered to somebody else', async (said, { carol }) => (await carol.hear(ALICE, said), carol)],
    ['said to come from somebody else', async (said, { bob }) => (await bob.hear(CAROL, said), bob)],
    [
      'said to come from another life of its sender',
      async (said, { bob }) => (await bob.hear({ ...ALICE, instance: 'a2' }, said), bob),
    ],
    [
      'delivered to another life of its recipient',
      async (said) => {
        const next = await End.of({ ...BOB, instance: 'b2' });
        await next.hear(ALICE, said);
        return next;
      },
    ],
    [
      'carried into another room of the same secret',
      async (said) => {
        const other = await End.of(BOB, { room: 'other' });
        await other.hear(ALICE, said);
        return other;
      },
    ],
    [
      'read with another secret',
      async (said) => {
        const other = await End.of(BOB, { secret: generateSecret() });
        await other.hear(ALICE, said);
        return other;
      },
    ],
  ])('that is %s is dropped, and told', async (_, carry) => {
    const ends = { alice: await End.of(ALICE), bob: await End.of(BOB), carol: await End.of(CAROL) };
    const [said] = await ends.alice.say(BOB, 1);
    if (said === undefined) throw new Error('nothing was said');
    const victim = await carry(said, ends);
    expect(victim.heard).toEqual([]);
    expect(victim.errors).toMatchObject([{ code: 'untrusted', reason: 'seal' }]);
  });

  it('with any one bit turned is dropped, and what comes next is heard', async () => {
    const [alice, bob] = [await End.of(ALICE), await End.of(BOB)];
    const [one, two] = await alice.say(BOB, 1, 2);
    if (one === undefined) throw new Error('nothing was said');
    const altered = Array.from({ length: one.sealed.length * 8 }, (_, bit) => {
      const sealed = one.sealed.slice();
      sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return { sealed };
    });
    await bob.hear(ALICE, ...altered, two, one);
    expect(bob.heard).toEqual(['alice: ring 2', 'alice: ring 1']);
  });

  it.each([
    [undefined],
    [null],
    ['ring'],
    [ring(BOB, 1)],
    [{ sealed: 'text' }],
    [{ sealed: new Uint8Array(0) }],
    [{ sealed: new Uint8Array(12) }],
    [{ sealed: new Uint8Array(1 << 20) }],
  ])('is nothing else: %j', async (payload) => {
    const bob = await End.of(BOB);
    await bob.hear(ALICE, payload);
    expect(bob.heard).toEqual([]);
    expect(bob.errors).toMatchObject([{ code: 'untrusted', peer: 'alice' }]);
  });

  it('of a member that says what makes no sense is malformed', async () => {
    const [alice, bob] = [await End.of(ALICE), await End.of(BOB)];
    alice.signals.say(BOB, { type: 'sing', to: 'b1', link: 1 } as unknown as Signal);
    await until(() => alice.carried.length > 0);
    await bob.hear(ALICE, alice.carried[0]?.sealed);
    expect(bob.errors).toMatchObject([{ code: 'malformed', peer: 'alice' }]);
  });

  it('is not looked at where a server pours them out faster than that goes, and honest ones pass again afterwards', async () => {
    const [alice, bob] = [await End.of(ALICE), await End.of(BOB)];
    const said = await alice.say(BOB, 1);
    await bob.hear(ALICE, ...Array.from({ length: 5000 }, () => ({ sealed: new Uint8Array(64) })));
    expect(bob.errors.map(({ detail }) => detail)).toEqual([
      'a signal that claims to come from alice was dropped: too many came at once',
    ]);
    await bob.hear(ALICE, ...said);
    expect(bob.heard).toEqual(['alice: ring 1']);
  });

  it('heard before is not heard again because the server invented a thousand members', async () => {
    const [alice, bob] = [await End.of(ALICE), await End.of(BOB)];
    const said = await alice.say(BOB, 1);
    await bob.hear(ALICE, ...said);
    for (let nobody = 0; nobody < 3; nobody++) {
      const crowd = Array.from({ length: 500 }, (_, index) => ({ name: `nobody ${nobody}/${index}`, instance: 'n' }));
      for (const member of crowd) bob.signals.ear.signal(member, { sealed: new Uint8Array(64) });
      await bob.hear(CAROL);
    }
    await bob.hear(ALICE, ...said);
    expect(bob.heard).toEqual(['alice: ring 1']);
  });
});
