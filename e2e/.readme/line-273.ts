import { createServer } from 'node:http';
import { attachSignaling, redisCluster } from 'peerpool/server';

const server = createServer();
const cluster = await redisCluster({ url: 'redis://10.0.0.1:6379' });
attachSignaling(server, { cluster });
server.listen(3000, () => cluster.announce('http://10.0.0.7:3000')); // where the others reach this one, for clients that poll

export {};
