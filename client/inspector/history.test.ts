import { describe, expect, it } from 'vitest';
import { History, SAMPLES } from './history.ts';

describe('a history', () => {
  it('makes rates of sums, by the time that has really passed', () => {
    const history = new History();
    history.add(1000, { bytesSent: 500, bytesReceived: 0 }, 12);
    expect(history.samples).toEqual([]);
    history.add(3000, { bytesSent: 2500, bytesReceived: 10 }, undefined);
    expect(history.samples).toEqual([{ time: 3000, roundTripTime: undefined, sentRate: 1000, receivedRate: 5 }]);
  });

  it('takes sums that were reset for what they are, and no time for none', () => {
    const history = new History();
    history.add(1000, { bytesSent: 5000, bytesReceived: 5000 }, 1);
    history.add(2000, { bytesSent: 100, bytesReceived: 5000 }, 1);
    history.add(2000, { bytesSent: 900, bytesReceived: 9000 }, 1);
    expect(history.samples).toEqual([{ time: 2000, roundTripTime: 1, sentRate: 100, receivedRate: 0 }]);
  });

  it('keeps two minutes', () => {
    const history = new History();
    for (let second = 0; second < 500; second++) history.add(second * 1000, { bytesSent: 0, bytesReceived: 0 }, second);
    expect(history.samples).toHaveLength(SAMPLES);
    expect(history.latest?.roundTripTime).toBe(499);
  });
});
