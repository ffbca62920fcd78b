import { WebRTCCommunicator } from 'peerpool';

const communicator = new WebRTCCommunicator({
  room: 'sums',
  token: async ({ room, name }) => (await fetch(`/token?${new URLSearchParams({ room, name })}`)).text(),
});

export {};
