/** What the pages send each other. It says of itself what it should be. */
export interface Parcel {
  /** The instance that sends it. */
  readonly from: string;
  /** The message id; empty where there is none. */
  readonly id: string;
  /** By the instance it is for: its number among what was sent there by this id. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly size: number;
  /** One byte, of which the others follow. */
  readonly mark: number;
  readonly bytes: Uint8Array;
}

export function parcelOf(label: Omit<Parcel, 'bytes'>): Parcel {
  const { size, mark } = label;
  const bytes = new Uint8Array(size);
  for (let place = 0; place < size; place++) bytes[place] = byteAt(place, mark);
  return { ...label, bytes };
}

export function intact({ size, mark, bytes }: Parcel): boolean {
  if (bytes.length !== size) return false;
  for (let place = 0; place < size; place++) if (bytes[place] !== byteAt(place, mark)) return false;
  return true;
}

/** Depends on the place, so that fragments that changed theirs are seen. */
function byteAt(place: number, mark: number): number {
  return (mark + place * 31 + (place >>> 8)) & 0xff;
}
