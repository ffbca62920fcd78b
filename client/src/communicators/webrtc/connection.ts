import type { WebRTC } from './webrtc-implementation.ts';

/**
 * A new connection, smoothed where simple-peer would stumble or print. It writes into descriptions, which some implementations have read-only;
 * and of a candidate that can't be used it warns on the console, so that is told here instead: one of several is no failure, and when none is left ICE says so.
 * @throws what the constructor throws, e.g. because the page has too many connections
 */
export function newConnection(
  { RTCPeerConnection }: WebRTC,
  configuration: RTCConfiguration,
  unusable: (candidate: Error) => void,
): RTCPeerConnection {
  const connection = new RTCPeerConnection(configuration);
  const createOffer = connection.createOffer.bind(connection);
  const createAnswer = connection.createAnswer.bind(connection);
  const addIceCandidate = connection.addIceCandidate.bind(connection);
  const ours = {
    createOffer: async (options?: RTCOfferOptions) => plain(await createOffer(options)),
    createAnswer: async (options?: RTCAnswerOptions) => plain(await createAnswer(options)),
    addIceCandidate: (candidate: RTCIceCandidateInit) => addIceCandidate(candidate).catch(unusable),
  };
  return Object.assign(connection, ours);
}

function plain({ type, sdp }: RTCSessionDescriptionInit): RTCSessionDescriptionInit {
  return { type, ...(sdp !== undefined && { sdp }) };
}
