import type { Pool } from '../../pool/pool.ts';
import { createIdentity, type Identity } from '../../trust/identity.ts';
import { check, checkRejects, checkSame, watch } from '../check.ts';
import { type ContractCase, contractCase } from '../contract-case.ts';
import type { Party } from '../party.ts';

/** Peers that prove who they are, and peers that can't. */
export const identities: readonly ContractCase[] = [
  contractCase('S5 two that name each other’s keys meet, and read the same fingerprint', {
    alice: meetProved,
    bob: meetProved,
  }),

  contractCase('S5 who is called and has another key than the one named for it never joins', {
    alice: doubt,
    bob: async (self) => beDoubted(self, await identity()),
  }),

  contractCase('S5 who calls and has another key than the one named for it never joins', {
    alice: async (self) => beDoubted(self, await identity()),
    bob: doubt,
  }),

  contractCase('S5 who shows no key where one was named for it never joins', {
    alice: doubt,
    bob: (self) => beDoubted(self, undefined),
  }),

  contractCase('a key that is named by one side only is proved to that side', {
    async alice(self) {
      const said = await self.fence('keys');
      const pool = self.pool();
      pool.addClient('bob', { publicKey: String(said['bob']) });
      await pool.initialize();
      await pool.send('bob', 'to the one with the key');
      checkSame(await pool.recv('bob'), 'to whoever it is');
      checkSame(pool.fingerprint('bob'), undefined, 'who has no identity has no fingerprint');
    },
    async bob(self) {
      const ours = await identity();
      await self.fence('keys', ours.publicKey);
      const pool = await self.join({ identity: ours });
      await pool.send('alice', 'to whoever it is');
      checkSame(await pool.recv('alice'), 'to the one with the key');
      checkSame(pool.fingerprint('alice'), undefined, 'the other has no identity');
    },
  }),

  contractCase('in an open room nobody need know keys before: those who have one can compare fingerprints', {
    async alice(self) {
      await compare(self, await self.join({ clients: [], identity: await identity() }));
    },
    async bob(self) {
      await compare(self, await self.join({ clients: [], identity: await identity() }));
    },
    async carol(self) {
      const pool = await self.join({ clients: [] });
      await pool.waitFor(2);
      await self.fence('fingerprints');
      checkSame(pool.fingerprint('alice'), undefined, 'who has no identity has no fingerprint');
      await self.fence('compared');
    },
  }),

  contractCase('S5 who comes under the name of one who left, with another key, never joins, and who waits is told', {
    async alice(self) {
      const said = await self.fence('keys');
      const pool = self.pool();
      pool.addClient('bob', { publicKey: String(said['bob']) });
      const gone = new Promise<void>((resolve) => void pool.on('leave', () => resolve()));
      await pool.initialize();
      await self.fence('met');
      await gone;
      const waiting = pool.waitFor('bob');
      await Promise.all([checkRejects(waiting, 'untrusted', 'another key'), self.fence('left')]);
      const complaints = self.complaints.splice(0).map((error) => error.message.slice(0, 'untrusted'.length));
      checkSame(complaints, ['untrusted'], 'what is told beside');
      checkSame(self.membership(pool), ['join bob', 'leave bob goodbye'], 'who was met');
    },
    async bob(self) {
      const ours = await identity();
      await self.fence('keys', ours.publicKey);
      const pool = await self.join({ identity: ours });
      await self.fence('met');
      await pool.shutdown();
      await self.fence('left');
      await checkRejects(self.join({ identity: await identity() }), 'refused', 'another key');
    },
  }),

  contractCase('the right key can be named after the wrong one, and nobody else notices either', {
    async alice(self) {
      const said = await self.fence('keys');
      const pool = self.pool({ discover: true });
      await pool.initialize();
      await pool.waitFor('carol');
      pool.addClient('bob', { publicKey: (await identity()).publicKey });
      await self.fence('named');
      await checkRejects(pool.waitFor('bob'), 'untrusted', 'the wrong key');
      checkSame(
        self.complaints.splice(0).map((error) => error.message.slice(0, 'untrusted'.length)),
        ['untrusted'],
        'what is told beside',
      );
      await self.fence('doubted');
      pool.removeClient('bob');
      pool.addClient('bob', { publicKey: String(said['bob']) });
      await self.fence('named again');
      await pool.waitFor('bob');
      checkSame(self.membership(pool), ['join carol', 'join bob'], 'who was met');
      await pool.broadcast('found');
    },
    async bob(self) {
      const ours = await identity();
      await self.fence('keys', ours.publicKey);
      await self.fence('named');
      await checkRejects(self.join({ clients: ['alice'], identity: ours }), 'refused', 'the wrong key');
      await self.fence('doubted');
      await self.fence('named again');
      const pool = await self.join({ clients: ['alice'], identity: ours });
      checkSame(await pool.recv('alice'), 'found');
    },
    async carol(self) {
      await self.fence('keys');
      const pool = await self.join({ clients: ['alice'] });
      await self.fence('named');
      await self.fence('doubted');
      await self.fence('named again');
      checkSame(await pool.recv('alice'), 'found');
      checkSame(self.membership(pool), ['join alice'], 'who was met');
    },
  }),
];

