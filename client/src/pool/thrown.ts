/** What is still said of something long; stacks are, with their paths. */
const TEXT = 1000;
const STACK = 16_000;

/** Whatever it is: a proxy may throw even here. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

/** What was thrown, as an error: itself, or one that has it as its cause. */
export function errorOf(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(textOf(thrown), { cause: thrown });
}

/** Whatever it is, and whatever its `toString` or `toJSON` does. */
export function textOf(value: unknown, most = TEXT): string {
  try {
    const text = typeof value === 'object' && !(value instanceof Error) ? JSON.stringify(value) : undefined;
    return (text ?? String(value)).slice(0, most);
  } catch {
    return typeof value;
  }
}

/** Of an error, which may throw when it is looked at. */
export function partOf(error: Error, part: 'name' | 'message' | 'stack'): string {
  try {
    return textOf(error[part], part === 'stack' ? STACK : TEXT);
  } catch {
    return '';
  }
}
