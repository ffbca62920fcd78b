import { expect } from 'playwright/test';
import { Impostor } from './hostile-server/impostor.ts';
import { FALSE_AMOUNT, Mallory } from './hostile-server/mallory.ts';
import { Middle } from './hostile-server/middle.ts';
import { AMOUNT, couple, expectUntouched, expectWhole, inTheOpen, meet, sealed, SHORT } from './hostile-server/pair.ts';
import { enter, fingerprint, memberOf, openParty, publicKey, send, take, told } from './hostile-server/party.ts';
import { test } from './hostile-server/stage.ts';

/** What people compare. */
const DIGITS = /^(\d{5} ){7}\d{5}$/;

test.describe('man in the middle', () => {
  test('without a secret and identities: mallory reads what alice sends, and bob has what mallory wrote', async ({
    context,
    hostile,
    note,
  }) => {
    const [mallory, [alice, bob]] = await Promise.all([Mallory.open(context), couple(context)]);
    const server = await hostile(new Middle(mallory));
    expect(await meet([alice, bob], server, inTheOpen())).toBe('met');
    await send(alice, 'bob', { amount: AMOUNT });
    expect(await take(bob, 'alice')).toEqual({ amount: FALSE_AMOUNT });
    const { amounts, packets } = await mallory.spoils();
    expect(amounts).toEqual([AMOUNT]);
    expect([await told(alice), await told(bob)]).toEqual([['join bob'], ['join alice']]);
    await note(server, [alice, bob], `${packets} packets through mallory’s page; read and altered`);
  });

  test('with a secret: mallory’s offers are dropped, and no packet comes to her', async ({
    context,
    hostile,
    note,
  }) => {
    const [mallory, [alice, bob]] = await Promise.all([Mallory.open(context), couple(context)]);
    const server = await hostile(new Middle(mallory));
    expect(await meet([alice, bob], server, { ...sealed(), connectTimeout: SHORT })).toBe('unreachable bob');
    expect(await mallory.spoils()).toEqual({ packets: 0, amounts: [] });
    expect(await told(alice)).toEqual(['error untrusted bob seal']);
    expect(await told(bob)).toEqual(['error untrusted alice seal']);
    await note(server, [alice, bob], 'no link, and no packet for mallory');
  });

  for (const [disguise, how] of [
    ['none', 'hands on what bob says'],
    ['no keys', 'takes bob’s key out of his hello'],
    ['own key', 'shows a key of her own, and proves it'],
  ] as const) {
    test(`with identities: alice, who was given bob’s key, does not take mallory for him, who ${how}`, async ({
      context,
      hostile,
      note,
    }) => {
      const [mallory, [alice, bob]] = await Promise.all([Mallory.open(context, disguise), couple(context)]);
      const server = await hostile(new Middle(mallory));
      const seat = { ...inTheOpen(), url: server.url };
      await enter(bob, { ...seat, identity: true });
      const keys = { bob: await publicKey(bob) };
      expect(await enter(alice, { ...seat, clients: ['bob'], keys })).toBe('untrusted bob identity');
      await expect.poll(() => told(bob)).toEqual(['error refused alice identity']);
      expect(await told(alice)).toEqual([]);
      const { amounts, packets } = await mallory.spoils();
      expect(amounts).toEqual([]);
      await note(server, [alice, bob], `alice: \`untrusted\`, bob: \`refused\`; ${packets} packets of greetings`);
    });
  }

  test('with identities: of two who were given each other’s keys neither takes mallory for the other', async ({
    context,
    hostile,
    note,
  }) => {
    const [mallory, [alice, bob]] = await Promise.all([Mallory.open(context), couple(context)]);
    const server = await hostile(new Middle(mallory));
    const seat = { ...inTheOpen(), url: server.url, identity: true };
    const keys = { alice: await publicKey(alice), bob: await publicKey(bob) };
    const outcomes = await Promise.all([
      enter(alice, { ...seat, clients: ['bob'], keys }),
      enter(bob, { ...seat, clients: ['alice'], keys }),
    ]);
    // Who is quicker is `untrusted`, and tells the other, who may have found out meanwhile.
    expect(outcomes[0]).toMatch(/^(untrusted|refused) bob identity$/);
    expect(outcomes[1]).toMatch(/^(untrusted|refused) alice identity$/);
    expect(outcomes.join()).toContain('untrusted');
    expect([await told(alice), await told(bob)]).toEqual([[], []]);
    expect((await mallory.spoils()).amounts).toEqual([]);
    await note(server, [alice, bob], `alice: \`${outcomes[0]}\`, bob: \`${outcomes[1]}\``);
  });

  for (const [disguise, digits] of [
    ['no keys', 'neither has digits to compare'],
    ['own key', 'their digits differ'],
  ] as const) {
    test(`with identities that nobody was told of: mallory reads and writes, and ${digits}`, async ({
      context,
      hostile,
      note,
    }) => {
      const [mallory, [alice, bob]] = await Promise.all([Mallory.open(context, disguise), couple(context)]);
      const server = await hostile(new Middle(mallory));
      const seat = { ...inTheOpen(), url: server.url, identity: true };
      await enter(bob, seat);
      expect(await enter(alice, { ...seat, clients: ['bob'] })).toBe('met');
      await send(alice, 'bob', { amount: AMOUNT });
      expect(await take(bob, 'alice')).toEqual({ amount: FALSE_AMOUNT });
      const seen = [await fingerprint(alice, 'bob'), await fingerprint(bob, 'alice')];
      if (disguise === 'no keys') expect(seen).toEqual([undefined, undefined]);
      else {
        for (const code of seen) expect(code).toMatch(DIGITS);
        expect(seen[0]).not.toBe(seen[1]);
      }
      await note(server, [alice, bob], `read and altered; ${digits}`);
    });
  }

  test('with identities and nobody in the middle: both have the same digits', async ({ context, hostile, note }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile();
    const seat = { ...inTheOpen(), url: server.url, identity: true };
    await enter(bob, seat);
    const keys = { bob: await publicKey(bob) };
    expect(await enter(alice, { ...seat, clients: ['bob'], keys })).toBe('met');
    await expectUntouched([alice, bob]);
    expect(await fingerprint(alice, 'bob')).toMatch(DIGITS);
    expect(await fingerprint(bob, 'alice')).toBe(await fingerprint(alice, 'bob'));
    await note(server, [alice, bob], 'connected; nothing lost');
  });
});

