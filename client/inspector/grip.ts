import { element, setAttributes } from './element.ts';

/** In pixels. */
const LEAST = 160;
const STEP = 24;
/** What stays of the page above it. */
const PAGE = 80;

/** The upper edge of a docked panel: drawn by the pointer, or by the arrow keys. `height` undefined is the height it has by itself. */
export function grip(panel: HTMLElement, resized: (height: number) => void): HTMLElement {
  const made = element('div', {
    class: 'grip',
    role: 'separator',
    'aria-orientation': 'horizontal',
    'aria-label': 'Height of the inspector',
    'aria-valuemin': String(LEAST),
    tabindex: '0',
  });
  const most = (): number => Math.max(LEAST, innerHeight - PAGE);
  const tell = (): void =>
    setAttributes(made, {
      'aria-valuemax': String(most()),
      'aria-valuenow': String(Math.round(panel.getBoundingClientRect().height)),
    });
  const set = (height: number): void => {
    resized(Math.round(Math.min(most(), Math.max(LEAST, height))));
    tell();
  };
  made.addEventListener('focus', tell);
  made.addEventListener('keydown', (event) => {
    const steps: Readonly<Record<string, number>> = { ArrowUp: STEP, ArrowDown: -STEP, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    set(panel.getBoundingClientRect().height + step);
  });
  made.addEventListener('pointerdown', (event) => {
    const offset = event.clientY - panel.getBoundingClientRect().top;
    made.setPointerCapture(event.pointerId);
    const move = ({ clientY }: PointerEvent): void => set(panel.getBoundingClientRect().bottom - clientY + offset);
    made.addEventListener('pointermove', move);
    made.addEventListener('lostpointercapture', () => made.removeEventListener('pointermove', move), { once: true });
  });
  tell();
  return made;
}
