import { describe, expect, it, vi } from 'vitest';
import { createIdentity, type Identity } from '../trust/identity.ts';
import { FRAME } from './frames.ts';
import { type End, PairOfSessions } from './testing/pair-of-sessions.ts';

const [ALICE, BOB, MALLORY] = await Promise.all([1, 2, 3].map(() => createIdentity({ keep: false })));
if (ALICE === undefined || BOB === undefined || MALLORY === undefined) throw new Error('no identities');

/** Both have an identity, and name the other's key, unless another is given. */
function pair(
  aliceTrusts: string | undefined,
  bobTrusts: string | undefined,
  alice = ALICE,
  bob = BOB,
): PairOfSessions {
  return new PairOfSessions({
    alice: { trust: { identity: alice, publicKey: aliceTrusts } },
    bob: { trust: { identity: bob, publicKey: bobTrusts } },
  });
}

/** Signatures take their time. */
function heard(condition: () => boolean): Promise<unknown> {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 5 });
}

/** Runs until this is so. */
async function until(sessions: PairOfSessions, condition: () => boolean): Promise<void> {
  await heard(() => {
    sessions.run();
    return condition();
  });
}

const told = ({ heard }: End): string[] =>
  heard.map((one) => (one.type === 'ended' ? `ended ${one.reason} ${one.error.code}` : one.type));

const kinds = (packets: readonly Uint8Array[]): (number | undefined)[] => packets.map(([kind]) => kind);

describe('identities', () => {
  it('are proved by both sides before either is up, and a message may follow at once', async () => {
    const sessions = pair(BOB?.publicKey, ALICE?.publicKey);
    const { alice, bob } = sessions;
    sessions.open();
    sessions.run();
    expect([told(alice), told(bob)]).toEqual([[], []]);
    await until(sessions, () => alice.session.up && bob.session.up);
    expect(alice.session.publicKey).toBe(BOB?.publicKey);
    expect(bob.session.publicKey).toBe(ALICE?.publicKey);
  });

  it('are not waited for where nobody cares, nor verified', async () => {
    const sessions = new PairOfSessions({ alice: { trust: { identity: ALICE, publicKey: undefined } } });
    sessions.open();
    await until(sessions, () => sessions.alice.session.up && sessions.bob.session.up);
    expect(sessions.bob.session.publicKey).toBeUndefined();
    expect(sessions.alice.session.publicKey).toBeUndefined();
  });

  it.each<[string, string | undefined, Identity | undefined]>([
    ['another key', MALLORY.publicKey, BOB],
    ['no key', BOB.publicKey, undefined],
  ])('%s than the one that is trusted is refused, and nobody comes up', async (_, trusted, identity) => {
    const sessions = new PairOfSessions({
      alice: { trust: { identity: ALICE, publicKey: trusted } },
      bob: { trust: { identity, publicKey: undefined } },
    });
    sessions.open();
    await until(sessions, () => told(sessions.alice).length > 0 && told(sessions.bob).length > 0);
    expect(told(sessions.alice)).toEqual(['ended refused untrusted']);
    expect(told(sessions.bob)).toEqual(['ended refused refused']);
  });

  it('shown and not held are worth nothing', async () => {
    const thief: Identity = { publicKey: BOB.publicKey, sign: (data) => MALLORY.sign(data) };
    const sessions = pair(BOB.publicKey, undefined, ALICE, thief);
    sessions.open();
    await until(sessions, () => told(sessions.alice).length > 0);
    expect(told(sessions.alice)).toEqual(['ended refused untrusted']);
    expect(told(sessions.bob)).not.toContain('joined');
  });

  it('proved over another link are worth nothing: who sits in between has a link to each end', async () => {
    const sessions = pair(BOB.publicKey, ALICE.publicKey);
    const { alice, bob } = sessions;
    // Each end sees the certificate of the one in the middle.
    Object.assign(alice.link.binding, { own: 'alice', other: 'mallory to alice' });
    Object.assign(bob.link.binding, { own: 'bob', other: 'mallory to bob' });
    sessions.open();
    await until(sessions, () => told(alice).length > 0 && told(bob).length > 0);
    // Who finds out second may have been told by then.
    for (const end of [alice, bob]) expect(told(end)[0]).toMatch(/^ended refused (untrusted|refused)$/);
    expect([...told(alice), ...told(bob)]).toContain('ended refused untrusted');
  });

  it('that can not sign are our own failure, and say so', async () => {
    const lost: Identity = { publicKey: ALICE.publicKey, sign: () => Promise.reject(new Error('the key is gone')) };
    const sessions = pair(undefined, undefined, lost);
    sessions.open();
    await until(sessions, () => told(sessions.alice).length > 0);
    const [ended] = sessions.alice.heard;
    expect(ended).toMatchObject({ type: 'ended', error: { detail: 'our own identity did not sign for bob' } });
  });

  it('are proved again over the next link, and another key is not taken there', async () => {
    const sessions = pair(undefined, undefined);
    const { alice, bob } = sessions;
    sessions.open();
    await until(sessions, () => alice.session.up && bob.session.up);
    sessions.relink();
    await until(sessions, () => told(alice).includes('resumed') && told(bob).includes('resumed'));
    sessions.cut();
    sessions.link();
    const hello = altered(alice, (said) => said.replaceAll(ALICE.publicKey, MALLORY.publicKey));
    bob.linked = true;
    bob.listener.opened(bob.link);
    bob.listener.packet(0, hello);
    expect(bob.heard.at(-1)).toMatchObject({
      type: 'unfit',
      error: { code: 'untrusted', detail: 'alice shows another key than before' },
    });
    sessions.relink();
    await until(sessions, () => alice.session.up && bob.session.up);
  });
});

