import { part } from '../frame/element.ts';
type Kind = 'text' | 'json' | 'files';

/** What becomes of what was written, or chosen. */
export interface Sending {
  send(value: unknown, to: readonly string[]): void;
  sendFiles(files: readonly File[], to: readonly string[]): void;
}

/** What cannot be sent as it stands; the message is for who wrote it. */
class Unsendable extends Error {}

/** Where one writes. */
export class Composer {
  readonly #form = part('composer', HTMLFormElement);
  readonly #recipient = part('recipient', HTMLSelectElement);
  readonly #text = part('text', HTMLTextAreaElement);
  readonly #json = part('json', HTMLTextAreaElement);
  readonly #files = part('files', HTMLInputElement);
  readonly #hint = part('composer-hint', HTMLElement);
  readonly #sending: Sending;
  #here: readonly string[] = [];

  constructor(sending: Sending) {
    this.#sending = sending;
    this.#form.addEventListener('submit', (submit) => {
      submit.preventDefault();
      this.#attempt((to) => this.#submit(to));
    });
    this.#form.addEventListener('change', () => this.#refresh());
    this.#text.addEventListener('keydown', (key) => {
      if (key.key !== 'Enter' || key.shiftKey || key.isComposing) return;
      key.preventDefault();
      this.#form.requestSubmit();
    });
    this.#refresh();
    this.people([]);
  }

  /** Whom one can write to. Who is chosen stays chosen when they leave: what was meant for one never goes to all. */
  people(names: readonly string[]): void {
    const chosen = this.#recipient.value;
    this.#here = names;
    const options = [new Option('Everyone', ''), ...names.map((name) => new Option(name, name))];
    if (chosen !== '' && !names.includes(chosen)) options.push(new Option(`${chosen} (left)`, chosen));
    this.#recipient.replaceChildren(...options);
    this.#recipient.value = chosen;
  }

  writeTo(name: string): void {
    this.#recipient.value = name;
    const kind = this.#kind();
    (kind === 'text' ? this.#text : kind === 'json' ? this.#json : this.#files).focus();
  }

  /** To whom it would go, in words. */
  get recipientText(): string {
    const chosen = this.#recipient.value;
    return chosen === '' ? 'everyone' : chosen;
  }

  /** They were dropped, or pasted. */
  giveFiles(files: readonly File[]): void {
    this.#attempt((to) => this.#sending.sendFiles(files, to));
  }

  #attempt(act: (to: readonly string[]) => void): void {
    const chosen = this.#recipient.value;
    const to = chosen === '' ? this.#here : [chosen];
    try {
      if (to.length === 0) throw new Unsendable('Nobody else is here yet, so nothing was sent.');
      act(to);
      this.#hint.textContent = '';
    } catch (error) {
      if (!(error instanceof Unsendable)) throw error;
      this.#hint.textContent = error.message;
    }
  }

  /** @throws Unsendable */
  #submit(to: readonly string[]): void {
    switch (this.#kind()) {
      case 'text':
        return this.#sending.send(this.#takeText(), to);
      case 'json':
        return this.#sending.send(parseJson(this.#json.value), to);
      case 'files':
        return this.#sending.sendFiles(this.#takeFiles(), to);
    }
  }

  #takeText(): string {
    const text = this.#text.value;
    if (text === '') throw new Unsendable('Write something first.');
    this.#text.value = '';
    return text;
  }

  #takeFiles(): readonly File[] {
    const files = [...(this.#files.files ?? [])];
    if (files.length === 0) throw new Unsendable('Choose a file first.');
    this.#files.value = '';
    return files;
  }

  #kind(): Kind {
    return new FormData(this.#form).get('kind') as Kind;
  }

  #refresh(): void {
    const kind = this.#kind();
    for (const field of this.#form.querySelectorAll<HTMLElement>('[data-kind]')) {
      field.hidden = field.dataset['kind'] !== kind;
    }
    this.#hint.textContent = kind === 'text' ? 'Enter sends, Shift and Enter begin a new line.' : '';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Unsendable(`That is not JSON: ${(cause as SyntaxError).message}`, { cause });
  }
}
