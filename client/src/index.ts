export { BroadcastChannelCommunicator } from './communicators/broadcast-channel/broadcast-channel-communicator.ts';
export { clearHubs, getHub } from './communicators/local/hub.ts';
export { LocalCommunicator } from './communicators/local/local-communicator.ts';
export { WebRTCCommunicator } from './communicators/webrtc/webrtc-communicator.ts';
export { PoolError } from './errors.ts';
export { JsonPacker } from './packers/json.ts';
export { MessagePackPacker } from './packers/message-pack.ts';
export { Pool } from './pool/pool.ts';

export type {
  Ack,
  Communicator,
  CommunicatorListener,
  CommunicatorState,
  LeaveReason,
  LinkState,
  PeerStatistics,
  Receipt,
  Self,
  SendOptions as CommunicatorSendOptions,
  SignalingState,
  WaitOptions,
} from './communicators/communicator.ts';
export type { Delivery, PoolErrorCode, PoolErrorDetails } from './errors.ts';
export type { LinkKind } from './links/link.ts';
export type { Packer, Packet } from './packers/packer.ts';
export type { ShutdownOptions } from './pool/lifetime.ts';
export type { PoolEvents, PoolListener, PoolListeners, PoolState } from './pool/listeners.ts';
export type { MemberEvent, MembersOptions } from './pool/member-events.ts';
export type { Message } from './pool/message.ts';
export type { PoolOptions } from './pool/pool-options.ts';
export type {
  MessagesOptions,
  OnMessageOptions,
  RecvAllOptions,
  RecvAnyOptions,
  RecvOptions,
} from './pool/receive-options.ts';
export type { Parse, StandardSchema } from './pool/schema.ts';
export type { BroadcastOptions, SendOptions } from './pool/sending.ts';
export type { PeerTraffic, PoolStatistics, Traffic } from './pool/statistics.ts';
