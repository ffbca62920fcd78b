import { createPools } from 'peerpool/testing';

const pools = await createPools(3); // named local0, local1, local2, each connected to all
const [alice, bob] = pools;
await alice?.send('local1', { hello: 'there' });
console.log(await bob?.recv('local0'));
await pools.shutdown();

export {};
