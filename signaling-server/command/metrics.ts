import { optionalPackage } from '../optional-package.ts';
import type { Signaling, SignalingEvent } from '../server.ts';

/** What Prometheus reads. */
export interface Metrics {
  /** Of the text. */
  readonly type: string;
  text(): Promise<string>;
  observe(event: SignalingEvent): void;
}

interface Measured extends Pick<Signaling, 'counts' | 'unready'> {
  socketsRefused(): number;
}

/** Seconds. In one process most joins stay below the first, through a Redis they take some more; 10 s end them. */
const JOIN_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Nothing is counted here but how long joins take: the rest is looked up when it is asked for, once for all of one
 * answer.
 * @throws MissingPackage
 */
export async function openMetrics(measured: Measured): Promise<Metrics> {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await optionalPackage(
    'prom-client',
    '--metrics needs',
    () => import('prom-client'),
  );
  const registry = new Registry();
  const registers = [registry];
  let counts: Awaited<ReturnType<Signaling['counts']>>;

  /** `collect` is called for each answer. */
  const gauge = (name: string, help: string, read: () => number): void => {
    const collect = (): void => metric.set(read());
    const metric = new Gauge({ name, help, registers, collect });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    const collect = (): void => {
      metric.reset();
      metric.inc(read());
    };
    const metric = new Counter({ name, help, registers, collect });
  };
  gauge('peerpool_ready', 'Whether newcomers are welcome: 1 or 0.', () => (measured.unready() === undefined ? 1 : 0));
  gauge('peerpool_peers', 'Members whose sockets are at this server.', () => counts.members);
  gauge('peerpool_rooms', 'Rooms that have a member, at whichever server.', () => counts.rooms);
  counter('peerpool_joins_total', 'Joins, also again over a newer socket.', () => counts.joins);
  counter('peerpool_signals_total', 'Signals passed on from one member to another.', () => counts.signals);
  counter('peerpool_received_bytes_total', 'Bytes of packets from clients.', () => counts.bytesIn);
  counter('peerpool_sent_bytes_total', 'Bytes of packets to clients.', () => counts.bytesOut);
  counter('peerpool_sockets_refused_total', 'TCP connections of an address that had too many.', () => {
    return measured.socketsRefused();
  });
  const refusals = new Counter({
    name: 'peerpool_refusals_total',
    help: 'What clients were refused, by the code that they heard.',
    labelNames: ['code'],
    registers,
    collect: () => {
      refusals.reset();
      for (const [code, times] of Object.entries(counts.refusals)) refusals.inc({ code }, times);
    },
  });
  const joins = new Histogram({
    name: 'peerpool_join_duration_seconds',
    help: 'From the request to join to its reply, of those that joined.',
    buckets: JOIN_BUCKETS,
    registers,
  });
  collectDefaultMetrics({ register: registry });

  return {
    type: registry.contentType,
    text: async () => {
      counts = await measured.counts();
      return registry.metrics();
    },
    observe: (event) => {
      if (event.type === 'joined') joins.observe(event.took / 1000);
    },
  };
}
