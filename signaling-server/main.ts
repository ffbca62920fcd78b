#!/usr/bin/env node
import type { AddressInfo } from 'node:net';
import { tokenAuthorizer } from './admission/tokens.ts';
import { endByFault, endBySignal } from './command/ending.ts';
import { answers } from './command/health.ts';
import { httpServer } from './command/http-server.ts';
import { openLog, report, teller, withoutPassword } from './command/log.ts';
import { openMetrics } from './command/metrics.ts';
import { HELP, SettingsError } from './command/options.ts';
import { ownAddress } from './command/own-address.ts';
import { secretsIn, type Serving, settings } from './command/settings.ts';
import { version } from './command/version.ts';
import { MissingPackage } from './optional-package.ts';
import { attachSignaling, redisCluster, type Signaling } from './server.ts';

/** A client by long polling has two at a time; one that reconnects has the old ones too. */
const SOCKETS_PER_CONNECTION = 4;

try {
  const asked = settings(process.argv.slice(2), process.env);
  if (asked.action === 'serve') await serve(asked);
  else console.log(asked.action === 'help' ? HELP : version());
} catch (error) {
  if (!(error instanceof SettingsError || error instanceof MissingPackage)) throw error;
  console.error(`peerpool-signaling: ${error.message} (--help says more)`);
  process.exitCode = 2;
}

async function serve(asked: Serving): Promise<void> {
  const { port, host, authSecrets, redis, ice, logger, logLevel, metrics: measured, ...options } = asked;
  const log = await openLog({ logger, logLevel });
  const told = teller(secretsIn(asked));
  endByFault(log, told);

  let stopping = false;
  let socketsRefused = 0;
  const maxSockets = options.maxConnectionsPerAddress * SOCKETS_PER_CONNECTION;
  const server = httpServer({ maxSockets, hops: options.trustProxy }, () => (socketsRefused += 1));
  const authorize = authSecrets.length > 0 ? await tokenAuthorizer(authSecrets) : undefined;
  const metrics = measured
    ? await openMetrics({
        counts: () => signaling.counts(),
        unready: () => signaling.unready(),
        socketsRefused: () => socketsRefused,
      })
    : undefined;
  const cluster = redis && (await redisCluster(redis));
  const reported = report(log, told);
  const signaling: Signaling = attachSignaling(server, {
    ...options,
    authorize,
    cluster,
    ice,
    observe: (event) => {
      reported(event);
      metrics?.observe(event);
    },
  });
  const fault = (error: unknown): void => log('error', 'fault', { message: told(error) });
  const watched = { signaling, stopping: () => stopping, socketsRefused: () => socketsRefused, metrics };
  server.on('request', answers({ ...watched, failed: fault }));

  const drain = async (): Promise<void> => {
    stopping = true;
    // First signaling: it refuses newcomers from now on, and by long polling a farewell needs one more request.
    await signaling.close();
    server.close();
    server.closeAllConnections();
  };
  endBySignal(drain, log, fault);

  server.once('error', (cause) => {
    console.error(`peerpool-signaling: ${unheard(cause, host, port)}`);
    process.exitCode = 1;
    signaling.close().catch(fault);
  });
  server.listen(port, host, () => {
    const { address, port: taken } = server.address() as AddressInfo;
    cluster?.announce(redis?.advertise ?? ownAddress(address, taken));
    log('info', 'listening', {
      message: `peerpool-signaling listens on ${authority(server.address() as AddressInfo)}${signaling.path}`,
      version: version(),
      origin: options.origin,
      tokens: authorize !== undefined,
      redis: redis && withoutPassword(redis.url),
      ice: ice && [...ice.stun, ...(ice.turn?.urls ?? [])],
      metrics: measured,
    });
  });
}

function authority({ family, address, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function unheard(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `port ${port} of ${host} is in use; --port takes another`;
  if (error.code === 'EACCES')
    return `port ${port} of ${host} needs rights that this user does not have; --port takes another`;
  return `can't listen on port ${port} of ${host}: ${error.message}`;
}
