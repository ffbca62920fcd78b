import { WebRTCCommunicator } from 'peerpool';

const hidden = new WebRTCCommunicator({ room: 'sums', rtcConfiguration: { iceTransportPolicy: 'relay' } }); // the server's
const own = new WebRTCCommunicator({
  room: 'sums',
  rtcConfiguration: { iceServers: [{ urls: 'stun:stun.example.org' }] }, // this one, whatever the server says
});

export {};
