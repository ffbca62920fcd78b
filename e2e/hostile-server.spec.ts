import { expect } from 'playwright/test';
import { chanceOf } from './chaos/chance.ts';
import { keepConnections } from './chaos/connections.ts';
import { Disorder } from './hostile-server/disorder.ts';
import { Losses } from './hostile-server/losses.ts';
import { couple, expectUntouched, expectWhole, inTheOpen, meet, sealed, SHORT } from './hostile-server/pair.ts';
import { enter, memberOf, openParty, publicKey, reconnects, told } from './hostile-server/party.ts';
import { readable } from './hostile-server/readable.ts';
import { Reflection } from './hostile-server/reflection.ts';
import { Replay } from './hostile-server/replay.ts';
import { test } from './hostile-server/stage.ts';
import { Swap } from './hostile-server/swap.ts';
import { FALSE_SIZE, Tampering } from './hostile-server/tampering.ts';

/** What losing half of all signals may cost, in ms. */
const LONG = 60_000;

/** More senders than a client remembers the signals of. */
const CROWD = 1_100;

/** By which one sees in a text what a server would like to know of a pair. */
const CONFIDENCES = {
  description: /v=0/,
  fingerprint: /a=fingerprint:/,
  candidate: /candidate:/,
  address: /\d{1,3}(\.\d{1,3}){3}/,
} as const;

const BOTH_WAYS = [
  ['without a secret', inTheOpen],
  ['with a secret', sealed],
] as const;

test.describe('read', () => {
  test('without a secret: the server knows the room, and of each end description, fingerprint, candidates and addresses', async ({
    context,
    hostile,
    note,
  }) => {
    const pair = await couple(context);
    const [server, terms] = [await hostile(), inTheOpen()];
    expect(await meet(pair, server, terms)).toBe('met');
    expect(server.overheard).toContain(terms.room);
    for (const confidence of Object.values(CONFIDENCES)) expect(server.overheard).toMatch(confidence);
    await expectUntouched(pair);
    await note(server, pair, 'all of it is read');
  });

  test('with a secret: it knows none of that; who is there, and when and how much they signal, it does', async ({
    context,
    hostile,
    note,
  }) => {
    const pair = await couple(context);
    const [server, terms] = [await hostile(), sealed()];
    expect(await meet(pair, server, terms)).toBe('met');
    expect(server.letters.length).toBeGreaterThan(3);
    expect(server.overheard).not.toContain(terms.room);
    expect(server.overheard).not.toContain(terms.secret);
    for (const confidence of Object.values(CONFIDENCES)) expect(server.overheard).not.toMatch(confidence);
    expect(server.overheard).toContain('"name":"alice","instance":"alice-1"');
    await expectUntouched(pair);
    await note(server, pair, 'names, instances, times and sizes are read');
  });
});

test.describe('tamper', () => {
  test('without a secret: a fingerprint that was changed keeps the pair apart', async ({ context, hostile, note }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile(new Tampering('fingerprint'));
    expect(await meet([alice, bob], server, { ...inTheOpen(), connectTimeout: SHORT })).toBe('unreachable bob');
    expect([await told(alice), await told(bob)]).toEqual([[], []]);
    await note(server, [alice, bob], 'no link');
  });

  test('without a secret: another line that was changed holds for the connection, and nobody notices', async ({
    context,
    hostile,
    note,
  }) => {
    await context.addInitScript(keepConnections);
    const pair = await couple(context);
    const server = await hostile(new Tampering('max-message-size'));
    expect(await meet(pair, server, inTheOpen())).toBe('met');
    for (const { page } of pair)
      expect(await page.evaluate(() => connections.at(-1)?.sctp?.maxMessageSize)).toBe(FALSE_SIZE);
    await expectUntouched(pair);
    await note(server, pair, 'connected, as the server would have it');
  });

  test('with a secret: what was changed is dropped', async ({ context, hostile, note }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile(new Tampering('fingerprint'));
    expect(await meet([alice, bob], server, { ...sealed(), connectTimeout: SHORT })).toBe('unreachable bob');
    expect(await told(alice)).toEqual(['error untrusted bob seal']);
    expect(await told(bob)).toEqual(['error untrusted alice seal']);
    await note(server, [alice, bob], 'no link');
  });
});

