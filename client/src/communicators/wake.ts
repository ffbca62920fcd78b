/** Calls back whenever the page has a network again, is looked at, or is frozen no longer, until the returned function is called. Where there is no page, never. */
export function onWake(wake: (sign: 'online' | 'shown') => void): () => void {
  const { document, addEventListener } = globalThis as Partial<typeof globalThis>;
  const heard = new AbortController();
  const { signal } = heard;
  const shown = (): void => {
    if (document?.visibilityState !== 'hidden') wake('shown');
  };
  addEventListener?.call(globalThis, 'online', () => wake('online'), { signal });
  // The end of a freeze comes before the page is visible.
  document?.addEventListener('resume', () => wake('shown'), { signal });
  document?.addEventListener('visibilitychange', shown, { signal });
  return () => heard.abort();
}
