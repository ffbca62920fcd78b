import { part } from '../frame/element.ts';

/** What is done with files that are dropped anywhere on the page, or pasted into it. */
export interface Dropping {
  /** Whom they will go to, in words. */
  to(): string;
  files(files: readonly File[]): void;
}

export function onDrop(dropping: Dropping): void {
  const zone = part('drop', HTMLElement);
  const show = (drag: DragEvent): void => {
    if (drag.dataTransfer?.types.includes('Files') !== true) return;
    // Otherwise the browser opens the file in place of the page.
    drag.preventDefault();
    part('drop-to', HTMLElement).textContent = dropping.to();
    zone.hidden = false;
  };
  addEventListener('dragenter', show);
  addEventListener('dragover', show);
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) zone.hidden = true;
  });
  addEventListener('drop', (drop) => {
    zone.hidden = true;
    const dropped = [...(drop.dataTransfer?.files ?? [])];
    if (dropped.length === 0) return;
    drop.preventDefault();
    dropping.files(dropped);
  });
  addEventListener('paste', ({ clipboardData }) => {
    const pasted = [...(clipboardData?.files ?? [])];
    if (pasted.length > 0) dropping.files(pasted);
  });
}
