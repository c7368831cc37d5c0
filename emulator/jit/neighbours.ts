/**
 * What is beside blocks that are to be translated: the pages they are in, where the jumps of those pages go, and the
 * blocks there that are nearly wanted.
 */
import { HOST_TLB, RAM_AT } from '../memory.ts';
import type { CodeMap } from './code-map.ts';
import { PAGE_WORDS } from './region.ts';

/** COP1 and its rs for branches, as the upper bits of a word. */
const BC1 = 0x228;
/** Entries, as a part of the threshold, after which a block is translated with others that are beside it. */
const WARM = 0.9;

/** A block that is entered often. */
export interface Hot {
  mode: number;
  pc: number;
  host: number;
}

/** A page that blocks are translated of, and what it jumps to elsewhere: host addresses by virtual ones. */
export interface NearPage {
  base: number;
  host: number;
  targets: ReadonlyMap<number, number>;
}

/** Index of the word for page 0 in a mode's flat table for loads. */
export function readsOf(mode: number): number {
  return HOST_TLB.reads[mode]! >>> 2;
}

/** The pages of these blocks, and where their jumps and branches go in other pages, by virtual address. */
export function lookAround(
  words: Int32Array,
  mode: number,
  hot: readonly Hot[],
  known: readonly NearPage[] = [],
): NearPage[] {
  const reads = readsOf(mode);
  const pages = new Map(known.map((page) => [page.base, page]));
  for (const { pc, host } of hot) {
    const base = pc & ~0xfff;
    if (pages.has(base)) continue;
    const targets = new Map<number, number>();
    pages.set(base, { base, host: host & ~0xfff, targets });
    for (let at = 0; at <= PAGE_WORDS; at++) {
      const from = (base + 4 * at) | 0;
      const to = at === PAGE_WORDS ? from : jumpTarget(words[((host & ~0xfff) >>> 2) + at]!, from);
      if ((to & 3) !== 0 || ((to ^ base) & ~0xfff) === 0) continue;
      const callee = words[reads + (to >>> 12)]! ^ to;
      if (callee >= 0) targets.set(to, callee);
    }
  }
  return [...pages.values()];
}

/**
 * Blocks that are nearly as hot as those wanted and beside them: what goes from one to the other is in one module.
 * @param threshold entries after which a block is translated
 * @param most of them
 * @param awaited host addresses of the blocks whose modules are on their way
 */
export function warmBeside(
  map: CodeMap,
  mode: number,
  hot: readonly Hot[],
  pages: readonly NearPage[],
  { threshold, most, awaited }: { threshold: number; most: number; awaited: ReadonlySet<number> },
): Hot[] {
  const warm = Math.floor(-WARM * threshold);
  const seen = new Set(awaited);
  for (const { host } of hot) seen.add(host);
  const found: Hot[] = [];
  const add = (pc: number, host: number) => {
    if (map.entry(mode, host) > warm || map.entry(mode, host) > 0 || host < RAM_AT || seen.has(host)) return;
    if (found.length >= most) return;
    seen.add(host);
    found.push({ mode, pc, host });
  };
  for (const { base, host, targets } of pages) {
    const entries = map.entries(mode, host);
    for (let at = 0; entries && at < PAGE_WORDS; at++)
      if (entries[at]! <= warm) add((base + 4 * at) | 0, host + 4 * at);
    for (const [pc, callee] of targets) add(pc, callee);
  }
  return found;
}

/** Where the instruction at `pc` goes to, if it is a jump or a branch; otherwise what is no multiple of 4. */
export function jumpTarget(word: number, pc: number): number {
  if (word >>> 27 === 1) return ((pc + 4) & 0xf0000000) | ((word << 6) >>> 4);
  // REGIMM; BEQ to BGTZ and BEQL to BGTZL; BC1.
  const opcode = word >>> 26;
  const branches = opcode === 1 || (opcode & 0x2c) === 4 || word >>> 21 === BC1;
  return branches ? (pc + 4 + ((word << 16) >> 14)) | 0 : 1;
}
