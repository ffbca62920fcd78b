import type { InspectedPool } from './inspected-pool.ts';
import { INSPECTOR_TAG, inspectorClass, type PeerpoolInspector } from './inspector-element.ts';
import { parseShortcut } from './shortcut.ts';

/** How `inspect` shows itself. */
export interface InspectOptions {
  /** Opens and closes it. Default `Alt+I`; empty for none. */
  readonly shortcut?: string | undefined;
  /** Whether it is open at first. Default false. */
  readonly open?: boolean | undefined;
  /** Lets other members of the pool know, when their inspectors ask, to whom this pool is linked, and asks those that do likewise. Default false. */
  readonly share?: boolean | undefined;
}

/** Makes `<peerpool-inspector>` an element that a page can use. Safe to call again; on a server, where there are no elements, it does nothing. */
export function defineInspector(): void {
  if (typeof customElements === 'undefined' || customElements.get(INSPECTOR_TAG) !== undefined) return;
  customElements.define(INSPECTOR_TAG, inspectorClass());
}

/**
 * Attaches an inspector to a pool, docked at the bottom of the page, and keeps its events from now on. `remove()` undoes all of it.
 * ```ts
 * import { inspect } from 'peerpool/inspector';
 * const inspector = inspect(pool); // Alt+I opens it
 * ```
 * @throws TypeError for a shortcut that names no key; Error where there is no page
 */
export function inspect(pool: InspectedPool, options: InspectOptions = {}): PeerpoolInspector {
  const { shortcut = 'Alt+I', open = false, share = false } = options;
  parseShortcut(shortcut);
  if (typeof document === 'undefined') throw new Error('an inspector is shown in a page, and there is none here');
  defineInspector();
  const inspector = document.createElement(INSPECTOR_TAG);
  inspector.docked = true;
  inspector.shortcut = shortcut;
  inspector.share = share;
  inspector.open = open;
  inspector.pool = pool;
  (document.body ?? document.documentElement).append(inspector);
  return inspector;
}
