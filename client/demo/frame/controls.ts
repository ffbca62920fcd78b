import { inspect } from 'peerpool/inspector';
import type { Pool, WebRTCImplementation } from 'peerpool';
import { Breakable } from './breakable.ts';
import { onPress, part } from './element.ts';
import { Healing } from './healing.ts';
import type { RoomLink } from './room-link.ts';
import { type ServerState, ServerSwitch } from './server-switch.ts';

/** A broken link is mended by way of the server. */
const SERVERLESS = 'Start the server within 30 s: without it they don’t find each other again.';

/** What a page is told by its controls. */
export interface ControlsHost {
  /** What came of it in the end, in a sentence. */
  happened(sentence: string): void;
  /** Somebody has stopped or started the server. */
  server(state: 'stopped' | 'running'): void;
}

/** What one can do to the pool, to see what becomes of it: more tabs, links that break, a server that stops. And a look inside. */
export class Controls {
  readonly #link: RoomLink;
  readonly #host: ControlsHost;
  readonly #happening = part('happening', HTMLElement);
  readonly #serverButton = part('server-switch', HTMLButtonElement);
  readonly #breakable = new Breakable();
  readonly #server = new ServerSwitch((state, before) => this.#serverIs(state, before));
  #inspector: ReturnType<typeof inspect> | undefined;

  constructor(link: RoomLink, host: ControlsHost) {
    this.#link = link;
    this.#host = host;
    onPress(part('open-tab', HTMLButtonElement), () => this.#open(1));
    onPress(part('open-three', HTMLButtonElement), () => this.#open(3));
    onPress(part('break-link', HTMLButtonElement), () => this.#break(1));
    onPress(part('break-all', HTMLButtonElement), () => this.#break(Infinity));
    onPress(this.#serverButton, () => this.#press());
    onPress(part('inspector', HTMLButtonElement), () => this.#inspector?.toggle());
    this.look();
  }

  get rtc(): WebRTCImplementation | undefined {
    return this.#breakable.rtc;
  }

  /** From its birth on. The inspector shows the pool that this page has now. */
  follow(pool: Pool): void {
    this.#inspector?.remove();
    this.#inspector = inspect(pool, { shortcut: 'Alt+I', share: true });
    const healing = new Healing((sentence, over) => {
      if (over) this.#say(sentence);
      else this.#happening.textContent = this.serverStopped ? `${sentence} ${SERVERLESS}` : sentence;
    });
    healing.watch(pool);
    // Another device may have stopped it.
    pool.on('state', ({ signaling }) => {
      if (signaling !== 'connecting') this.look();
    });
  }

  /** Whether the server stands still because somebody stopped it. */
  get serverStopped(): boolean {
    return this.#server.state === 'stopped';
  }

  #say(sentence: string): void {
    this.#happening.textContent = sentence;
    this.#host.happened(sentence);
  }

  /** Without an opener the new tab is a page of its own, with a session storage and a process of its own. */
  #open(count: number): void {
    for (let opened = 0; opened < count; opened++) open(this.#link.url(this.#link.way), '_blank', 'noopener');
    if (count > 1)
      this.#happening.textContent =
        'Fewer than three came? Then the browser held them back: allow pop-ups for this page, or open one at a time.';
  }

  #break(count: number): void {
    if (this.#breakable.break(count) > 0) return;
    this.#happening.textContent =
      this.#link.way === 'webrtc'
        ? 'No link of this tab is connected, so there is none to break.'
        : 'Here tabs meet by BroadcastChannel, which has no links to break.';
  }

  async #press(): Promise<void> {
    this.#serverButton.disabled = true;
    try {
      await this.#server.press();
    } catch {
      this.#happening.textContent = 'The server of these pages does not answer. Is npm start still running?';
    } finally {
      this.#serverButton.disabled = false;
    }
  }

  /** Whether the server runs; `host` is told when that has changed. */
  look(): void {
    // Who does not answer is told by the sign of the pool already.
    this.#server.look().catch(() => {});
  }

  #serverIs(state: ServerState, before: ServerState): void {
    this.#serverButton.hidden = state === 'absent';
    this.#serverButton.textContent = state === 'stopped' ? 'Start the server' : 'Stop the server';
    if (state === 'stopped') {
      this.#say('The signaling server is stopped. Who is here goes on as before; who comes now has to wait.');
      this.#host.server(state);
    }
    if (state !== 'running' || before !== 'stopped') return;
    this.#say('The signaling server runs again. It remembers nobody: those who are here tell it, and stay connected.');
    // As when the network is back: who waits for its next try makes it now.
    dispatchEvent(new Event('online'));
    this.#host.server(state);
  }
}
