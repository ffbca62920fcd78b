/** Where the checkout's own sources begin. */
export const SOURCES = new URL('../client/src/index.ts', import.meta.url).pathname;

/** The same, as its development server hands them out. A page that opens it shows text, and runs nothing but the test. */
export const MODULE = `/@fs${SOURCES}`;
