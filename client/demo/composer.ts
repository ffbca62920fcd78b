import { part } from './element.ts';
import { bytesText } from './figures.ts';
import type { SentFile } from './parcel.ts';

/** A pool's default `maxMessageSize`, in bytes. */
const LARGEST_FILE = 256 * 2 ** 20;

type Kind = 'text' | 'json' | 'file';

/** What cannot be sent as it stands; the message is for who wrote it. */
class Unsendable extends Error {}

/** Where one writes. */
export class Composer {
  readonly #form = part('composer', HTMLFormElement);
  readonly #recipient = part('recipient', HTMLSelectElement);
  readonly #text = part('text', HTMLTextAreaElement);
  readonly #json = part('json', HTMLTextAreaElement);
  readonly #file = part('file', HTMLInputElement);
  readonly #hint = part('composer-hint', HTMLElement);
  readonly #send: (value: unknown, to: readonly string[]) => void;
  #here: readonly string[] = [];

  constructor(send: (value: unknown, to: readonly string[]) => void) {
    this.#send = send;
    this.#form.addEventListener('submit', (submit) => {
      submit.preventDefault();
      this.#submit().catch(reportError);
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
    (kind === 'text' ? this.#text : kind === 'json' ? this.#json : this.#file).focus();
  }

  async #submit(): Promise<void> {
    const chosen = this.#recipient.value;
    const to = chosen === '' ? this.#here : [chosen];
    try {
      if (to.length === 0) throw new Unsendable('Nobody else is here yet, so nothing was sent.');
      this.#send(await this.#value(), to);
      this.#hint.textContent = '';
    } catch (error) {
      if (!(error instanceof Unsendable)) throw error;
      this.#hint.textContent = error.message;
    }
  }

  /** @throws Unsendable */
  async #value(): Promise<unknown> {
    switch (this.#kind()) {
      case 'text':
        return this.#takeText();
      case 'json':
        return parseJson(this.#json.value);
      case 'file':
        return await this.#takeFile();
    }
  }

  #takeText(): string {
    const text = this.#text.value;
    if (text === '') throw new Unsendable('Write something first.');
    this.#text.value = '';
    return text;
  }

  async #takeFile(): Promise<SentFile> {
    const file = this.#file.files?.[0];
    if (file === undefined) throw new Unsendable('Choose a file first.');
    checkSize(file);
    const { name, type } = file;
    const buffer = await file.arrayBuffer().catch((cause: unknown) => {
      throw new Unsendable(`${name} can't be read.`, { cause });
    });
    this.#file.value = '';
    return { kind: 'file', name, type, bytes: new Uint8Array(buffer) };
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
    const file = kind === 'file' ? this.#file.files?.[0] : undefined;
    if (file === undefined) return;
    try {
      checkSize(file);
    } catch (error) {
      this.#hint.textContent = String(error instanceof Unsendable ? error.message : error);
    }
  }
}

/** A file travels as one message, whole. */
function checkSize(file: File): void {
  if (file.size <= LARGEST_FILE) return;
  throw new Unsendable(
    `${file.name} has ${bytesText(file.size)}. A file travels as one message, and a message holds up to ${bytesText(LARGEST_FILE)}.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Unsendable(`That is not JSON: ${(cause as SyntaxError).message}`, { cause });
  }
}
