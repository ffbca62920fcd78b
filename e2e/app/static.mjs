// @ts-check
/** A page without a bundler, as any server hands it out: `node static.mjs`. Scripts may come from here only, and compile nothing. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { attachSignaling } from 'peerpool/server';

/** @type {Record<string, [string, string]>} */
const files = {
  '/': ['static/index.html', 'text/html'],
  '/static/page.js': ['static/page.js', 'text/javascript'],
  '/peerpool.js': ['node_modules/peerpool/dist/peerpool.js', 'text/javascript'],
};
const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:";

const server = createServer(({ url = '/' }, response) => {
  const [file, type] = files[url] ?? [];
  if (file === undefined || type === undefined) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(readFileSync(file));
});
attachSignaling(server);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`listens on http://127.0.0.1:${address?.port}/`);
});
