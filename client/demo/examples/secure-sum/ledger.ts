import { element, part } from '../../frame/element.ts';
import { nameElement } from '../../frame/name-element.ts';
import type { Parcel } from './secure-sum.ts';

/** So many of 32 hexadecimal digits are shown. */
const SHOWN_DIGITS = 8;

/** The first digits of what travels. */
export function digits(value: bigint): string {
  return `${value.toString(16).padStart(32, '0').slice(0, SHOWN_DIGITS)}…`;
}

/** What left this tab in a round and what came, a row for each party, to be read in peace. */
export class Ledger {
  readonly #body = part('ledger', HTMLTableSectionElement);
  readonly #cells = new Map<string, Readonly<Record<'given' | 'got' | 'sum', HTMLElement>>>();
  #self = '';

  begin(self: string, parties: readonly string[]): void {
    this.#self = self;
    this.#cells.clear();
    const rows = parties.map((name) => {
      const own = name === self;
      const cells = { given: cell(own ? 'kept' : ''), got: cell(own ? 'kept' : ''), sum: cell('') };
      this.#cells.set(name, cells);
      const head = element('th', '', nameElement(name), own ? ' (you)' : '');
      head.scope = 'row';
      return element('tr', '', head, cells.given, cells.got, cells.sum);
    });
    this.#body.replaceChildren(...rows);
  }

  write({ what, from, to, value }: Parcel): void {
    const given = from === this.#self;
    const which = what === 'partial' ? 'sum' : given ? 'given' : 'got';
    const found = this.#cells.get(what === 'share' && given ? to : from)?.[which];
    if (found === undefined) return;
    found.textContent = digits(value);
    found.title = `0x${value.toString(16).padStart(32, '0')}`;
  }
}

function cell(text: string): HTMLTableCellElement {
  return element('td', 'figure', text);
}
