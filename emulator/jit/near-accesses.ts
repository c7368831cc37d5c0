/**
 * Accesses of a block that lie off one base register, as those of a stack frame or of a structure do: where they are in
 * one page, one look into the host TLB is enough for all of them. Such accesses make a chain; chains that overlap, with
 * all that lies between, a window, which is generated twice: for when each chain is in a page of the host TLB, and for
 * when not.
 */
import { PLAIN_LOADS, PLAIN_STORES } from './access-target.ts';
import type { Instruction } from './region.ts';
import { Flow } from './traits.ts';

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

interface Access {
  base: number;
  write: boolean;
  offset: number;
  size: number;
}

/** Bytes of plain accesses by the instruction's name, and whether it is a store. */
const PLAIN = new Map(
  [PLAIN_LOADS, PLAIN_STORES].flatMap((table, write) =>
    Object.entries(table).map(([name, [size]]) => [name, { size, write: write === 1 }] as const),
  ),
);

function accessOf({ word, traits }: Instruction): Access | null {
  const plain = PLAIN.get(traits.instruction.name);
  if (!plain) return null;
  const { size, write } = plain;
  const offset = (word << 16) >> 16;
  // An aligned base does not help what is at an odd offset from it.
  return offset % size === 0 ? { base: (word >>> 21) & 31, write, offset, size } : null;
}

/** Plain accesses by base, loads and then stores; see {@link mayHaveWindows}. */
const counted = new Uint16Array(2 * 32);

/** Whether there are as many accesses off one base as it takes. Of most blocks that is all there is to say. */
function mayHaveWindows(body: readonly Instruction[]): boolean {
  if (body.length < FEWEST) return false;
  counted.fill(0);
  let most = 0;
  for (const { word, traits } of body) {
    const plain = PLAIN.get(traits.instruction.name);
    if (!plain) continue;
    const count = ++counted[((word >>> 21) & 31) + (plain.write ? 32 : 0)]!;
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

/** Those worth it, longest first. */
function chainsOf(body: readonly Instruction[], bigEndian: boolean): Chain[] {
  const found: Chain[] = [];
  const open = new Map<number, Chain>();
  for (const [i, each] of body.entries()) {
    const { traits, writes } = each;
    if (traits.flow !== Flow.None || traits.kernel || traits.float) open.clear();
    const access = accessOf(each);
    if (access) {
      const key = 2 * access.base + Number(access.write);
      const chain = open.get(key);
      if (!chain || !extend(chain, access, bigEndian, i)) {
        const begun = { ...access, from: access.offset, bytes: 0, alignment: 1, members: [] };
        extend(begun, access, bigEndian, i);
        open.set(key, begun);
        found.push(begun);
      }
    }
    for (const [key, { base }] of open) if ((writes & (1 << base)) !== 0) open.delete(key);
  }
  return found.filter(({ members }) => members.length >= FEWEST).sort((a, b) => b.members.length - a.members.length);
}

/** Adds the access of instruction `i` to a chain, unless it lies too far away. */
function extend(chain: Chain, { offset, size }: Access, bigEndian: boolean, i: number): boolean {
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
