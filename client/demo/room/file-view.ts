import { element } from '../frame/element.ts';

/** Pictures that are only pictures: whatever the sender says of a file, nothing else is given a type of its own here. */
const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** A file as it is shown. `release` when it is shown no more: it is kept until then. */
export interface FileView {
  readonly element: HTMLElement;
  release(): void;
}

/** `of`: whose it is, for those who hear the page instead of seeing it. */
export function viewFile(file: File, of: string): FileView {
  const view = element('div', 'file');
  const urls = new Set<string>();
  const url = (type: string): string => {
    const made = URL.createObjectURL(file.slice(0, file.size, type));
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
  const link = element('a', 'download', `Save ${file.name}`);
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
