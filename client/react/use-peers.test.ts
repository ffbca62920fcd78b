// @vitest-environment happy-dom
import { createElement, type ReactNode, StrictMode } from 'react';
import { flushSync } from 'react-dom';
import { renderToString } from 'react-dom/server';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { clearHubs, getHub, LocalCommunicator, MeshCommunicator, Pool, type PoolOptions } from '../src/index.ts';
import { LocalTransport } from '../src/communicators/local/local-transport.ts';
import { FaultyTransport } from '../src/testing/faulty-transport.ts';
import { type Peer, usePeers } from './index.ts';
import { mounted } from './testing/mounted.ts';

afterEach(() => clearHubs());

const local = (): LocalCommunicator => new LocalCommunicator({ hub: getHub('room') });

async function started(name: string, options: PoolOptions = {}, communicator = local()): Promise<Pool> {
  const pool = new Pool(name, communicator, options);
  await pool.initialize();
  onTestFinished(() => pool.shutdown());
  return pool;
}

/** What each render was given. */
const rendered: (readonly Peer[])[] = [];
afterEach(() => void rendered.splice(0));

function Roster({ pool }: { readonly pool: Pool | undefined }): ReactNode {
  const peers = usePeers(pool);
  rendered.push(peers);
  return peers.map(({ name, state, kind }) => `${name}: ${state} ${kind}`).join(', ');
}

const strict = (pool: Pool | undefined): ReactNode => createElement(StrictMode, null, createElement(Roster, { pool }));

describe('usePeers', () => {
  it('shows who comes and goes', async () => {
    const alice = await started('alice');
    const page = await mounted(strict(alice));
    expect(page.text).toBe('');
    let bob: Pool | undefined;
    await page.does(async () => (bob = await started('bob')));
    await page.until(() => expect(page.text).toBe('bob: connected local'));
    await page.does(() => started('carol'));
    await page.until(() => expect(page.text).toBe('bob: connected local, carol: connected local'));
    await page.does(() => bob?.shutdown());
    await page.until(() => expect(page.text).toBe('carol: connected local'));
    await page.unmount();
  });

  it('shows links that break and are made again, and who is not here', async () => {
    const transport = new FaultyTransport(new LocalTransport(getHub('room')));
    const alice = new Pool('alice', new MeshCommunicator({ transport: () => transport }), {
      clients: ['bob', 'dave'],
      on: { error: () => {} },
    });
    const joining = alice.initialize();
    onTestFinished(() => alice.shutdown());
    const page = await mounted(strict(alice));
    expect(page.text).toBe('bob: awaited undefined, dave: awaited undefined');
    await page.does(() => started('bob'));
    await page.until(() => expect(page.text).toBe('bob: connected local, dave: awaited undefined'));
    const before = rendered.length;
    // The cut is shown as soon as it is known, whatever comes of the next link.
    await page.does(() => {
      transport.cut();
      flushSync(() => {});
    });
    await page.until(() => expect(page.text).toBe('bob: connected local, dave: awaited undefined'));
    expect(rendered.slice(before).map(([bob]) => bob?.state)).toContain('connecting');
    // Who was not here leaves without an event, and is not shown by the next render.
    alice.removeClient('dave');
    await page.render(strict(alice));
    expect(page.text).toBe('bob: connected local');
    await joining;
    await page.unmount();
  });

  it('renders again when something has changed, and not otherwise', async () => {
    const alice = await started('alice');
    const bob = await started('bob');
    const page = await mounted(createElement(Roster, { pool: alice }));
    await page.until(() => expect(page.text).toBe('bob: connected local'));
    rendered.splice(0, rendered.length - 1);
    await page.does(() => bob.broadcast('news', 'chat'));
    await page.does(() => alice.ping('bob'));
    expect(rendered).toHaveLength(1);

    // A render for another reason is given the same.
    await page.render(createElement(Roster, { pool: alice }));
    expect(rendered).toHaveLength(2);
    expect(rendered[1]).toBe(rendered[0]);

    await page.does(() => started('carol'));
    await page.until(() => expect(page.text).toContain('carol: connected'));
    // Who has not changed is the same object.
    expect(rendered.at(-1)?.[0]).toBe(rendered[0]?.[0]);
    await page.unmount();
  });

  it('listens no more once the component has gone', async () => {
    const alice = await started('alice');
    const offs: string[] = [];
    const on = alice.on.bind(alice);
    vi.spyOn(alice, 'on').mockImplementation((event, listener) => {
      const off = on(event, listener);
      offs.push(`on ${event}`);
      return () => {
        offs.push(`off ${event}`);
        off();
      };
    });
    const page = await mounted(strict(alice));
    await page.unmount();
    const counted = (what: string): number => offs.filter((entry) => entry.startsWith(what)).length;
    expect(counted('on ')).toBeGreaterThan(0);
    expect(counted('off ')).toBe(counted('on '));
  });

  it('has nobody without a pool, and on a server', async () => {
    const page = await mounted(strict(undefined));
    expect(page.text).toBe('');
    const alice = await started('alice');
    await started('bob');
    await alice.waitFor('bob');
    expect(renderToString(strict(alice))).toBe('');
    await page.render(strict(alice));
    expect(page.text).toBe('bob: connected local');
    await page.render(strict(undefined));
    expect(page.text).toBe('');
    await page.unmount();
  });
});