describe('what is no proof', () => {
  /** Alice's frames up to her proof, which bob has not heard. */
  async function greeted(): Promise<{ sessions: PairOfSessions; said: Uint8Array[] }> {
    const sessions = pair(undefined, undefined);
    const { alice, bob } = sessions;
    sessions.open();
    for (const hello of bob.link.underway[0]) alice.listener.packet(0, hello);
    await heard(() => alice.link.underway[0].length === 2);
    const said = [...alice.link.underway[0]];
    expect(kinds(said)).toEqual([FRAME.hello, FRAME.proof]);
    return { sessions, said };
  }

  it.each<[string, (said: readonly Uint8Array[]) => Uint8Array[]]>([
    ['a second one', ([hello, proof]) => [hello, proof, proof] as Uint8Array[]],
    ['one before the hello', ([, proof]) => [proof] as Uint8Array[]],
    ['a long one', ([hello]) => [hello, new Uint8Array(1000).fill(FRAME.proof)] as Uint8Array[]],
    ['one behind a welcome', ([hello, proof]) => [hello, Uint8Array.of(FRAME.welcome), proof] as Uint8Array[]],
    ['a message before it', ([hello]) => [hello, Uint8Array.of(FRAME.message, 1, 7)] as Uint8Array[]],
    [
      'a message behind a welcome that came before its proof was verified',
      ([hello, proof]) => [hello, proof, Uint8Array.of(FRAME.welcome, FRAME.message, 1, 7)] as Uint8Array[],
    ],
  ])('ends the link: %s', async (_, packets) => {
    const { sessions, said } = await greeted();
    for (const packet of packets(said)) sessions.bob.listener.packet(0, packet);
    expect(told(sessions.bob)).toEqual(['ended malformed malformed']);
  });

  it('is found out: altered, or none of a signature', async () => {
    for (const alter of [(proof: Uint8Array) => proof.fill(7, 1), (proof: Uint8Array) => proof.subarray(0, 1)]) {
      const { sessions, said } = await greeted();
      const [hello, proof] = said;
      if (hello === undefined || proof === undefined) throw new Error('there is no proof');
      sessions.bob.listener.packet(0, hello);
      sessions.bob.listener.packet(0, alter(proof.slice()));
      await heard(() => told(sessions.bob).length > 0);
      expect(told(sessions.bob)).toEqual(['ended refused untrusted']);
    }
  });

  it('may not come from who shows no key', () => {
    const sessions = new PairOfSessions({ bob: { trust: { identity: BOB, publicKey: undefined } } });
    const { alice, bob } = sessions;
    sessions.open();
    for (const hello of alice.link.underway[0]) bob.listener.packet(0, hello);
    bob.listener.packet(0, new Uint8Array(65).fill(FRAME.proof));
    expect(told(bob)).toEqual(['ended malformed malformed']);
  });

  it('need not come: then nobody comes up, and nothing is held', async () => {
    const { sessions, said } = await greeted();
    const { bob } = sessions;
    if (said[0] !== undefined) bob.listener.packet(0, said[0]);
    bob.listener.packet(0, Uint8Array.of(FRAME.welcome));
    await new Promise((resolve) => setImmediate(resolve));
    expect(bob.session.up).toBe(false);
    bob.listener.closed();
    expect(told(bob)).toEqual([]);
  });
});

/** The hello that this end would say over its link, altered. */
function altered(end: End, alter: (said: string) => string): Uint8Array {
  end.linked = true;
  end.listener.opened(end.link);
  const [hello] = end.link.underway[0];
  if (hello === undefined) throw new Error('no hello was said');
  return new Uint8Array(Buffer.from(alter(Buffer.from(hello).toString('latin1')), 'latin1'));
}
