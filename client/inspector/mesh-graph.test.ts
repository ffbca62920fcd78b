import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bend, centre, farLinks, places } from './mesh-graph.ts';
import type { PeerFigures } from './peer-figures.ts';
import type { SharedLink } from './shared-links.ts';

const peer = (name: string, state: PeerFigures['state'] = 'connected'): PeerFigures => ({
  name,
  state,
  reason: undefined,
  kind: 'direct',
  quality: 'good',
  bytesSent: 0,
  bytesReceived: 0,
  messagesSent: 0,
  messagesReceived: 0,
  inFlight: 0,
  unread: 0,
  late: 0,
  roundTripTime: 1,
  reconnects: 0,
});
const link = (name: string, roundTripTime: number, state: SharedLink['state'] = 'connected'): SharedLink => ({
  name,
  state,
  kind: 'direct',
  roundTripTime,
});

describe('links between others', () => {
  const peers = [peer('bob'), peer('carol'), peer('dave', 'left')];

  it('are drawn once, as the worse of what both ends say', () => {
    const told = new Map([
      ['carol', [link('bob', 20)]],
      ['bob', [link('carol', 400)]],
    ]);
    expect(farLinks('alice', peers, told)).toEqual([
      { between: ['bob', 'carol'], kind: 'direct', quality: 'poor', roundTripTime: 400 },
    ]);
  });

  it('are drawn where one end says nothing, and never for strangers, the departed, oneself, or one with itself', () => {
    const said = [
      link('carol', 20, 'unresponsive'),
      ...['alice', 'bob', 'dave', 'mallory'].map((name) => link(name, 1)),
    ];
    expect(
      farLinks(
        'alice',
        peers,
        new Map([
          ['bob', said],
          ['dave', [link('bob', 1)]],
          ['mallory', [link('bob', 1)]],
        ]),
      ),
    ).toEqual([{ between: ['bob', 'carol'], kind: 'direct', quality: 'unresponsive', roundTripTime: 20 }]);
  });
});

describe('the picture of a mesh', () => {
  const canvases = fc.record({
    width: fc.integer({ min: 200, max: 2000 }),
    height: fc.integer({ min: 150, max: 1500 }),
  });

  it('places everybody within it, apart from each other and from the middle', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), canvases, (count, canvas) => {
        const spots = places(count, canvas);
        expect(spots).toHaveLength(count);
        const middle = centre(canvas);
        for (const [index, { x, y }] of spots.entries()) {
          expect(x).toBeGreaterThan(0);
          expect(x).toBeLessThan(canvas.width);
          expect(y).toBeGreaterThan(0);
          expect(y).toBeLessThan(canvas.height);
          expect(Math.hypot(x - middle.x, y - middle.y)).toBeGreaterThanOrEqual(19);
          for (const other of spots.slice(0, index)) expect(Math.hypot(x - other.x, y - other.y)).toBeGreaterThan(1);
        }
      }),
    );
  });

  it('leads no curve between two others through the pool in the middle', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 14 }), canvases, (count, canvas) => {
        const spots = places(count, canvas);
        const middle = centre(canvas);
        for (const from of spots) {
          for (const to of spots) {
            if (from === to) continue;
            const over = bend(from, to, canvas);
            // Of a quadratic curve the middle is half-way between its chord's and its bend.
            const x = (from.x + to.x) / 4 + over.x / 2;
            const y = (from.y + to.y) / 4 + over.y / 2;
            expect(Math.hypot(x - middle.x, y - middle.y)).toBeGreaterThan(20);
          }
        }
      }),
    );
  });
});
