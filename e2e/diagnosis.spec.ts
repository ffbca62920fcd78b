import { createSocket } from 'node:dgram';
import { type BrowserContext, expect, type Page, test as base } from 'playwright/test';
import type * as Library from '../client/src/index.ts';
import { CoturnDaemon } from '../signaling-server/testing/coturn-daemon.ts';
import { freshRoom } from './pools.ts';
import { MODULE } from './sources.ts';

/** Two tabs that can't reach each other: each is told why, in words, and with what it saw. */

/** Until a pair that has no link has failed, in ms. Long enough for an attempt to show what it can. */
const CONNECT_TIMEOUT = 4_000;

interface Failed {
  readonly code: string;
  readonly message: string;
  readonly json: string;
  readonly diagnosis: Library.ConnectionDiagnosis | undefined;
}

interface Trial {
  readonly room: string;
  readonly rtcConfiguration?: RTCConfiguration;
  /** Candidates of the other end are not used: as if nothing passed between the two. */
  readonly apart?: boolean;
}

interface Stage {
  /** The port of a server for STUN that hears, and never answers. */
  readonly silent: number;
}

const test = base.extend<Stage>({
  // oxlint-disable-next-line no-empty-pattern
  silent: async ({}, use) => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    await use(socket.address().port);
    await new Promise<void>((resolve) => socket.close(resolve));
  },
});

async function twoTabs(context: BrowserContext): Promise<readonly [Page, Page]> {
  const pages = [await context.newPage(), await context.newPage()] as const;
  await Promise.all(pages.map((page) => page.goto(MODULE)));
  return pages;
}

/** The first that each end hears of the other: both stay in the room. */
async function bothFail(context: BrowserContext, trial: Trial): Promise<readonly Failed[]> {
  const [alice, bob] = await twoTabs(context);
  return Promise.all([failure(alice, 'alice', undefined, trial), failure(bob, 'bob', undefined, trial)]);
}

/** What the `initialize` rejects with of whoever gives up first; the other may then wait for somebody who is gone. */
async function oneFails(context: BrowserContext, trial: Trial): Promise<Failed> {
  const [alice, bob] = await twoTabs(context);
  return Promise.race([failure(alice, 'alice', 'bob', trial), failure(bob, 'bob', 'alice', trial)]);
}

function failure(page: Page, name: string, other: string | undefined, trial: Trial): Promise<Failed> {
  return page.evaluate(
    async ([module, self, peer, { room, rtcConfiguration, apart = false }, connectTimeout]) => {
      const { Pool, PoolError, WebRTCCommunicator } = (await import(module)) as typeof Library;
      class Apart extends RTCPeerConnection {
        override addIceCandidate(): Promise<void> {
          return Promise.resolve();
        }
      }
      const rtc = { RTCPeerConnection: apart ? Apart : RTCPeerConnection, RTCSessionDescription, RTCIceCandidate };
      const communicator = new WebRTCCommunicator({ room, connectTimeout, rtcConfiguration, rtc });
      const error = await new Promise<unknown>((resolve) => {
        const clients = peer === undefined ? [] : [peer];
        const pool = new Pool(self, communicator, { clients, on: { error: (event) => resolve(event.error) } });
        pool.initialize().catch(resolve);
      });
      if (!(error instanceof PoolError)) throw error;
      const { code, message, diagnosis } = error;
      return { code, message, diagnosis, json: JSON.stringify(error) };
    },
    [MODULE, name, other, trial, CONNECT_TIMEOUT] as const,
  );
}

