import type { Plugin, ViteDevServer } from 'vite';
import { attachSignaling, type HttpServer, type SignalingOptions } from './server.ts';

/**
 * Puts signaling into Vite's dev and preview server, on their own port. It ends with the server, also when Vite starts
 * itself anew. Vitest, which reads the same configuration and serves nobody, does without.
 * @throws Error in middleware mode, where Vite has no server of its own
 */
export function peerpool(options: SignalingOptions = {}): Plugin {
  return {
    name: 'peerpool',
    configureServer: (server) => {
      if (!isVitest(server)) attach(server.httpServer, options);
    },
    configurePreviewServer: ({ httpServer }) => attach(httpServer, options),
  };
}

function isVitest({ config }: ViteDevServer): boolean {
  return config.plugins.some(({ name }) => name === 'vitest');
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
