import { useInsertionEffect, useRef } from 'react';

/** What the last render that came to the screen was given; for what is called between renders. */
export function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
