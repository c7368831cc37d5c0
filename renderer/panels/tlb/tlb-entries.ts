/**
 * Guest TLB entries from their register images: EntryHi, PageMask, EntryLo0, EntryLo1.
 * MIPS32 PRA volume III, sections 9.5 to 9.10 (MD00090).
 */
import type { PinnedTlb, SegmentLayout, SegmentName, TlbView } from '../../../emulator/protocol.ts';
import { segmentAt } from '../../lib/layouts.ts';

export interface TlbHalf {
  pfn: number;
  /** Cache attribute, 0 to 7. */
  cache: number;
  dirty: boolean;
  valid: boolean;
}

export interface TlbEntry {
  index: number;
  /** First byte address of the pair of pages. */
  address: number;
  /** Bytes the pair spans, both halves. */
  span: number;
  asid: number;
  global: boolean;
  even: TlbHalf;
  odd: TlbHalf;
  /** The segment the pair is in; null outside the layout. */
  segment: SegmentName | null;
  /** Its address is never translated, as after UNIQUE_ENTRYHI: it matches nothing. */
  invalidated: boolean;
}

export interface TlbRow extends TlbEntry {
  /** Matches the guest's current ASID, or is global. */
  current: boolean;
  /** Written since the view before this one. */
  changed: boolean;
  /** Index of the entry this one overlaps, or null. */
  duplicate: number | null;
  writtenAt: number;
  /** That write was a TLBWR. */
  random: boolean;
  /** What it was at the pinned instant, where that differs. */
  pinned: TlbEntry | null;
}

/** The registers that entries are read from. */
type Registers = Omit<PinnedTlb, 'instructions'>;

function half(entryLo: number): TlbHalf {
  return {
    pfn: (entryLo >>> 6) & 0xffffff,
    cache: (entryLo >>> 3) & 7,
    dirty: (entryLo & 4) !== 0,
    valid: (entryLo & 2) !== 0,
  };
}

/** Decodes entry `index`. */
export function decodeEntry(tlb: Registers, index: number, segments: readonly SegmentLayout[]): TlbEntry {
  const hi = tlb.entryHi[index]!;
  const mask = (tlb.pageMask[index]! | 0x1fff) >>> 0;
  const [lo0, lo1] = [tlb.entryLo0[index]!, tlb.entryLo1[index]!];
  const address = (hi & ~mask) >>> 0;
  const segment = segmentAt(segments, address);
  return {
    index,
    address,
    span: mask + 1,
    asid: hi & 0xff,
    global: (lo0 & lo1 & 1) !== 0,
    even: half(lo0),
    odd: half(lo1),
    segment: segment?.name ?? null,
    invalidated: !segment?.mapped,
  };
}

/**
 * Both answer the same address under the same ASID, and at least one of them with a valid page: a TLB of zeros, as after
 * a reset, is no accident.
 */
export function overlaps(a: TlbEntry, b: TlbEntry): boolean {
  if (a.invalidated || b.invalidated || (neverValid(a) && neverValid(b))) return false;
  if (!a.global && !b.global && a.asid !== b.asid) return false;
  const span = Math.max(a.span, b.span);
  return Math.floor(a.address / span) === Math.floor(b.address / span);
}

/** For every entry the lowest earlier one it overlaps, or null. */
export function findDuplicates(entries: readonly TlbEntry[]): (number | null)[] {
  return entries.map((entry, index) => {
    for (let other = 0; other < index; other++) if (overlaps(entries[other]!, entry)) return entries[other]!.index;
    return null;
  });
}

/** Both halves' V clear: the entry matches and then faults. */
export function neverValid(entry: TlbEntry): boolean {
  return !entry.even.valid && !entry.odd.valid;
}

/** `4K`, `16K`, `1M`: the size of one half. */
export function pageSizeText(span: number): string {
  const kib = span / 2048;
  return kib < 1024 ? `${kib}K` : `${kib / 1024}M`;
}

/**
 * The rows of a view. A row equal to the one before is the same object, so that only what changed is drawn again.
 */
export function tlbRows(
  tlb: TlbView,
  before: TlbView | null,
  rowsBefore: readonly TlbRow[],
  segments: readonly SegmentLayout[],
  currentAsid: number,
): TlbRow[] {
  const entries: TlbEntry[] = [];
  for (let index = 0; index < tlb.entryHi.length; index++) {
    const old = rowsBefore[index];
    entries.push(before && old && sameEntry(tlb, before, index) ? old : decodeEntry(tlb, index, segments));
  }
  const duplicates = findDuplicates(entries);
  return entries.map((entry, index) => {
    const writtenAt = tlb.writtenAt[index]!;
    const current = !entry.invalidated && (entry.global || entry.asid === currentAsid);
    const changed = before !== null && before.writtenAt[index] !== writtenAt;
    const duplicate = duplicates[index]!;
    const random = tlb.random[index] === 1;
    const old = rowsBefore[index];
    const pinned = pinnedEntry(tlb, entry, index, segments, old);
    const same =
      old === entry &&
      old.current === current &&
      old.changed === changed &&
      old.duplicate === duplicate &&
      old.random === random &&
      old.pinned === pinned &&
      old.writtenAt === writtenAt;
    return same ? old : { ...entry, current, changed, duplicate, writtenAt, random, pinned };
  });
}

/** The entry at the pinned instant if it was another one; the object of the row before as long as it says the same. */
function pinnedEntry(
  tlb: TlbView,
  entry: TlbEntry,
  index: number,
  segments: readonly SegmentLayout[],
  old: TlbRow | undefined,
): TlbEntry | null {
  const { pinned } = tlb;
  if (!pinned || sameEntry(tlb, pinned, index)) return null;
  const was = decodeEntry(pinned, index, segments);
  // Two that match nothing are alike, wherever they lie.
  if (was.invalidated && entry.invalidated) return null;
  return old?.pinned && JSON.stringify(old.pinned) === JSON.stringify(was) ? old.pinned : was;
}

/** Which columns of a row differ from the pinned instant. */
export function differing(row: TlbRow): {
  address: boolean;
  span: boolean;
  owner: boolean;
  even: boolean;
  odd: boolean;
} {
  const was = row.pinned;
  const half = (a: TlbHalf, b: TlbHalf) => JSON.stringify(a) !== JSON.stringify(b);
  return {
    address: was !== null && was.address !== row.address,
    span: was !== null && was.span !== row.span,
    owner: was !== null && (was.global !== row.global || (!row.global && was.asid !== row.asid)),
    even: was !== null && half(was.even, row.even),
    odd: was !== null && half(was.odd, row.odd),
  };
}

function sameEntry(a: Registers, b: Registers, index: number): boolean {
  return (
    a.entryHi[index] === b.entryHi[index] &&
    a.pageMask[index] === b.pageMask[index] &&
    a.entryLo0[index] === b.entryLo0[index] &&
    a.entryLo1[index] === b.entryLo1[index]
  );
}
