import { createServer } from 'node:http';
import { attachSignaling } from 'peerpool/server';

/** Compiled, never run: an app's own server. */
export const signaling = attachSignaling(createServer());
