import type {
  ConnectionDiagnosis,
  ConnectionFacts,
  ConnectionFinding,
  IceServerReport,
} from '../../connection-diagnosis.ts';

type Verdict = readonly [ConnectionFinding, string];

/** Reads the facts of an attempt that came to nothing, in the order in which a connection comes about: the first step that is missing is what is wrong. */
export function diagnose(facts: ConnectionFacts): ConnectionDiagnosis {
  const [finding, verdict] = verdictOn(facts);
  return { finding, verdict, ...facts };
}

function verdictOn(facts: ConnectionFacts): Verdict {
  const { made, local, remote, states, opened, answered, relayOnly } = facts;
  if (opened)
    return [
      'broken',
      'the connection stood, and broke: a network has changed, or the other page was stopped or is gone',
    ];
  if (states.some((state) => state === 'connected' || state === 'completed')) {
    return [
      'no-handshake',
      'ICE found a way, but no encrypted channel came about on it: the other page stands still, or something in between lets only some packets pass',
    ];
  }
  if (!made) {
    return [
      'no-connection',
      `no connection could be made in this page (${facts.error}): look at rtcConfiguration, and for connections that nobody closes`,
    ];
  }
  if (total(local) === 0) {
    return relayOnly
      ? unrelayed(facts, `only a relay may be used here (iceTransportPolicy)`)
      : [
          'no-candidates',
          'this browser found no way out: there is no network, or a policy or an extension blocks WebRTC',
        ];
  }
  if (!answered) {
    return ['no-answer', 'the other side never answered the offer: see whether its page is open, awake and online'];
  }
  if (total(remote) === 0) {
    return [
      'no-remote-candidates',
      'the other side found no way out: its own error says why (no network, WebRTC blocked, or a TURN server that gives nothing)',
    ];
  }
  return local.relay + remote.relay > 0 ? relayed(facts) : unrelayed(facts, 'the direct path is blocked');
}

/** There is a relay, and yet no way. */
function relayed({ local, remote }: ConnectionFacts): Verdict {
  if (local.relay > 0 && remote.relay > 0) {
    const advice = 'see that the TURN servers may send to each other, and that their relay ports are open';
    return ['relay-blocked', `both sides have a relay, and even so no packet gets through: ${advice}`];
  }
  const [here, there] = local.relay > 0 ? ['this', 'the other'] : ['the other', 'this'];
  const advice = `give ${there} side TURN too, over TLS at port 443 (turns:…:443?transport=tcp) where UDP is blocked`;
  return ['relay-blocked', `only ${here} side has a relay, and ${there} side can't reach it: ${advice}`];
}

/** There is no relay on either side, and one is needed. */
function unrelayed({ servers, local, remote, gathering }: ConnectionFacts, why: string): Verdict {
  const turn = servers.filter(({ url }) => url.startsWith('turn'));
  const refused = turn.find(({ outcome }) => outcome === 'refused');
  if (refused) {
    const advice = 'check its username and credential, or the secret that it shares with the signaling server';
    return ['turn-refused', `${why}, and the TURN server ${named(refused)} refuses us: ${advice}`];
  }
  const mute = turn.find(({ outcome }) => outcome === 'unreached') ?? turn[0];
  if (mute) {
    const advice = 'check that it runs there; where UDP is blocked, it takes TURN over TLS at port 443';
    return ['turn-silent', `${why}, and the TURN server ${named(mute)} gives no relay: ${advice}`];
  }
  const none = `${why} and no TURN server is configured: configure one (ice of the signaling server, or rtcConfiguration.iceServers)`;
  if (local.srflx + remote.srflx > 0 || total(local) === 0) return ['no-turn', none];
  const silent = servers.find(
    ({ outcome }) => outcome === 'unreached' || (outcome === 'silent' && gathering !== 'complete'),
  );
  if (silent) {
    const advice = 'check its url, and whether UDP may leave this network; or configure a TURN server';
    const why = "peers of other networks can't learn how to reach us, and no TURN server is configured";
    return ['stun-silent', `the STUN server ${named(silent)} does not answer, so ${why}: ${advice}`];
  }
  return [
    'no-turn',
    `${none}. Only addresses within each own network were known: across networks it takes a STUN server at least`,
  ];
}

function named({ url, error }: IceServerReport): string {
  return error === undefined ? url : `${url} (${error})`;
}

function total({ host, srflx, prflx, relay }: ConnectionFacts['local']): number {
  return host + srflx + prflx + relay;
}
