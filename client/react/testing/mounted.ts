import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { vi } from 'vitest';

const environment = Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

/** Longer than anything here takes on a busy machine, in milliseconds. */
const PATIENCE = 15_000;

/** What a component shows in a page. */
export interface Mounted {
  readonly text: string;
  render(node: ReactNode): Promise<void>;
  /** Resolves when `expected` throws no more. */
  until(expected: () => void): Promise<void>;
  /** Runs something that changes what is shown. */
  does(what: () => unknown): Promise<void>;
  unmount(): Promise<void>;
}

export async function mounted(node: ReactNode): Promise<Mounted> {
  const container = document.createElement('main');
  const root = createRoot(container);
  const does = (what: () => unknown): Promise<void> => act(async () => void (await what()));
  await does(() => root.render(node));
  return {
    get text() {
      return container.textContent;
    },
    render: (next) => does(() => root.render(next)),
    until: async (expected) => {
      // What happens meanwhile happens as it does in a page, and not when the test says so.
      environment.IS_REACT_ACT_ENVIRONMENT = false;
      try {
        await vi.waitFor(expected, PATIENCE);
      } finally {
        environment.IS_REACT_ACT_ENVIRONMENT = true;
      }
    },
    does,
    unmount: () => does(() => root.unmount()),
  };
}
