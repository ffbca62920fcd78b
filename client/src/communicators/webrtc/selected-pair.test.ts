import { describe, expect, it } from 'vitest';
import { throughRelay } from './selected-pair.ts';

const candidates = [
  { id: 'lh', type: 'local-candidate', candidateType: 'host' },
  { id: 'lr', type: 'local-candidate', candidateType: 'relay' },
  { id: 'rh', type: 'remote-candidate', candidateType: 'srflx' },
  { id: 'rr', type: 'remote-candidate', candidateType: 'relay' },
];

function report(...entries: readonly Record<string, unknown>[]): RTCStatsReport {
  return new Map([...candidates, ...entries].map((entry) => [entry['id'], entry])) as unknown as RTCStatsReport;
}

describe('a relay', () => {
  it.each([
    ['lh', 'rh', false],
    ['lr', 'rh', true],
    ['lh', 'rr', true],
  ])('between %s and %s is seen: %s', (localCandidateId, remoteCandidateId, relay) => {
    const chosen = { id: 'p1', type: 'candidate-pair', localCandidateId, remoteCandidateId };
    const other = { id: 'p2', type: 'candidate-pair', localCandidateId: 'lr', remoteCandidateId: 'rr' };
    expect(throughRelay(report(other, chosen, { id: 't', type: 'transport', selectedCandidatePairId: 'p1' }))).toBe(
      relay,
    );
    expect(throughRelay(report(other, { ...chosen, selected: true }))).toBe(relay);
  });

  it('is not seen before a pair is chosen', () => {
    expect(throughRelay(report({ id: 't', type: 'transport' }))).toBe(false);
  });
});
