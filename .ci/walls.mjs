// @ts-check
/**
 * Who may import whom. Rooms are folders or files; of the rooms a file lies in, the longest path counts. Types count like values:
 * a room that names another's types knows it. Tests look where they like: the client's meet the real server.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { sources } from './sources.mjs';

const CLIENT = 'client/src';

const LINKS = `${CLIENT}/links`;
const SESSION = `${CLIENT}/session`;
const TRUST = `${CLIENT}/trust`;
const PACKET = `${CLIENT}/packers/packer.ts`;
const SEAM = `${CLIENT}/communicators/communicator.ts`;
/** Errors and plain data structures, known to every room of the client. */
const FLOOR = `${CLIENT}/*.ts`;
const GROUND = [FLOOR, 'shared'];

/** What each room may import, beside itself. Down the table of design.md section 2 only. */
const rooms = /** @type {Record<string, string[]>} */ ({
  shared: [],
  'signaling-server': ['shared', 'node:', 'socket.io', 'vite', 'jose', '!signaling-server/command/'],
  // The command is one user of the server among others; only it logs and measures.
  'signaling-server/command': ['signaling-server', 'shared', 'node:', 'pino', 'prom-client'],
  'signaling-server/main.ts': ['signaling-server', 'node:'],
  // Who is where, and nothing of sockets.
  'signaling-server/rooms': ['shared', 'node:', 'signaling-server/refusal.ts'],
  'signaling-server/cluster': [
    'shared',
    'node:',
    'socket.io',
    'signaling-server/rooms',
    'signaling-server/refusal.ts',
    'signaling-server/forwarding.ts',
    'signaling-server/optional-package.ts',
    'redis',
    '@socket.io/redis-streams-adapter',
  ],
  'signaling-server/testing': ['signaling-server', 'shared', 'node:', 'socket.io-client', 'redis', 'vitest'],
  [FLOOR]: ['shared'],
  [`${CLIENT}/packers`]: [...GROUND, '@msgpack/msgpack'],
  [LINKS]: GROUND,
  // A session carries packets and ends for a reason: it speaks the seam's words, and runs none of the seam's code.
  [SESSION]: [...GROUND, LINKS, PACKET, SEAM, TRUST, '@noble/hashes'],
  [SEAM]: [...GROUND, `${LINKS}/link.ts`, PACKET, TRUST],
  [TRUST]: [...GROUND, '@noble/hashes'],
  [`${CLIENT}/communicators`]: [...GROUND, LINKS, SESSION, PACKET, TRUST],
  [`${CLIENT}/communicators/local`]: transport('local'),
  [`${CLIENT}/communicators/broadcast-channel`]: transport('broadcast-channel'),
  [`${CLIENT}/communicators/webrtc`]: [...transport('webrtc'), 'socket.io-client', 'simple-peer', '@noble/hashes'],
  [`${CLIENT}/pool`]: [...GROUND, TRUST, `${CLIENT}/packers`, SEAM, `${LINKS}/link.ts`],
  [`${CLIENT}/testing`]: [CLIENT, 'shared'],
  // It stands before every door, the server's too.
  [`${CLIENT}/fuzzing`]: [CLIENT, 'shared', 'signaling-server/requests.ts'],
  [`${CLIENT}/index.ts`]: [CLIENT, 'shared'],
  // Types only: what a component holds is the application's own pool.
  'client/react': [`${CLIENT}/index.ts`, 'react'],
  'client/react/testing': ['react', 'react-dom', 'vitest'],
  'client/demo': ['peerpool'],
  // By the public door, and by types alone: it runs nothing of the core.
  'client/inspector': [`${CLIENT}/index.ts`, 'uplot'],
  // What serves the demo: its frame, and a server that one can stop.
  'client/demo/vite': ['node:', 'vite', 'signaling-server/server.ts'],
  'e2e/tabs.ts': [`${CLIENT}/index.ts`, 'shared', 'playwright', 'node:'],
});

/** simple-peer is the negotiation of WebRTC and nobody else's business: one file knows it. */
const ONE_FILE_ONLY = 'simple-peer';
/** Where peerpool is compared with it. */
const BENCH = 'e2e/bench/';

/**
 * A transport knows what stands beside its folder, and no other transport.
 * @param {string} own
 */
function transport(own) {
  const others = `!${CLIENT}/communicators/(?!${own}/)[^/]+/`;
  return [...GROUND, LINKS, SESSION, PACKET, TRUST, `${CLIENT}/communicators`, others];
}

/** @type {string[]} */
const breaches = [];
const negotiators = new Set();
for (const file of sources()) {
  const text = readFileSync(file, 'utf8');
  for (const specifier of imports(text)) {
    const target = resolve(file, specifier);
    if (!file.startsWith(BENCH) && (target === ONE_FILE_ONLY || target.startsWith(`${ONE_FILE_ONLY}/`)))
      negotiators.add(file);
    if (!allowed(file, target)) breaches.push(`${file} imports ${specifier}`);
  }
}
if (negotiators.size > 1) breaches.push(`${ONE_FILE_ONLY} is imported by ${[...negotiators].join(' and ')}`);
if (breaches.length > 0) {
  console.error(`Through a wall:\n${breaches.map((line) => `  ${line}`).join('\n')}`);
  process.exit(1);
}
console.log(`No import goes through a wall (${sources().length} files).`);

/**
 * Static, type-only and dynamic imports, and re-exports. Comments are no code, and a string that looks like an import is not expected.
 * @param {string} text
 */
function imports(text) {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

/**
 * @param {string} file
 * @param {string} specifier
 */
function resolve(file, specifier) {
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(file), specifier.replace(/[?].*$/, ''));
  if (specifier.startsWith('#shared/')) return `shared/${specifier.slice('#shared/'.length)}.ts`;
  return specifier;
}

/**
 * @param {string} file
 * @param {string} target
 */
function allowed(file, target) {
  const room = Object.keys(rooms)
    .filter((name) => within(file, name))
    .sort((a, b) => b.length - a.length)[0];
  if (room === undefined || /\.(test|spec)\.ts$/.test(file)) return true;
  const doors = rooms[room] ?? [];
  const closed = doors.filter((door) => door.startsWith('!')).map((door) => new RegExp(`^${door.slice(1)}`));
  if (closed.some((door) => door.test(target))) return false;
  return within(target, room) || doors.some((door) => within(target, door));
}

/**
 * @param {string} file
 * @param {string} room a folder, a file, the files of a folder but its index, a package, or a scheme such as `node:`
 */
function within(file, room) {
  if (room.endsWith('/*.ts')) return path.posix.dirname(file) === room.slice(0, -5) && !file.endsWith('/index.ts');
  return file === room || file.startsWith(room.endsWith(':') ? room : `${room}/`);
}
