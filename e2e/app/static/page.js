import { Pool, WebRTCCommunicator } from '../peerpool.js';

const name = location.hash.slice(1);
const pool = new Pool(name, new WebRTCCommunicator({ room: 'static' }));
globalThis.pool = pool;
await pool.initialize();
