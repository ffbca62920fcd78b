import { element } from './element.ts';
import type { InspectedPool } from './inspected-pool.ts';
import { Journal } from './journal.ts';
import { Panel } from './panel.ts';
import { firstChoices } from './scene.ts';
import { shareLinks } from './shared-links.ts';
import { matches, parseShortcut } from './shortcut.ts';
import { type InspectorSnapshot, takeSnapshot } from './snapshot.ts';

export const INSPECTOR_TAG = 'peerpool-inspector';

/** The element. Attributes: `open`, `share`, `docked`, `shortcut`. Tells by a `toggle` event that it was opened or closed. */
export interface PeerpoolInspector extends HTMLElement {
  /** Whose; before `initialize`, after the end, and another one later, as you like. Events are kept from here on, while the element is in a document. */
  pool: InspectedPool | undefined;
  /** While it is not, it has no timer, no tap and no content. */
  open: boolean;
  /** Tells other members of the pool, when their inspectors ask, to whom this pool is linked, and asks them. */
  share: boolean;
  /** At the bottom of the page, with a close button, and closed by Escape. */
  docked: boolean;
  /** As `Alt+I`; empty for none. */
  shortcut: string;
  /** As the shortcut does: also moves the focus into the inspector, or back to where it was. */
  toggle(): void;
  /** Everything it knows: what "Export JSON" writes. Traffic by message id only while it is open. */
  snapshot(): InspectorSnapshot;
}

declare global {
  interface HTMLElementTagNameMap {
    'peerpool-inspector': PeerpoolInspector;
  }
}

/** Made when it is wanted: where pages are rendered on a server there is nothing to extend. */
export function inspectorClass(): new () => PeerpoolInspector {
  return class extends HTMLElement implements PeerpoolInspector {
    static readonly observedAttributes = ['open', 'share', 'docked', 'shortcut'];
    readonly #root = this.attachShadow({ mode: 'open' });
    readonly #choices = firstChoices();
    #pool: InspectedPool | undefined;
    #journal: Journal | undefined;
    #panel: Panel | undefined;
    #unshare: (() => void) | undefined;
    #unlisten: (() => void) | undefined;
    #focused: Element | undefined;

    get pool(): InspectedPool | undefined {
      return this.#pool;
    }
    set pool(pool: InspectedPool | undefined) {
      if (pool === this.#pool) return;
      this.#detach();
      this.#pool = pool;
      this.#choices.peer = undefined;
      this.#choices.pausedAt = undefined;
      this.#attach();
    }

    get open(): boolean {
      return this.hasAttribute('open');
    }
    set open(on: boolean) {
      this.toggleAttribute('open', on);
    }

    get share(): boolean {
      return this.hasAttribute('share');
    }
    set share(on: boolean) {
      this.toggleAttribute('share', on);
    }

    get docked(): boolean {
      return this.hasAttribute('docked');
    }
    set docked(on: boolean) {
      this.toggleAttribute('docked', on);
    }

    get shortcut(): string {
      return this.getAttribute('shortcut') ?? '';
    }
    set shortcut(shortcut: string) {
      this.setAttribute('shortcut', shortcut);
    }

    toggle(): void {
      if (this.open) {
        this.#close();
        return;
      }
      this.#focused = deepFocus();
      this.open = true;
      this.#panel?.focus();
    }

    snapshot(): InspectorSnapshot {
      return takeSnapshot(this.#pool, this.#journal, this.#panel?.observation);
    }

    connectedCallback(): void {
      // Set before the element was defined, it would hide what is defined here.
      if (Object.hasOwn(this, 'pool')) {
        const { pool } = this;
        Reflect.deleteProperty(this, 'pool');
        this.pool = pool;
      }
      this.#listen();
      this.#attach();
    }

    disconnectedCallback(): void {
      this.#unlisten?.();
      this.#unlisten = undefined;
      this.#detach();
    }

    attributeChangedCallback(name: string, before: string | null, now: string | null): void {
      if (!this.isConnected || before === now) return;
      if (name === 'shortcut') this.#listen();
      else if (name === 'open') {
        this.#show();
        this.dispatchEvent(new Event('toggle'));
      } else if ((before === null) !== (now === null)) this.#again(name === 'share');
    }

    #attach(): void {
      if (!this.isConnected || this.#pool === undefined || this.#journal !== undefined) return;
      this.#journal = new Journal(this.#pool);
      if (this.share) this.#unshare = shareLinks(this.#pool);
      this.#show();
    }

    #detach(): void {
      this.#hide();
      this.#unshare?.();
      this.#unshare = undefined;
      this.#journal?.end();
      this.#journal = undefined;
    }

    /** What was opened in another way is closed and made anew. */
    #again(sharing: boolean): void {
      if (sharing && this.#pool !== undefined && this.#journal !== undefined) {
        this.#unshare?.();
        this.#unshare = this.share ? shareLinks(this.#pool) : undefined;
        this.#panel?.setShare(this.share);
        return;
      }
      this.#hide();
      this.#show();
    }

    #show(): void {
      if (!this.open) {
        this.#hide();
        return;
      }
      if (this.#panel !== undefined || this.#pool === undefined || this.#journal === undefined) return;
      const { docked } = this;
      this.#panel = new Panel(this.#root, this.#pool, this.#journal, {
        element: this,
        choices: this.#choices,
        docked,
        share: this.share,
        setShare: (on) => (this.share = on),
        close: () => this.#close(),
        download: () => this.#download(),
      });
    }

    #hide(): void {
      this.#panel?.end();
      this.#panel = undefined;
    }

    #close(): void {
      const within = this.#root.activeElement !== null;
      this.open = false;
      const focused = this.#focused;
      this.#focused = undefined;
      // Who has gone elsewhere meanwhile stays there.
      if (within && focused?.isConnected === true && focused instanceof HTMLElement) focused.focus();
    }

    #listen(): void {
      this.#unlisten?.();
      const shortcut = parseShortcut(this.shortcut);
      if (shortcut === undefined) {
        this.#unlisten = undefined;
        return;
      }
      const pressed = (event: KeyboardEvent): void => {
        if (event.repeat || event.defaultPrevented || !matches(shortcut, event)) return;
        event.preventDefault();
        this.toggle();
      };
      document.addEventListener('keydown', pressed);
      this.#unlisten = () => document.removeEventListener('keydown', pressed);
    }

    #download(): void {
      const snapshot = this.snapshot();
      const text = JSON.stringify(snapshot, undefined, 2);
      const href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
      const who = (snapshot.pool?.name ?? 'none').replaceAll(/[^\p{L}\p{N}_-]/gu, '_');
      element('a', { href, download: `peerpool-${who}-${snapshot.time.replaceAll(':', '-')}.json` }).click();
      // The browser has taken hold of it by the next turn.
      setTimeout(() => URL.revokeObjectURL(href));
    }
  };
}

/** What has the focus, also within other elements' shadows. */
function deepFocus(): Element | undefined {
  let focused = document.activeElement ?? undefined;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused;
}
