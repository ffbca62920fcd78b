import { type Chance, shuffled } from './chance.ts';

declare global {
  /** All connections that the page ever made and has not closed. */
  var connections: RTCPeerConnection[];
}

/**
 * Runs in each page, before anything else. What is closed may be collected: Chromium gives a page 500 connections, and counts them until then.
 */
export function keepConnections(): void {
  globalThis.connections = [];
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct(target, [configuration]: [RTCConfiguration?]) {
      const connection = new target(configuration);
      const open = connections.filter(({ connectionState }) => connectionState !== 'closed');
      globalThis.connections = [...open, connection];
      return connection;
    },
  });
}

/** What the other ends know our connections by: each has a certificate of its own. */
export function fingerprints(): readonly string[] {
  return connections.flatMap(({ localDescription }) => fingerprint(localDescription) ?? []);
}

/** Closes a share of the connections, but for those whose other end is spared. Returns how many. */
export function cutConnections(chance: Chance, share: number, spared: readonly string[]): number {
  const open = connections.filter(({ remoteDescription, connectionState }) => {
    const theirs = fingerprint(remoteDescription);
    return connectionState !== 'closed' && (theirs === undefined || !spared.includes(theirs));
  });
  const chosen = shuffled(chance, open).slice(0, Math.ceil(open.length * share));
  for (const connection of chosen) connection.close();
  return chosen.length;
}

function fingerprint(description: RTCSessionDescription | null): string | undefined {
  return description?.sdp.match(/^a=fingerprint:.*$/m)?.[0];
}
