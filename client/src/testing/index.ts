export { brokenLinkContract, communicatorContract } from './communicator-contract.ts';
export type { ContractCase, Procedure } from './contract-case.ts';
export { createPools, type CreatePoolsOptions, type Pools, type PoolsOf } from './create-pools.ts';
export type { BreakableCommunicator, Heard, MakeCommunicator, Party } from './party.ts';
export { type Fences, Rendezvous, type Said } from './rendezvous.ts';
export { runCase, runParty } from './run-case.ts';
