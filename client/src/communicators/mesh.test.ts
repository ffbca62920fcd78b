import { expect, it } from 'vitest';
import type { CommunicatorListener, Self } from './communicator.ts';
import { getHub } from './local/hub.ts';
import { LocalCommunicator } from './local/local-communicator.ts';

function self(name: string, over: Partial<Self> = {}): Self {
  return {
    name,
    instance: `${name}-1`,
    discover: true,
    packer: 'test',
    inboxLimit: 1 << 26,
    outboxLimit: 1 << 28,
    maxMessageSize: 1 << 28,
    ...over,
  };
}

function recorder() {
  const heard: string[] = [];
  const listener: CommunicatorListener = {
    joined: (peer, instance) => heard.push(`joined ${peer} ${instance}`),
    message: (from, queue, packet, receipt) => {
      heard.push(
        `message ${from} ${queue} ${packet.head.length}+${packet.segments.map((s) => s.length).join('+')} #${receipt.serial}`,
      );
      receipt.consumed();
    },
    left: (peer, _instance, reason) => heard.push(`left ${peer} ${reason}`),
    link: (peer, state, kind) => heard.push(`link ${peer} ${state} ${kind}`),
    signaling: (state) => heard.push(`signaling ${state}`),
    failed: (peer, error) => heard.push(`failed ${peer} ${error.message}`),
    error: (error) => heard.push(`error ${error.message}`),
    stopped: (error) => heard.push(`stopped ${error?.message}`),
  };
  return { heard, listener };
}

it('exchanges messages of all sizes', async () => {
  const hub = getHub('mesh');
  const a = new LocalCommunicator({ hub });
  const b = new LocalCommunicator({ hub });
  const [ra, rb] = [recorder(), recorder()];
  const show = setTimeout(() => console.log(ra.heard, rb.heard), 3000);
  void show;
  await a.initialize(self('a'), ra.listener);
  await b.initialize(self('b'), rb.listener);
  expect(b.connected('a')).toBe(true);
  const text = new Uint8Array(10);
  await a.send('b', { head: text, segments: [] }, { queue: '', ack: 'delivered' });
  await a.send(
    'b',
    { head: text, segments: [new Uint8Array(1 << 20), new Uint8Array(70000)] },
    { queue: 'x', ack: 'consumed' },
  );
  await a.send('b', { head: new Uint8Array(100_000_000), segments: [] }, { queue: 'x', ack: 'delivered' });
  await Promise.all(
    Array.from({ length: 5 }, () =>
      b.send('a', { head: new Uint8Array(100), segments: [] }, { queue: 'y', ack: 'delivered' }),
    ),
  );
  expect(await a.ping('b')).toBeGreaterThanOrEqual(0);
  await a.shutdown();
  await b.shutdown();
  console.log(ra.heard, rb.heard, a.peer('b'));
});
