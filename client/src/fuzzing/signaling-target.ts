import { peerName } from '#shared/identifiers';
import { parseFarewell, parseRequest } from '../../../signaling-server/requests.ts';
import { parsePresence, parseSignal } from '../communicators/signal.ts';
import { parseIceServers } from '../communicators/webrtc/ice-servers.ts';
import { Hearing } from '../communicators/webrtc/negotiation.ts';
import { parseRefusal, parseReply, refusedBy } from '../communicators/webrtc/signaling-reply.ts';
import type { Random } from '../session/testing/random.ts';
import { mutate, number } from './mutation.ts';
import { allowed, check, type Target } from './target.ts';
import { name, shaped, value } from './values.ts';

const id = (random: Random): unknown => random.pick([`instance${random.below(3)}`, name(random)]);
const text = (random: Random): string =>
  random.pick(['why', 'é', '\u0007', 'x']).repeat(random.pick([0, 1, 64, 500, 1025]));
const presence = (random: Random): unknown => shaped({ name: id, instance: id }, random);

const candidate = (random: Random): unknown => shaped({ candidate: text, sdpMid: text, sdpMLineIndex: number }, random);

const negotiation = (random: Random): unknown =>
  shaped(
    { type: (drawn) => drawn.pick(['offer', 'answer', 'candidate', 'renegotiate']), sdp: text, candidate },
    random,
  );

const signal = (random: Random): unknown =>
  shaped(
    {
      type: (drawn) => drawn.pick(['ring', 'wait', 'negotiate', 'refuse', name(drawn)]),
      to: id,
      link: number,
      data: negotiation,
      code: text,
      message: text,
    },
    random,
  );

const join = (random: Random): unknown =>
  shaped(
    {
      version: (drawn) => drawn.pick([1, 1, 1, 2, 0]),
      room: id,
      name: id,
      instance: id,
      key: (drawn) => 'k'.repeat(drawn.pick([15, 16, 128, 129])),
      again: (drawn) => drawn.chance(1 / 2),
    },
    random,
  );

const iceServers = (random: Random): unknown =>
  shaped(
    {
      servers: (drawn) =>
        Array.from({ length: drawn.pick([0, 1, 2, 8, 9]) }, () =>
          shaped({ urls: iceUrls, username: text, credential: text }, drawn),
        ),
      holds: number,
    },
    random,
  );

const iceUrls = (random: Random): unknown =>
  Array.from({ length: random.pick([0, 1, 2, 8, 9]) }, () =>
    random.pick(['stun:a', 'stuns:a:1', 'turn:a?transport=tcp', 'turns:[::1]:443', 'http://a', `turn:${text(random)}`]),
  );

/** The parsers at both ends of the signaling wire. */
export class SignalingTarget implements Target {
  input(random: Random, note: (given: string) => void): void {
    const door = random.pick(DOORS);
    const given = door.make(random);
    note(shown(given));
    door.open(given, random);
  }
}

interface Door {
  make(random: Random): unknown;
  open(given: unknown, random: Random): void;
}

const MISUSE = [TypeError, RangeError];

const DOORS: readonly Door[] = [
  {
    make: signal,
    open: (given) =>
      allowed(MISUSE, () => {
        const parsed = parseSignal(given);
        named(parsed.to);
        check(Number.isSafeInteger(parsed.link) && parsed.link >= 0, 'the link of a signal is no number');
        if (parsed.type === 'refuse')
          check(parsed.code.length + parsed.message.length <= 64 + 1024, 'a refusal is long');
      }),
  },
  { make: presence, open: (given) => allowed(MISUSE, () => named(parsePresence(given).name)) },
  {
    make: (random) =>
      shaped(
        {
          ok: () => true,
          members: () => [presence(random), presence(random)],
          ice: iceServers,
          code: text,
          message: text,
        },
        random,
      ),
    open: (given) =>
      allowed(MISUSE, () => {
        const reply = parseReply(given);
        if (reply.ok) for (const member of reply.members) named(member.instance);
      }),
  },
  {
    make: (random) =>
      shaped({ ok: () => false, code: () => random.pick(['replaced', name(random)]), message: text }, random),
    open: (given) =>
      allowed(MISUSE, () => {
        const error = refusedBy('https://server.example', parseRefusal(given), 'alice');
        check(error.message.length < 700 && (error.reason ?? '').length <= 500, 'a refusal is long');
      }),
  },
  {
    make: iceServers,
    open: (given) =>
      allowed(MISUSE, () => {
        const { servers, holds } = parseIceServers(given);
        check(holds > 0, 'ICE servers hold for no time');
        check(servers.length <= 8, 'there are ICE servers without end');
        for (const { urls, username = '', credential = '' } of servers) {
          check(urls.length > 0 && urls.length <= 8, 'an ICE server has URLs without end, or none');
          for (const url of urls) check(/^(stun|turn)s?:[^/]+$/.test(url), 'an ICE server is something else');
          check(username.length + credential.length <= 508 + 1024, 'a credential is long');
        }
      }),
  },
  {
    make: (random) => Array.from({ length: 1 + random.below(5) }, () => negotiation(random)),
    open: (given, random) => {
      const hearing = new Hearing(random.pick(['initiator', 'responder']));
      for (const one of given as unknown[]) allowed(MISUSE, () => hearing.hear(one));
      if (!random.chance(1 / 50)) return;
      let taken = 0;
      while (taken < 400 && hears(hearing)) taken++;
      check(taken <= 256, 'an end has candidates without end');
    },
  },
  {
    make: (random) => [random.pick(['join', 'signal', 'leave', name(random), 7, null]), requests(random)],
    open: (given) => {
      const [event, args] = given as [unknown, unknown[]];
      const parsed = parseRequest(event, args, 65_536);
      if ('code' in parsed) check(parsed.message.length < 3000, 'a refusal is long');
      else if (parsed.type === 'join') named(parsed.name);
    },
  },
  {
    make: (random) => {
      const body = new TextEncoder().encode(JSON.stringify(plain(join(random))) ?? 'null');
      return new TextDecoder().decode(random.chance(1 / 2) ? mutate(body, random) : body);
    },
    open: (given) => allowed([...MISUSE, SyntaxError], () => named(parseFarewell(given as string).name)),
  },
];

function requests(random: Random): unknown[] {
  return random.pick([
    () => [join(random)],
    () => [presence(random), signal(random)],
    () => [presence(random), nested(random.pick([15, 16, 17, 2_000]))],
    () => Array.from({ length: random.below(4) }, () => value(random)),
  ])();
}

function nested(levels: number): unknown {
  let whole: unknown = 1;
  for (let level = 0; level < levels; level++) whole = [whole];
  return whole;
}

function hears(hearing: Hearing): boolean {
  try {
    hearing.hear({ type: 'candidate', candidate: { candidate: '', sdpMid: '0' } });
    return true;
  } catch {
    return false;
  }
}

/** A name that came in would come in again. */
function named(parsed: string): void {
  let name: string | undefined;
  allowed(MISUSE, () => (name = peerName(parsed)));
  check(name === parsed, 'a name was parsed that is none');
}

/** JSON has no word for these. */
function plain(given: unknown): unknown {
  return JSON.parse(shown(given)) as unknown;
}

function shown(given: unknown): string {
  const short = (_key: string, content: unknown): unknown =>
    typeof content === 'bigint' || ArrayBuffer.isView(content) ? Object.prototype.toString.call(content) : content;
  try {
    return JSON.stringify(given, short) ?? 'null';
  } catch {
    return '"nested too deep to be shown"';
  }
}
