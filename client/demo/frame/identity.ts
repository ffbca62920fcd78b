import { onPress, part } from './element.ts';
import { nameElement } from './name-element.ts';

type Standing = 'joining' | 'here' | 'away';

const WORDS: Readonly<Record<Standing, string>> = {
  joining: 'you, joining',
  here: 'you, here',
  away: 'you, not here',
};

/** Who this tab is in the room, and the way in and out. */
export class Identity {
  readonly #self = part('self', HTMLElement);
  readonly #standing = part('standing', HTMLElement);
  readonly #rename = part('rename', HTMLButtonElement);
  readonly #leave = part('leave', HTMLButtonElement);
  readonly #form = part('identity', HTMLFormElement);
  readonly #field = part('new-name', HTMLInputElement);
  readonly #title = document.title;
  #name = '';

  constructor(acts: { take(name: string): Promise<void>; leave(): Promise<void> | undefined }) {
    onPress(this.#rename, () => this.ask(Boolean(this.#form.hidden)));
    onPress(this.#leave, () => acts.leave());
    this.#form.addEventListener('submit', (submit) => {
      submit.preventDefault();
      acts.take(this.#field.value.trim()).catch(reportError);
    });
  }

  /** The name of this tab, or the last one it had. */
  get name(): string {
    return this.#name;
  }

  show(standing: Standing, name: string): void {
    this.#name = name;
    const written = nameElement(name);
    written.id = 'own-name';
    part('own-name', HTMLElement).replaceWith(written);
    this.#self.dataset['state'] = standing === 'here' ? 'connected' : standing;
    this.#standing.textContent = WORDS[standing];
    this.#leave.hidden = standing === 'away';
    document.title = standing === 'away' ? this.#title : `${name} in ${this.#title}`;
    if (standing === 'here') this.ask(false);
  }

  /** Opens or closes the field for another name. */
  ask(open: boolean): void {
    this.#form.hidden = !open;
    this.#rename.ariaExpanded = String(open);
    this.#field.value = this.#name;
    if (open) this.#field.select();
  }
}
