import { describe, expect, it } from 'vitest';
import { Hearing } from './negotiation.ts';

const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 };

describe('what an end of an attempt hears of the other', () => {
  it('is one description of the kind that is due, and candidates', () => {
    const hearing = new Hearing('responder');
    expect(hearing.hear({ type: 'offer', sdp: 'v=0', renegotiate: true })).toEqual({ type: 'offer', sdp: 'v=0' });
    expect(hearing.hear({ type: 'candidate', candidate, extra: 1 })).toEqual({ type: 'candidate', candidate });
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
  ])('begins with an offer, not with %j', (value) => {
    expect(() => new Hearing('responder').hear(value)).toThrow(TypeError);
  });

  it.each([
    [{ type: 'candidate' }],
    [{ type: 'candidate', candidate: { candidate: 7, sdpMid: '0' } }],
    [{ type: 'candidate', candidate: { candidate: 'x' } }],
  ])('goes on with candidates, not with %j', (value) => {
    const hearing = described();
    expect(() => hearing.hear(value)).toThrow(TypeError);
  });

  it('says by a candidate that comes first that its description is lost', () => {
    expect(() => new Hearing('responder').hear({ type: 'candidate', candidate })).toThrow('the offer is lost');
    expect(() => new Hearing('initiator').hear({ type: 'candidate', candidate })).toThrow('the answer is lost');
  });

  it('is a bounded number of candidates', () => {
    const hearing = described();
    for (let i = 0; i < 256; i++) hearing.hear({ type: 'candidate', candidate });
    expect(() => hearing.hear({ type: 'candidate', candidate })).toThrow(RangeError);
  });
});

function described(): Hearing {
  const hearing = new Hearing('responder');
  hearing.hear({ type: 'offer', sdp: 'v=0' });
  return hearing;
}
