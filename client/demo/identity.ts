import { onPress, part } from './element.ts';

/** Who this tab is in the room, and the way in and out. */
export class Identity {
  readonly #name = part('own-name', HTMLInputElement);
  readonly #take = part('take-name', HTMLButtonElement);
  readonly #leave = part('leave', HTMLButtonElement);
  readonly #standing = part('standing', HTMLElement);

  constructor(acts: { take(name: string): Promise<void>; leave(): Promise<void> | undefined }) {
    part('identity', HTMLFormElement).addEventListener('submit', (submit) => {
      submit.preventDefault();
      acts.take(this.name).catch(reportError);
    });
    onPress(this.#leave, () => acts.leave());
  }

  /** As it stands in the field. */
  get name(): string {
    return this.#name.value.trim();
  }

  joining(name: string): void {
    this.#show(name, `Joining as ${name}`, true);
  }

  here(name: string): void {
    this.#show(name, `You are here as ${name}`, true);
  }

  away(): void {
    this.#show(this.#name.value, 'You are not in the room', false);
  }

  #show(name: string, standing: string, inside: boolean): void {
    this.#name.value = name;
    this.#standing.textContent = standing;
    this.#take.textContent = inside ? 'Change' : 'Join';
    this.#leave.hidden = !inside;
    document.title = inside ? `${name} - peerpool` : 'peerpool';
  }
}
