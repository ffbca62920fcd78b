import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HELD_FOR } from '../rooms/rooms.ts';
import { Gate } from '../testing/gate.ts';
import { Guest } from '../testing/guest.ts';
import { advance } from '../testing/redis-clock.ts';
import { RedisDaemon } from '../testing/redis-daemon.ts';
import { ServerProcess } from '../testing/server-process.ts';
import { Visitor } from '../testing/visitor.ts';
import { RESTORE_FOR } from './scripts.ts';

const PREFIX = 'faults';
/** All come from one address here. */
const OPEN = ['--max-connections-per-address', '20000', '--address-connections-per-second', '20000'];
const LIMITS = [...OPEN, '--address-joins-per-second', '20000'];

let redis: RedisDaemon;
let nodes: Node[] = [];
let visitors: Visitor[] = [];

/** A node, and its way to Redis. */
interface Node {
  readonly gate: Gate;
  readonly server: ServerProcess;
}

async function start(count: number): Promise<void> {
  redis = await RedisDaemon.start();
  await advance(redis.url, PREFIX, RESTORE_FOR);
  nodes = await Promise.all(Array.from({ length: count }, () => node()));
}

async function node(): Promise<Node> {
  const gate = await Gate.to(redis.port);
  const store = ['--redis-url', `redis://127.0.0.1:${gate.port}`, '--redis-prefix', PREFIX];
  const server = await ServerProcess.start([...store, ...LIMITS]);
  await server.ready();
  return { gate, server };
}

const at = (index: number): Node => {
  const found = nodes[index];
  if (found === undefined) throw new Error(`no node ${index}`);
  return found;
};
const urls = () => nodes.map(({ server }) => server.url);

/** Two at each node, all in one room. */
async function gather(): Promise<void> {
  for (let index = 0; index < 2 * nodes.length; index += 1) {
    visitors.push(await Visitor.in(`peer-${index}`, 'sums', urls(), index));
  }
  await agreed();
}

/** Resolves when everybody knows everybody else, and nobody else. */
async function agreed(): Promise<void> {
  const all = visitors.map(({ name }) => name);
  await Promise.all(
    visitors.map((visitor) => {
      const others = all.filter((name) => name !== visitor.name);
      return visitor.until(
        () => visitor.members.length === others.length && others.every((name) => visitor.members.includes(name)),
      );
    }),
  );
}

/** What a stranger finds at each node. */
async function lists(): Promise<string[][]> {
  const found: string[][] = [];
  for (const url of urls()) {
    const guest = new Guest(url);
    const reply = await guest.join('a stranger', 'sums');
    found.push(reply.ok ? reply.members.map(({ name }) => name) : [reply.code]);
    guest.say('leave');
    await guest.closed();
  }
  return found;
}

/** Everybody can say something to everybody else. */
async function talk(word: string): Promise<void> {
  for (const from of visitors) for (const to of visitors) if (from !== to) from.say(to, word);
  await Promise.all(
    visitors.map((visitor) => {
      const expected = visitors.filter((other) => other !== visitor).map(({ name }) => `${name}: ${word}`);
      return visitor.until(() => expected.every((each) => visitor.signals.includes(each)));
    }),
  );
}

const departures = () => visitors.flatMap(({ heard }) => heard.filter((what) => what.startsWith('left peer')));

beforeEach(() => start(3), 60_000);
afterEach(async () => {
  await Promise.all(visitors.map((visitor) => visitor.end(true)));
  await Promise.all(nodes.map(({ server }) => server.stop('SIGKILL')));
  await Promise.all(nodes.map(({ gate }) => gate.close()));
  await redis.kill();
  visitors = [];
});

