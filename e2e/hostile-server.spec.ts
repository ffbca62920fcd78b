import { type BrowserContext, expect } from 'playwright/test';
import { generateSecret } from '../client/src/trust/room-keys.ts';
import { chanceOf } from './chaos/chance.ts';
import { keepConnections } from './chaos/connections.ts';
import { Disorder } from './hostile-server/disorder.ts';
import type { HostileServer } from './hostile-server/hostile-server.ts';
import { Impostor } from './hostile-server/impostor.ts';
import { Losses } from './hostile-server/losses.ts';
import { FALSE_AMOUNT, Mallory } from './hostile-server/mallory.ts';
import { Middle } from './hostile-server/middle.ts';
import {
  enter,
  memberOf,
  openParty,
  type Party,
  type PartyOptions,
  reconnects,
  send,
  take,
  told,
} from './hostile-server/party.ts';
import { readable } from './hostile-server/readable.ts';
import { Reflection } from './hostile-server/reflection.ts';
import { Replay } from './hostile-server/replay.ts';
import { test } from './hostile-server/stage.ts';
import { Swap } from './hostile-server/swap.ts';
import { FALSE_SIZE, Tampering } from './hostile-server/tampering.ts';
import { freshRoom } from './pools.ts';

/** What is sent. */
const AMOUNT = 1_000_000;

/** Time for some attempts where none is to succeed, in ms. */
const SHORT = 4_000;

/** What losing half of all signals may cost, in ms. */
const LONG = 60_000;

/** More senders than a client remembers the signals of. */
const CROWD = 1_100;

/** What a server would like to know of a pair. */
const CONFIDENCES = {
  description: /v=0/,
  fingerprint: /a=fingerprint:/,
  candidate: /candidate:/,
  address: /\d{1,3}(\.\d{1,3}){3}/,
} as const;

type Terms = Pick<PartyOptions, 'room' | 'secret'>;

const inTheOpen = (): Terms => ({ room: freshRoom() });
const sealed = (): Terms => ({ room: freshRoom(), secret: generateSecret() });

function couple(context: BrowserContext): Promise<[alice: Party, bob: Party]> {
  return Promise.all([openParty(context, 'alice'), openParty(context, 'bob')]);
}

/** bob is there, and alice comes. Resolves with what became of her wish to meet him. */
async function meet(
  [alice, bob]: readonly [Party, Party],
  { url }: HostileServer,
  terms: Terms & Pick<PartyOptions, 'connectTimeout'>,
): Promise<string> {
  expect(await enter(bob, { ...terms, url, connectTimeout: undefined })).toBe('met');
  return enter(alice, { ...terms, url, clients: ['bob'] });
}

/** What one sends the other has, as it was sent; both ways. */
async function expectWhole(one: Party, other: Party): Promise<void> {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    await send(from, to.name, { amount: AMOUNT });
    expect(await take(to, from.name)).toEqual({ amount: AMOUNT });
  }
}

/** They are connected by the link they had, nothing is lost, and of what was done to their signals they say this and no more. */
async function expectUntouched(
  alice: Party,
  bob: Party,
  complaints: 'both complain' | 'alice complains' | 'no complaint',
) {
  await expectWhole(alice, bob);
  expect(await reconnects(alice, 'bob')).toBe(0);
  expect(await reconnects(bob, 'alice')).toBe(0);
  const byAlice = complaints === 'no complaint' ? [] : ['error untrusted bob seal'];
  const byBob = complaints === 'both complain' ? ['error untrusted alice seal'] : [];
  expect((await told(alice)).sort()).toEqual([...byAlice, 'join bob']);
  expect((await told(bob)).sort()).toEqual([...byBob, 'join alice']);
}

/** The page's connections break, as far as it can tell. Needs `keepConnections`. */
const breakLinks = ({ page }: Party): Promise<void> =>
  page.evaluate(() => {
    for (const connection of connections) connection.close();
  });

