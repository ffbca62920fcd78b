/** The pages of the demo, in the order of the ways to them: where each stands, and what it is called there. */
export const PAGES: readonly { readonly path: string; readonly title: string }[] = [
  { path: '/', title: 'Room' },
  { path: '/examples/secure-sum/', title: 'Private average' },
  { path: '/examples/whiteboard/', title: 'Whiteboard' },
  { path: '/examples/work-pool/', title: 'Work pool' },
  { path: '/examples/averaging/', title: 'Learning' },
];
