/** The timeline: what happened at which instruction, from a bounded ring in the emulator. */
import type { SegmentName, TableName } from './machine.ts';

export type TimelineLane =
  | 'console'
  | 'exits'
  | 'exceptions'
  | 'asid'
  | 'kernelFlush'
  | 'userFlush'
  | 'gpaFlush'
  | 'tlbWrites'
  | 'interrupts'
  | 'mode'
  | 'machine';

/**
 * Every kind of event, by the number it is recorded under. Exits are named as KVM's kvm_exit tracepoint names their
 * reasons, exceptions as Cause.ExcCode has them. Numbers beyond the list's end are free; 0 is no event.
 */
export const TIMELINE_CATEGORIES: readonly { lane: TimelineLane; name: string }[] = [
  { lane: 'machine', name: '' },
  { lane: 'console', name: 'line' },
  ...[
    'Interrupt',
    'TLB Mod',
    'TLB Miss (LD)',
    'TLB Miss (ST)',
    'Address Err (LD)',
    'Address Err (ST)',
    'System Call',
    'Break Inst',
    'Reserved Inst',
    'COP Unusable',
    'Overflow',
    'Trap Inst',
    'FPE',
    'WAIT',
    'CACHE',
    'Signal',
    'other',
  ].map((name) => ({ lane: 'exits', name }) as const),
  ...['Mod', 'TLBL', 'TLBS', 'AdEL', 'AdES', 'Sys', 'Bp', 'RI', 'CpU', 'Ov', 'Tr', 'FPE', 'other'].map(
    (name) => ({ lane: 'exceptions', name }) as const,
  ),
  { lane: 'asid', name: 'ASID change' },
  { lane: 'kernelFlush', name: 'KMF_KERN' },
  { lane: 'userFlush', name: 'KMF_USER' },
  { lane: 'gpaFlush', name: 'KMF_GPA|KMF_KERN' },
  { lane: 'gpaFlush', name: 'KMF_GPA|KMF_USER' },
  { lane: 'tlbWrites', name: 'TLBWI' },
  { lane: 'tlbWrites', name: 'TLBWR' },
  { lane: 'interrupts', name: 'Int' },
  { lane: 'mode', name: 'to kernel' },
  { lane: 'mode', name: 'to user' },
  { lane: 'machine', name: 'input' },
  { lane: 'machine', name: 'reset' },
  { lane: 'machine', name: 'checker difference' },
  { lane: 'machine', name: 'end' },
  { lane: 'machine', name: 'recording off' },
  { lane: 'machine', name: 'recording on' },
];

/** What events must match to count; absent fields let all pass. */
export interface TimelineFilter {
  /** Numbers of TIMELINE_CATEGORIES. */
  categories?: number[];
  /** The guest ASID in EntryHi when it happened; of an ASID change the old or the new one. */
  asid?: number;
  /** Of the address that the event is about, or, of a flush, of a range that it walked. Events without one do not match. */
  segment?: SegmentName;
  /** PC, inclusive byte addresses. */
  pc?: { from: number; to: number };
}

/** Counts of events in equal buckets of instructions. */
export interface TimelineQuery {
  /** Instruction counts; buckets are [from + i * step, from + (i + 1) * step). */
  from: number;
  step: number;
  /** At most MAX_TIMELINE_BUCKETS. */
  buckets: number;
  filter?: TimelineFilter;
  /** Lanes with at most so many events in the range send them one by one as well; at most MAX_TIMELINE_MARKS. */
  marks: number;
  /** Asks which events touched a pgd slot. */
  touching?: TimelineSlot;
}

/**
 * A pgd slot, of one table or of either. Touched it have: faults at its addresses, TLB writes of entries that reach into
 * it, and flushes that freed its table.
 */
export interface TimelineSlot {
  slot: number;
  /** Faults in its mode and flushes of it; null for both tables. */
  table: TableName | null;
  /** Looks at so many of the range's newest events: the guest waits meanwhile. */
  most: number;
}

