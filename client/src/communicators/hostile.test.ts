import { expect, it } from 'vitest';
import type { LinkListener } from '../links/link.ts';
import { Bench } from '../testing/bench.ts';
import { Hub } from './local/hub.ts';
import { LocalCommunicator } from './local/local-communicator.ts';
import { LocalTransport } from './local/local-transport.ts';
import { MeshCommunicator } from './mesh.ts';
import type { Attempt, Transport } from './transport.ts';

/** Whose other end can be made to say anything. */
class HostileTransport extends LocalTransport {
  listener: LinkListener | undefined;

  override dial(...[peer, role, negotiate, listener]: Parameters<Transport['dial']>): Attempt {
    this.listener = listener;
    return super.dial(peer, role, negotiate, listener);
  }
}

/** Everything that is on its way in one process has arrived. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

it('an instance that broke the protocol is neither called nor answered again, until it is added anew or comes as another', async () => {
  const hub = new Hub('barred');
  const transport = new HostileTransport(hub);
  const bob = new Bench(new MeshCommunicator({ transport: () => transport, eager: true }), { name: 'bob' }, () => {});
  const make = (name: string, instance: string): Bench =>
    new Bench(new LocalCommunicator({ hub }), { name, instance }, () => {});
  const carol = make('carol', 'carol-1');
  await bob.start();
  await carol.start();
  let alice = make('alice', 'alice-1');
  await alice.start();
  const count = (line: string): number => bob.heard.filter((heard) => heard === line).length;
  expect(count('joined alice alice-1')).toBe(1);
  transport.listener?.packet(0, Uint8Array.of(0xff));
  await settled();
  expect(bob.heard.slice(-2)).toEqual(['error malformed', 'left alice alice-1 malformed']);

  for (let times = 0; times < 3; times++) {
    alice.communicator.addConnection('bob');
    await settled();
    alice.communicator.removeConnection('bob');
  }
  expect(count('joined alice alice-1')).toBe(1);
  expect(bob.errors.length).toBe(1);
  expect(alice.heard).toContain('failed bob refused');
  await carol.send('bob', [1]);
  expect(bob.heard.at(-1)).toBe('message carol');

  bob.communicator.addConnection('alice');
  alice.communicator.addConnection('bob');
  await settled();
  expect(count('joined alice alice-1')).toBe(2);

  transport.listener?.packet(0, Uint8Array.of(0xff));
  await alice.communicator.shutdown();
  alice = make('alice', 'alice-2');
  await alice.start();
  await settled();
  expect(count('joined alice alice-2')).toBe(1);
  await Promise.all([alice, bob, carol].map(({ communicator }) => communicator.shutdown()));
});
