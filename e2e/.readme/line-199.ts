import { createIdentity, generateSecret, Pool, WebRTCCommunicator } from 'peerpool';

if (location.hash === '') location.hash = generateSecret(); // 32 random bytes; passphrases are refused, they can be guessed
const sealed = new WebRTCCommunicator({ room: 'sums', secret: location.hash.slice(1) });
const identity = await createIdentity();
console.log(identity.publicKey); // give it to the others, by a way you trust
const pool = new Pool('alice', sealed, { identity });
pool.addClient('bob', { publicKey: localStorage['the key of bob'] }); // who has another, or none, never joins: `untrusted`
await pool.initialize();
console.log(pool.fingerprint('bob')); // 40 digits, the same at bob's: where no keys were exchanged, compare these

export {};
