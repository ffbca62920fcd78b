/** Numbers as people read them. Units are decimal. */
const STEPS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

export function bytesText(bytes: number): string {
  let value = bytes;
  let step = 0;
  while (value >= 999.5 && step < STEPS.length - 1) {
    value /= 1000;
    step++;
  }
  const digits = step === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${STEPS[step]}`;
}

/** Per second; nothing for nothing, so that a table shows where something flows. */
export function rateText(bytesPerSecond: number): string {
  return bytesPerSecond < 0.5 ? '–' : `${bytesText(bytesPerSecond)}/s`;
}

export function millisecondsText(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '–';
  if (milliseconds >= 9950) return `${(milliseconds / 1000).toFixed(0)} s`;
  if (milliseconds >= 999.5) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds.toFixed(milliseconds < 9.95 ? 1 : 0)} ms`;
}

/** Of the day, to the millisecond: events come in bursts. */
export function clockText(time: number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

const whole = /* @__PURE__ */ new Intl.NumberFormat('en');
export function countText(count: number): string {
  return whole.format(count);
}
