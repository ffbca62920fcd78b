import { element } from './element.ts';
import { type Parcel, type SentFile, shownText, valueText } from './parcel.ts';

/** Pictures that are only pictures: whatever the sender says of a file, nothing else is given a type of its own here. */
const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** A value as it is shown. `release` when it is shown no more: a file is kept in memory until then. */
export interface ParcelView {
  readonly element: HTMLElement;
  release(): void;
}

/** `of`: whose it is, for those who hear the page instead of seeing it. */
export function viewParcel(parcel: Parcel, of: string): ParcelView {
  switch (parcel.kind) {
    case 'text':
      return { element: element('p', 'text', shownText(parcel.text)), release() {} };
    case 'value':
      return { element: element('pre', 'value', shownText(valueText(parcel.value))), release() {} };
    case 'file':
      return viewFile(parcel, of);
  }
}

function viewFile(file: SentFile, of: string): ParcelView {
  const view = element('div', 'file');
  const urls = new Set<string>();
  const url = (type: string): string => {
    const made = URL.createObjectURL(new Blob([file.bytes], { type }));
    urls.add(made);
    return made;
  };
  if (PICTURES.has(file.type)) {
    const picture = element('img', 'picture');
    picture.alt = `${file.name}, a picture from ${of}`;
    picture.src = url(file.type);
    picture.addEventListener('error', () => picture.remove());
    view.append(picture);
  }
  const link = element('a', 'download', `Download ${file.name}`);
  link.download = file.name;
  // A page among the files would run as a part of this one if it were opened under its own type.
  link.href = url('application/octet-stream');
  view.append(link);
  return {
    element: view,
    release: () => {
      for (const made of urls) URL.revokeObjectURL(made);
    },
  };
}
