/** Where the demo's server is switched on and off. */
const SWITCH = '/demo/signaling';
/** The tabs of this browser tell each other. */
const CHANNEL = 'peerpool demo signaling';

/** `absent`: the pages are served by something that has no switch. */
export type ServerState = 'unknown' | 'running' | 'stopped' | 'absent';

/** The signaling server of the demo, which any of its pages can stop and start. */
export class ServerSwitch {
  readonly #changed: (state: ServerState, before: ServerState) => void;
  readonly #channel = new BroadcastChannel(CHANNEL);
  #state: ServerState = 'unknown';

  /** `changed` hears of what another tab did, too. */
  constructor(changed: (state: ServerState, before: ServerState) => void) {
    this.#changed = changed;
    this.#channel.onmessage = () => void this.look().catch(reportError);
  }

  get state(): ServerState {
    return this.#state;
  }

  /** Asks the server how it is. */
  async look(): Promise<void> {
    await this.#ask('GET', '');
  }

  /** @throws TypeError when not even the pages' own server answers */
  async press(): Promise<void> {
    await this.#ask('POST', this.#state === 'stopped' ? '/start' : '/stop');
    this.#channel.postMessage(null);
  }

  async #ask(method: 'GET' | 'POST', path: string): Promise<void> {
    const response = await fetch(`${SWITCH}${path}`, { method });
    const answer: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
    const { running } = Object(answer) as { readonly running?: unknown };
    const state = running === true ? 'running' : running === false ? 'stopped' : 'absent';
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    this.#changed(state, before);
  }
}
