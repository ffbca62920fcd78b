import { generateSecret } from 'peerpool';
import { onPress, part } from './element.ts';
import { freshRoom } from './names.ts';

/** How the peers of a room reach each other: over WebRTC, or as tabs of one browser. */
export type Way = 'webrtc' | 'broadcast-channel';

/** The room of this page, and its secret. They stand behind the `#` of its address, so the address is the invitation, and no server is sent it. */
export class RoomLink {
  readonly room: string;
  readonly way: Way;
  /** Peers can't keep one on pages that are no secure context, and a room whose link has none is open. */
  readonly secret: string | undefined;
  readonly #field = part('room-link', HTMLInputElement);
  readonly #hint = part('link-hint', HTMLElement);

  /** A page without a room in its address gets a new one. */
  constructor() {
    const given = new URLSearchParams(location.hash.slice(1));
    const room = given.get('room');
    this.room = room || freshRoom();
    this.way = given.get('via') === 'broadcast-channel' ? 'broadcast-channel' : 'webrtc';
    this.secret = room ? (given.get('secret') ?? undefined) : freshSecret();
    history.replaceState(history.state, '', this.url(this.way));
    part('room-name', HTMLElement).textContent = this.room;
    this.#field.value = this.url(this.way);
    this.#hint.textContent = reach(this.way);
    part('room-trust', HTMLElement).textContent = trust(this.way, this.secret);
    this.#field.addEventListener('focus', () => this.#field.select());
    onPress(part('copy-link', HTMLButtonElement), () => this.#copy());
    // Somebody pasted the link of another room.
    addEventListener('hashchange', () => location.reload());
  }

  /** A link that was cut off on its way to us has half a secret. */
  get whole(): boolean {
    return this.secret === undefined || /^[\w-]{43}$/.test(this.secret);
  }

  url(way: Way): string {
    const hash = new URLSearchParams({ room: this.room });
    if (way === 'broadcast-channel') hash.set('via', way);
    else if (this.secret !== undefined) hash.set('secret', this.secret);
    return new URL(`#${hash}`, location.href).href;
  }

  /** A page on the local network is no secure context, and has no clipboard of its own. */
  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#field.value);
      this.#hint.textContent = 'The link is copied.';
    } catch {
      this.#field.hidden = false;
      this.#field.select();
      const copied = document.execCommand('copy');
      this.#hint.textContent = copied ? 'The link is copied.' : 'The link is selected: copy it by hand.';
    }
  }
}

function freshSecret(): string | undefined {
  return isSecureContext ? generateSecret() : undefined;
}

/** Whom one has to trust in this room. */
function trust(way: Way, secret: string | undefined): string {
  if (way === 'broadcast-channel') return '';
  return secret === undefined
    ? 'Open: whoever knows its name can come in, and whoever runs the signaling server could sit in between.'
    : 'Sealed: only who has the link can come in. The secret in it is sent to no server.';
}

function reach(way: Way): string {
  if (way === 'broadcast-channel') return 'Only tabs of this browser meet here.';
  if (!/^(localhost|127\..*|\[::1\])$/.test(location.hostname)) return '';
  return 'The link works on this computer. For a phone, open this page at the network address that npm start printed.';
}
