import { createTopicStrategy, type DataPayload } from '@trystero-p2p/core';
import type { Endpoint, Open } from '../endpoint.ts';
import { connectRelay, type RelaySocket } from '../relay.ts';

/** Its strategy for a relay of one's own, over the benchmark's. Names are told by an action, as its README shows. */
export const openTrystero: Open = async ({ name, others, room, relay, received, failed }) => {
  const joinRoom = createTopicStrategy<RelaySocket>({
    init: () => connectRelay(relay),
    subscribeTopic: (socket, topic, heard) => {
      const listen = (of: string, message: unknown): void => {
        if (of === topic) Promise.resolve(heard(of, message as string)).catch(failed);
      };
      socket.on('published', listen);
      socket.emit('subscribe', topic);
      return () => {
        socket.off('published', listen);
        socket.emit('unsubscribe', topic);
      };
    },
    publishTopic: (socket, topic, message) => {
      socket.emit('publish', topic, message);
    },
  });
  const joined = joinRoom({ appId: 'peerpool-bench', rtcConfig: { iceServers: [] } }, room);
  const ids = new Map<string, string>();
  const names = new Map<string, string>();
  const hello = joined.makeAction<string>('name');
  const topics = { values: joined.makeAction('values'), pings: joined.makeAction('pings') };
  for (const action of Object.values(topics)) {
    action.onMessage = (value, { peerId }) => {
      const data: unknown = value;
      received(names.get(peerId) ?? '', data instanceof ArrayBuffer ? new Uint8Array(data) : data);
    };
  }
  await new Promise<void>((resolve) => {
    hello.onMessage = (other, { peerId }) => {
      ids.set(other, peerId);
      names.set(peerId, other);
      if (others.every((one) => ids.has(one))) resolve();
    };
    joined.onPeerJoin = (id) => {
      hello.send(name, { target: id }).catch(failed);
    };
  });
  const target = (to: string): { target: string } => ({ target: ids.get(to) ?? '' });
  return {
    send: (to, bytes, topic) => {
      topics[topic].send(bytes, target(to)).catch(failed);
    },
    sendValue: (to, value) => {
      topics.values.send(value as DataPayload, target(to)).catch(failed);
    },
    broadcast: (bytes) => {
      topics.values.send(bytes).catch(failed);
    },
    close: () => joined.leave(),
  } satisfies Endpoint;
};
