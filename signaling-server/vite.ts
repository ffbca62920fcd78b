import type { Plugin } from 'vite';
import { attachSignaling, type HttpServer, type SignalingOptions } from './server.ts';

/**
 * Puts signaling into Vite's dev and preview server, on their own port. It ends with the server, also when Vite starts
 * itself anew.
 * @throws Error in middleware mode, where Vite has no server of its own
 */
export function peerpool(options: SignalingOptions = {}): Plugin {
  return {
    name: 'peerpool',
    configureServer: ({ httpServer }) => attach(httpServer, options),
    configurePreviewServer: ({ httpServer }) => attach(httpServer, options),
  };
}

function attach(httpServer: HttpServer | null, options: SignalingOptions): void {
  if (httpServer === null) {
    throw new Error(
      'peerpool: in middleware mode Vite has no server of its own; ' +
        'leave this plugin out and call attachSignaling(httpServer) of peerpool/server with the server you have',
    );
  }
  attachSignaling(httpServer, options);
}
