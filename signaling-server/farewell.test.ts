import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SignalingEvent } from './server.ts';
import { type Guest, Inn } from './testing/guest.ts';

let inn: Inn;
let alice: Guest;
let bob: Guest;
let events: SignalingEvent[];

beforeEach(async () => {
  events = [];
  inn = await Inn.open({ observe: (event) => events.push(event) });
  alice = await inn.member('alice');
  bob = await inn.member('bob');
});
afterEach(() => inn.close());

const member = { name: 'alice', instance: 'alice-1' };

/** As `navigator.sendBeacon` does; the status of the answer. */
async function beacon(body: string, method = 'POST'): Promise<number> {
  const answer = await fetch(`${inn.url}/peerpool?leave`, { method, ...(method === 'POST' && { body }) });
  return answer.status;
}

function of(guest: Guest, over: Record<string, unknown> = {}): string {
  return JSON.stringify({ room: 'sums', ...member, key: guest.key, ...over });
}

describe('a goodbye by a beacon', () => {
  it('is heard while the socket is still open, once, and closes that', async () => {
    expect(await beacon(of(alice))).toBe(204);
    expect(await alice.closed()).toBe('io server disconnect');
    await bob.caughtUp();
    expect(bob.all('left')).toEqual([['left', member, 'left']]);
    expect(alice.all('left')).toEqual([]);
    expect(await inn.signaling.counts()).toMatchObject({ peers: 1, rooms: 1 });
    expect(await inn.guest().join('alice')).toMatchObject({ ok: true });
    expect(events.filter(({ type }) => type === 'left')).toEqual([
      { type: 'left', room: 'sums', member, reason: 'left' },
    ]);
  });

  it('is heard after the socket has closed without one, and frees the name that was kept', async () => {
    alice.socket.io.engine.close();
    await bob.until(() => bob.all('left').length === 1);
    expect(await inn.guest().join('alice')).toMatchObject({ code: 'name-taken' });
    expect(await beacon(of(alice))).toBe(204);
    await bob.caughtUp();
    expect(bob.all('left')).toEqual([
      ['left', member, 'closed'],
      ['left', member, 'left'],
    ]);
    expect(await inn.guest().join('alice')).toMatchObject({ ok: true });
  });

  it('of somebody who is not there, or by somebody else, is answered like any and does nothing', async () => {
    const bodies = [
      of(bob),
      of(alice, { instance: 'alice-2' }),
      of(alice, { name: 'carol' }),
      of(alice, { room: 'another' }),
    ];
    expect(await Promise.all(bodies.map((body) => beacon(body)))).toEqual([204, 204, 204, 204]);
    await bob.caughtUp();
    expect(bob.all('left')).toEqual([]);
    expect(await inn.signaling.counts()).toMatchObject({ peers: 2, rooms: 1 });
    expect(await beacon(of(alice))).toBe(204);
    expect(await beacon(of(alice))).toBe(204);
    await bob.caughtUp();
    expect(bob.all('left')).toHaveLength(1);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['a number', '7'],
    ['no key', JSON.stringify({ room: 'sums', ...member })],
    ['a key that can be guessed', JSON.stringify({ room: 'sums', ...member, key: '1234' })],
    ['a name that is none', JSON.stringify({ room: 'sums', name: 7, instance: 'x', key: 'k'.repeat(26) })],
    ['more than any goodbye', JSON.stringify({ filler: 'x'.repeat(1 << 20) })],
  ])('with %s is refused', async (_what, body) => {
    const status = await beacon(body).catch(() => 'cut off');
    expect(body.length > 4096 ? [400, 413, 'cut off'] : [400]).toContain(status);
    await bob.caughtUp();
    expect(bob.all('left')).toEqual([]);
  });

  it('that ends in the middle does nothing', async () => {
    const cut = request(`${inn.url}/peerpool?leave`, { method: 'POST', headers: { 'content-length': '500' } });
    const failed = new Promise((resolve) => cut.once('error', resolve));
    cut.write(of(alice));
    await new Promise<void>((resolve) => cut.once('socket', (socket) => socket.once('connect', resolve)));
    cut.destroy();
    await failed;
    await bob.caughtUp();
    expect(bob.all('left')).toEqual([]);
    expect(events.filter(({ type }) => type === 'fault')).toEqual([]);
  });

  it('is asked for by POST only: the rest of the path is the application’s', async () => {
    inn.http.on('request', (_request, response) => response.writeHead(418).end());
    expect(await beacon('', 'GET')).toBe(418);
  });
});
