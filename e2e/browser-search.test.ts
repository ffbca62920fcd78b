import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { candidates, type Machine, run, search } from './browser-search.mjs';

/** A machine on which these files are executable, of which those in `opening` open a page. */
function machine(present: string[], opening: string[], changes: Partial<Machine> = {}): Machine & { said: string[] } {
  const said: string[] = [];
  return {
    environment: { PATH: '/opt/tools:/usr/bin', HOME: '/home/alice' },
    platform: 'linux',
    ownPath: () => '/cache/playwright/chrome',
    executable: (file) => present.includes(file),
    open: (file) =>
      opening.includes(file) ? Promise.resolve() : Promise.reject(new Error(`${file} says no\nat length`)),
    debianRoot: false,
    download: () => Promise.reject(new Error('no way out')),
    installPackage: () => Promise.reject(new Error('no package')),
    said,
    say: (line) => said.push(line),
    ...changes,
  };
}

describe('candidates', () => {
  it('are asked in the order of the documentation', () => {
    const all = [
      '/usr/bin/microsoft-edge',
      '/usr/bin/google-chrome',
      '/opt/tools/chromium',
      '/cache/playwright/chrome',
      '/mine',
    ];
    const environment = { PATH: '/opt/tools:/usr/bin', PEERPOOL_BROWSER: '/mine' };
    expect(candidates(machine(all, [], { environment })).map(({ executablePath }) => executablePath)).toEqual(
      all.toReversed(),
    );
  });

  it('are looked for where each system keeps them', () => {
    const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
    expect(candidates(machine([mac], [], { platform: 'darwin' }))).toEqual([
      { name: 'google-chrome', executablePath: mac },
    ]);
    const linux = '/snap/bin/chromium';
    expect(candidates(machine([linux], [], { environment: {} }))).toEqual([
      { name: 'chromium', executablePath: linux },
    ]);
  });

  it('are asked once each', () => {
    expect(candidates(machine(['/usr/bin/chromium'], []))).toHaveLength(1);
  });
});

describe('the search', () => {
  it('takes the first that opens a page, not the first that is there', async () => {
    const there = machine(['/cache/playwright/chrome', '/usr/bin/chromium'], ['/usr/bin/chromium']);
    expect(await search(there)).toBe('/usr/bin/chromium');
    expect(there.said[0]).toBe(
      "Playwright's own does not open a page: /cache/playwright/chrome (/cache/playwright/chrome says no)",
    );
  });

  it('says when the browser that was asked for does not open a page', async () => {
    const environment = { PATH: '/usr/bin', PEERPOOL_BROWSER: '/mine' };
    const there = machine(['/usr/bin/chromium'], ['/usr/bin/chromium'], { environment });
    expect(await search(there)).toBe('/usr/bin/chromium');
    expect(there.said[0]).toContain('PEERPOOL_BROWSER does not open a page: /mine');
  });

  it("uses Playwright's download when nothing opens", async () => {
    const present: string[] = [];
    const download = (): Promise<void> => {
      present.push('/cache/playwright/chrome');
      return Promise.resolve();
    };
    const there = machine(present, ['/cache/playwright/chrome'], { download, debianRoot: true });
    expect(await search(there)).toBe('/cache/playwright/chrome');
  });

  it('installs the package, as root on Debian only, when the download fails', async () => {
    const present: string[] = [];
    const installPackage = (): Promise<void> => {
      present.push('/usr/bin/chromium');
      return Promise.resolve();
    };
    expect(await search(machine(present, ['/usr/bin/chromium'], { installPackage }))).toBeUndefined();
    expect(present).toEqual([]);
    const there = machine(present, ['/usr/bin/chromium'], { installPackage, debianRoot: true });
    expect(await search(there)).toBe('/usr/bin/chromium');
    expect(there.said).toContain("Playwright's download failed: no way out");
  });

  it('installs the package too when what was downloaded does not open', async () => {
    const present: string[] = [];
    const get = (file: string) => (): Promise<void> => {
      present.push(file);
      return Promise.resolve();
    };
    const sources = {
      download: get('/cache/playwright/chrome'),
      installPackage: get('/usr/bin/chromium'),
      debianRoot: true,
    };
    expect(await search(machine(present, ['/usr/bin/chromium'], sources))).toBe('/usr/bin/chromium');
  });

  it('ends with nothing when nothing helps', async () => {
    expect(await search(machine([], [], { debianRoot: true }))).toBeUndefined();
  });
});

describe('a command that gets a browser', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'peerpool-command-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function command(body: string): Promise<string> {
    const file = path.join(folder, 'command');
    await writeFile(file, `#!/bin/sh\n${body}\n`);
    await chmod(file, 0o755);
    return file;
  }

  it('resolves when it ends well, and rejects with its code when not', async () => {
    await expect(run(await command('exit 0'), [], 10_000)).resolves.toBeUndefined();
    await expect(run(await command('exit 3'), ['now'], 10_000)).rejects.toThrow(/command now ended with 3$/);
    await expect(run(path.join(folder, 'missing'), [], 10_000)).rejects.toThrow('ENOENT');
  });

  it('is ended when it takes too long', async () => {
    await expect(run(await command('tail -f /dev/null'), [], 300)).rejects.toThrow('took longer than 0.3 s');
  });
});
