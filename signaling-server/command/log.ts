import { optionalPackage } from '../optional-package.ts';
import type { SignalingEvent } from '../server.ts';
import type { LogLevel, Logger } from './settings.ts';

type Severity = Exclude<LogLevel, 'silent'> | 'fatal';

/** One line an event: an object in JSON with `level`, `time` and `event` first. `fields` are named otherwise. */
export type Log = (level: Severity, event: string, fields?: Readonly<Record<string, unknown>>) => void;

const RANKS: Readonly<Record<Severity | 'silent', number>> = {
  debug: 1,
  info: 2,
  warn: 3,
  error: 4,
  fatal: 5,
  silent: 6,
};
/** Characters of what went wrong; a stack of ten frames has fewer. */
const LONGEST_FAULT = 4000;

/**
 * Both loggers write the same lines; of pino one takes over what reads them.
 * @throws MissingPackage
 */
export async function openLog(
  { logger, logLevel }: { readonly logger: Logger; readonly logLevel: LogLevel },
  write: (line: string) => void = (line) => void process.stdout.write(line),
): Promise<Log> {
  const safely = (line: string): void => write(escaped(line));
  return logger === 'pino' ? pinoLog(logLevel, safely) : jsonLog(logLevel, safely);
}

function jsonLog(least: LogLevel, write: (line: string) => void): Log {
  return (level, event, fields = {}) => {
    if (RANKS[level] < RANKS[least]) return;
    write(`${JSON.stringify({ level, time: new Date().toISOString(), event, ...fields })}\n`);
  };
}

async function pinoLog(level: LogLevel, write: (line: string) => void): Promise<Log> {
  const { pino } = await optionalPackage('pino', '--logger pino needs', () => import('pino'));
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const log = pino(options, { write });
  return (level, event, fields = {}) => log[level]({ event, ...fields });
}

/** JSON leaves characters as they are at which some who read logs begin a line, or turn one round. */
function escaped(line: string): string {
  return line.replaceAll(/[\u007F-\u009F\u2028-\u202E\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/**
 * Life events at `info`. What a client can say as often as it likes could fill the log, and is for who asks for
 * `debug`.
 */
export function report(log: Log, told: (error: unknown) => string): (event: SignalingEvent) => void {
  return (event) => {
    switch (event.type) {
      case 'joined': {
        const { room, member, members, again, took } = event;
        return log('info', 'joined', { room, ...member, members, again, took: Math.round(took) });
      }
      case 'left':
        return log('info', 'left', { room: event.room, ...event.member, reason: event.reason });
      case 'refused': {
        const { code, message } = event.refusal;
        return log(event.closed ? 'info' : 'debug', 'refused', { code, message, closed: event.closed });
      }
      case 'turned-away': {
        const { address, code, message, first } = event;
        return log(first ? 'info' : 'debug', 'turned-away', { address, code, message });
      }
      case 'readiness':
        return event.reason === undefined ? log('info', 'ready') : log('warn', 'not ready', { message: event.reason });
      case 'unreadable':
        return log('info', 'unreadable', { message: event.message });
      case 'fault':
        return log('error', 'fault', { message: told(event.error) });
    }
  };
}

/** What others throw may repeat what strangers said, and what they were given to keep. */
export function teller(secrets: readonly string[]): (error: unknown) => string {
  return (error) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return secrets.reduce((told, secret) => told.replaceAll(secret, '…'), text).slice(0, LONGEST_FAULT);
  };
}

/** Where a server is, without who may use it. */
export function withoutPassword(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
