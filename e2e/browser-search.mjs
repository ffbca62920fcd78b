// @ts-check
/** `npm run browser`: finds a browser that opens a page, gets one when there is none, and remembers it for the tests. */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright';
import { openPage, rememberBrowser } from './browser.mjs';

/** Some networks swallow the download's packets instead of refusing them. In milliseconds. */
const DOWNLOAD_LIMIT = 240_000;
/** apt may wait 590 s for another apt's lock, and then has to load about 100 MB. In milliseconds. */
const PACKAGE_LIMIT = 1_200_000;

export const ADMINISTRATOR_LINE = 'apt-get update && apt-get install -y --no-install-recommends chromium';

/**
 * What a machine offers. Everything the search does to the world is here, so that a test can be another machine.
 * @typedef {object} Machine
 * @property {NodeJS.ProcessEnv} environment
 * @property {NodeJS.Platform} platform
 * @property {() => string} ownPath where Playwright keeps the browser it downloads
 * @property {(file: string) => boolean} executable
 * @property {(executablePath: string) => Promise<void>} open rejects when no page opens
 * @property {boolean} debianRoot
 * @property {() => Promise<void>} download
 * @property {() => Promise<void>} installPackage
 * @property {(line: string) => void} say
 */

/**
 * The candidates that are there, the preferred first.
 * @param {Machine} machine
 * @returns {{ name: string, executablePath: string }[]}
 */
export function candidates(machine) {
  const { environment } = machine;
  const named = environment['PEERPOOL_BROWSER'];
  const found = [
    ...(named ? [{ name: 'PEERPOOL_BROWSER', executablePath: named }] : []),
    { name: "Playwright's own", executablePath: machine.ownPath() },
    ...['chromium', 'google-chrome', 'msedge'].flatMap((name) =>
      places(name, machine).map((executablePath) => ({ name, executablePath })),
    ),
  ];
  const seen = new Set();
  return found.filter(({ name, executablePath }) => {
    if (seen.has(executablePath)) return false;
    seen.add(executablePath);
    return name === 'PEERPOOL_BROWSER' || machine.executable(executablePath);
  });
}

/**
 * The first browser that opens a page, or `undefined`.
 * @param {Machine} machine
 */
export async function search(machine) {
  /** @type {Set<string>} */
  const failed = new Set();
  const present = async () => {
    for (const { name, executablePath } of candidates(machine)) {
      if (failed.has(executablePath)) continue;
      const failure = await machine.open(executablePath).then(() => undefined, firstLine);
      if (failure === undefined) {
        machine.say(`${name} opens a page: ${executablePath}`);
        return executablePath;
      }
      failed.add(executablePath);
      machine.say(`${name} does not open a page: ${executablePath} (${failure})`);
    }
    return undefined;
  };
  /** @type {[string, () => Promise<void>][]} */
  const sources = [["Playwright's download", machine.download]];
  if (machine.debianRoot) sources.push(['the Debian package chromium', machine.installPackage]);

  let browser = await present();
  for (const [name, get] of sources) {
    if (browser !== undefined) return browser;
    machine.say(`Getting ${name}.`);
    const failure = await get().then(() => undefined, firstLine);
    if (failure !== undefined) machine.say(`${name} failed: ${failure}`);
    // What failed for want of a library may open now that something was installed.
    failed.clear();
    browser = await present();
  }
  return browser;
}

/** @param {unknown} error */
function firstLine(error) {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? text;
}

/**
 * @param {string} name
 * @param {Machine} machine
 */
function places(name, { environment, platform }) {
  const commands = {
    chromium: ['chromium', 'chromium-browser'],
    'google-chrome': ['google-chrome', 'google-chrome-stable', 'chrome'],
    msedge: ['msedge', 'microsoft-edge', 'microsoft-edge-stable'],
  }[name];
  const applications = {
    chromium: { darwin: 'Chromium.app/Contents/MacOS/Chromium', win32: 'Chromium\\Application\\chrome.exe' },
    'google-chrome': {
      darwin: 'Google Chrome.app/Contents/MacOS/Google Chrome',
      win32: 'Google\\Chrome\\Application\\chrome.exe',
    },
    msedge: {
      darwin: 'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
      win32: 'Microsoft\\Edge\\Application\\msedge.exe',
    },
  }[name];
  const extension = platform === 'win32' ? '.exe' : '';
  const separator = platform === 'win32' ? ';' : ':';
  const inPath = (environment['PATH'] ?? '')
    .split(separator)
    .filter((folder) => folder !== '')
    .flatMap((folder) => (commands ?? []).map((command) => path.join(folder, command + extension)));
  if (platform === 'win32') {
    const roots = ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((key) => environment[key] ?? []);
    return [...inPath, ...roots.map((root) => path.join(root, applications?.win32 ?? ''))];
  }
  if (platform === 'darwin') {
    const roots = ['/Applications', path.join(environment['HOME'] ?? '', 'Applications')];
    return [...inPath, ...roots.map((root) => path.join(root, applications?.darwin ?? ''))];
  }
  const usual = ['/usr/bin', '/usr/local/bin', '/snap/bin'];
  return [...inPath, ...usual.flatMap((folder) => (commands ?? []).map((command) => path.join(folder, command)))];
}

/** @returns {Machine} */
function thisMachine() {
  const root = process.getuid?.() === 0;
  return {
    environment: process.env,
    platform: process.platform,
    ownPath: () => chromium.executablePath(),
    executable: isExecutable,
    open: openPage,
    debianRoot: root && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get'),
    download: () => run(process.execPath, [playwrightCommand(), 'install', 'chromium'], DOWNLOAD_LIMIT),
    installPackage: async () => {
      await run('apt-get', ['update'], PACKAGE_LIMIT);
      const lock = ['-o', 'DPkg::Lock::Timeout=590'];
      await run('apt-get', [...lock, 'install', '-y', '--no-install-recommends', 'chromium'], PACKAGE_LIMIT);
    },
    say: (line) => console.log(line),
  };
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** The package's own command, whatever stands in PATH. */
function playwrightCommand() {
  return path.join(path.dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js');
}

/**
 * Runs a command that asks nothing and ends within the limit, with all it started.
 * @param {string} command
 * @param {string[]} args
 * @param {number} limit milliseconds
 * @returns {Promise<void>}
 */
export function run(command, args, limit) {
  return new Promise((resolve, reject) => {
    const group = process.platform !== 'win32';
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: group,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    const end = () => {
      if (child.pid === undefined) return;
      if (group) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    };
    const interrupted = () => {
      end();
      process.exit(130);
    };
    const timer = setTimeout(() => {
      end();
      settle(new Error(`${command} ${args.join(' ')} took longer than ${limit / 1000} s`));
    }, limit);
    /** @param {Error | undefined} error */
    const settle = (error) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupted);
      process.off('SIGTERM', interrupted);
      if (error) reject(error);
      else resolve();
    };
    process.on('SIGINT', interrupted);
    process.on('SIGTERM', interrupted);
    child.on('error', settle);
    child.on('exit', (code, signal) => {
      settle(code === 0 ? undefined : new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}`));
    });
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const machine = thisMachine();
  const browser = await search(machine);
  if (browser === undefined) {
    console.error(
      `No browser opens a page, and none could be installed. A line for an administrator:\n${ADMINISTRATOR_LINE}`,
    );
    process.exitCode = 1;
  } else {
    rememberBrowser(browser);
  }
}