export interface TimelineAnswer {
  query: TimelineQuery;
  /** Grows with every boot: another machine's answer. */
  boot: number;
  /** The present instruction count and mode. */
  instructions: number;
  user: boolean;
  asid: number;
  /**
   * The ring's oldest event: earlier ones are dropped, and `dropped` is how many. Of the time before it the counts of
   * buckets are means over some time; with a filter they are 0.
   */
  oldest: number;
  dropped: number;
  /** Share of the ring that is in use, 0 to 1, and its size in bytes. */
  fill: number;
  bytes: number;
  /** Categories that occur in the range; `counts` has a row of `query.buckets` for each. Fractions: see `oldest`. */
  categories: Uint8Array;
  counts: Float32Array;
  /** Instructions of each bucket executed in user mode, as far as it was recorded; no filter applies. */
  userInstructions: Float32Array;
  /** Events recorded since power-on by category, whatever the filter and the range. */
  totals: Float64Array;
  /** With a filter: matching events in the ring, by category. */
  matching: Float64Array | null;
  /**
   * One by one, ascending: the events of sparse lanes, four numbers each: sequence number, instruction count, category,
   * and a value: of an ASID change the new one, of a flush the pages dropped, of a TLB write the index, else 0.
   */
  marks: Float64Array;
  /** Console lines in the range, at most `query.marks`, spread over it; also those whose events are dropped. */
  lines: TimelineLine[];
  /** A lazy user flush waits for the next entry to user mode. */
  userFlushPending: boolean;
  /** Stretches that reach into the range and were not recorded, ascending. */
  unrecorded: TimelineStretch[];
  /** Answers `query.touching`. */
  touched?: TimelineTouched;
}

/** A stretch of the run that has no events because none were recorded. */
export interface TimelineStretch {
  /** Instruction counts; `to` is Infinity while it goes on. */
  from: number;
  to: number;
  /** Whether the guest is in user mode at its end. */
  user: boolean;
}

export interface TimelineTouched {
  /** Events of the range that touched the slot; those that are dropped are not known. */
  events: number;
  /** All of the range was looked at, as far as it is not dropped. */
  whole: boolean;
  /** Pairs of instruction count and category: of each lane the first in each bucket, by instruction. */
  marks: Float64Array;
}

export interface TimelineLine {
  instructions: number;
  text: string;
}

/** An event in full. Fields that its category does not have are absent. */
export interface TimelineEvent {
  /** Identifies it as long as the machine lives; grows with time. */
  sequence: number;
  category: number;
  instructions: number;
  virtualNs: number;
  pc: number;
  symbol: string;
  asid: number;
  user: boolean;
  /** Exits and exceptions of TLB and address errors: the address; checker differences too. */
  address?: number;
  /** TLB exceptions: no entry matched. */
  refill?: boolean;
  oldAsid?: number;
  newAsid?: number;
  flush?: {
    table: TableName;
    ranges: [start: number, end: number][];
    pages: number;
    tablesFreed: number;
    entriesCleared: number;
    bySegment: Partial<Record<SegmentName, { pages: number; tables: number }>>;
    /** The pgd slots whose tables were freed; empty if there were more than some two thousand. */
    freedSlots: number[];
  };
  tlb?: { index: number; entryHi: number; pageMask: number; entryLo0: number; entryLo1: number };
  /** Interrupts: Cause.IP bits that were pending and enabled, IP0 as bit 0. */
  pending?: number;
  /** Console lines and ends. */
  text?: string;
  /** Input: bytes. */
  bytes?: number;
}

/** Where a page of events begins: at a rank among those that match, or at a neighbour of an event. */
export type TimelineCursor =
  | { rank: number }
  /** The last `limit` events of the range. */
  | { end: true }
  /** Strictly after or before a sequence number. */
  | { after: number }
  | { before: number }
  /** The nearest to an instruction count. */
  | { near: number };

export interface TimelineEventsRequest {
  /** Instruction counts, half open. */
  from: number;
  to: number;
  filter?: TimelineFilter;
  cursor: TimelineCursor;
  /** At most MAX_TIMELINE_PAGE. */
  limit: number;
}

export interface TimelineEventsPage {
  boot: number;
  /** Matching events of the range that the ring still has. */
  total: number;
  /** Rank of the first event of the page among them. */
  rank: number;
  events: TimelineEvent[];
}

export type TimelineFormat = 'ndjson' | 'csv' | 'json';

export interface TimelineExportRequest {
  /** `json` is the Chrome trace event format, which Perfetto reads. */
  format: TimelineFormat;
  /** Absent: all that the ring has. */
  from?: number;
  to?: number;
  filter?: TimelineFilter;
}

export const MAX_TIMELINE_BUCKETS = 4096;
export const MAX_TIMELINE_MARKS = 2000;
export const MAX_TIMELINE_PAGE = 1000;

/** Pieces of an export that may be on their way. */
export const TIMELINE_EXPORT_CREDIT = 2;
