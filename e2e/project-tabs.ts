import type { BrowserContext } from 'playwright/test';
import { tabs, type Tabs, type TabsOptions } from './tabs.ts';

/** The checkout's own sources, as its development server hands them out. */
const module = `/@fs${new URL('../client/src/index.ts', import.meta.url).pathname}`;

/** `tabs` as the project's own tests use it. */
export function projectTabs<const Who extends number | readonly string[]>(
  context: BrowserContext,
  who: Who,
  options: TabsOptions = {},
): Promise<Tabs<Who>> {
  return tabs(context, who, { module, ...options });
}
