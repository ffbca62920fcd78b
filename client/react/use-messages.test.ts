// @vitest-environment happy-dom
import { Component, createElement, type ReactNode, StrictMode, useEffect } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createPools } from '../src/testing/index.ts';
import type { Message, Pool, StandardSchema } from '../src/index.ts';
import { type HandledMessages, type KeptMessages, useMessages } from './index.ts';
import { mounted } from './testing/mounted.ts';

/** Two that are connected: the first one's messages are shown. */
async function pair(): Promise<{ alice: Pool; bob: Pool; errors: string[] }> {
  const errors: string[] = [];
  const pools = await createPools(2, { options: { on: { error: ({ error }) => errors.push(error.message) } } });
  onTestFinished(() => pools.shutdown());
  const [alice, bob] = pools;
  if (alice === undefined || bob === undefined) throw new Error('two pools');
  return { alice, bob, errors };
}

interface KeptProps {
  readonly pool: Pool | undefined;
  readonly options?: string | KeptMessages | undefined;
}
function Log({ pool, options }: KeptProps): ReactNode {
  return useMessages(pool, options)
    .map(({ value }) => String(value))
    .join(' ');
}

interface HandledProps {
  readonly pool: Pool | undefined;
  readonly options: HandledMessages;
}
function Handler({ pool, options }: HandledProps): ReactNode {
  useMessages(pool, options);
  return null;
}

const strict = (node: ReactNode): ReactNode => createElement(StrictMode, null, node);
const log = (pool: Pool | undefined, options?: string | KeptMessages): ReactNode =>
  strict(createElement(Log, { pool, options }));
const handler = (pool: Pool | undefined, options: HandledMessages): ReactNode =>
  strict(createElement(Handler, { pool, options }));

describe('useMessages that keeps', () => {
  it('shows messages as they come, and those that came before', async () => {
    const { alice, bob } = await pair();
    await bob.send('local0', 'early', 'chat');
    const page = await mounted(log(alice, 'chat'));
    expect(page.text).toBe('early');
    await page.does(() => bob.send('local0', 'elsewhere'));
    await page.does(() => bob.send('local0', 'later', 'chat'));
    expect(page.text).toBe('early later');
    await page.unmount();
    expect(await alice.recv('local1')).toBe('elsewhere');
  });

  it('loses nothing of a thousand that come at once, nor between two renders', async () => {
    const { alice, bob } = await pair();
    const page = await mounted(log(alice, { msgId: 'n', limit: 2000 }));
    const numbers = Array.from({ length: 1000 }, (_, index) => index);
    await page.does(() => Promise.all(numbers.map((number) => bob.send('local0', number, 'n'))));
    await page.render(log(alice, { msgId: 'n', limit: 2000 }));
    await page.until(() => expect(page.text).toBe(numbers.join(' ')));
    await page.unmount();
  });

  it('keeps the last ones', async () => {
    const { alice, bob } = await pair();
    const page = await mounted(log(alice, { limit: 2 }));
    for (const value of [1, 2, 3]) await page.does(() => bob.send('local0', value));
    expect(page.text).toBe('2 3');
    await page.render(log(alice, { limit: 1 }));
    expect(page.text).toBe('3');
    await page.unmount();
  });

  it('begins anew with another id, and what was not taken waits', async () => {
    const { alice, bob } = await pair();
    const page = await mounted(log(alice, 'one'));
    await page.does(() => bob.send('local0', 'first', 'one'));
    await page.render(log(alice, 'two'));
    expect(page.text).toBe('');
    await page.does(() => bob.send('local0', 'kept for later', 'one'));
    await page.does(() => bob.send('local0', 'second', 'two'));
    expect(page.text).toBe('second');
    await page.render(log(alice, 'one'));
    expect(page.text).toBe('kept for later');
    await page.unmount();
    await page.does(() => bob.send('local0', 'unread', 'one'));
    expect(await alice.recv('local1', 'one')).toBe('unread');
  });

  it('shows nothing without a pool, and takes nothing on a server', async () => {
    const { alice, bob } = await pair();
    await bob.send('local0', 'hello', 'chat');
    expect(renderToString(log(alice, 'chat'))).toBe('');
    const page = await mounted(log(undefined, 'chat'));
    expect(page.text).toBe('');
    await page.render(log(alice, 'chat'));
    expect(page.text).toBe('hello');
    await page.unmount();
  });

  it('gives the same array for as long as nothing has come', async () => {
    const { alice, bob } = await pair();
    const given: (readonly Message[])[] = [];
    const Watch = ({ pool }: { pool: Pool }): ReactNode => {
      const messages = useMessages(pool, 'chat');
      useEffect(() => void given.push(messages), [messages]);
      return null;
    };
    const page = await mounted(createElement(Watch, { pool: alice }));
    await page.render(createElement(Watch, { pool: alice }));
    expect(given).toHaveLength(1);
    await page.does(() => bob.send('local0', 1, 'chat'));
    expect(given).toHaveLength(2);
    await page.unmount();
  });
});

