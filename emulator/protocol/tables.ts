/** Pictures of the GVA page tables, of the guest TLB, and of the host’s side. */
import type { FlushKind, SegmentName, TableName } from './machine.ts';

/** Figures of one segment in one GVA page table. */
export interface SegmentStats {
  pages: number;
  tables: number;
  /** Most pages ever present at once. */
  highWater: number;
  /** Pages dropped by flushes since boot, and by the last flush that reached this segment. */
  flushedTotal: number;
  flushedLast: number;
  /** Pages filled since that flush. */
  refillsSince: number;
}

/** One flush of a GVA page table, as it happened. */
export interface FlushInfo {
  /** Running number of this flush of this table, from 1. */
  serial: number;
  table: TableName;
  kind: FlushKind;
  instructions: number;
  pc: number;
  symbol: string;
  /** Guest ASIDs before and after, where an ASID change caused it. */
  oldAsid: number;
  newAsid: number;
  /** Inclusive byte ranges walked. */
  ranges: [start: number, end: number][];
  pages: number;
  tablesFreed: number;
  entriesCleared: number;
  bySegment: Partial<Record<SegmentName, { pages: number; tables: number }>>;
  /** Pages that were there and stayed. */
  kept: Partial<Record<SegmentName, number>>;
  /** The pgd slots whose tables were freed. */
  freedSlots: Uint16Array;
}

/** One GVA page table at an instant. */
export interface TableView {
  /** Present pages of every pgd slot, `geometry.slots` long. */
  counts: Uint16Array;
  segments: Partial<Record<SegmentName, SegmentStats>>;
  flushes: number;
  lastFlush: FlushInfo | null;
  /** The guest ASID whose view the table holds (last_user_gasid for the user table). */
  asid: number;
  /** User table only: the guest's ASID has changed, so the next entry to user mode flushes. */
  stale: boolean;
}

/** Bits of one page's state in {@link SlotView.pages}. */
export const PAGE_PRESENT = 1;

export const PAGE_WRITABLE = 2;
export const PAGE_DIRTY = 4;
export const PAGE_COMMPAGE = 8;

/** Only beside `pinned`: the page was there at the pinned instant, in another frame. */
export const PAGE_MOVED = 16;

/** The pages of one pgd slot, in both tables: `pagesPerSlot` bytes of PAGE_ bits each. */
export interface SlotView {
  slot: number;
  kernel: Uint8Array;
  user: Uint8Array;
  /** The same at the pinned instant, if one is pinned. */
  pinned?: { kernel: Uint8Array; user: Uint8Array };
}

/** What a GVA page table has gained and lost since the pinned instant, in pages of each pgd slot. */
export interface TableDifference {
  added: Uint16Array;
  removed: Uint16Array;
  /** There both times, with another frame or other rights. */
  changed: Uint16Array;
}

/** Both tables against those of the pinned instant; the user table is the one in use, then and now. */
export interface DifferenceView {
  /** The pinned instant, and the guest's ASID then. */
  instructions: number;
  asid: number;
  kernel: TableDifference;
  user: TableDifference;
}

/** One GVA page table's side of a host CPU. */
export interface HostTableView {
  /** Version and 8-bit ASID; 0: none. */
  context: number;
  /** The next entry to the guest on this CPU takes a new context. */
  stale: boolean;
  /** 4 KiB pages that this CPU's TLB holds for the table; those that take stores; those that no context matches. */
  entries: number;
  writable: number;
  unreachable: number;
  segments: Partial<Record<SegmentName, number>>;
}

/** Host ASIDs and host TLB. */
export interface HostView {
  /** The host CPU that runs the guest. */
  cpu: number;
  cpus: {
    /** The last context this CPU gave out (asid_cache). */
    asidCache: number;
    kernel: HostTableView;
    user: HostTableView;
  }[];
  /** The guest ASID whose view the user table holds (last_user_gasid). */
  lastUserAsid: number;
  /** User tables there are: one for each guest ASID under `tagged`, else one. */
  userTables: number;
  /** How often a CPU ran out of ASIDs. */
  wraps: number;
  /** Host TLB refills that a GVA table served. */
  refills: number;
}

/** The guest TLB: architectural register images, one element an entry. */
export interface TlbView {
  entryHi: Uint32Array;
  pageMask: Uint32Array;
  entryLo0: Uint32Array;
  entryLo1: Uint32Array;
  /** Instruction count at the last write of the entry, 0 if never written. */
  writtenAt: Float64Array;
  /** 1 where the last write of the entry was a TLBWR, 0 where it was a TLBWI. */
  random: Uint8Array;
  /** Running count of TLB writes. */
  writes: number;
  /** The entries at the pinned instant, while one is pinned. */
  pinned?: PinnedTlb;
}

/** Register images of the pinned instant, as in {@link TlbView}. */
export interface PinnedTlb {
  instructions: number;
  entryHi: Uint32Array;
  pageMask: Uint32Array;
  entryLo0: Uint32Array;
  entryLo1: Uint32Array;
}
