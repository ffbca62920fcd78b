import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { frame } from './client/demo/vite/frame.ts';
import { PAGES } from './client/demo/vite/pages.ts';
import { signalingSwitch } from './client/demo/vite/signaling-switch.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The address to listen on. All of them, unless told otherwise: a phone on the local network joins from its own browser. */
const host = process.env['PEERPOOL_HOST'] ?? true;

/** The demo, and signaling on the same port. `npm start` takes the next free port when 5173 is taken. */
export default defineConfig({
  root: here('client/demo'),
  // Several pages; an address that is none of them is told so.
  appType: 'mpa',
  plugins: [frame(), signalingSwitch()],
  // The demo imports the library as its users do, and gets the sources instead of what the last build left.
  resolve: {
    alias: [
      { find: /^peerpool$/, replacement: here('client/src/index.ts') },
      { find: /^peerpool\/inspector$/, replacement: here('client/inspector/index.ts') },
    ],
  },
  server: {
    host,
    // A name that resolves nowhere; the tests map it to 127.0.0.1 to have an insecure origin.
    allowedHosts: ['peerpool.test'],
    // What a page may read of the checkout: the demo imports the library's sources.
    fs: { allow: ['client', 'shared', 'e2e', 'node_modules'].map(here) },
  },
  preview: { host },
  build: { rolldownOptions: { input: PAGES.map(({ path }) => here(`client/demo${path}index.html`)) } },
  // Loaded only when a communicator starts, and so found late: without this, Vite reloads the page in the middle of its first pool.
  optimizeDeps: { include: ['@msgpack/msgpack', 'simple-peer/simplepeer.min.js', 'socket.io-client', 'uplot'] },
});
