import { expose, type Remote, wrap } from 'comlink';
import type { Bytes, Endpoint, Open } from '../endpoint.ts';

interface Echo {
  echo(bytes: Bytes): Bytes;
}

/** Remote calls over a message channel within one page, where there is no network: what calls cost by themselves. */
export const openComlink: Open = async ({ name, received }) => {
  const { port1, port2 } = new MessageChannel();
  expose({ echo: (bytes) => bytes } satisfies Echo, port2);
  const remote: Remote<Echo> = wrap<Echo>(port1);
  const post = async (_to: string, bytes: Bytes): Promise<void> => received(name, await remote.echo(bytes));
  const unable = (): never => {
    throw new Error('a message channel has one other end');
  };
  return {
    send: post,
    call: (_to, bytes) => remote.echo(bytes),
    sendValue: unable,
    broadcast: unable,
    close: () => port1.close(),
  } satisfies Endpoint;
};
