// @ts-check
/** Asks a started server for its page and for its signaling: `node .ci/answers.mjs http://127.0.0.1:5173`. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const [address] = process.argv.slice(2);
if (address === undefined) throw new Error('which address?');

/** @type {[string, string, RegExp][]} */
const questions = [
  ['the page', '/', /<script[^>]+type="module"/],
  // The opening packet of engine.io, which socket.io speaks.
  ['signaling', '/peerpool/?EIO=4&transport=polling', /^0\{"sid":/],
];

/** @type {string[]} */
const failed = [];
for (const [name, where, expected] of questions) {
  const wrong = await ask(new URL(where, address), expected);
  console.log(wrong === undefined ? `${name} answers` : `${name} does not answer as it should: ${wrong}`);
  if (wrong !== undefined) failed.push(name);
}
const folder = process.env['PEERPOOL_REPORTS'];
if (folder !== undefined) {
  const results = { kind: 'checks', passed: questions.length - failed.length, failed };
  writeFileSync(path.join(folder, 'start.json'), `${JSON.stringify(results)}\n`);
}
if (failed.length > 0) process.exitCode = 1;

/**
 * @param {URL} url
 * @param {RegExp} expected
 * @returns {Promise<string | undefined>} what is wrong
 */
async function ask(url, expected) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
    const body = await response.text();
    if (response.ok && expected.test(body)) return undefined;
    return `${response.status} ${body.slice(0, 200)}`;
  } catch (error) {
    return String(error);
  }
}
