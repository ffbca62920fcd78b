// @ts-check
/** What `simulate.mjs` changes in the sources before it runs them: texts that stand exactly once in their file. */

/**
 * @typedef {object} Alteration
 * @property {string} file
 * @property {string} from
 * @property {string} to
 */

const SESSION = 'client/src/session';

/**
 * Counters begin where `session/testing/starts.ts` says, and what takes a mebibyte to happen takes a few packets.
 * @type {readonly Alteration[]}
 */
export const scaled = [
  ...begin(`${SESSION}/inbox.ts`, {
    '  frames = 0;': 'frames',
    '  messages = 0;': 'messages',
    '  #charged = 0;': 'credit',
    '  #consumed = 0;': 'credit',
    '  #told = 0;': 'credit',
    '  #serial = 0;': 'serial',
  }),
  ...begin(`${SESSION}/send-lane.ts`, { '  acknowledged = 0;': 'frames', '  begun = 0;': 'messages' }),
  ...begin(`${SESSION}/outbox.ts`, { '  #charged = 0;': 'credit', '  #consumed = 0;': 'credit' }),
  change(`${SESSION}/session.ts`, '?? [0, 0] };', '?? [starts.frames, starts.frames] };'),
  change(`${SESSION}/outbox.ts`, 'const ACCEPTED_BYTES = 1024 * 1024;', 'const ACCEPTED_BYTES = 4 * 1024;'),
  change(`${SESSION}/inbox.ts`, 'const ACKNOWLEDGE_BYTES = 256 * 1024;', 'const ACKNOWLEDGE_BYTES = 12 * 1024;'),
];

/** Which files then need to know `starts`. */
export const knowingStarts = new Set(scaled.map(({ file }) => file));

/**
 * Ways to break the code, by name: each has to be noticed by an ordinary run of that simulation.
 * @type {Readonly<Record<string, { readonly simulation: 'session' | 'pairing' | 'outage', readonly what: string, readonly alteration: Alteration }>>}
 */
export const breaks = {
  resend: {
    simulation: 'session',
    what: 'what a broken link lost is not sent again',
    alteration: change(`${SESSION}/outbox.ts`, 'state.written = written;', 'state.written = state.frames.length;'),
  },
  dedupe: {
    simulation: 'session',
    what: 'what arrived by a broken link is sent again',
    alteration: change(
      `${SESSION}/outbox.ts`,
      'const written = frames[lane] - state.acknowledged;',
      'const written = Math.min(0, frames[lane] - state.acknowledged);',
    ),
  },
  recut: {
    simulation: 'session',
    what: 'what is sent again is not cut anew for a link of smaller packets',
    alteration: change(`${SESSION}/outbox.ts`, 'state.cut((frame) => recut(frame, writer));', ''),
  },
  'early-ack': {
    simulation: 'session',
    what: 'a message is acknowledged before it is taken or refused',
    alteration: change(
      `${SESSION}/inbox.ts`,
      'this.#hand(lane, index, arriving, { head, segments: [] });\n    this.#count(lane);',
      'this.counted(lane);\n    this.#hand(lane, index, arriving, { head, segments: [] });',
    ),
  },
  waiter: {
    simulation: 'session',
    what: 'who is waited for is not woken',
    alteration: change(`${SESSION}/outbox.ts`, `if (queue?.place === 'blocked') this.#replace(queue);`, ''),
  },
  fragment: {
    simulation: 'session',
    what: 'a broken link takes with it what had come of a message',
    alteration: change(
      `${SESSION}/inbox.ts`,
      'this.#told = -1;',
      'this.#told = -1; for (const lane of this.#lanes) lane.partial.clear();',
    ),
  },
  credit: {
    simulation: 'session',
    what: 'what a broken link had to say of credit is not said again',
    alteration: change(`${SESSION}/inbox.ts`, 'this.#told = -1;', ''),
  },
  'old-link': {
    simulation: 'session',
    what: 'an old link is heard after the next began',
    alteration: change(
      `${SESSION}/session.ts`,
      'if (current()) this.#packet(greeting, lane, bytes);',
      `if ('greeting' in this.#phase) this.#packet(this.#phase.greeting, lane, bytes);`,
    ),
  },
  cancel: {
    simulation: 'session',
    what: 'nobody is told that a message half-way will not be finished',
    alteration: change(
      `${SESSION}/outbox.ts`,
      `this.#lanes[message.lane].notices.push({ kind: 'cancel', message });`,
      '',
    ),
  },
  ring: {
    simulation: 'pairing',
    what: 'a ring is not heard',
    alteration: change(
      'client/src/communicators/pairing.ts',
      'return rung(pairing, event.link, now, rules);',
      'return stay(pairing);',
    ),
  },
  jitter: {
    simulation: 'outage',
    what: 'who waits leaves nothing to chance',
    alteration: change(
      'client/src/communicators/webrtc/backoff.ts',
      'return least + this.#chance() * (most - least);',
      'return Math.max(least, most);',
    ),
  },
  resume: {
    simulation: 'session',
    what: 'a session that stands is taken for gone',
    alteration: change(
      `${SESSION}/greeting.ts`,
      'if (this.#resumable !== undefined && resume?.id === this.#resumable.id) {',
      'if (this.#resumable?.standing === false && resume?.id === this.#resumable.id) {',
    ),
  },
};

