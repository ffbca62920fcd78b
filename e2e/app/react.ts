import { createElement, type ReactNode, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Pool, WebRTCCommunicator } from 'peerpool';
import { useMessages, usePeers, usePool } from 'peerpool/react';

/** `react.html?name=alice&room=app`: who is here, what they said, a button that says how often it was pressed, and another that leaves and comes back. */
const query = new URLSearchParams(location.search);
const name = query.get('name') ?? 'alice';
const room = query.get('room') ?? 'react';

function Room(): ReactNode {
  const { state, pool, error } = usePool(() => new Pool(name, new WebRTCCommunicator({ room })), []);
  const peers = usePeers(pool);
  const chat = useMessages(pool, { msgId: 'chat', parse: String });
  const [pressed, setPressed] = useState(0);
  const say = (): void => {
    setPressed(pressed + 1);
    pool?.broadcast(`${name} ${pressed + 1}`, 'chat').catch(reportError);
  };
  return [
    createElement('p', { key: 'state', role: 'status' }, error?.message ?? state),
    createElement(
      'ul',
      { key: 'peers' },
      peers.map((peer) => createElement('li', { key: peer.name }, `${peer.name}: ${peer.state} ${peer.kind}`)),
    ),
    createElement('pre', { key: 'chat' }, chat.map(({ sender, value }) => `${sender} says ${value}`).join('\n')),
    createElement('button', { key: 'say', onClick: say }, 'Say'),
  ];
}

function App(): ReactNode {
  const [visits, setVisits] = useState(1);
  return [
    visits > 0 && createElement(Room, { key: visits }),
    createElement('button', { key: 'anew', onClick: () => setVisits(visits + 1) }, 'Come anew'),
    createElement('button', { key: 'leave', onClick: () => setVisits(0) }, 'Leave'),
  ];
}

const main = document.querySelector('main');
if (main !== null) createRoot(main).render(createElement(StrictMode, null, createElement(App)));
