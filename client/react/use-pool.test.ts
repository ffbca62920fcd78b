// @vitest-environment happy-dom
import { createElement, type ReactNode, StrictMode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { act } from 'react';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { clearHubs, getHub, LocalCommunicator, MeshCommunicator, Pool, PoolError } from '../src/index.ts';
import { LocalTransport } from '../src/communicators/local/local-transport.ts';
import { FaultyTransport } from '../src/testing/faulty-transport.ts';
import { type PoolStatus, usePool } from './index.ts';
import { mounted } from './testing/mounted.ts';

afterEach(() => clearHubs());

const inRoom = (room: string): LocalCommunicator => new LocalCommunicator({ hub: getHub(room) });

/** A pool that is there for the whole test, and what it heard. */
async function resident(name: string, room = 'room'): Promise<{ pool: Pool; heard: string[] }> {
  const heard: string[] = [];
  const pool = new Pool(name, inRoom(room));
  pool.on('join', (event) => heard.push(`${event.name} joins`));
  pool.on('leave', (event) => heard.push(`${event.name}: ${event.reason}`));
  pool.on('restart', (event) => heard.push(`${event.name} starts anew`));
  await pool.initialize();
  onTestFinished(() => pool.shutdown());
  return { pool, heard };
}

/** Every status it was rendered with, without repetitions. */
const rendered: PoolStatus[] = [];
afterEach(() => void rendered.splice(0));
const states = (): string[] => rendered.map(({ state }) => state);
const shown = (): PoolStatus => {
  const last = rendered.at(-1);
  if (last === undefined) throw new Error('nothing was rendered');
  return last;
};

interface RoomProps {
  readonly create?: ((name: string, room: string) => Pool) | null;
  readonly name?: string;
  readonly room?: string;
  readonly attempt?: number;
}
const aPool = (name: string, room: string): Pool => new Pool(name, inRoom(room));

function Room({ create = aPool, name = 'alice', room = 'room', attempt = 0 }: RoomProps): ReactNode {
  const status = usePool(create && (() => create(name, room)), [name, room, attempt]);
  if (rendered.at(-1) !== status) rendered.push(status);
  const { state, pool, error } = status;
  return `${state} ${pool?.name ?? 'nobody'} ${error?.message ?? ''}`.trim();
}

const strict = (props: RoomProps): ReactNode => createElement(StrictMode, null, createElement(Room, props));

describe('usePool', () => {
  it('joins when the component is mounted, and leaves when it goes', async () => {
    const bob = await resident('bob');
    const page = await mounted(createElement(Room));
    await page.until(() => expect(page.text).toBe('ready alice'));
    // Before there is a pool, with one, and when it is in the room.
    expect(new Set(states().slice(0, -1))).toEqual(new Set(['connecting']));
    expect(rendered[0]?.pool).toBeUndefined();
    const { pool, signaling } = shown();
    expect(signaling).toBe('connected');
    await bob.pool.waitFor('alice');
    await page.unmount();
    expect(await pool?.closed).toBeUndefined();
    await page.until(() => expect(bob.heard).toEqual(['alice joins', 'alice: goodbye']));
  });

  it('makes one pool in Strict Mode', async () => {
    const bob = await resident('bob');
    const create = vi.fn(aPool);
    const page = await mounted(strict({ create }));
    await page.until(() => expect(page.text).toBe('ready alice'));
    expect(create).toHaveBeenCalledTimes(1);
    expect(bob.heard).toEqual(['alice joins']);
    await page.unmount();
    await page.until(() => expect(bob.heard).toEqual(['alice joins', 'alice: goodbye']));
  });

  it('makes another pool for another name, and never shows the old one with it', async () => {
    const bob = await resident('bob');
    const page = await mounted(strict({ name: 'alice' }));
    await page.until(() => expect(page.text).toBe('ready alice'));
    const before = rendered.length;
    await page.render(strict({ name: 'carol' }));
    await page.until(() => expect(page.text).toBe('ready carol'));
    expect(rendered.slice(before).map(({ pool }) => pool?.name)).not.toContain('alice');
    await page.until(() => expect(bob.heard).toContain('alice: goodbye'));
    expect(bob.heard).toContain('carol joins');
    await page.unmount();
  });

  it('goes to another room under its name', async () => {
    const [bob, carol] = await Promise.all([resident('bob', 'one'), resident('carol', 'two')]);
    const page = await mounted(strict({ room: 'one' }));
    await page.until(() => expect(page.text).toBe('ready alice'));
    await page.render(strict({ room: 'two' }));
    await page.until(() => expect(carol.heard).toEqual(['alice joins']));
    expect(bob.heard).toEqual(['alice joins', 'alice: goodbye']);
    await page.unmount();
  });

  it('waits until a pool of that name has left, whichever component had it', async () => {
    const bob = await resident('bob');
    const page = await mounted(createElement(Room, { key: 'first' }));
    await page.until(() => expect(page.text).toBe('ready alice'));
    const first = shown().pool;
    // One message is still being used, so that the first one takes its time to leave.
    await bob.pool.send('alice', 'keep', 'work');
    const message = await first?.recvAny({ msgId: 'work', manualRelease: true });
    await page.render(createElement(Room, { key: 'second' }));
    expect(page.text).toBe('connecting alice');
    expect(shown().pool?.state).toBe('uninitialized');
    await page.does(() => message?.release());
    await page.until(() => expect(page.text).toBe('ready alice'));
    expect(shown().pool).not.toBe(first);
    await page.until(() => expect(bob.heard).toEqual(['alice joins', 'alice: goodbye', 'alice starts anew']));
    await page.unmount();
  });

  it('is made by nobody who has gone while it waited', async () => {
    const bob = await resident('bob');
    const page = await mounted(createElement(Room, { key: 'first' }));
    await page.until(() => expect(page.text).toBe('ready alice'));
    await bob.pool.send('alice', 'keep', 'work');
    const first = shown().pool;
    const message = await first?.recvAny({ msgId: 'work', manualRelease: true });
    await page.render(createElement(Room, { key: 'second' }));
    const second = shown().pool;
    await page.unmount();
    await message?.release();
    await first?.closed;
    expect(second?.name).toBe('alice');
    expect(second?.state).toBe('uninitialized');
  });

  it('says why it could not join, and tries again when a dependency changes', async () => {
    const holder = await resident('alice');
    const page = await mounted(strict({ attempt: 0 }));
    await page.until(() => expect(shown().state).toBe('failed'));
    expect(shown().error).toMatchObject({ code: 'duplicate-peer', peer: 'alice' });
    await holder.pool.shutdown();
    await page.render(strict({ attempt: 1 }));
    await page.until(() => expect(page.text).toBe('ready alice'));
    await page.unmount();
  });

  it('says what kept the pool from being made', async () => {
    const page = await mounted(strict({ name: 'a/b'.repeat(200) }));
    await page.until(() => expect(shown().state).toBe('failed'));
    expect(shown()).toMatchObject({ pool: undefined, error: expect.any(RangeError) as unknown });
    await page.unmount();
  });

  it('gives up joining when the component goes', async () => {
    const create = (name: string, room: string): Pool => new Pool(name, inRoom(room), { clients: ['nobody'] });
    const page = await mounted(strict({ create }));
    await page.until(() => expect(shown().pool?.state).toBe('started'));
    expect(page.text).toBe('connecting alice');
    const { pool } = shown();
    await page.unmount();
    expect(await pool?.closed).toBeUndefined();
    expect(shown().state).toBe('connecting');
  });

  it('has none while none is wanted', async () => {
    const bob = await resident('bob');
    const page = await mounted(strict({ create: null }));
    expect(page.text).toBe('idle nobody');
    await page.render(strict({}));
    await page.until(() => expect(page.text).toBe('ready alice'));
    await page.render(strict({ create: null }));
    expect(page.text).toBe('idle nobody');
    await page.until(() => expect(bob.heard).toEqual(['alice joins', 'alice: goodbye']));
    await page.unmount();
  });

  it('has stopped when the application has shut it down, also while it joins', async () => {
    const page = await mounted(strict({}));
    await page.until(() => expect(page.text).toBe('ready alice'));
    await page.does(() => shown().pool?.shutdown());
    expect(page.text).toBe('stopped alice');

    const create = (name: string, room: string): Pool => new Pool(name, inRoom(room), { clients: ['nobody'] });
    await page.render(strict({ create, attempt: 1 }));
    await page.until(() => expect(shown().pool?.state).toBe('started'));
    await page.does(() => shown().pool?.shutdown());
    expect(page.text).toBe('stopped alice');
    await page.unmount();
  });

  it('tells how signaling is, and why the pool has ended', async () => {
    const transport = new FaultyTransport(new LocalTransport(getHub('room')));
    const create = (name: string): Pool =>
      new Pool(name, new MeshCommunicator({ transport: () => transport }), { on: { error: () => {} } });
    const page = await mounted(strict({ create }));
    await page.until(() => expect(page.text).toBe('ready alice'));
    await page.does(() => transport.hears?.state('disconnected'));
    expect(shown()).toMatchObject({ state: 'ready', signaling: 'disconnected' });
    await page.does(() => transport.hears?.state('connected'));
    expect(shown()).toMatchObject({ state: 'ready', signaling: 'connected' });
    await page.does(() => transport.hears?.stopped(new PoolError('duplicate-peer', 'the name was taken')));
    await page.until(() => expect(page.text).toBe('failed alice duplicate-peer: the name was taken'));
    await page.unmount();
  });
});

describe('on a server', () => {
  it('usePool makes nothing, and the page takes over what was rendered', async () => {
    const create = vi.fn(aPool);
    const html = renderToString(createElement(Room, { create }));
    expect(html).toBe('connecting nobody');
    expect(create).not.toHaveBeenCalled();

    const complaints = vi.spyOn(console, 'error');
    const container = document.createElement('main');
    container.innerHTML = html;
    const root = await act(async () => hydrateRoot(container, createElement(Room, { create })));
    await vi.waitFor(async () => {
      await act(async () => {});
      expect(container.textContent).toBe('ready alice');
    }, 15_000);
    expect(complaints).not.toHaveBeenCalled();
    await act(async () => root.unmount());
  });
});
