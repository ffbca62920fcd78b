// @ts-check
/** Loaded before every server that is measured, whoever's it is: tells what it takes, and ends with who started it. */
process.on('message', (/** @type {{ number: number, question: 'cpu' | 'memory' }} */ { number, question }) => {
  process.send?.({ number, answer: question === 'cpu' ? cpu() : memory() });
});
// Orderly, so that a profile is written.
process.on('disconnect', () => process.exit());

/** Seconds, of all its threads. */
function cpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Bytes, when nothing is left to collect: what the second collection finds, the first made free. */
function memory() {
  for (let round = 0; round < 2; round++) globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
