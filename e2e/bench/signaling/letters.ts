/** What is signaled, as two clients say it: of the twelve of a handshake two are an offer and its answer. */
const HANDSHAKE = 12;
const DESCRIPTIONS = 2;
const DESCRIPTION_CHARACTERS = 2300;
const DIGITS = 9;

const candidate = {
  type: 'candidate',
  candidate: {
    candidate:
      'candidate:842163049 1 udp 1677729535 203.0.113.77 46154 typ srflx raddr 192.168.1.23 rport 46154 generation 0 ufrag Kx3p',
    sdpMLineIndex: 0,
    sdpMid: '0',
  },
};
const line = 'a=fingerprint:sha-256 5F:1A:77:0E:5F:1A:77:0E:5F:1A:77:0E:5F:1A:77:0E\r\n';
const description = { type: 'offer', sdp: line.repeat(Math.round(DESCRIPTION_CHARACTERS / line.length)) };
const bodies = [candidate, description].map((data) => ({ type: 'negotiate', to: 'bob-1', link: 1, data }));

/** A signal that can be told from others by who only sees the text. */
export interface Letter {
  readonly number: number;
  readonly value: object;
  readonly text: string;
}

const endings = bodies.map((body) => JSON.stringify(body).slice(1));
const MARK = '{"number":"';

export function letter(number: number): Letter {
  const which = number % HANDSHAKE < DESCRIPTIONS ? 1 : 0;
  const digits = String(number).padStart(DIGITS, '0');
  return { number, value: { number: digits, ...bodies[which] }, text: `${MARK}${digits}",${endings[which]}` };
}

/** Without parsing: who makes the load should have less to do than who carries it. */
export function numberIn(text: string): number {
  const at = text.indexOf(MARK) + MARK.length;
  return Number(text.slice(at, at + DIGITS));
}
