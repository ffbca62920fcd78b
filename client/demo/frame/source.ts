import { element, part } from './element.ts';

/** Shows the program that the page runs, once somebody wants to read it: it is there to be copied. */
export function showSource(load: () => Promise<{ readonly default: string }>): void {
  const details = part('source', HTMLDetailsElement);
  const show = async (): Promise<void> => {
    const { default: text } = await load();
    details.append(element('pre', 'mono', text.trim()));
  };
  details.addEventListener('toggle', () => void show().catch(reportError), { once: true });
}