test.describe('replay', () => {
  test('without a secret: an offer that is said again breaks the attempt it belongs to', async ({
    context,
    hostile,
    note,
  }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile(new Replay());
    expect(await meet([alice, bob], server, { ...inTheOpen(), connectTimeout: SHORT })).toBe('unreachable bob');
    expect([await told(alice), await told(bob)]).toEqual([[], []]);
    await note(server, [alice, bob], 'no link');
  });

  test('without a secret: an old offer under a new number breaks the link that stands; nothing is lost', async ({
    context,
    hostile,
    note,
  }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile();
    const seat = { ...inTheOpen(), url: server.url };
    // For so long bob tries to answer an offer that nobody made.
    await enter(bob, { ...seat, connectTimeout: SHORT });
    expect(await enter(alice, { ...seat, clients: ['bob'] })).toBe('met');
    const offer = server.letters.find(({ signal }) => readable(signal)?.data?.['type'] === 'offer');
    if (offer === undefined) throw new Error('alice has made no offer');
    server.deliver({ ...offer, signal: { ...readable(offer.signal), link: 9 }, origin: 'altered' });
    await expect.poll(() => reconnects(alice, 'bob')).toBe(1);
    await expectWhole(alice, bob);
    expect([await told(alice), await told(bob)]).toEqual([['join bob'], ['join alice']]);
    await note(server, [alice, bob], 'the link breaks, the session goes on');
  });

  test('with a secret: whatever is said again is dropped, be it of the attempt, of an earlier link or of an earlier life', async ({
    context,
    hostile,
    note,
  }) => {
    await context.addInitScript(keepConnections);
    const [alice, bob] = await couple(context);
    const [server, terms] = [await hostile(new Replay()), sealed()];
    expect(await meet([alice, bob], server, terms)).toBe('met');
    await expectUntouched([alice, bob], [alice, bob]);

    await bob.page.evaluate(() => {
      for (const connection of connections) connection.close();
    });
    await expect.poll(() => reconnects(alice, 'bob')).toBe(1);
    await expectWhole(alice, bob);

    await bob.page.reload();
    const reborn = { ...bob, instance: 'bob-2' };
    expect(await enter(reborn, { ...terms, url: server.url, clients: ['alice'] })).toBe('met');
    await expectWhole(alice, reborn);
    const life = ['error untrusted bob seal', 'join bob', 'leave bob goodbye', 'restart bob'];
    expect((await told(alice)).sort()).toEqual(life);
    expect((await told(reborn)).sort()).toEqual(['error untrusted alice seal', 'join alice']);
    expect(await reconnects(alice, 'bob')).toBe(1);
    await note(server, [alice, reborn], 'connected each of three times; nothing lost');
  });

  test('with a secret: so it is after a crowd of senders who do not exist', async ({ context, hostile, note }) => {
    const pair = await couple(context);
    const [alice, bob] = pair;
    const server = await hostile();
    expect(await meet(pair, server, sealed())).toBe('met');
    const theirs = [...server.letters];
    const noise = { sealed: Buffer.alloc(100) };
    for (let number = 0; number < CROWD; number++) {
      for (const [{ name }, to] of [
        [bob, alice],
        [alice, bob],
      ] as const)
        server.deliver({ from: { name, instance: `nobody-${number}` }, to, signal: noise, origin: 'injected' });
    }
    for (const letter of theirs) server.deliver({ ...letter, origin: 'replayed' });
    await Promise.all(pair.map((party) => server.digested(party)));
    await expectUntouched(pair, pair);
    await note(server, pair, 'connected; nothing lost');
  });
});

test.describe('forge', () => {
  for (const identity of [false, true]) {
    test(`without a secret, ${identity ? 'with' : 'without'} identities: a refusal in bob’s name ends the session`, async ({
      context,
      hostile,
      note,
    }) => {
      const [alice, bob] = await couple(context);
      const server = await hostile();
      const seat = { ...inTheOpen(), url: server.url, identity };
      const keys = identity ? { bob: await publicKey(bob) } : {};
      await enter(bob, seat);
      expect(await enter(alice, { ...seat, clients: ['bob'], keys })).toBe('met');
      const refusal = { type: 'refuse', to: alice.instance, link: 9, code: 'unknown-peer', message: 'who is alice?' };
      server.deliver({ from: memberOf(bob), to: alice, signal: refusal, origin: 'injected' });
      await expect.poll(() => told(alice)).toEqual(['join bob', 'leave bob refused']);
      await note(server, [alice, bob], 'alice hears `leave`, `refused`');
    });
  }

  test('without a secret: a ring in bob’s name breaks the link that stands; nothing is lost', async ({
    context,
    hostile,
    note,
  }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile();
    expect(await meet([alice, bob], server, inTheOpen())).toBe('met');
    const ring = { type: 'ring', to: alice.instance, link: 1 };
    server.deliver({ from: memberOf(bob), to: alice, signal: ring, origin: 'injected' });
    await expect.poll(() => reconnects(alice, 'bob')).toBe(1);
    await expectWhole(alice, bob);
    expect([await told(alice), await told(bob)]).toEqual([['join bob'], ['join alice']]);
    await note(server, [alice, bob], 'the link breaks, the session goes on');
  });

  test('with a secret: false refusals and rings are dropped, and so is a true refusal that is said again', async ({
    context,
    hostile,
    note,
  }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile();
    const seat = { ...sealed(), url: server.url };
    // bob knows nobody, and tells alice so; then he wants to meet her after all.
    await enter(bob, { ...seat, discover: false });
    await enter(alice, seat);
    await expect.poll(() => told(alice)).toEqual(['error refused bob unknown-peer']);
    const refusals = server.letters.filter(({ from }) => from.name === 'bob');
    await bob.page.evaluate(async () => {
      pool.addClient('alice');
      await pool.waitFor('alice');
    });
    await expectWhole(alice, bob);
    for (const letter of refusals) server.deliver({ ...letter, origin: 'replayed' });
    const head = { to: alice.instance, link: 9 };
    const refusal = { type: 'refuse', ...head, code: 'unknown-peer', message: 'who is alice?' };
    for (const signal of [refusal, { type: 'ring', ...head }])
      server.deliver({ from: memberOf(bob), to: alice, signal, origin: 'injected' });
    await server.digested(alice);
    await expectWhole(alice, bob);
    expect(await reconnects(alice, 'bob')).toBe(0);
    expect(await told(alice)).toEqual(['error refused bob unknown-peer', 'join bob', 'error untrusted bob seal']);
    expect(await told(bob)).toEqual(['error refused alice unknown-peer', 'join alice']);
    await note(server, [alice, bob], 'connected; nothing lost');
  });
});

