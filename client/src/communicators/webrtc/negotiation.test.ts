import { describe, expect, it } from 'vitest';
import { Hearing } from './negotiation.ts';

const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 };

describe('what an end of an attempt hears of the other', () => {
  it('is one description of the kind that is due, and candidates', () => {
    const hearing = new Hearing('responder');
    expect(hearing.hear({ type: 'candidate', candidate, extra: 1 })).toEqual({ type: 'candidate', candidate });
    expect(hearing.hear({ type: 'offer', sdp: 'v=0', renegotiate: true })).toEqual({ type: 'offer', sdp: 'v=0' });
    expect(() => hearing.hear({ type: 'offer', sdp: 'v=0' })).toThrow('one offer is enough');
    expect(new Hearing('initiator').hear({ type: 'answer', sdp: 'v=0' })).toEqual({ type: 'answer', sdp: 'v=0' });
  });

  it.each([
    [null],
    ['{"type":"offer"}'],
    [{ type: 'answer', sdp: 'v=0' }],
    [{ type: 'offer' }],
    [{ type: 'renegotiate', renegotiate: true }],
    [{ type: 'transceiverRequest', transceiverRequest: { kind: 'audio' } }],
    [{ type: 'candidate' }],
    [{ type: 'candidate', candidate: { candidate: 7, sdpMid: '0' } }],
    [{ type: 'candidate', candidate: { candidate: 'x' } }],
  ])('is never %j', (value) => {
    expect(() => new Hearing('responder').hear(value)).toThrow(TypeError);
  });

  it('is a bounded number of candidates', () => {
    const hearing = new Hearing('responder');
    for (let i = 0; i < 256; i++) hearing.hear({ type: 'candidate', candidate });
    expect(() => hearing.hear({ type: 'candidate', candidate })).toThrow(RangeError);
  });
});
