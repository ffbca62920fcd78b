import type { BrowserContext } from 'playwright/test';
import { MODULE } from './sources.ts';
import { tabs, type Tabs, type TabsOptions } from './tabs.ts';

/** `tabs` as the project's own tests use it. */
export function projectTabs<const Who extends number | readonly string[]>(
  context: BrowserContext,
  who: Who,
  options: TabsOptions = {},
): Promise<Tabs<Who>> {
  return tabs(context, who, { module: MODULE, ...options });
}