test.describe('reflect', () => {
  test('without a secret: a signal that comes back to its sender breaks the attempt', async ({
    context,
    hostile,
    note,
  }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile(new Reflection());
    expect(await meet([alice, bob], server, { ...inTheOpen(), connectTimeout: SHORT })).toBe('unreachable bob');
    expect([await told(alice), await told(bob)]).toEqual([[], []]);
    await note(server, [alice, bob], 'no link');
  });

  test('with a secret: it is dropped', async ({ context, hostile, note }) => {
    const pair = await couple(context);
    const server = await hostile(new Reflection());
    expect(await meet(pair, server, sealed())).toBe('met');
    await expectUntouched(pair, pair);
    await note(server, pair, 'connected; nothing lost');
  });
});

test.describe('swap', () => {
  for (const [condition, terms, outcome] of [
    [
      'without a secret: alice has a link to carol where she was shown bob, until she hears her hello',
      inTheOpen,
      'untrusted bob name',
    ],
    ['with a secret: what is meant for another is dropped', sealed, 'unreachable bob'],
  ] as const) {
    test(condition, async ({ context, hostile, note }) => {
      const [[alice, bob], carol] = await Promise.all([couple(context), openParty(context, 'carol')]);
      const server = await hostile(new Swap());
      const seat = { ...terms(), url: server.url };
      for (const party of [bob, carol]) expect(await enter(party, seat)).toBe('met');
      expect(await enter(alice, { ...seat, clients: ['bob'], connectTimeout: SHORT })).toBe(outcome);
      await expectWhole(bob, carol);
      // alice meets nobody; the others meet each other, and not her.
      for (const [party, joins] of [
        [alice, []],
        [bob, ['join carol']],
        [carol, ['join bob']],
      ] as const)
        expect((await told(party)).filter((line) => line.startsWith('join'))).toEqual(joins);
      if (outcome === 'unreachable bob')
        for (const party of [bob, carol]) await expect.poll(() => told(party)).toContain('error untrusted alice seal');
      await note(server, [alice, bob, carol], `alice: \`${outcome}\`; bob and carol are connected`);
    });
  }
});

test.describe('drop', () => {
  for (const [condition, terms] of BOTH_WAYS) {
    test(`${condition}: half of all signals are lost, and the pair connects`, async ({ context, hostile, note }) => {
      test.setTimeout(2 * LONG);
      const pair = await couple(context);
      const server = await hostile(new Losses(chanceOf(7)));
      expect(await meet(pair, server, { ...terms(), connectTimeout: LONG })).toBe('met');
      await expectUntouched(pair);
      await note(server, pair, 'connected; nothing lost');
    });

    test(`${condition}: signals overtake each other, and the pair connects`, async ({ context, hostile, note }) => {
      test.setTimeout(2 * LONG);
      const pair = await couple(context);
      const disorder = new Disorder(chanceOf(7));
      const server = await hostile(disorder);
      expect(await meet(pair, server, { ...terms(), connectTimeout: LONG })).toBe('met');
      expect(disorder.overtaken).toBeGreaterThan(0);
      await expectUntouched(pair);
      await note(server, pair, `connected; nothing lost; ${disorder.overtaken} were overtaken`);
    });
  }
});