test('there is no TURN server, and the direct path blocked', async ({ context }) => {
  for (const { code, message, diagnosis, json } of await bothFail(context, { room: freshRoom(), apart: true })) {
    expect(code).toBe('unreachable');
    expect(message).toMatch(
      /^unreachable: no link to (alice|bob) came about within 4000 ms, in \d+ attempts?: the direct path is blocked and no TURN server is configured: configure one/,
    );
    expect(diagnosis).toMatchObject({ finding: 'no-turn', made: true, answered: true, relayOnly: false, servers: [] });
    expect(diagnosis?.local.host).toBeGreaterThan(0);
    expect(diagnosis?.remote.host).toBeGreaterThan(0);
    expect(diagnosis?.opened).toBe(false);
    expect(JSON.parse(json)).toMatchObject({ code, diagnosis });
    expect(json).not.toMatch(/\d+\.\d+\.\d+\.\d+|\.local/);
  }
});

test('nothing but a relay may be used, and the TURN server is not there', async ({ context, silent }) => {
  const iceServers = [{ urls: `turn:127.0.0.1:${silent}?transport=tcp`, username: 'alice', credential: 'hidden' }];
  const trial: Trial = { room: freshRoom(), rtcConfiguration: { iceServers, iceTransportPolicy: 'relay' } };
  const told = await bothFail(context, trial);
  for (const { code, json } of told) {
    expect(code).toBe('unreachable');
    expect(json).not.toContain('hidden');
  }
  // Who is called may have heard only that the other side found no way out.
  const own = told.filter(({ diagnosis }) => diagnosis?.finding === 'turn-silent');
  expect(own.length).toBeGreaterThan(0);
  for (const { message, diagnosis } of own) {
    expect(message).toContain('only a relay may be used here (iceTransportPolicy), and the TURN server turn:127.0.0.1');
    expect(message).toContain('gives no relay: check that it runs there');
    expect(diagnosis).toMatchObject({ relayOnly: true, local: { host: 0, relay: 0 } });
    expect(diagnosis?.servers).toMatchObject([{ url: `turn:127.0.0.1:${silent}?transport=tcp`, outcome: 'unreached' }]);
  }
});

test('the STUN server is silent, and the direct path blocked', async ({ context, silent }) => {
  const url = `stun:127.0.0.1:${silent}`;
  const trial: Trial = { room: freshRoom(), apart: true, rtcConfiguration: { iceServers: [{ urls: url }] } };
  const { message, diagnosis } = await oneFails(context, trial);
  expect(message).toContain(`the STUN server ${url}`);
  expect(message).toContain('does not answer');
  expect(diagnosis?.finding).toBe('stun-silent');
  expect(diagnosis?.servers).toMatchObject([{ url }]);
  expect(diagnosis?.servers[0]?.outcome).not.toBe('answered');
});

test('the signaling server is not there', async ({ context, silent }) => {
  const page = await context.newPage();
  await page.goto(MODULE);
  const message = await page.evaluate(
    async ([module, url]) => {
      const { Pool, WebRTCCommunicator } = (await import(module)) as typeof Library;
      const pool = new Pool('alice', new WebRTCCommunicator({ room: 'sums', url }));
      return pool.initialize().catch((error: unknown) => (error as Error).message);
    },
    [MODULE, `http://127.0.0.1:${silent}`] as const,
  );
  expect(message).toMatch(
    new RegExp(`^unreachable: no signaling server answers at http://127.0.0.1:${silent}/peerpool \\(.*\\): check`),
  );
});

test('the TURN server refuses', { tag: '@servers' }, async ({ context }) => {
  const coturn = await CoturnDaemon.start();
  try {
    const iceServers = [{ urls: [...coturn.urls], username: '4102444800:alice', credential: 'of another secret' }];
    const trial: Trial = { room: freshRoom(), rtcConfiguration: { iceServers, iceTransportPolicy: 'relay' } };
    const told = await bothFail(context, trial);
    const own = told.filter(({ diagnosis }) => diagnosis?.finding === 'turn-refused');
    expect(own.length).toBeGreaterThan(0);
    for (const { message, diagnosis } of own) {
      expect(message).toMatch(/the TURN server turn:127\.0\.0\.1:\d+\S* \(401 .*\) refuses us: check its username/);
      expect(diagnosis?.servers.some(({ outcome }) => outcome === 'refused')).toBe(true);
    }
  } finally {
    await coturn.kill();
  }
});