test.describe('read', () => {
  test('without a secret the server knows the room, descriptions, fingerprints, candidates and addresses', async ({
    context,
    hostile,
    note,
  }) => {
    const [alice, bob] = await couple(context);
    const [server, terms] = [await hostile(), inTheOpen()];
    expect(await meet([alice, bob], server, terms)).toBe('met');
    expect(server.overheard).toContain(terms.room);
    for (const confidence of Object.values(CONFIDENCES)) expect(server.overheard).toMatch(confidence);
    await expectUntouched(alice, bob, 'no complaint');
    await note(server, [alice, bob], 'all of it is read');
  });

  test('with a secret it knows nothing of that; who is there, and how often and how much they signal, it does', async ({
    context,
    hostile,
    note,
  }) => {
    const [alice, bob] = await couple(context);
    const [server, terms] = [await hostile(), sealed()];
    expect(await meet([alice, bob], server, terms)).toBe('met');
    expect(server.letters.length).toBeGreaterThan(3);
    expect(server.overheard).not.toContain(terms.room);
    expect(server.overheard).not.toContain(terms.secret);
    for (const confidence of Object.values(CONFIDENCES)) expect(server.overheard).not.toMatch(confidence);
    expect(server.overheard).toContain('"alice-1"');
    await expectUntouched(alice, bob, 'no complaint');
    await note(server, [alice, bob], 'nothing but names, instances and sizes');
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

  test('without a secret: a line that was changed holds for the connection, and nobody notices', async ({
    context,
    hostile,
    note,
  }) => {
    await context.addInitScript(keepConnections);
    const [alice, bob] = await couple(context);
    const server = await hostile(new Tampering('max-message-size'));
    expect(await meet([alice, bob], server, inTheOpen())).toBe('met');
    for (const { page } of [alice, bob])
      expect(await page.evaluate(() => connections.at(-1)?.sctp?.maxMessageSize)).toBe(FALSE_SIZE);
    await expectUntouched(alice, bob, 'no complaint');
    await note(server, [alice, bob], 'connected on the server’s terms');
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
    await note(server, [alice, bob], `${packets} packets went through mallory; read and altered`);
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
    await note(server, [alice, bob], 'no link');
  });

  test('without a secret: an old offer under a new number breaks the link that stands; nothing is lost', async ({
    context,
    hostile,
    note,
  }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile();
    expect(await meet([alice, bob], server, inTheOpen())).toBe('met');
    const offer = server.letters.find(({ signal }) => readable(signal)?.data?.['type'] === 'offer');
    if (offer === undefined) throw new Error('alice has made no offer');
    server.deliver({ ...offer, signal: { ...readable(offer.signal), link: 9 }, origin: 'altered' });
    await expect.poll(() => reconnects(alice, 'bob')).toBe(1);
    await expectWhole(alice, bob);
    expect([await told(alice), await told(bob)]).toEqual([['join bob'], ['join alice']]);
    await note(server, [alice, bob], 'the link breaks, the session goes on');
  });

  test('with a secret: of the attempt, of an earlier link, of an earlier life, all of it is dropped', async ({
    context,
    hostile,
    note,
  }) => {
    await context.addInitScript(keepConnections);
    const [alice, bob] = await couple(context);
    const [server, terms] = [await hostile(new Replay()), sealed()];
    expect(await meet([alice, bob], server, terms)).toBe('met');
    await expectUntouched(alice, bob, 'both complain');

    await breakLinks(bob);
    await expect.poll(() => reconnects(alice, 'bob')).toBe(1);
    await expectWhole(alice, bob);

    await bob.page.reload();
    const reborn = { ...bob, instance: 'bob-2' };
    expect(await enter(reborn, { ...terms, url: server.url, clients: ['alice'] })).toBe('met');
    await expectWhole(alice, reborn);
    await expect
      .poll(() => told(alice))
      .toEqual(['error untrusted bob seal', 'join bob', 'leave bob goodbye', 'restart bob']);
    expect((await told(reborn)).sort()).toEqual(['error untrusted alice seal', 'join alice']);
    expect(await reconnects(alice, 'bob')).toBe(1);
    await note(server, [alice, reborn], 'connected, three times; nothing lost');
  });

  test('with a secret: also after a crowd of senders who do not exist', async ({ context, hostile, note }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile();
    expect(await meet([alice, bob], server, sealed())).toBe('met');
    const theirs = [...server.letters];
    for (let number = 0; number < CROWD; number++) {
      const signal = { sealed: Buffer.alloc(100, number) };
      for (const [from, to] of [
        [bob, alice],
        [alice, bob],
      ] as const)
        server.deliver({ from: { name: from.name, instance: `x${number}` }, to, signal, origin: 'injected' });
    }
    for (const letter of theirs) server.deliver({ ...letter, origin: 'replayed' });
    await Promise.all([server.digested(alice), server.digested(bob)]);
    await expectUntouched(alice, bob, 'both complain');
    await note(server, [alice, bob], 'connected; nothing lost');
  });
});

test.describe('refuse', () => {
  test('without a secret: a refusal in another’s name ends the session', async ({ context, hostile, note }) => {
    const [alice, bob] = await couple(context);
    const server = await hostile();
    expect(await meet([alice, bob], server, inTheOpen())).toBe('met');
    const refusal = { type: 'refuse', to: alice.instance, link: 9, code: 'unknown-peer', message: 'who is alice?' };
    server.deliver({ from: memberOf(bob), to: alice, signal: refusal, origin: 'injected' });
    await expect.poll(() => told(alice)).toEqual(['join bob', 'leave bob refused']);
    await note(server, [alice, bob], 'alice hears `leave`, `refused`');
  });

  test('without a secret: a ring in another’s name breaks the link that stands; nothing is lost', async ({
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
    await note(server, [alice, bob], 'the link breaks, the session goes on');
  });

  test('with a secret: false refusals and rings are dropped, and so is a true refusal that is said again', async ({
    context,
    hostile,
    note,
  }) => {
    const [alice, bob] = await couple(context);
    const [server, terms] = [await hostile(), sealed()];
    const { url } = server;
    // bob knows nobody, and says so to alice; then he wants to meet her after all.
    await enter(bob, { ...terms, url, discover: false });
    await enter(alice, { ...terms, url });
    const refused = (): boolean => server.letters.some(({ from }) => from.name === 'bob');
    await expect.poll(refused).toBe(true);
    const fromBob = server.letters.filter(({ from }) => from.name === 'bob');
    await bob.page.evaluate(async () => {
      pool.addClient('alice');
      await pool.waitFor('alice');
    });
    await expectWhole(alice, bob);
    for (const letter of fromBob) server.deliver({ ...letter, origin: 'replayed' });
    const head = { to: alice.instance, link: 9 };
    const refusal = { type: 'refuse', ...head, code: 'unknown-peer', message: 'who is alice?' };
    for (const signal of [refusal, { type: 'ring', ...head }])
      server.deliver({ from: memberOf(bob), to: alice, signal, origin: 'injected' });
    await server.digested(alice);
    await expectWhole(alice, bob);
    expect(await reconnects(alice, 'bob')).toBe(0);
    console.log(await told(alice), await told(bob), fromBob.length);
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
    const [alice, bob] = await couple(context);
    const server = await hostile(new Reflection());
    expect(await meet([alice, bob], server, sealed())).toBe('met');
    await expectUntouched(alice, bob, 'both complain');
    await note(server, [alice, bob], 'connected; nothing lost');
  });
});

test.describe('swap', () => {
  for (const [condition, terms, outcome] of [
    [
      'without a secret: alice connects to carol where she was shown bob, and hears from her hello',
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
      expect((await told(alice)).filter((line) => line.startsWith('join'))).toEqual([]);
      await expectWhole(bob, carol);
      const complaint = outcome === 'unreachable bob' ? 'error untrusted alice seal' : 'error refused alice name';
      await expect.poll(() => told(bob)).toEqual(['join carol', complaint]);
      await expect.poll(() => told(carol)).toEqual(['join bob', complaint]);
      await note(server, [alice, bob, carol], `alice: ${outcome}; bob and carol are connected`);
    });
  }
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
    for (const party of [{ ...mallory }, bob])
      await enter(party, party === bob ? seat : { ...seat, secret: undefined });
    expect(await enter(alice, { ...seat, clients: ['bob'] })).toBe('met');
    await expectUntouched(alice, bob, 'alice complains');
    await note(server, [alice, bob], 'alice is connected to the true bob');
  });

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
      expect(await meet([alice, bob], server, seat)).toBe('met');
      server.dismiss(memberOf(bob), alice, 'left');
      await enter(mallory, { ...seat, url: server.url, secret: undefined, connectTimeout: SHORT });
      const answer = seat.secret === undefined ? 'error refused alice duplicate-peer' : 'error unreachable alice';
      await expect.poll(() => told(mallory)).toContain(answer);
      await expectUntouched(alice, bob, seat.secret === undefined ? 'no complaint' : 'alice complains');
      await note(server, [alice, bob], 'alice stays connected to the true bob');
    });
  }
});

test.describe('drop and disorder', () => {
  for (const [condition, terms] of [
    ['without a secret', inTheOpen],
    ['with a secret', sealed],
  ] as const) {
    test(`${condition}: half of all signals are lost, and the pair connects`, async ({ context, hostile, note }) => {
      test.setTimeout(2 * LONG);
      const [alice, bob] = await couple(context);
      const server = await hostile(new Losses(chanceOf(7)));
      expect(await meet([alice, bob], server, { ...terms(), connectTimeout: LONG })).toBe('met');
      await expectUntouched(alice, bob, 'no complaint');
      await note(server, [alice, bob], 'connected; nothing lost');
    });

    test(`${condition}: signals overtake each other, and the pair connects`, async ({ context, hostile, note }) => {
      test.setTimeout(2 * LONG);
      const [alice, bob] = await couple(context);
      const disorder = new Disorder(chanceOf(7));
      const server = await hostile(disorder);
      expect(await meet([alice, bob], server, { ...terms(), connectTimeout: LONG })).toBe('met');
      expect(disorder.overtaken).toBeGreaterThan(0);
      await expectUntouched(alice, bob, 'no complaint');
      await note(server, [alice, bob], `connected; nothing lost (${disorder.overtaken} overtaken)`);
    });
  }
});
