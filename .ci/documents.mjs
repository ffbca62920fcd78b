// @ts-check
/**
 * The code that documents show, as its readers would paste it. What stands behind the language of a fenced block says what becomes of it:
 * - `ts`: a module of its own; `ts continued`: goes on where the block before it ended;
 * - `ts file=src/main.ts`, also `html`, `json`, …: that file of the document's app;
 * - `text prints=main.ts`: what Node prints when it runs that file.
 *
 * In a table, the code in the column headed `peerpool` is compiled too, each piece by itself, after what a comment `<!-- context … -->` of the document declares.
 * Blocks of other languages are left alone.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('..', import.meta.url));
const GUIDES = 'client/docs/guides';

/** @typedef {{ file: string, line: number, code: string, kind: 'block' | 'file' | 'cell' }} Piece `file`: where it belongs in the app; `line`: where it stands in the document */
/** @typedef {{ file: string, text: string }} Printed */
/** @typedef {{ name: string, path: string, pieces: Piece[], prints: Printed[] }} Document */

/** Every document with code, from the top of the house. */
export function documents() {
  const guides = readdirSync(path.join(top, GUIDES))
    .filter((file) => file.endsWith('.md'))
    .toSorted()
    .map((file) => `${GUIDES}/${file}`);
  return ['README.md', ...guides].map(readDocument);
}

/**
 * @param {string} file from the top
 * @returns {Document}
 */
export function readDocument(file) {
  const text = readFileSync(path.join(top, file), 'utf8');
  /** @type {Piece[]} */
  const pieces = [];
  /** @type {Printed[]} */
  const prints = [];
  for (const match of text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)) {
    const [, language = '', words = '', code = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    const named = / file=(\S+)/.exec(words)?.[1];
    const printed = / prints=(\S+)/.exec(words)?.[1];
    const before = pieces.findLast((piece) => named === undefined || piece.file === named);
    if (printed !== undefined) prints.push({ file: printed, text: code });
    else if (/ continued\b/.test(words)) {
      if (before === undefined) throw new Error(`${file}:${line} continues a block before the first`);
      before.code += code;
    } else if (named !== undefined) {
      if (before !== undefined) throw new Error(`${file}:${line} has ${named} twice`);
      pieces.push({ file: named, line, code, kind: 'file' });
    } else if (/^tsx?$/.test(language)) {
      if (words.trim() !== '') throw new Error(`${file}:${line} is marked ${words.trim()}, which means nothing`);
      pieces.push({ file: `line-${line}.${language}`, line, code: `${code}\nexport {};\n`, kind: 'block' });
    }
  }
  for (const { file: program } of prints) {
    if (!pieces.some((piece) => piece.file === program)) throw new Error(`${file} has no ${program} that could print`);
  }
  return { name: path.basename(file, '.md'), path: file, pieces: [...pieces, ...cells(text)], prints };
}

/**
 * @param {string} text
 * @returns {Piece[]}
 */
function cells(text) {
  const context = /<!-- context\n([\s\S]*?)-->/.exec(text)?.[1] ?? '';
  /** @type {Piece[]} */
  const found = [];
  let column = -1;
  for (const [index, row] of text.split('\n').entries()) {
    // A bar within code is written `\|`.
    const columns = row.startsWith('|') ? row.split(/(?<!\\)\|/).map((cell) => cell.trim()) : [];
    if (columns.length === 0) column = -1;
    else if (column === -1 || columns.includes('peerpool')) column = columns.indexOf('peerpool');
    else {
      for (const [count, [, code = '']] of [...(columns[column] ?? '').matchAll(/`([^`]+)`/g)].entries()) {
        const body = `${context}export async function cell() {\n  ${code.replaceAll('\\|', '|')};\n}\n`;
        found.push({ file: `line-${index + 1}-${count + 1}.ts`, line: index + 1, code: body, kind: 'cell' });
      }
    }
  }
  return found;
}

/**
 * Writes the document's app into a folder.
 * @param {Document} document
 * @param {string} folder
 * @param {readonly Piece['kind'][]} kinds
 */
export function writeApp(document, folder, kinds) {
  for (const { file, code, kind } of document.pieces) {
    if (!kinds.includes(kind)) continue;
    const target = path.join(folder, file);
    if (existsSync(target)) throw new Error(`${document.path} has ${file} twice`);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
}
