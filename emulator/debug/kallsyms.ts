/**
 * A running Linux kernel's own symbol table (scripts/kallsyms.c of Linux 6.1, 32-bit, base-relative or absolute), found
 * in its memory: kernels as distributed carry no other.
 *
 * In order, each aligned to four bytes: offsets or addresses, the base they are relative to, the number of symbols, the
 * compressed names, a marker for every 256th name, (since 6.2, and in stable 6.1) three bytes for each name in
 * alphabetical order, 256 tokens, their index. A name is a length and so many token numbers;
 * its first character is the symbol's type.
 */
import type { Symbol } from './symbols.ts';

/** Tokens that stand for themselves in every table: the digits. */
const DIGITS = Uint8Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0x30 + i / 2 : 0));
const FEWEST_SYMBOLS = 300;
const MOST_SYMBOLS = 1 << 19;

/**
 * A kernel that has moved itself (KASLR) leaves its first copy behind, table and all, and always moves upwards: of several
 * tables the one for the highest addresses counts.
 *
 * @param memory the kernel's memory, bytes in the guest's order
 * @returns text symbols, or null when there is no table
 */
export function findKallsyms(memory: Uint8Array, bigEndian: boolean): Symbol[] | null {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  let best: Symbol[] | null = null;
  for (let at = indexOf(memory, DIGITS, 0); at >= 0; at = indexOf(memory, DIGITS, at + 1)) {
    const symbols = readTable(memory, view, at, !bigEndian);
    if (symbols && symbols.length > 0 && (!best || symbols[0]!.value > best[0]!.value)) best = symbols;
  }
  return best;
}

function indexOf(memory: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = memory.indexOf(wanted[0]!, from); at >= 0; at = memory.indexOf(wanted[0]!, at + 1)) {
    let i = 1;
    while (i < wanted.length && memory[at + i] === wanted[i]) i++;
    if (i === wanted.length) return at;
  }
  return -1;
}

/** The table whose token `0` is at `digits`, if that is what it is. */
function readTable(memory: Uint8Array, view: DataView, digits: number, little: boolean): Symbol[] | null {
  const back = backOver(memory, digits, 0x30);
  if (back < 0) return null;
  const tokensAt = (back + 3) & ~3;
  const tokens = readTokens(memory, view, tokensAt, little);
  if (!tokens) return null;

  const plain = locateNames(memory, view, tokensAt, null, tokens, little);
  if (plain) return plain;
  for (let symbols = FEWEST_SYMBOLS; symbols < MOST_SYMBOLS && 3 * symbols < tokensAt; symbols++) {
    const found = locateNames(memory, view, tokensAt - ((3 * symbols + 3) & ~3), symbols, tokens, little);
    if (found) return found;
  }
  return null;
}

/**
 * @param markersEnd just past the markers, the first of which is 0 and each larger than the one before
 * @param wanted how many symbols there must be, if known
 */
function locateNames(
  memory: Uint8Array,
  view: DataView,
  markersEnd: number,
  wanted: number | null,
  tokens: string[],
  little: boolean,
): Symbol[] | null {
  const lastMarker = markersEnd >= 4 ? view.getUint32(markersEnd - 4, little) : 0;
  let markersAt = markersEnd - 4;
  let count = 1;
  for (let later = lastMarker; later !== 0; count++) {
    markersAt -= 4;
    if (markersAt < 0) return null;
    const marker = view.getUint32(markersAt, little);
    if (marker >= later) return null;
    later = marker;
  }
  if (wanted !== null && Math.ceil(wanted / 256) !== count) return null;
  // The last stretch holds up to 256 names of up to 256 bytes.
  const highest = (markersAt - lastMarker) & ~3;
  for (let namesAt = highest; namesAt > 8 && namesAt >= highest - 65536; namesAt -= 4) {
    const symbols = view.getUint32(namesAt - 4, little);
    if (symbols < FEWEST_SYMBOLS || symbols > MOST_SYMBOLS || Math.ceil(symbols / 256) !== count) continue;
    if (wanted !== null && symbols !== wanted) continue;
    const names = readNames(memory, namesAt, markersAt, symbols, tokens);
    if (names) return addresses(view, namesAt - 4, names, little);
  }
  return null;
}

/** Start of the token `n` places before the one that starts at `at`. */
function backOver(memory: Uint8Array, at: number, n: number): number {
  let start = at;
  for (let i = 0; i < n; i++) {
    start -= 2;
    while (start >= 0 && memory[start] !== 0 && at - start < 4096) start--;
    if (start < 0 || at - start >= 4096) return -1;
    start++;
  }
  return start;
}

function readTokens(memory: Uint8Array, view: DataView, start: number, little: boolean): string[] | null {
  const tokens: string[] = [];
  const offsets: number[] = [];
  let at = start;
  for (let i = 0; i < 256; i++) {
    offsets.push(at - start);
    const end = memory.indexOf(0, at);
    if (end < 0 || end - at > 64) return null;
    tokens.push(String.fromCharCode(...memory.subarray(at, end)));
    at = end + 1;
  }
  const index = (at + 3) & ~3;
  if (index + 512 > memory.length) return null;
  return offsets.every((offset, i) => view.getUint16(index + i * 2, little) === offset) ? tokens : null;
}

function readNames(memory: Uint8Array, start: number, end: number, count: number, tokens: string[]): string[] | null {
  const names: string[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    let length = memory[at++]!;
    if (length >= 0x80) length = (length & 0x7f) | (memory[at++]! << 7);
    if (length === 0 || at + length > end) return null;
    let name = '';
    for (let j = 0; j < length; j++) name += tokens[memory[at + j]!];
    at += length;
    names.push(name);
  }
  return end - at < 4 ? names : null;
}

function addresses(view: DataView, countAt: number, names: string[], little: boolean): Symbol[] | null {
  const base = view.getUint32(countAt - 4, little);
  // Without a base the word before the count is the last address, and so is the one before that no offset.
  const relative = view.getUint32(countAt - 8, little) < 0x40000000;
  const first = countAt - (relative ? 4 : 0) - names.length * 4;
  if (first < 0) return null;
  const symbols: Symbol[] = [];
  for (const [i, name] of names.entries()) {
    if (!'tTwW'.includes(name[0]!)) continue;
    const value = (view.getUint32(first + i * 4, little) + (relative ? base : 0)) >>> 0;
    symbols.push({ name: name.slice(1), value, size: 0 });
  }
  return symbols;
}

/** Symbols of a System.map: lines of address, type and name. Other lines are passed over. */
export function parseSystemMap(text: string): Symbol[] {
  return [...text.matchAll(/^([0-9a-fA-F]{8,16}) [tTwW] (\S+)$/gm)].map(([, address, name]) => ({
    name: name!,
    value: parseInt(address!.slice(-8), 16),
    size: 0,
  }));
}
