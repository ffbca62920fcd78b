import { type LeaveReason, type LinkKind, type LinkState, PoolError, type SignalingState } from 'peerpool';

/** What the library says in codes, in words for who looks at the page. */

const DEPARTURES: Readonly<Record<LeaveReason, string>> = {
  goodbye: 'said goodbye',
  killed: 'the tab was closed without a goodbye',
  lost: 'the connection was lost',
  unresponsive: 'did not answer any more',
  replaced: 'another took the name',
  removed: 'was removed',
  malformed: 'sent what makes no sense',
  refused: 'was refused',
};

export function departureText(reason: LeaveReason): string {
  return DEPARTURES[reason];
}

function kindText(kind: LinkKind | undefined): string {
  switch (kind) {
    case 'direct':
      return 'direct';
    case 'relay':
      return 'through a relay';
    case 'broadcast-channel':
      return 'within this browser';
    case 'local':
      return 'within this page';
    case undefined:
      return '';
  }
}

export function linkText(state: LinkState, kind: LinkKind | undefined): string {
  if (state === 'connecting') return 'connecting';
  const way = kindText(kind);
  if (state === 'unresponsive') return way === '' ? 'does not answer' : `${way}, does not answer`;
  return way === '' ? 'connected' : way;
}

export function signalingText(state: SignalingState): string {
  switch (state) {
    case 'connected':
      return 'Newcomers can join';
    case 'connecting':
      return 'Looking for the signaling server';
    case 'disconnected':
      return 'No newcomers: the signaling server is out of reach. Who is here stays connected.';
  }
}

/** Why this tab is not in the room. */
export function absenceText(error: unknown, name: string, room: string): string {
  if (!(error instanceof PoolError)) return error instanceof Error ? `${error.message}.` : String(error);
  switch (error.code) {
    case 'duplicate-peer':
      return `The name “${name}” is taken in this room. Choose another one.`;
    case 'unreachable':
      return 'The signaling server was not reached, so nobody can be met. Is it running, and is this device online?';
    case 'unsupported':
      return `This browser can't join: ${error.detail}.`;
    case 'refused':
      return `The room “${room}” can't be joined: ${error.detail}.`;
    default:
      return `You are out of the room: ${error.detail}.`;
  }
}

/** Why something did not get to `peer`, and whether it may have. */
export function failureText(error: unknown, peer: string): string {
  if (!(error instanceof PoolError)) return `not to ${peer}: ${error instanceof Error ? error.message : String(error)}`;
  const arrival = error.delivery === 'unknown' ? ' It may have arrived.' : '';
  switch (error.code) {
    case 'peer-left':
      return `not to ${peer}, who left first.${arrival}`;
    case 'unreachable':
      return `not to ${peer}, who could not be reached.${arrival}`;
    case 'unknown-peer':
      return `not to ${peer}, who is not here.`;
    case 'closed':
    case 'illegal-state':
      return `not to ${peer}: you left the room first.${arrival}`;
    case 'too-large':
      return `not to ${peer}: it is larger than what one message may hold.`;
    default:
      return `not to ${peer}: ${error.detail}.${arrival}`;
  }
}
