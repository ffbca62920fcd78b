import type { SignalingEvent } from '../server.ts';

/** What an operator hears, with a way to wait for it. */
export class Events {
  readonly all: SignalingEvent[] = [];
  readonly observe = (event: SignalingEvent): void => {
    this.all.push(event);
    for (const look of this.#waiting.splice(0)) look();
  };
  #waiting: (() => void)[] = [];

  of<Type extends SignalingEvent['type']>(type: Type): Extract<SignalingEvent, { type: Type }>[] {
    return this.all.filter((event): event is Extract<SignalingEvent, { type: Type }> => event.type === type);
  }

  /** Looks again whenever something was heard. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