describe('three nodes', () => {
  it('give a name to exactly one of two who claim it in the same instant, a thousand times', async () => {
    const winners = new Set<number>();
    for (let round = 0; round < 20; round += 1) {
      const pairs = Array.from({ length: 50 }, (_, index) => {
        const room = `room-${round}-${index}`;
        const guests = [new Guest(urls()[index % 3] ?? ''), new Guest(urls()[(index + 1) % 3] ?? '')];
        return { room, guests };
      });
      const all = pairs.flatMap(({ guests }) => guests);
      await Promise.all(all.map((guest) => guest.until(() => guest.socket.connected)));
      const outcomes = await Promise.all(
        pairs.map(({ room, guests }) => Promise.all(guests.map((guest) => guest.join('alice', room)))),
      );
      for (const outcome of outcomes) {
        expect(outcome.map((reply) => (reply.ok ? 'taken' : reply.code)).sort()).toEqual(['name-taken', 'taken']);
        winners.add(outcome.findIndex(({ ok }) => ok));
      }
      for (const { socket } of all) socket.disconnect();
    }
    // Were it decided by who is listed first, this would say nothing.
    expect(winners.size).toBe(2);
  });

  it('introduce everybody to everybody, wherever they are', async () => {
    await gather();
    await talk('hello');
    expect(await lists()).toEqual(nodes.map(() => visitors.map(({ name }) => name)));
  });

  it('serve who can only poll, to whichever of them each request comes', async () => {
    const ports = urls().map((url) => Number(new URL(url).port));
    let requests = 0;
    const balancer = await Gate.to(() => ports[requests++ % ports.length] ?? 0);
    const polling = { transports: ['polling'], extraHeaders: { connection: 'close' } };
    const [alice, bob] = [new Guest(balancer.url, polling), new Guest(balancer.url, polling)];
    expect(await alice.join('alice')).toMatchObject({ ok: true });
    expect(await bob.join('bob')).toMatchObject({ ok: true, members: [{ name: 'alice' }] });
    bob.say('signal', { name: 'alice', instance: 'alice-1' }, 'hello');
    await alice.until(() => alice.all('signal').length > 0);
    expect(alice.all('signal')).toEqual([['signal', { name: 'bob', instance: 'bob-1' }, 'hello']]);
    expect(requests).toBeGreaterThan(6);
    for (const guest of [alice, bob]) guest.socket.disconnect();
    await balancer.close();
  });

  it('ask the holder of a name at another node whether it is there, also while a third one hangs', async () => {
    const holder = new Guest(at(0).server.url);
    await holder.join('alice');
    let asked = 0;
    holder.socket.on('still-here', (answer) => {
      asked += 1;
      answer(true);
    });
    at(2).server.signal('SIGSTOP');
    const successor = new Guest(at(1).server.url);
    const claim = { ...successor.request('alice', 'sums', 'alice-2'), key: holder.key };
    expect(await successor.ask(claim)).toMatchObject({ ok: false, code: 'name-taken' });
    expect(asked).toBe(1);
    // Frozen, as a page that does not answer.
    holder.socket.off('still-here');
    expect(await successor.ask(claim)).toMatchObject({ ok: true });
    await holder.closed();
    expect(holder.all('refused')).toEqual([['refused', 'replaced']]);
    successor.socket.disconnect();
  });

  it('lose one that is killed: who was there comes back elsewhere, and who does not is gone after its lease', async () => {
    await gather();
    const [ghost] = visitors.splice(0, 1);
    await ghost?.until(() => ghost.arrivals > 0);
    const killed = at(0).server.stop('SIGKILL');
    // It never comes back: the node dies before it could tell anybody.
    await Promise.all([killed, ghost?.end(true)]);
    await Promise.all(
      visitors.map((visitor) => visitor.until(() => visitor.name !== 'peer-3' || visitor.arrivals > 1)),
    );
    await advance(redis.url, PREFIX, HELD_FOR - 2000);
    await pause(1500);
    await advance(redis.url, PREFIX, 2000);
    await agreed();
    nodes.splice(0, 1);
    expect(await lists()).toEqual(nodes.map(() => expect.not.arrayContaining(['peer-0']) as string[]));
    expect((await lists()).map((list) => [...list].sort())).toEqual(nodes.map(() => visitors.map(({ name }) => name)));
    await talk('after it was killed');
  });

  it('are drained one by one, and nobody hears of a departure', async () => {
    await gather();
    for (const index of [0, 1, 2]) {
      const began = performance.now();
      expect(await at(index).server.stop('SIGTERM')).toBe(0);
      expect(performance.now() - began).toBeLessThan(5000);
      nodes[index] = await node();
      // Its address is another, and those who look for it there go on to the next.
      for (const visitor of visitors) visitor.urls = urls();
      await agreed();
    }
    expect(departures()).toEqual([]);
    await talk('after all were drained');
  });

  it.each([
    ['cut', 'for a moment', 0],
    ['cut', 'until its lease has run out', HELD_FOR],
    ['silence', 'for a moment', 0],
    ['silence', 'until its lease has run out', HELD_FOR],
  ] as const)('lose sight of one whose way to Redis is a %s %s', async (fault, _how, away) => {
    await gather();
    const { gate, server } = at(1);
    gate[fault]();
    while ((await server.unready()).length === 0) await pause(25);
    expect((await server.unready())[0]).toMatch(
      /^this node can not read from Redis|^Redis has not answered this node for \d+ s$/,
    );
    const newcomer = new Guest(server.url);
    expect(await newcomer.join('too early')).toMatchObject({ ok: false, code: 'unavailable' });
    newcomer.socket.disconnect();
    // Those two are at that node, and it needs nobody to carry this.
    const [, here, , , too] = visitors;
    if (here === undefined || too === undefined) throw new Error('nobody is there');
    here.say(too, 'next to you');
    await too.until(() => too.signals.includes(`${here.name}: next to you`));
    for (let left = away; left > 0; left -= HELD_FOR / 2) {
      await advance(redis.url, PREFIX, HELD_FOR / 2);
      await pause(1200);
    }
    if (away > 0) {
      const [elsewhere] = visitors;
      await elsewhere?.until(() => !elsewhere.members.includes(here.name));
    }
    gate.open();
    await server.ready();
    await agreed();
    await talk('after it was away');
    if (away === 0) expect(departures()).toEqual([]);
    // Nobody had to come back.
    expect(visitors.map(({ arrivals }) => arrivals)).toEqual(visitors.map(() => 1));
  });

  it('outlive a Redis that begins again without its memory', async () => {
    await gather();
    await redis.kill();
    for (const { server } of nodes) while ((await server.unready()).length === 0) await pause(25);
    await redis.start();
    for (const { server } of nodes) await server.ready();
    expect((await lists()).map((list) => [...list].sort())).toEqual(nodes.map(() => visitors.map(({ name }) => name)));
    await agreed();
    await talk('after it forgot');
    expect(departures()).toEqual([]);
    expect(visitors.map(({ arrivals }) => arrivals)).toEqual(visitors.map(() => 1));
  });

  it('outlive a Redis that is paused for 10 s', async () => {
    await gather();
    redis.pause();
    await pause(10_000);
    redis.resume();
    for (const { server } of nodes) await server.ready();
    await agreed();
    await talk('after the pause');
    expect(departures()).toEqual([]);
    expect(visitors.map(({ arrivals }) => arrivals)).toEqual(visitors.map(() => 1));
  });

  it('keep one seat for somebody who goes from node to node as fast as it can', async () => {
    await gather();
    const [flapping, ...others] = visitors;
    if (flapping === undefined) throw new Error('nobody is there');
    for (let hop = 1; hop <= 30; hop += 1) {
      flapping.hop();
      await flapping.until(() => flapping.arrivals > hop);
    }
    await agreed();
    await talk('after all that');
    expect((await lists()).map((list) => [...list].sort())).toEqual(nodes.map(() => visitors.map(({ name }) => name)));
    expect(others.every(({ members }) => members.filter((name) => name === flapping.name).length === 1)).toBe(true);
  });
});
