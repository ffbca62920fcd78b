import { describe, expect, it } from 'vitest';
import type { CandidateCounts, ConnectionFacts, ConnectionFinding } from '../../connection-diagnosis.ts';
import { BLOCKED } from '../testing/blocked.ts';
import { diagnose } from './verdict.ts';

const none: CandidateCounts = { host: 0, srflx: 0, prflx: 0, relay: 0, udp: 0, tcp: 0, mdns: 0 };
const host: CandidateCounts = { ...none, host: 2, udp: 2, mdns: 2 };
const srflx: CandidateCounts = { ...host, srflx: 1, udp: 3 };
const relay: CandidateCounts = { ...srflx, relay: 1, udp: 4 };

const stun = { url: 'stun:stun.example.org', outcome: 'answered' } as const;
const turn = { url: 'turn:turn.example.org', outcome: 'answered' } as const;
const unauthorized = { ...turn, outcome: 'refused', error: '401 Unauthorized' } as const;
const timedOut = { outcome: 'unreached', error: '701 STUN binding request timed out.' } as const;

const blocked: ConnectionFacts = { ...BLOCKED, local: host, remote: host };

const relayOnly = { relayOnly: true, local: none } as const;

describe('what is likely wrong when', () => {
  it.each<[string, Partial<ConnectionFacts>, ConnectionFinding, RegExp]>([
    [
      'no server was configured, on different networks',
      {},
      'no-turn',
      /^the direct path is blocked and no TURN server is configured: .*across networks it takes a STUN server at least$/,
    ],
    [
      'STUN answered and there is no TURN',
      { servers: [stun], local: srflx },
      'no-turn',
      /^the direct path is blocked and no TURN server is configured: configure one/,
    ],
    [
      'STUN has been silent so far',
      { servers: [{ ...stun, outcome: 'silent' }], gathering: 'gathering' },
      'stun-silent',
      /^the STUN server stun:stun\.example\.org does not answer, .*; or configure a TURN server$/,
    ],
    [
      'the browser says that STUN was silent',
      { servers: [{ ...stun, ...timedOut }] },
      'stun-silent',
      /^the STUN server stun:stun\.example\.org \(701 STUN binding request timed out\.\) does not answer/,
    ],
    ['STUN had nothing new to say', { servers: [{ ...stun, outcome: 'silent' }] }, 'no-turn', /no TURN server/],
    [
      'STUN was silent here, and the other side had more luck',
      { servers: [{ ...stun, ...timedOut }], remote: srflx },
      'no-turn',
      /no TURN server is configured/,
    ],
    [
      'TURN refuses',
      { servers: [stun, unauthorized] },
      'turn-refused',
      /^the direct path is blocked, and the TURN server turn:turn\.example\.org \(401 Unauthorized\) refuses us: check its username and credential/,
    ],
    [
      'TURN refuses, and nothing but a relay may be used',
      { ...relayOnly, servers: [unauthorized] },
      'turn-refused',
      /^only a relay may be used here \(iceTransportPolicy\), and the TURN server .* refuses us/,
    ],
    [
      'nothing but a relay may be used, and there is no TURN',
      { ...relayOnly, servers: [stun] },
      'no-turn',
      /^only a relay may be used here \(iceTransportPolicy\) and no TURN server is configured: configure one/,
    ],
    [
      'nothing but a relay may be used, and TURN can not be reached',
      { ...relayOnly, servers: [{ ...turn, ...timedOut }] },
      'turn-silent',
      /the TURN server turn:turn\.example\.org \(701 .*\) gives no relay: check that it runs there/,
    ],
    [
      'TURN says nothing',
      { servers: [{ ...turn, outcome: 'silent' }], gathering: 'gathering' },
      'turn-silent',
      /^the direct path is blocked, and the TURN server turn:turn\.example\.org gives no relay/,
    ],
    [
      'there are no candidates at all',
      { local: none, answered: false, remote: none },
      'no-candidates',
      /^this browser found no way out: .* blocks WebRTC$/,
    ],
    [
      'the other side never answered',
      { answered: false, remote: none },
      'no-answer',
      /^the other side never answered the offer/,
    ],
    [
      'the other side has no candidates',
      { remote: none },
      'no-remote-candidates',
      /^the other side found no way out: its own error says why/,
    ],
    [
      'only this side has a relay',
      { servers: [turn], local: relay },
      'relay-blocked',
      /^only this side has a relay, and the other side can't reach it: give the other side TURN too, over TLS/,
    ],
    [
      'only the other side has a relay',
      { remote: relay },
      'relay-blocked',
      /^only the other side has a relay, and this side can't reach it: give this side TURN too/,
    ],
    [
      'both have one',
      { servers: [turn], local: relay, remote: relay },
      'relay-blocked',
      /^both sides have a relay, and even so no packet gets through/,
    ],
    [
      'ICE found a way and DTLS none',
      { states: ['checking', 'connected'], pairs: { succeeded: 1 } },
      'no-handshake',
      /^ICE found a way, but no encrypted channel came about/,
    ],
    [
      'it had worked',
      { opened: true, states: ['checking', 'connected', 'disconnected', 'failed'] },
      'broken',
      /^the connection stood, and broke/,
    ],
    [
      'the browser gave no connection',
      { made: false, local: none, answered: false, error: 'Cannot create so many PeerConnections' },
      'no-connection',
      /^no connection could be made in this page \(Cannot create so many PeerConnections\): look at rtcConfiguration/,
    ],
  ])('%s', (_, different, finding, verdict) => {
    const facts = { ...blocked, ...different };
    const diagnosis = diagnose(facts);
    expect(diagnosis.finding).toBe(finding);
    expect(diagnosis.verdict).toMatch(verdict);
    expect(diagnosis).toMatchObject(facts);
    expect(JSON.parse(JSON.stringify(diagnosis))).toEqual(diagnosis);
  });
});
