type Attributes = Readonly<Record<string, string | undefined>>;
type Child = Node | string;

/** A new element. Strings become text and never markup: names and ids are strangers'. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/** `undefined` takes one away. What is so already is not touched: a change costs a style and a layout. */
export function setAttributes(changed: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) changed.removeAttribute(name);
    else if (changed.getAttribute(name) !== value) changed.setAttribute(name, value);
  }
}

/** Likewise. */
export function setText(changed: Element, text: string): void {
  const only = changed.firstChild;
  if (only instanceof Text && only.nextSibling === null) {
    if (only.data !== text) only.data = text;
  } else changed.textContent = text;
}

export function button(label: string, attributes: Attributes, act: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', act);
  return made;
}
