// The guides lie open at a first visit. TypeDoc keeps what a reader opened and closed under these keys.
const key = 'tsd-accordion-Guides';
try {
  if (localStorage.getItem(key) === null) localStorage.setItem(key, 'true');
} catch {
  // Where nothing can be kept, they open at a click.
}
