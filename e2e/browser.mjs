// @ts-check
/** The browser the tests drive: how it is started, and which one `npm run browser` found. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';

const MEMORY = fileURLToPath(new URL('../.peerpool/browser.json', import.meta.url));

/** What a first page may take on a busy machine, in milliseconds; a browser that needs longer would fail tests anyway. */
const FIRST_PAGE = 60_000;

/**
 * How every browser of this project is started.
 * @param {string} executablePath
 */
export function launchOptions(executablePath) {
  return {
    executablePath,
    headless: true,
    // Chromium refuses to run as root inside its own sandbox.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      // A test run talks to 127.0.0.1 and to nobody else.
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      '--disable-gpu',
      '--no-first-run',
      // Names instead of addresses in candidates need multicast DNS, which containers lack.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  };
}

/**
 * Opens a page in it. Resolves when the page computed something.
 * @param {string} executablePath
 * @throws whatever kept it from opening one
 */
export async function openPage(executablePath) {
  const browser = await chromium.launch({ ...launchOptions(executablePath), timeout: FIRST_PAGE });
  try {
    const page = await browser.newPage();
    await page.goto('data:text/html,<title>peerpool</title>', { timeout: FIRST_PAGE });
    const sum = await page.evaluate('1 + 1');
    if (sum !== 2) throw new Error(`its page says that 1 + 1 is ${String(sum)}`);
  } finally {
    await browser.close();
  }
}

/**
 * The browser found last.
 * @throws Error that says what to run, when none was found or it is there no more
 */
export function rememberedBrowser() {
  if (!existsSync(MEMORY)) throw new Error('No browser is known yet: run `npm run browser` once.');
  const { executablePath } = JSON.parse(readFileSync(MEMORY, 'utf8'));
  if (typeof executablePath !== 'string' || !existsSync(executablePath)) {
    throw new Error(`The browser ${String(executablePath)} is there no more: run \`npm run browser\` again.`);
  }
  return executablePath;
}

/** @param {string} executablePath */
export function rememberBrowser(executablePath) {
  mkdirSync(path.dirname(MEMORY), { recursive: true });
  writeFileSync(MEMORY, `${JSON.stringify({ executablePath })}\n`);
}
