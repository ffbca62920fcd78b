import { button, element, setAttributes, setText } from './element.ts';
import { bytesText, clockText, countText } from './figures.ts';
import type { Director, Scene, View } from './scene.ts';
import { sorted, TALLY_ROWS, type TallyOrder, type TallyRow } from './tally.ts';

interface Column {
  readonly head: string;
  readonly order?: TallyOrder;
  readonly class?: string;
  readonly value: (row: TallyRow) => string;
}

const COLUMNS: readonly Column[] = [
  { head: 'Kind', class: 'text', value: ({ kind }) => kind },
  { head: 'Message id', order: 'id', class: 'text wide', value: idText },
  { head: 'Sent', order: 'sent', value: ({ messagesSent }) => countText(messagesSent) },
  { head: 'Bytes sent', value: ({ bytesSent }) => bytesText(bytesSent) },
  { head: 'Received', order: 'received', value: ({ messagesReceived }) => countText(messagesReceived) },
  { head: 'Bytes received', value: ({ bytesReceived }) => bytesText(bytesReceived) },
  { head: 'Bytes', order: 'bytes', value: ({ bytesSent, bytesReceived }) => bytesText(bytesSent + bytesReceived) },
];

/** What passed, by message id. */
export class MessagesView implements View {
  readonly element: HTMLElement;
  readonly #since = element('span', { class: 'soft' });
  readonly #body = element('tbody');
  readonly #empty = element('p', { class: 'empty' }, 'No message has passed since.');
  readonly #heads: readonly HTMLElement[];

  constructor(director: Director, choose: (order: TallyOrder) => void) {
    this.#heads = COLUMNS.map(({ head, order, class: type }) => {
      if (order === undefined) return element('th', { scope: 'col', class: type }, head);
      const sort = button(head, { class: 'sort' }, () => {
        choose(order);
        director.changed();
      });
      return element('th', { scope: 'col', class: type }, sort);
    });
    const share = element(
      'th',
      { scope: 'col', class: 'bars' },
      element('span', { 'aria-hidden': 'true' }, 'Sent | received'),
    );
    const head = element('thead', {}, element('tr', {}, ...this.#heads, share));
    const caption = element('caption', { class: 'hidden' }, 'Messages and bytes by message id');
    const table = element('table', {}, caption, head, this.#body);
    const scroll = element('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Messages' }, table);
    scroll.append(this.#empty);
    this.element = element('div', { class: 'list' }, element('div', { class: 'tools' }, this.#since), scroll);
    this.element.style.cssText = 'flex:1;display:flex;flex-direction:column;min-height:0';
  }

  render({ observation: { tally }, choices }: Scene): void {
    const more = `; beyond ${TALLY_ROWS} ids the new ones share a row`;
    setText(this.#since, `Counted since the inspector was opened, ${clockText(tally.since).slice(0, 8)}${more}.`);
    for (const [index, { order }] of COLUMNS.entries()) {
      const head = this.#heads[index];
      if (head === undefined || order === undefined) continue;
      const way = order === 'id' ? 'ascending' : 'descending';
      setAttributes(head, { 'aria-sort': order === choices.order ? way : 'none' });
    }
    const rows = sorted(tally.rows, choices.order);
    this.#empty.hidden = rows.length > 0;
    while (this.#body.children.length > rows.length) this.#body.lastElementChild?.remove();
    for (const [index, row] of rows.entries()) this.#update(index, row);
  }

  #update(index: number, row: TallyRow): void {
    let line = this.#body.children[index];
    if (line === undefined) {
      const bar = element('td', { class: 'bars' }, element('span', { class: 'bar', 'aria-hidden': 'true' }));
      line = element('tr', {}, ...COLUMNS.map(({ class: type }) => element('td', { class: type })), bar);
      this.#body.append(line);
    }
    for (const [column, { value }] of COLUMNS.entries()) {
      const cell = line.children[column];
      if (cell !== undefined) setText(cell, value(row));
    }
    const bar = line.lastElementChild?.firstElementChild;
    const part = row.bytesSent / Math.max(1, row.bytesSent + row.bytesReceived);
    if (bar !== null && bar !== undefined) setAttributes(bar, { style: `--part:${(part * 100).toFixed(0)}%` });
  }
}

function idText({ kind, msgId }: TallyRow): string {
  if (kind === 'other') return '(further ids)';
  if (msgId !== undefined) return msgId === '' ? '(empty)' : msgId;
  if (kind === 'stream') return '(their bytes)';
  return kind === 'answer' ? '–' : '(none)';
}
