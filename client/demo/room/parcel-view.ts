import { element } from '../frame/element.ts';
import { type Parcel, shownText, valueText } from './parcel.ts';

/** A value as it is shown. */
export function viewParcel(parcel: Parcel): HTMLElement {
  switch (parcel.kind) {
    case 'text':
      return element('p', 'text', shownText(parcel.text));
    case 'value':
      return element('pre', 'value', shownText(valueText(parcel.value)));
  }
}
