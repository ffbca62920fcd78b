/** The colour of a name, in degrees of the circle: the same wherever the name stands and on every page. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return (hash % 24) * 15;
}