/**
 * The same for `fuzz.mjs`: each has to be noticed by that target.
 * @type {Readonly<Record<string, { readonly target: string, readonly what: string, readonly alteration: Alteration }>>}
 */
export const flaws = {
  lane: {
    target: 'frames',
    what: 'a lane may have any number',
    alteration: change(
      `${SESSION}/session.ts`,
      `if (lane !== 0 && lane !== 1) throw new FrameError('there is no such lane');\n  return lane;`,
      'return /** @type {never} */ (lane);',
    ),
  },
  allowance: {
    target: 'frames',
    what: 'nobody looks whether there is credit',
    alteration: change(
      `${SESSION}/inbox.ts`,
      `else if (unread > 0 && unread + charge > limit) throw new FrameError('it sends more than it has credit for');`,
      '',
    ),
  },
  proof: {
    target: 'hello',
    what: 'the proof of a session is not looked at',
    alteration: change(
      `${SESSION}/greeting.ts`,
      'if (!sameProof(resume.proof, key.proof(id, hello, link.binding.other, link.binding.own))) {',
      'if (resume.proof.length === 0) {',
    ),
  },
  ending: {
    target: 'hello',
    what: 'whoever greets wrongly ends the session that stands',
    alteration: change(
      `${SESSION}/session.ts`,
      'if (this.#standing !== undefined && this.#phase.greeting.agreement === undefined) {',
      'if (this.#standing === null) {',
    ),
  },
  asker: {
    target: 'envelopes',
    what: 'an answer is taken from whoever sends one',
    alteration: change('client/src/pool/answers.ts', 'if (question?.peer !== from) {', 'if (question === undefined) {'),
  },
  header: {
    target: 'envelopes',
    what: 'the header of a stream is not looked at',
    alteration: change(
      'client/src/pool/streams/stream-header.ts',
      `if (typeof value !== 'object' || value === null) throw new PoolError('malformed', 'a stream without a header');`,
      '',
    ),
  },
  depth: {
    target: 'packer',
    what: 'values nest without end',
    alteration: change(
      'client/src/packers/message-pack-check.ts',
      'if (left.length > MOST_LEVELS) throw',
      'if (left.length > 1e9) throw',
    ),
  },
  pollution: {
    target: 'packer',
    what: 'the key __proto__ is assigned',
    alteration: change(
      'client/src/packers/kinds.ts',
      'Object.defineProperty(made, key, { value: parts[at + 1], configurable: true, enumerable: true, writable: true });',
      `Object.assign(key === '__proto__' ? Object.prototype : made, { [key === '__proto__' ? 'polluted' : key]: parts[at + 1] });`,
    ),
  },
  candidates: {
    target: 'signaling',
    what: 'candidates are not counted',
    alteration: change(
      'client/src/communicators/webrtc/negotiation.ts',
      'if (++this.#candidates > MOST_CANDIDATES)',
      'if (this.#candidates++ < 0)',
    ),
  },
  name: {
    target: 'signaling',
    what: 'the name of a member is taken as it comes',
    alteration: change(
      'client/src/communicators/signal.ts',
      'return { name: peerName(name), instance: instanceId(instance) };',
      'return { name: name as string, instance: instanceId(instance) };',
    ),
  },
};

/**
 * Makes the alterations while the sources are bundled, each of them exactly once.
 * @param {string} top
 * @param {readonly Alteration[]} alterations
 * @returns {import('vite').Plugin & { check(): void }}
 */
export function altering(top, alterations) {
  const made = new Set();
  return {
    name: 'altered-sources',
    enforce: 'pre',
    transform(code, id) {
      const file = id.slice(top.length);
      let text = code;
      for (const alteration of alterations) {
        if (alteration.file !== file) continue;
        const times = text.split(alteration.from).length - 1;
        if (times !== 1) throw new Error(`${file} has ${times} times what is to be altered once: ${alteration.from}`);
        text = text.replace(alteration.from, () => alteration.to);
        made.add(alteration);
      }
      if (text === code) return null;
      return knowingStarts.has(file) ? `import { starts } from './testing/starts.ts';\n${text}` : text;
    },
    check() {
      const missed = alterations.find((alteration) => !made.has(alteration));
      if (missed !== undefined)
        throw new Error(`${missed.file} is no part of the simulation, and could not be altered`);
    },
  };
}

/**
 * @param {string} file
 * @param {string} from
 * @param {string} to
 */
function change(file, from, to) {
  return { file, from, to };
}

/**
 * @param {string} file
 * @param {Record<string, string>} fields the start of each, by its declaration
 */
function begin(file, fields) {
  return Object.entries(fields).map(([from, start]) => change(file, from, from.replace('0;', `starts.${start};`)));
}
