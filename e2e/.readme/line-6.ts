import { Pool, WebRTCCommunicator } from 'peerpool';

const pool = new Pool('alice', new WebRTCCommunicator({ room: 'sums' }));
pool.addClient('bob');
pool.addClient('carol');
await pool.initialize(); // in the room, and bob and carol are connected

await pool.send('bob', { share: 17n }, 'round-1'); // bob's pool has it when this resolves
const theirs = await pool.recv<{ share: bigint }>('bob', 'round-1');
await pool.broadcast(theirs.share + 17n, 'result');
for (const [name, sum] of await pool.recvAll<bigint>('result')) console.log(name, sum);
await pool.shutdown();
const first = await pool.recv('bob'); // messages without an id are a queue of their own
const message = await pool.recvAny({ everyId: true, timeout: 10_000 }); // { sender, msgId, value, … } of anyone
const off = pool.onMessage((chat) => console.log(chat.sender, chat.value), { msgId: 'chat' });
for await (const { sender, value } of pool.messages('work')) console.log(sender, value);
pool.onRequest(({ value }) => `you said ${String(value)}`); // at bob's
const answer = await pool.request<string>('bob', 'hello'); // a message: { value, sender, identity, … }
import type { CallContext } from 'peerpool';

const calculator = {
  add(this: CallContext, one: number, other: number) {
    return one + other; // this.peer called; this.signal aborts when nobody waits any more
  },
};
pool.expose(calculator); // own functions only; never `constructor`, inherited or _underscored ones

await pool.call<number>('bob', 'add', [1, 2], { timeout: 10_000 });
await pool.remote<typeof calculator>('bob').add(1, 2);
const sums = await pool.callAll<number>('add', [1, 2]); // a Map: what became of each
for await (const row of pool.map<number[]>('render', [1, 2, 3, 4])) console.log(row); // spread over all
await pool.barrier('round 1'); // resolves when everybody is there
for await (const job of pool.messages({ msgId: 'job', manualRelease: true })) {
  console.log(await fetch('/store', { method: 'POST', body: String(job.value) }));
  await job.release();
}
const file = new File(['a large one'], 'notes.txt', { type: 'text/plain' });
await pool.sendStream('bob', file, { msgId: 'files', onProgress: ({ bytes, size }) => console.log(bytes, size) });

// at bob's
const { name, size, stream } = await pool.recvStream('alice', 'files'); // or: for await (const one of pool.streams('files'))
for await (const bytes of stream) console.log(name, bytes.length, 'of', size);
pool.on('join', ({ name }) => console.log(`${name} is here`));
pool.on('leave', ({ name, reason }) => console.log(`${name} left: ${reason}`));
pool.on('error', ({ error }) => console.warn(error.message));
await pool.waitFor(3); // three others
console.log(pool.clients, await pool.ping('bob'), pool.stats().total);

export {};
