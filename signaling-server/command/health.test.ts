import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { SignalingCounts } from '../server.ts';
import { answers, type Watched } from './health.ts';
import { openMetrics } from './metrics.ts';

const counts: SignalingCounts = {
  peers: 3,
  rooms: 2,
  joins: 5,
  members: 3,
  signals: 7,
  bytesIn: 11,
  bytesOut: 13,
  refusals: { 'room-full': 17 },
};
let server: Server;
afterEach(() => void server.close());

async function open(changed: Partial<Omit<Watched, 'signaling'>> & Partial<Watched['signaling']> = {}) {
  const { path = '/peerpool', counts: look = () => Promise.resolve(counts), unready = () => undefined } = changed;
  const own = { stopping: () => false, socketsRefused: () => 19, metrics: undefined, failed: () => undefined };
  server = createServer(answers({ ...own, ...changed, signaling: { path, counts: look, unready } }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return async (page: string, method = 'GET') => {
    const answer = await fetch(`http://127.0.0.1:${port}${page}`, { method, headers: { connection: 'close' } });
    return [answer.status, await answer.text()] as const;
  };
}

it('says how it is', async () => {
  const ask = await open();
  const [status, text] = await ask('/healthz');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({
    status: 'ok',
    ...counts,
    socketsRefused: 19,
    uptime: expect.any(Number) as unknown,
  });
  expect(await ask('/healthz', 'HEAD')).toEqual([200, '']);
  expect(await ask('/readyz')).toEqual([200, '{"status":"ready"}\n']);
});

it('lives, and takes nobody, while signaling can take nobody', async () => {
  const ask = await open({ unready: () => 'Redis does not answer' });
  expect((await ask('/healthz'))[0]).toBe(200);
  expect(await ask('/readyz?now')).toEqual([503, '{"status":"not-ready","reasons":["Redis does not answer"]}\n']);
});

it('says that it ends', async () => {
  const ask = await open({ stopping: () => true });
  const [status, text] = await ask('/healthz');
  expect([status, JSON.parse(text)]).toEqual([503, expect.objectContaining({ status: 'stopping' })]);
  expect((await ask('/readyz'))[0]).toBe(503);
});

it('tells the log, and nobody else, why it knows nothing', async () => {
  const failed: unknown[] = [];
  const error = new Error('redis://:opensesame@h is gone');
  const ask = await open({ counts: () => Promise.reject(error), failed: (why) => failed.push(why) });
  const [status, text] = await ask('/healthz');
  expect(status).toBe(503);
  expect(text).not.toContain('opensesame');
  expect(failed).toEqual([error]);
});

it('shows figures where they are asked for, each answer those of its moment', async () => {
  let now = counts;
  const measured = { counts: () => Promise.resolve(now), unready: () => undefined, socketsRefused: () => 19 };
  const metrics = await openMetrics(measured);
  metrics.observe({
    type: 'joined',
    room: 'sums',
    member: { name: 'alice', instance: '1' },
    members: 1,
    again: false,
    took: 30,
  });
  const ask = await open({ metrics });
  const [status, text] = await ask('/metrics');
  expect(status).toBe(200);
  for (const line of [
    'peerpool_ready 1',
    'peerpool_peers 3',
    'peerpool_joins_total 5',
    'peerpool_received_bytes_total 11',
    'peerpool_sent_bytes_total 13',
    'peerpool_sockets_refused_total 19',
    'peerpool_refusals_total{code="room-full"} 17',
    'peerpool_join_duration_seconds_bucket{le="0.025"} 0',
    'peerpool_join_duration_seconds_bucket{le="0.05"} 1',
    'peerpool_join_duration_seconds_sum 0.03',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  now = { ...counts, joins: 6, refusals: {} };
  const [, later] = await ask('/metrics');
  expect(later).toContain('peerpool_joins_total 6\n');
  expect(later).not.toContain('room-full');
});

it('tells others where they are', async () => {
  const ask = await open({ path: '/meet' });
  for (const [page, method] of [
    ['/', 'GET'],
    ['/healthz', 'POST'],
    ['/__proto__', 'GET'],
  ] as const) {
    const [status, text] = await ask(page, method);
    expect([status, text]).toEqual([404, expect.stringContaining('Clients meet on /meet') as unknown]);
  }
  expect(await ask('/metrics')).toEqual([404, expect.stringContaining('--metrics') as unknown]);
});
