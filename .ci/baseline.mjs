// @ts-check
import { readFileSync } from 'node:fs';

/**
 * The oldest browsers that are meant to run what is shipped for pages. Syntax decides for Safari (ES2022 with class static blocks: 16.4), `AbortSignal.prototype.throwIfAborted` for the others.
 * README.md says the same.
 */
export const BASELINE = 'Chrome and Edge 100, Firefox 97, Safari 16.4';

/** Of the language, what those browsers know. Its built-ins are held to the same by `lib` in `client/src/tsconfig.json`: a later one does not compile. */
export const SYNTAX = 'es2022';

/**
 * What platforms have only since then, and one is tempted by: the compiler knows the newest DOM and nobody else's. `in` lists the files that look whether it is there, with the reason.
 * @type {readonly { readonly what: string, readonly pattern: RegExp, readonly in?: readonly RegExp[] }[]}
 */
const LATER = [
  { what: 'AbortSignal.any', pattern: /\bAbortSignal\s*\.\s*any\b/ }, // Chrome 116, Firefox 124, Safari 17.4
  { what: 'AbortSignal.timeout', pattern: /\bAbortSignal\s*\.\s*timeout\b/ }, // Chrome 103, Firefox 100
  { what: 'Promise.withResolvers', pattern: /\bwithResolvers\b/ }, // Chrome 119
  { what: 'Promise.try', pattern: /\bPromise\s*\.\s*try\b/ }, // Chrome 128
  { what: 'Array.fromAsync', pattern: /\bfromAsync\b/ }, // Chrome 121
  { what: 'toSorted, toReversed, toSpliced', pattern: /\.\s*to(Sorted|Reversed|Spliced)\s*\(/ }, // Chrome 110, Firefox 115
  { what: 'Object.groupBy, Map.groupBy', pattern: /\b(Object|Map)\s*\.\s*groupBy\b/ }, // Chrome 117
  { what: 'isWellFormed, toWellFormed', pattern: /\.\s*(is|to)WellFormed\s*\(/ }, // Chrome 111
  {
    what: 'helpers of iterators',
    pattern:
      /\.\s*(values|keys|entries)\s*\(\s*\)\s*\.\s*(map|filter|some|every|find|forEach|toArray|take|drop|reduce)\s*\(/,
  }, // Chrome 122
  { what: 'algebra of sets', pattern: /\.\s*(isSubsetOf|isSupersetOf|isDisjointFrom|symmetricDifference)\s*\(/ }, // Chrome 122
  { what: 'ArrayBuffer.transfer', pattern: /\.\s*transferToFixedLength\s*\(/ }, // Chrome 114
  { what: 'scheduler', pattern: /\bscheduler\s*\.\s*(yield|postTask)\b/ }, // not in Safari
  { what: 'requestIdleCallback', pattern: /\brequestIdleCallback\b/ }, // not in Safari
  { what: 'findLast', pattern: /\.\s*findLast(Index)?\s*\(/ }, // Firefox 104
  { what: 'URL.canParse', pattern: /\bURL\s*\.\s*(canParse|parse)\b/ }, // Chrome 120
  { what: 'Uint8Array.fromBase64', pattern: /\b(from|to)(Base64|Hex)\s*\(/ }, // Chrome 140
  { what: 'showPopover', pattern: /\b(show|hide|toggle)Popover\b/ }, // Chrome 114
  { what: 'startViewTransition', pattern: /\bstartViewTransition\b/ }, // Chrome 111
  { what: 'CompressionStream', pattern: /\b(De)?CompressionStream\b/ }, // Firefox 113
  { what: 'Ed25519', pattern: /['"`]Ed25519['"`]/ }, // Chrome 137
  // All take `Symbol.for('Symbol.asyncDispose')` where there is none: e2e/old-platform.spec.ts.
  {
    what: 'Symbol.asyncDispose',
    pattern: /\bSymbol\s*\.\s*(asyncD|d)ispose\b/,
    in: [/client\/src\/pool\/pool\.js$/, /client\/src\/testing\/(create-pools|contract\/lifecycle)\.js$/],
  },
  // Every byte stream is made in one place, which goes on without where there are none.
  {
    what: "ReadableStream of type 'bytes'",
    pattern: /type:\s*['"`]bytes['"`]/,
    in: [/client\/src\/pool\/streams\/byte-stream\.js$/],
  },
];

/**
 * What of these stands in our own files, and where nobody looks whether it is there.
 * @param {readonly string[]} files
 */
export function laterFeatures(files) {
  return files.flatMap((file) => {
    const code = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    return LATER.filter(({ pattern }) => pattern.test(code))
      .filter((feature) => !feature.in?.some((place) => place.test(file)))
      .map(({ what }) => `${file} uses ${what}`);
  });
}
