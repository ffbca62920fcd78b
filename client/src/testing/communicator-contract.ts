import { acknowledgements } from './contract/acknowledgements.ts';
import { barriers } from './contract/barriers.ts';
import { bounds } from './contract/bounds.ts';
import { brokenLinks } from './contract/broken-links.ts';
import { calls } from './contract/calls.ts';
import { copies } from './contract/copies.ts';
import { exposure } from './contract/exposure.ts';
import { brokenIdentities, identities } from './contract/identities.ts';
import { lifecycle } from './contract/lifecycle.ts';
import { membership } from './contract/membership.ts';
import { order } from './contract/order.ts';
import { packets } from './contract/packets.ts';
import { regressions } from './contract/regressions.ts';
import { releases } from './contract/releases.ts';
import { requests } from './contract/requests.ts';
import { restarts } from './contract/restarts.ts';
import { brokenStreams, streamEnds } from './contract/stream-ends.ts';
import { streams } from './contract/streams.ts';
import { threeParties } from './contract/three-parties.ts';
import { twoParties } from './contract/two-parties.ts';
import { workCases } from './contract/work.ts';
import type { ContractCase } from './contract-case.ts';

/**
 * What every communicator promises, as cases that know no test runner: see `runCase`. At most five parties each; titles are unique and begin with the ids
 * of the conformance cases they stand for. What needs a fake clock is not here.
 */
export const communicatorContract: readonly ContractCase[] = [
  ...lifecycle,
  ...packets,
  ...twoParties,
  ...threeParties,
  ...order,
  ...acknowledgements,
  ...bounds,
  ...copies,
  ...membership,
  ...restarts,
  ...identities,
  ...regressions,
  ...barriers,
  ...workCases,
  ...streams,
  ...streamEnds,
  ...calls,
  ...exposure,
  ...requests,
  ...releases,
];

/** The same, where links break: for communicators whose links a test can break, see `BreakableCommunicator`. */
export const brokenLinkContract: readonly ContractCase[] = [...brokenLinks, ...brokenStreams, ...brokenIdentities];
