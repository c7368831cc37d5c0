/**
 * Accesses of a block that lie off one base register, as those of a stack frame or of a structure do: where they are in
 * one page, one look into the host TLB is enough for all of them. Such accesses make a chain; chains that overlap, with
 * all that lies between, a window, which is generated twice: for when each chain is in a page of the host TLB, and for
 * when not.
 */
import { ENCODINGS } from '../cpu/encoding.ts';
import { PLAIN_LOADS, PLAIN_STORES } from './access-target.ts';
import type { Instruction } from './region.ts';
import { Flow } from './traits.ts';
import type { Op } from './wasm.ts';

/** Accesses that are worth a look of their own. */
const FEWEST = 3;
/** Of a window's instructions, one in so many at the least is an access of its chains. */
const SPARSEST = 3;
/** Chains of a window: each takes a local. */
const MOST_CHAINS = 3;
/** Bytes from the first of a chain to behind the last. The longer, the likelier two pages. */
const LONGEST = 1024;

/** Accesses off `base`, which keeps its value from the first to the last. */
export interface Chain {
  base: number;
  write: boolean;
  /** Offset from the base of the first byte, down to a multiple of `alignment`. */
  from: number;
  bytes: number;
  /** Of the largest access; on big-endian machines, whose memory is made of words, of a word. */
  alignment: number;
  /** Indices of its accesses in the block's body. */
  members: number[];
}

export interface Window {
  first: number;
  last: number;
  chains: Chain[];
}

/** Bytes of plain accesses by opcode, of loads and of stores; 0: it is none. */
const LOADS = sizesOf(PLAIN_LOADS);
const STORES = sizesOf(PLAIN_STORES);
function sizesOf(table: Readonly<Record<string, readonly [size: number, op: Op]>>): Uint8Array {
  const sizes = new Uint8Array(64);
  for (const { instruction, value } of ENCODINGS) {
    const entry = table[instruction.name];
    if (entry) sizes[value >>> 26] = entry[0];
  }
  return sizes;
}

/** Plain accesses by base, loads and then stores; see {@link mayHaveWindows}. */
const counted = new Uint16Array(2 * 32);
const STORED = 32;

/** Whether there are as many accesses off one base as it takes. Of most blocks that is all there is to say. */
function mayHaveWindows(body: readonly Instruction[]): boolean {
  if (body.length < FEWEST) return false;
  counted.fill(0);
  let most = 0;
  for (let i = 0; i < body.length; i++) {
    const { word } = body[i]!;
    const write = STORES[word >>> 26] !== 0;
    if (!write && LOADS[word >>> 26] === 0) continue;
    const count = ++counted[((word >>> 21) & 31) + (write ? STORED : 0)]!;
    if (count > most) most = count;
  }
  return most >= FEWEST;
}

/** Windows of a block, in order, which do not overlap. */
export function nearAccesses(body: readonly Instruction[], bigEndian: boolean): Window[] {
  if (!mayHaveWindows(body)) return [];
  const windows: Window[] = [];
  for (const chain of chainsOf(body, bigEndian)) place(chain, windows, body);
  return windows
    .filter(({ first, last, chains }) => {
      const members = chains.reduce((sum, chain) => sum + chain.members.length, 0);
      return members * SPARSEST > last - first;
    })
    .sort((a, b) => a.first - b.first);
}

/** Chains that may go on, in the places of {@link counted}. */
const open: (Chain | null)[] = Array.from({ length: 2 * 32 }, () => null);

/** Those worth it, longest first. */
function chainsOf(body: readonly Instruction[], bigEndian: boolean): Chain[] {
  const found: Chain[] = [];
  open.fill(null);
  for (let i = 0; i < body.length; i++) {
    const { word, traits, writes } = body[i]!;
    if (traits.flow !== Flow.None || traits.kernel || traits.float) open.fill(null);
    const write = STORES[word >>> 26] !== 0;
    const size = write ? STORES[word >>> 26]! : LOADS[word >>> 26]!;
    const base = (word >>> 21) & 31;
    const place = base + (write ? STORED : 0);
    const offset = (word << 16) >> 16;
    // An aligned base does not help what is at an odd offset from it.
    if (size !== 0 && counted[place]! >= FEWEST && offset % size === 0) {
      const chain = open[place];
      if (!chain || !extend(chain, offset, size, bigEndian, i)) {
        const begun: Chain = { base, write, from: offset, bytes: 0, alignment: 1, members: [] };
        extend(begun, offset, size, bigEndian, i);
        open[place] = begun;
        found.push(begun);
      }
    }
    for (let rest = writes; rest !== 0; rest &= rest - 1) {
      const register = 31 - Math.clz32(rest & -rest);
      open[register] = open[register + STORED] = null;
    }
  }
  return found.filter(({ members }) => members.length >= FEWEST).sort((a, b) => b.members.length - a.members.length);
}

/** Adds the access of instruction `i` to a chain, unless it lies too far away. */
function extend(chain: Chain, offset: number, size: number, bigEndian: boolean, i: number): boolean {
  const alignment = Math.max(chain.alignment, size, bigEndian && size < 4 ? 4 : 1);
  const from = Math.min(chain.from, offset) & -alignment;
  const bytes = Math.max(chain.from + chain.bytes, offset + size) - from;
  if (bytes > LONGEST) return false;
  chain.alignment = alignment;
  chain.from = from;
  chain.bytes = bytes;
  chain.members.push(i);
  return true;
}

/** Adds a chain to the windows, unless it cannot be with those that it overlaps. */
function place(chain: Chain, windows: Window[], body: readonly Instruction[]): void {
  const own = { first: chain.members[0]!, last: chain.members.at(-1)!, chains: [chain] };
  const others = windows.filter(({ first, last }) => first <= own.last && last >= own.first);
  const all = [own, ...others];
  const merged: Window = {
    first: Math.min(...all.map(({ first }) => first)),
    last: Math.max(...all.map(({ last }) => last)),
    chains: all.flatMap(({ chains }) => chains),
  };
  if (merged.chains.length > MOST_CHAINS || !merged.chains.every((each) => isKnown(each, merged, body))) return;
  for (const other of others) windows.splice(windows.indexOf(other), 1);
  windows.push(merged);
}

/** Whether the chain's base has its value at the window's start already. */
function isKnown({ base, members }: Chain, { first }: Window, body: readonly Instruction[]): boolean {
  for (let i = first; i < members[0]!; i++) if ((body[i]!.writes & (1 << base)) !== 0) return false;
  return true;
}
