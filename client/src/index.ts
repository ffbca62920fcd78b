export { BroadcastChannelCommunicator } from './communicators/broadcast-channel/broadcast-channel-communicator.ts';
export { clearHubs, getHub } from './communicators/local/hub.ts';
export { LocalCommunicator } from './communicators/local/local-communicator.ts';
export { MeshCommunicator } from './communicators/mesh.ts';
export { WebRTCCommunicator } from './communicators/webrtc/webrtc-communicator.ts';
export { PoolError } from './errors.ts';
export { JsonPacker } from './packers/json.ts';
export { MessagePackPacker } from './packers/message-pack.ts';
export { Pool } from './pool/pool.ts';
export { createIdentity } from './trust/identity.ts';
export { generateSecret, roomHash } from './trust/room-keys.ts';

export type {
  Ack,
  Communicator,
  CommunicatorListener,
  CommunicatorState,
  LeaveReason,
  LinkState,
  PeerConnection,
  PeerStatistics,
  Receipt,
  Self,
  SendOptions as CommunicatorSendOptions,
  SignalingState,
  WaitOptions,
} from './communicators/communicator.ts';
export type { BroadcastChannelCommunicatorOptions } from './communicators/broadcast-channel/broadcast-channel-communicator.ts';
export type { Hub } from './communicators/local/hub.ts';
export type { LocalCommunicatorOptions } from './communicators/local/local-communicator.ts';
export type { MeshTimes } from './communicators/mesh-times.ts';
export type { MeshOptions } from './communicators/mesh.ts';
export type {
  Attempt,
  Disappearance,
  Presence,
  Signal,
  Transport,
  TransportListener,
} from './communicators/transport.ts';
export type { Token, TokenPurpose } from './communicators/webrtc/token-source.ts';
export type { WebRTCCommunicatorOptions } from './communicators/webrtc/webrtc-communicator.ts';
export type { WebRTCImplementation } from './communicators/webrtc/webrtc-implementation.ts';
export type {
  CandidateCounts,
  ConnectionDiagnosis,
  ConnectionFacts,
  ConnectionFinding,
  IceServerReport,
} from './connection-diagnosis.ts';
export type { Delivery, PoolErrorCode, PoolErrorDetails } from './errors.ts';
export type { Lane, Link, LinkKind, LinkListener } from './links/link.ts';
export type { Packer, Packet } from './packers/packer.ts';
export type { PackableClass, RegisterOptions } from './packers/registry.ts';
export type { PackerOptions } from './packers/value-packer.ts';
export type { CallContext } from './pool/calls/call-context.ts';
export type { CallAllOptions, CallOptions, MapOptions } from './pool/calls/calls.ts';
export type { ExposeOptions } from './pool/calls/methods.ts';
export type { Remote, RemoteOptions } from './pool/calls/remote.ts';
export type { ShutdownOptions } from './pool/lifetime.ts';
export type { PoolEvents, PoolListener, PoolListeners, PoolState } from './pool/listeners.ts';
export type { MemberEvent, MembersOptions } from './pool/member-events.ts';
export type { Message, MessageMark } from './pool/message.ts';
export type { PoolOptions } from './pool/pool-options.ts';
export type {
  MessagesOptions,
  OnMessageOptions,
  RecvAllOptions,
  RecvAnyOptions,
  RecvOptions,
} from './pool/receive-options.ts';
export type { Parse, StandardSchema } from './pool/schema.ts';
export type { OnRequestOptions, RequestOptions, RequestPromise } from './pool/requests.ts';
export type { BroadcastOptions, SendOptions } from './pool/sending.ts';
export type { ProgressListener, StreamProgress } from './pool/streams/progress.ts';
export type { StreamHeader } from './pool/streams/stream-header.ts';
export type {
  IncomingStream,
  RecvStreamOptions,
  SendStreamOptions,
  StreamsOptions,
} from './pool/streams/stream-options.ts';
export type { StreamSource } from './pool/streams/stream-source.ts';
export type { Passage, PoolTap, TrafficKind } from './pool/tap.ts';
export type { CreateIdentityOptions, Identity } from './trust/identity.ts';
export type { PeerTraffic, PoolStatistics, Traffic } from './pool/statistics.ts';