/** The same, over links that break. */
export const brokenIdentities: readonly ContractCase[] = [
  contractCase('over each new link identities are proved anew, and the session goes on', {
    alice: (self) => goOn(self, () => self.breakLinks()),
    bob: (self) => goOn(self, () => {}),
  }),
];

async function goOn(self: Party, breakLinks: () => void): Promise<void> {
  const [other = ''] = self.others;
  const ours = await identity();
  const said = await self.fence('keys', ours.publicKey);
  const pool = self.pool({ identity: ours });
  pool.addClient(other, { publicKey: String(said[other]) });
  await pool.initialize();
  const code = pool.fingerprint(other);
  for (let round = 0; round < 3; round++) {
    await self.fence(`round ${round}`);
    breakLinks();
    await pool.send(other, round);
    checkSame(await pool.recv(other), round);
  }
  checkSame(self.membership(pool), [`join ${other}`], 'a broken link is no departure');
  check(code !== undefined && pool.fingerprint(other) === code, 'the fingerprint stays');
}

function identity(): Promise<Identity> {
  return createIdentity({ keep: false });
}

async function meetProved(self: Party): Promise<void> {
  const [other = ''] = self.others;
  const ours = await identity();
  const said = await self.fence('keys', ours.publicKey);
  const pool = self.pool({ identity: ours });
  pool.addClient(other, { publicKey: String(said[other]) });
  checkSame(pool.fingerprint(other), undefined, 'nothing is proved yet');
  await pool.initialize();
  await pool.send(other, `from ${self.name}`);
  checkSame(await pool.recv(other), `from ${other}`);
  await compare(self, pool);
  if (self.name === 'alice') await pool.shutdown();
  else {
    await self.until(() => self.membership(pool).includes('leave alice goodbye'));
    checkSame(pool.fingerprint(other), undefined, 'of who has left nothing is proved');
  }
}

async function compare(self: Party, pool: Pool): Promise<void> {
  const [other = ''] = self.others;
  await pool.waitFor(other);
  const code = pool.fingerprint(other);
  const said = await self.fence('fingerprints', code);
  check(/^(\d{5} ){7}\d{5}$/.test(code ?? ''), `forty digits: ${code}`);
  checkSame(said[other], code, 'the fingerprint at the other end');
  await self.fence('compared');
}

/** Whose key is not what was said never comes to the application. */
async function doubt(self: Party): Promise<void> {
  const [other = ''] = self.others;
  const pool = self.pool({ instance: instance(self) });
  pool.addClient(other, { publicKey: (await identity()).publicKey });
  const sent = watch(pool.send(other, 'a secret'));
  await self.fence('ready');
  const error = await checkRejects(pool.initialize(), 'untrusted', 'who has another key');
  checkSame(error.peer, other, 'who is not trusted');
  check((await sent.outcome).status === 'rejected', 'nothing is sent to who is not trusted');
  checkSame(self.membership(pool), [], 'who was met');
}

async function beDoubted(self: Party, ours: Identity | undefined): Promise<void> {
  const pool = self.pool({ clients: self.others, identity: ours, instance: instance(self) });
  await self.fence('ready');
  await checkRejects(pool.initialize(), 'refused', 'who is not trusted');
  checkSame(self.membership(pool), [], 'who was met');
}

/** The smaller instance calls, so alice does. */
function instance(self: Party): string {
  return `${self.name}-${Math.random()}`;
}
