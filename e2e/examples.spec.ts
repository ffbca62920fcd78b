import { type BrowserContext, expect, type Page, test } from 'playwright/test';

/** Waits until it is in the room. */
async function entered(page: Page): Promise<string> {
  await expect(page.getByText('you, here')).toBeVisible();
  return page.locator('#own-name').innerText();
}

/** So many tabs of one example, which all see each other. */
async function visit(context: BrowserContext, example: string, count: number): Promise<Page[]> {
  const first = await context.newPage();
  await first.goto(`/examples/${example}/`);
  await entered(first);
  const pages = [first];
  while (pages.length < count) {
    const page = await context.newPage();
    await page.goto(first.url());
    pages.push(page);
  }
  for (const page of pages) {
    await entered(page);
    const others = page.getByRole('list', { name: 'Who is here' }).getByRole('listitem');
    await expect(others.filter({ hasText: /direct/ })).toHaveCount(count - 1);
  }
  return pages;
}

test('secure sum: three tabs add up their numbers, round by round', async ({ context }) => {
  const pages = await visit(context, 'secure-sum', 3);
  const takePart = async (page: Page, number: string): Promise<void> => {
    await page.getByRole('textbox', { name: 'Your number' }).fill(number);
    await page.getByRole('button', { name: 'Take part' }).click();
  };
  const results = (page: Page) => page.getByRole('log', { name: 'Results' }).getByRole('listitem');
  for (const [round, numbers] of [
    ['1', '20', '300'],
    // Modulo 2^128.
    ['340282366920938463463374607431768211455', '5', '3'],
  ].entries()) {
    for (const [index, page] of pages.entries()) await takePart(page, numbers[index] ?? '');
    for (const page of pages) await expect(page.getByText(/, .* and .* take part\./)).toBeVisible();
    // All at once: they begin one round nevertheless.
    await Promise.all(pages.map((page) => page.locator('#add-up').evaluate((button: HTMLElement) => button.click())));
    for (const page of pages) {
      await expect(results(page)).toHaveCount(round + 1);
      await expect(results(page).first().getByRole('status')).toHaveText(['321', '7'][round] ?? '');
    }
  }
});
