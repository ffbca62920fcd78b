/** A key with its modifiers, as `Alt+I` or `Ctrl+Shift+F9`. */
export interface Shortcut {
  readonly key: string;
  readonly alt: boolean;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly shift: boolean;
}

type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>;

const MODIFIERS = ['alt', 'ctrl', 'meta', 'shift'];

/**
 * `undefined` for the empty text: no shortcut.
 * @throws TypeError for what names no key
 */
export function parseShortcut(text: string): Shortcut | undefined {
  if (text === '') return undefined;
  const parts = text.split('+').map((part) => part.trim().toLowerCase());
  const key = parts.pop() ?? '';
  const has = (modifier: string): boolean => parts.includes(modifier);
  if (key === '' || MODIFIERS.includes(key) || parts.some((part) => !MODIFIERS.includes(part))) {
    throw new TypeError(`a shortcut is a key behind Alt, Ctrl, Meta or Shift, as "Alt+I", not ${JSON.stringify(text)}`);
  }
  return { key, alt: has('alt'), ctrl: has('ctrl'), meta: has('meta'), shift: has('shift') };
}

/** With Alt a Mac types other letters, so the place on the keyboard counts too. */
export function matches(shortcut: Shortcut, pressed: Pressed): boolean {
  const { altKey, ctrlKey, metaKey, shiftKey } = pressed;
  if (altKey !== shortcut.alt || ctrlKey !== shortcut.ctrl) return false;
  if (metaKey !== shortcut.meta || shiftKey !== shortcut.shift) return false;
  const place = pressed.code.replace(/^(Key|Digit)/, '').toLowerCase();
  return pressed.key.toLowerCase() === shortcut.key || place === shortcut.key;
}
