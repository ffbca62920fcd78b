/** A new element. Strings become text and never markup, so that what peers send can't do more than be read. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

/** `act` may return a promise; what that rejects with is an error of the page. */
export function button(className: string, label: string, act: () => unknown): HTMLButtonElement {
  const made = element('button', className, label);
  made.type = 'button';
  onPress(made, act);
  return made;
}

/** As `button`, for one that is there already. */
export function onPress(pressed: HTMLButtonElement, act: () => unknown): void {
  pressed.addEventListener('click', () => {
    Promise.resolve(act()).catch(reportError);
  });
}

/**
 * The part of the page with this id.
 * @throws Error when there is none of this kind
 */
export function part<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} with the id ${id}`);
}