test.describe('impersonate', () => {
  test('without a secret and identities: who is let in as bob is bob', async ({ context, hostile, note }) => {
    const [[alice, bob], mallory] = await Promise.all([couple(context), openParty(context, 'bob', 9)]);
    const server = await hostile(new Impostor(mallory));
    const seat = { ...inTheOpen(), url: server.url };
    for (const party of [mallory, bob]) await enter(party, seat);
    expect(await enter(alice, { ...seat, clients: ['bob'] })).toBe('met');
    await send(mallory, 'alice', { amount: FALSE_AMOUNT });
    expect(await take(alice, 'bob')).toEqual({ amount: FALSE_AMOUNT });
    expect(await told(alice)).toEqual(['join bob']);
    await note(server, [alice], 'alice takes what the false bob sends');
  });

  test('with a secret: the false bob is not heard, and the true one finds alice though she was not told of him', async ({
    context,
    hostile,
    note,
  }) => {
    const [[alice, bob], mallory] = await Promise.all([couple(context), openParty(context, 'bob', 9)]);
    const server = await hostile(new Impostor(mallory));
    const seat = { ...sealed(), url: server.url };
    await enter(mallory, { ...seat, secret: undefined });
    await enter(bob, seat);
    expect(await enter(alice, { ...seat, clients: ['bob'] })).toBe('met');
    await expectUntouched([alice, bob], [alice]);
    await note(server, [alice, bob], 'alice is connected to the true bob');
  });

  for (const identity of [false, true]) {
    const what = identity ? 'another key' : 'none';
    test(`with identities: who shows ${what} is not bob to alice, who was given his key`, async ({
      context,
      hostile,
      note,
    }) => {
      const [[alice, bob], mallory] = await Promise.all([couple(context), openParty(context, 'bob', 9)]);
      const server = await hostile(new Impostor(mallory));
      const seat = { ...inTheOpen(), url: server.url };
      await enter(mallory, { ...seat, identity });
      const keys = { bob: await publicKey(bob) };
      expect(await enter(alice, { ...seat, clients: ['bob'], keys })).toBe('untrusted bob identity');
      await expect.poll(() => told(mallory)).toEqual(['error refused alice identity']);
      expect(await told(alice)).toEqual([]);
      await note(server, [alice], 'alice: `untrusted`; the false bob: `refused`');
    });
  }

  for (const [condition, terms] of [
    ['without a secret', inTheOpen],
    ['with a secret', sealed],
  ] as const) {
    test(`${condition}: bob whose link stands is not replaced on a server’s word`, async ({
      context,
      hostile,
      note,
    }) => {
      const [[alice, bob], mallory] = await Promise.all([couple(context), openParty(context, 'bob', 9)]);
      const [server, seat] = [await hostile(), terms()];
      const { secret } = seat;
      expect(await meet([alice, bob], server, seat)).toBe('met');
      server.dismiss(memberOf(bob), alice, 'left');
      await enter(mallory, { ...seat, url: server.url, secret: undefined, connectTimeout: SHORT });
      const answer = secret === undefined ? 'error refused alice duplicate-peer' : 'error unreachable alice';
      await expect.poll(() => told(mallory)).toContain(answer);
      await expectUntouched([alice, bob], secret === undefined ? [] : [alice]);
      await note(server, [alice, bob], 'alice stays connected to the true bob');
    });
  }

  test('with a secret: somebody invented never joins', async ({ context, hostile, note }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile();
    expect(await meet([alice, bob], server, sealed())).toBe('met');
    const dave = { name: 'dave', instance: 'dave-1' };
    server.announce(dave, alice);
    const called = server.letters.length;
    await expect.poll(() => server.letters.length).toBeGreaterThan(called);
    for (const signal of server.letters.map((letter) => letter.signal))
      server.deliver({ from: dave, to: alice, signal, origin: 'replayed' });
    await expect.poll(() => told(alice)).toEqual(['join bob', 'error untrusted dave seal']);
    await expectWhole(alice, bob);
    await note(server, [alice, bob], 'nobody joins');
  });
});
