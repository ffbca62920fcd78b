import type { Bytes, Endpoint, Open } from '../endpoint.ts';

interface Note {
  readonly from: string;
  readonly to: string;
  readonly value?: unknown;
}

/** A channel of the browser between tabs of one origin, and nothing else. */
export const openBroadcastChannel: Open = async ({ name, others, room, received }) => {
  const channel = new BroadcastChannel(`bench-${room}`);
  const here = new Set<string>();
  const post = (to: string, value?: unknown): undefined => {
    channel.postMessage({ from: name, to, value } satisfies Note);
  };
  await new Promise<void>((resolve) => {
    channel.onmessage = ({ data: { from, to, value } }: MessageEvent<Note>) => {
      if (to !== name && to !== '') return;
      if (value !== undefined) return received(from, value);
      if (!here.has(from)) post(from);
      here.add(from);
      if (others.every((other) => here.has(other))) resolve();
    };
    post('');
  });
  return {
    send: (to, bytes: Bytes) => post(to, bytes),
    sendValue: post,
    broadcast: (bytes) => post('', bytes),
    close: () => channel.close(),
  } satisfies Endpoint;
};
