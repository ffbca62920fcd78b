#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Authorize } from './admission/authorization.ts';
import { httpServer } from './command/http-server.ts';
import { attachSignaling, type Signaling, type SignalingEvent } from './server.ts';
import { HELP, type Settings, SettingsError, settings } from './command/settings.ts';
import { tokenAuthorizer } from './admission/tokens.ts';

/** Milliseconds from SIGTERM to the end, whatever hangs. Half of what container platforms wait before they kill. */
const STOP_BOUND = 5000;
/** A client by long polling has two at a time; one that reconnects has the old ones too. */
const SOCKETS_PER_CONNECTION = 4;
/** Characters of what went wrong; a stack of ten frames has fewer. */
const LONGEST_FAULT = 4000;

try {
  const asked = settings(process.argv.slice(2), process.env);
  if (asked.action === 'serve') {
    const { authSecrets, ...options } = asked;
    serve({ ...options, authorize: await doorman(authSecrets) });
  } else console.log(asked.action === 'help' ? HELP : version());
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(`peerpool-signaling: ${error.message} (--help says more)`);
  process.exitCode = 2;
}

async function doorman(secrets: readonly string[]): Promise<Authorize | undefined> {
  if (secrets.length === 0) return undefined;
  return tokenAuthorizer(secrets).catch((cause: unknown) => {
    throw new SettingsError(cause instanceof Error ? cause.message : String(cause), { cause });
  });
}

type Served = Omit<Settings & { action: 'serve' }, 'authSecrets'> & { readonly authorize: Authorize | undefined };

function serve({ port, host, ...options }: Served): void {
  let socketsRefused = 0;
  const maxSockets = options.maxConnectionsPerAddress * SOCKETS_PER_CONNECTION;
  const server = httpServer({ maxSockets, hops: options.trustProxy }, () => (socketsRefused += 1));
  const signaling = attachSignaling(server, { ...options, observe });
  let stopping = false;
  server.on(
    'request',
    answer(
      signaling,
      () => stopping,
      () => socketsRefused,
    ),
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
function answer(signaling: Signaling, stopping: () => boolean, socketsRefused: () => number): RequestListener {
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
      (counts) => {
        const state = { status: stopping() ? 'stopping' : 'ok', ...counts, socketsRefused: socketsRefused() };
        json(stopping() ? 503 : 200, { ...state, uptime: process.uptime() });
      },
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
    case 'turned-away':
      if (event.first) log('info', 'turned away', { address: event.address, code: event.code, message: event.message });
      return;
    case 'readiness':
      return log('info', event.reason === undefined ? 'ready' : 'not ready', { reason: event.reason });
    case 'unreadable':
      return log('info', 'unreadable', { message: event.message });
    case 'fault':
      return log('error', 'fault', { message: told(event.error) });
  }
}

/** One line an event. Values are in JSON, so that no name can begin a line or a field of its own. */
function log(level: 'info' | 'error', what: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  console.log(`${new Date().toISOString()} ${level} ${what}${details.join('')}`);
}

/** What others throw may repeat what strangers said. */
function told(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, LONGEST_FAULT);
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
