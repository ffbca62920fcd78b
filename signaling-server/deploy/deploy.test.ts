import { readdirSync, readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { SIGNALING_PATH } from '#shared/signaling';
import { OPTION_NAMES, variables } from '../command/options.ts';
import { settings } from '../command/settings.ts';

const files = readdirSync(new URL('.', import.meta.url)).filter((name) => !name.endsWith('.test.ts'));
const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const manifest = JSON.parse(read('../../package.json')) as {
  bin: Record<string, string>;
  peerDependencies: Record<string, string>;
};
const script = manifest.bin['peerpool-signaling']?.replace('./', 'node_modules/peerpool/') ?? '';
/** What is there for pages, their tests and their development. */
const OF_PAGES = ['playwright', 'react', 'vite'];
const optional = Object.keys(manifest.peerDependencies).filter((name) => !OF_PAGES.includes(name));

describe('what is written for those who run the server', () => {
  it.each(files)('%s names only variables that the command reads', (name) => {
    const known = OPTION_NAMES.flatMap(variables);
    const named = [...read(name).matchAll(/PEERPOOL_[A-Z_]*[A-Z]/g)].map(([variable]) => variable);
    expect(named.filter((variable) => !known.includes(variable))).toEqual([]);
  });

  it('README.md names only flags that there are, and where they need a package, that', () => {
    const text = read('README.md');
    const ofOthers = ['--denied-peer-ip'];
    const named = [
      ...[...text.matchAll(/`--([a-z-]+)/g)].map(([, flag]) => flag ?? ''),
      ...[...text.matchAll(/peerpool-signaling((?: --[a-z-]+(?: [^-\s]\S*)?)+)$/gm)].flatMap(([, flags = '']) => {
        return [...flags.matchAll(/--([a-z-]+)/g)].map(([, flag]) => flag ?? '');
      }),
    ].filter((flag) => !ofOthers.includes(`--${flag}`));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((flag) => flag !== 'help' && !OPTION_NAMES.some((name) => name === flag))).toEqual([]);
    for (const name of optional) expect(text).toContain(name);
  });

  it('README.md shows every file, and every file that it shows is there', () => {
    const links = [...read('README.md').matchAll(/\]\(([^):]+)\)/g)].map(([, link = '']) => link);
    expect([...new Set(links)].toSorted()).toEqual(
      files.filter((name) => name !== 'README.md' && !name.endsWith('.dockerignore')).toSorted(),
    );
  });
});

describe('the image', () => {
  const text = read('Dockerfile');

  it('begins the command, with every optional package', () => {
    expect(text).toContain(`ENTRYPOINT ["node", "${script}"]`);
    for (const name of optional) expect(text).toContain(`'${name}'`);
  });

  it('copies nothing into its last stage but what is installed, and is nobody special', () => {
    const last = text.slice(text.lastIndexOf('FROM'));
    expect(last.match(/^(COPY|RUN|ADD) .*$/gm)).toEqual(['COPY --from=install /srv/node_modules node_modules']);
    expect(last).toContain('USER node\n');
  });

  it('asks about its health in words that Node understands', () => {
    const [, words = ''] = /HEALTHCHECK .*\\\n\s+CMD (\[.*\])\n/.exec(text) ?? [];
    const [node, flag, code = ''] = JSON.parse(words) as string[];
    expect([node, flag]).toEqual(['node', '-e']);
    // It throws where that is no program.
    expect(new Script(code)).toBeDefined();
    expect(code).toContain('/healthz');
  });
});

describe('compose.yaml', () => {
  const text = read('compose.yaml');

  it('gives the servers settings that they take', () => {
    const block = /x-signaling:[\s\S]*?environment:\n([\s\S]*?)\n {2}\S/.exec(text)?.[1] ?? '';
    const given = [...block.matchAll(/^ +(\w+): '?(.*?)'?$/gm)].map(([, name = '', value = '']) => {
      return [name, value.replaceAll(/\$\{(\w+)[^}]*\}/g, (_, variable: string) => example(variable))] as const;
    });
    expect(given.length).toBeGreaterThan(5);
    expect(settings([], Object.fromEntries(given))).toMatchObject({
      action: 'serve',
      trustProxy: 1,
      redis: { url: 'redis://:what-is-unknown-and-long-enough-for-a-key@redis:6379' },
      ice: { turn: { urls: ['turn:turn.example.org:3478?transport=udp', 'turn:turn.example.org:3478?transport=tcp'] } },
      metrics: true,
    });
  });

  it('asks for what README.md tells to write down', () => {
    const asked = [...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
    const [, block = ''] = /^# signaling\.env\n([\s\S]*?)^```/m.exec(read('README.md')) ?? [];
    const written = [...block.matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    expect(new Set(written)).toEqual(new Set(asked));
  });

  function example(variable: string): string {
    if (variable === 'PEERPOOL_ORIGIN') return 'https://example.org';
    if (variable === 'PEERPOOL_LOG_LEVEL') return 'info';
    return variable === 'TURN_HOST' ? 'turn.example.org' : 'what-is-unknown-and-long-enough-for-a-key';
  }
});

describe('the others', () => {
  it('begin the command, and pass on its path', () => {
    expect(read('peerpool-signaling.service')).toContain(`/${script}\n`);
    expect(read('nginx.conf')).toContain(`location ~ ^${SIGNALING_PATH}/?$ {`);
    expect(read('Caddyfile')).toContain(`path ${SIGNALING_PATH} ${SIGNALING_PATH}/\n`);
  });

  it('wait longer than the command takes to end', () => {
    for (const [name, pattern] of [
      ['peerpool-signaling.service', /^TimeoutStopSec=(\d+)$/gm],
      ['compose.yaml', /stop_grace_period: (\d+)s$/gm],
    ] as const) {
      const seconds = [...read(name).matchAll(pattern)].map(([, value]) => Number(value));
      expect(seconds.length).toBeGreaterThan(0);
      expect(Math.min(...seconds)).toBeGreaterThan(5);
    }
  });
});
