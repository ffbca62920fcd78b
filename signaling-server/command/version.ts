import { existsSync, readFileSync } from 'node:fs';

/** The package is two folders above the sources and three above `dist/signaling-server/command/`. */
export function version(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    const file = new URL(path, import.meta.url);
    const manifest = existsSync(file) ? read(file) : {};
    if (manifest.name === 'peerpool' && manifest.version !== undefined) return manifest.version;
  }
  throw new Error('peerpool-signaling does not stand in its package');
}

function read(url: URL): { name?: string; version?: string } {
  return JSON.parse(readFileSync(url, 'utf8')) as { name?: string; version?: string };
}
