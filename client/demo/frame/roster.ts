import type { PeerTraffic, Pool } from 'peerpool';
import { button, element, part } from './element.ts';
import { linkText } from './explanation.ts';
import { bytesText, durationText } from './figures.ts';
import { nameElement } from './name-element.ts';

/** The library measures round trips every two seconds; nothing it tells changes faster. In ms. */
const REFRESH_MS = 1000;

interface Row {
  readonly item: HTMLElement;
  readonly link: HTMLElement;
  readonly traffic: HTMLElement;
}

/** Who is here, how each is reached, and how far away they are. */
export class Roster {
  readonly #list = part('roster', HTMLUListElement);
  readonly #count = part('roster-count', HTMLElement);
  readonly #alone = part('alone', HTMLElement);
  readonly #rows = new Map<string, Row>();
  readonly #writeTo: ((name: string) => void) | undefined;
  #pool: Pool | undefined;

  /** `writeTo`: what the button beside each name does. */
  constructor(writeTo?: (name: string) => void) {
    this.#writeTo = writeTo;
    setInterval(() => {
      if (!document.hidden) this.refresh();
    }, REFRESH_MS);
    document.addEventListener('visibilitychange', () => this.refresh());
  }

  show(pool: Pool): void {
    this.#pool = pool;
    this.refresh();
  }

  refresh(): void {
    const pool = this.#pool;
    const names = pool?.state === 'started' ? pool.clients : new Set<string>();
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      row.item.remove();
      this.#rows.delete(name);
    }
    const peers = pool?.stats().peers;
    for (const name of names) this.#update(this.#rows.get(name) ?? this.#add(name), peers?.get(name));
    this.#alone.hidden = pool?.state !== 'started' || names.size > 0;
    this.#count.textContent = pool?.state === 'started' ? String(names.size + 1) : '';
  }

  #add(name: string): Row {
    const link = element('span', 'link');
    const traffic = element('span', 'meta');
    const item = element('li', 'peer', element('div', 'grow', nameElement(name), link, traffic));
    const writeTo = this.#writeTo;
    if (writeTo !== undefined) {
      const write = button('quiet', 'Write', () => writeTo(name));
      write.setAttribute('aria-label', `Write to ${name}`);
      item.append(write);
    }
    this.#list.append(item);
    const row = { item, link, traffic };
    this.#rows.set(name, row);
    return row;
  }

  #update(row: Row, peer: PeerTraffic | undefined): void {
    const { state, kind } = peer?.link ?? { state: 'connecting', kind: undefined };
    row.item.dataset['state'] = state;
    const time = peer?.roundTripTime;
    const away = time === undefined ? '' : `, ${durationText(time)}`;
    row.link.textContent = `${linkText(state, kind)}${state === 'connected' ? away : ''}`;
    row.traffic.textContent =
      peer === undefined ? '' : `${bytesText(peer.bytesReceived)} in, ${bytesText(peer.bytesSent)} out`;
  }
}
