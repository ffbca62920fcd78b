import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IceDiagnosis } from './ice-diagnosis.ts';

/** A connection that says what a test wants. */
class Connection extends EventTarget {
  iceGatheringState: RTCIceGatheringState = 'new';
  iceConnectionState: RTCIceConnectionState = 'new';
  stats: readonly Readonly<Record<string, string>>[] = [];
  asked = 0;

  getStats(): Promise<unknown> {
    this.asked++;
    return Promise.resolve(new Map(this.stats.map((entry, id) => [id, entry])));
  }

  say(type: string, more: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), more));
  }

  gather(state: RTCIceGatheringState): void {
    this.iceGatheringState = state;
    this.say('icegatheringstatechange');
  }

  ice(state: RTCIceConnectionState): void {
    this.iceConnectionState = state;
    this.say('iceconnectionstatechange');
  }
}

const line = (id: number, protocol: string, address: string, type: string): string =>
  `candidate:${id} 1 ${protocol} 2122260223 ${address} 50000 typ ${type}`;
const candidate = (...of: Parameters<typeof line>) => ({ type: 'candidate', candidate: { candidate: line(...of) } });

function watching(configuration: RTCConfiguration): { connection: Connection; ice: IceDiagnosis } {
  const connection = new Connection();
  const ice = new IceDiagnosis(configuration);
  ice.watch(connection as unknown as RTCPeerConnection);
  return { connection, ice };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a diagnosis', () => {
  it('counts what each end told the other, each candidate once, and keeps no address', () => {
    const { ice } = watching({});
    const early = line(1, 'udp', '1b2e.local', 'host');
    ice.told({ type: 'offer', sdp: `v=0\r\na=${early} generation 0\r\n` });
    ice.told({ type: 'candidate', candidate: { candidate: `${early} generation 0 ufrag a network-id 1` } });
    ice.told(candidate(2, 'tcp', '1b2e.local', 'host'));
    ice.told(candidate(3, 'udp', '203.0.113.7', 'srflx raddr 0.0.0.0 rport 0'));
    ice.told({ type: 'candidate', candidate: { candidate: '' } });
    ice.heard({ type: 'answer', sdp: 'v=0' });
    ice.heard(candidate(1, 'UDP', '198.51.100.1', 'relay'));
    const { local, remote, answered } = ice.now;
    expect(local).toEqual({ host: 2, srflx: 1, prflx: 0, relay: 0, udp: 2, tcp: 1, mdns: 2 });
    expect(remote).toEqual({ host: 0, srflx: 0, prflx: 0, relay: 1, udp: 1, tcp: 0, mdns: 0 });
    expect(answered).toBe(true);
    expect(JSON.stringify(ice.now)).not.toMatch(/203\.0|198\.51|1b2e/);
    ice.end();
  });

  it('says of each server what came of it, under the url that was configured', () => {
    const { connection, ice } = watching({
      iceServers: [
        { urls: ['stun:one.example.org', 'stun:two.example.org:3479'] },
        { urls: 'turn:three.example.org', username: 'alice', credential: 'hidden' },
        { urls: 'turns:user:hidden@four.example.org:443?transport=tcp', username: 'alice', credential: 'hidden' },
        { urls: 'turn:five.example.org?transport=tcp', username: 'alice', credential: 'hidden' },
      ],
    });
    connection.say('icecandidate', { candidate: { type: 'host' } });
    connection.say('icecandidate', { candidate: { type: 'srflx', url: 'stun:one.example.org:3478' } });
    connection.say('icecandidate', { candidate: null });
    const failed = (url: string, errorCode: number, errorText: string): void =>
      connection.say('icecandidateerror', { url, errorCode, errorText });
    failed('stun:one.example.org:3478', 701, 'by another interface');
    failed('turn:three.example.org:3478?transport=udp', 401, 'Unauthorized');
    failed('turn:three.example.org:3478?transport=udp', 701, 'timed out');
    failed('turns:four.example.org:443?transport=tcp', 701, '');
    failed('stun:other.example.org:3478', 701, 'gone');
    expect(ice.now.servers).toEqual([
      { url: 'stun:one.example.org', outcome: 'answered' },
      { url: 'stun:two.example.org:3479', outcome: 'silent' },
      { url: 'turn:three.example.org', outcome: 'refused', error: '401 Unauthorized' },
      { url: 'turns:four.example.org:443?transport=tcp', outcome: 'unreached', error: '701' },
      { url: 'turn:five.example.org?transport=tcp', outcome: 'silent' },
      { url: 'stun:other.example.org:3478', outcome: 'unreached', error: '701 gone' },
    ]);
    expect(JSON.stringify(ice.now)).not.toContain('hidden');
    ice.end();
  });

  it('takes the only server that there is, where a browser does not say which it was', () => {
    const stun = { urls: 'stun:one.example.org' };
    const turn = { urls: 'turn:two.example.org', username: 'alice', credential: 'north' };
    const outcomes = (iceServers: RTCIceServer[], type: string): string[] => {
      const { connection, ice } = watching({ iceServers });
      connection.say('icecandidate', { candidate: { type } });
      ice.end();
      return ice.now.servers.map(({ outcome }) => outcome);
    };
    expect(outcomes([stun], 'srflx')).toEqual(['answered']);
    expect(outcomes([stun, turn], 'srflx')).toEqual(['silent', 'silent']);
    expect(outcomes([stun, turn], 'relay')).toEqual(['silent', 'answered']);
    expect(outcomes([stun], 'host')).toEqual(['silent']);
  });

  it('knows when gathering is over and has found nothing, with an error', () => {
    const { connection, ice } = watching({ iceTransportPolicy: 'relay' });
    connection.gather('complete');
    expect(ice.hopeless).toBe(false);
    connection.say('icecandidateerror', { url: 'turn:a.example.org', errorCode: 401, errorText: 'no' });
    expect(ice.hopeless).toBe(true);
    ice.told(candidate(1, 'udp', '198.51.100.1', 'relay'));
    expect(ice.hopeless).toBe(false);
    expect(ice.relays).toBe(true);
    ice.end();
  });

  it('looks at the pairs every two seconds and when ICE fails, until it ends', async () => {
    const { connection, ice } = watching({});
    connection.stats = [
      { type: 'candidate-pair', state: 'in-progress' },
      { type: 'candidate-pair', state: 'failed' },
      { type: 'remote-candidate', candidateType: 'prflx' },
      { type: 'local-candidate', candidateType: 'host' },
    ];
    connection.ice('checking');
    await vi.advanceTimersByTimeAsync(1999);
    expect(connection.asked).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(ice.now.pairs).toEqual({ 'in-progress': 1, failed: 1 });
    expect(ice.now.remote.prflx).toBe(1);
    connection.stats = [{ type: 'candidate-pair', state: 'failed' }];
    connection.ice('failed');
    ice.end(new Error('Ice connection failed.'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ice.now).toMatchObject({ pairs: { failed: 1 }, states: ['checking', 'failed'], ms: 2000 });
    expect(ice.now.error).toBe('Ice connection failed.');
    expect(connection.asked).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not in the way of a connection that gives no statistics, and leaves no timer when it is open', async () => {
    const { connection, ice } = watching({});
    connection.getStats = () => {
      throw new Error('not here');
    };
    await vi.advanceTimersByTimeAsync(2000);
    ice.opened();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ice.now).toMatchObject({ opened: true, ms: 2000, pairs: {}, finding: 'broken' });
    expect(vi.getTimerCount()).toBe(0);
  });
});
