const UNITS = ['KiB', 'MiB', 'GiB'] as const;

/** A number of bytes, for people. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  let [scaled, unit] = [bytes / 1024, 0];
  while (scaled >= 1024 && unit < UNITS.length - 1) [scaled, unit] = [scaled / 1024, unit + 1];
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${UNITS[unit]}`;
}

/** Milliseconds, for people. */
export function durationText(milliseconds: number): string {
  if (milliseconds >= 10_000) return `${Math.round(milliseconds / 1000)} s`;
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** `alice, bob and carol`. */
export function listText(names: readonly string[]): string {
  return new Intl.ListFormat('en').format(names);
}

/** The time of day, for people and for machines. */
export function timeElement(when = new Date()): HTMLTimeElement {
  const time = document.createElement('time');
  time.dateTime = when.toISOString();
  time.textContent = when.toLocaleTimeString('en-GB');
  return time;
}
