import type { Page } from 'playwright/test';

/** Makes a page of what was a text: it follows the system's colours, and has something to be focused. */
export async function setHead(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { head, body } = document;
    head.innerHTML =
      '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">';
    body.innerHTML = '<h1>A page</h1><button>A button</button>';
  });
}
