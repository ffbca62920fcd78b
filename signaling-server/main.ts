#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attachSignaling, type Signaling, type SignalingEvent } from './server.ts';
import { HELP, type Settings, SettingsError, settings } from './settings.ts';

/** Milliseconds from SIGTERM to the end, whatever hangs. Half of what container platforms wait before they kill. */
const STOP_BOUND = 5000;

try {
  const asked = settings(process.argv.slice(2), process.env);
  if (asked.action === 'serve') serve(asked);
  else console.log(asked.action === 'help' ? HELP : version());
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(`peerpool-signaling: ${error.message} (--help says more)`);
  process.exitCode = 2;
}

function serve({ port, host, ...options }: Settings & { action: 'serve' }): void {
  const server = createServer();
  const signaling = attachSignaling(server, { ...options, observe });
  let stopping = false;
  server.on(
    'request',
    answer(signaling, () => stopping),
  );

  server.once('error', (error) => {
    console.error(`peerpool-signaling: ${unheard(error, host, port)}`);
    process.exitCode = 1;
    end(signaling.close());
  });
  server.listen(port, host, () => {
    const { address, family, port: taken } = server.address() as AddressInfo;
    const authority = family === 'IPv6' ? `[${address}]` : address;
    log('info', `peerpool-signaling listens on http://${authority}:${taken}${signaling.path}`);
  });

  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    log('info', `${signal}: stopping`);
    setTimeout(() => process.exit(0), STOP_BOUND).unref();
    // First signaling: it refuses newcomers from now on, and by long polling a farewell needs one more request.
    const stopped = signaling.close().then(() => {
      server.close();
      server.closeAllConnections();
    });
    end(stopped);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** Nothing is left to run for when it is done; so the process ends by itself. */
function end(done: Promise<void>): void {
  done.catch((error: unknown) => {
    log('error', String(error));
    process.exitCode = 1;
  });
}

/** What is not signaling: `/healthz`, and a word for who came here by a browser. */
function answer(signaling: Signaling, stopping: () => boolean): RequestListener {
  return (request, response) => {
    const [path] = (request.url ?? '').split('?', 1);
    if (path !== '/healthz' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(
        `This is a signaling server of peerpool. Clients meet on ${signaling.path}; GET /healthz tells how it is.\n`,
      );
      return;
    }
    const json = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(`${JSON.stringify(body)}\n`);
    };
    signaling.counts().then(
      (counts) =>
        json(stopping() ? 503 : 200, { status: stopping() ? 'stopping' : 'ok', ...counts, uptime: process.uptime() }),
      (error: unknown) => json(503, { status: 'failed', message: String(error) }),
    );
  };
}

function observe(event: SignalingEvent): void {
  switch (event.type) {
    case 'joined':
      return log('info', event.again ? 'joined again' : 'joined', {
        room: event.room,
        ...event.member,
        members: event.members,
      });
    case 'left':
      return log('info', event.reason, { room: event.room, ...event.member });
    case 'refused':
      // The end of a socket is a life event; a refusal it lives on with could fill the log.
      if (event.closed) log('info', 'refused', { code: event.refusal.code, message: event.refusal.message });
      return;
    case 'unreadable':
      return log('info', 'unreadable', { message: event.message });
    case 'fault':
      return log('error', 'fault', { message: event.error instanceof Error ? event.error.stack : String(event.error) });
  }
}

/** One line an event. Values are in JSON, so that no name can begin a line or a field of its own. */
function log(level: 'info' | 'error', what: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  console.log(`${new Date().toISOString()} ${level} ${what}${details.join('')}`);
}

function unheard(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `port ${port} of ${host} is in use; --port takes another`;
  if (error.code === 'EACCES')
    return `port ${port} of ${host} needs rights that this user does not have; --port takes another`;
  return `can't listen on port ${port} of ${host}: ${error.message}`;
}

/** The package is one folder above the sources and two above `dist/signaling-server/`. */
function version(): string {
  for (const path of ['../package.json', '../../package.json']) {
    const manifest = read(new URL(path, import.meta.url));
    if (manifest.name === 'peerpool' && manifest.version !== undefined) return manifest.version;
  }
  throw new Error('peerpool-signaling does not stand in its package');
}

function read(url: URL): { name?: string; version?: string } {
  return JSON.parse(readFileSync(url, 'utf8')) as { name?: string; version?: string };
}