describe('useMessages that handles', () => {
  it('calls the handler of the newest render, and takes without a gap', async () => {
    const { alice, bob } = await pair();
    const onMessage = vi.spyOn(alice, 'onMessage');
    const heard: string[] = [];
    const by = (who: string): HandledMessages => ({
      msgId: 'work',
      onMessage: ({ value }) => heard.push(`${who}: ${String(value)}`),
    });
    const page = await mounted(handler(alice, by('first')));
    await page.does(() => bob.send('local0', 1, 'work'));
    await page.render(handler(alice, by('second')));
    await page.does(() => bob.send('local0', 2, 'work'));
    expect(heard).toEqual(['first: 1', 'second: 2']);
    expect(onMessage).toHaveBeenCalledTimes(1);
    await page.unmount();
  });

  it('handles what had come once, in order and one by one, in Strict Mode too', async () => {
    const { alice, bob } = await pair();
    for (const value of [1, 2, 3]) await bob.send('local0', value, 'work');
    const heard: string[] = [];
    const page = await mounted(
      handler(alice, {
        msgId: 'work',
        onMessage: async ({ value }) => {
          heard.push(`begin ${String(value)}`);
          await Promise.resolve();
          heard.push(`end ${String(value)}`);
        },
      }),
    );
    await page.until(() => expect(heard).toHaveLength(6));
    expect(heard).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
    await page.unmount();
  });

  it('parses by the function of the newest render, or by a schema', async () => {
    const { alice, bob, errors } = await pair();
    const heard: unknown[] = [];
    const onMessage = ({ value }: Message): void => void heard.push(value);
    const times = (factor: number): HandledMessages => ({
      msgId: 'n',
      parse: (value) => Number(value) * factor,
      onMessage,
    });
    const page = await mounted(handler(alice, times(10)));
    await page.does(() => bob.send('local0', 1, 'n'));
    await page.render(handler(alice, times(100)));
    await page.does(() => bob.send('local0', 1, 'n'));
    const schema: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no number' }] }) },
    };
    await page.render(handler(alice, { msgId: 'n', parse: schema, onMessage }));
    await page.does(() => bob.send('local0', 1, 'n'));
    expect(heard).toEqual([10, 100]);
    expect(errors).toEqual(['malformed: what local1 sent does not parse: no number']);
    await page.unmount();
  });

  it('makes an error event of what the handler throws', async () => {
    const { alice, bob, errors } = await pair();
    const page = await mounted(
      handler(alice, {
        onMessage: () => {
          throw new Error('no');
        },
      }),
    );
    await page.does(() => bob.send('local0', 1));
    expect(errors).toEqual(['no']);
    await page.unmount();
  });
});

describe('options that are none', () => {
  class Boundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
    override state: { readonly error?: Error } = {};
    static getDerivedStateFromError(error: Error): { error: Error } {
      return { error };
    }
    override render(): ReactNode {
      return this.state.error === undefined ? this.props.children : this.state.error.name;
    }
  }

  it.each([
    ['a limit', { limit: 0 }, 'RangeError'],
    ['a number for an id', { msgId: 5 } as unknown as KeptMessages, 'TypeError'],
  ])('%s meets the error boundary of the application', async (_what, options, error) => {
    const { alice } = await pair();
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => complaints.mockRestore());
    const page = await mounted(createElement(Boundary, null, createElement(Log, { pool: alice, options })));
    await page.until(() => expect(page.text).toBe(error));
    await page.unmount();
  });
});
