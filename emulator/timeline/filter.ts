/** Which events count: a filter made ready for the ring, and its counts block by block, so that queries need no scan. */
import { SEGMENTS } from '../mmu/layout.ts';
import { TIMELINE_CATEGORIES, type TimelineFilter } from '../protocol.ts';
import {
  ASID_CHANGE,
  CATEGORIES,
  FLUSH_GPA_USER,
  FLUSH_KERNEL,
  META_ASID_SHIFT,
  META_CATEGORY,
  META_SEGMENT_SHIFT,
  NONE,
} from './categories.ts';
import { COLUMNS, type EventRing } from './event-ring.ts';
import { BLOCK, WORDS } from './ring-place.ts';

/** What queries need of a ring, or of the part of it that passes a filter. */
export interface EventIndex {
  startCount(sequence: number, category: number): number;
  countsBefore(sequence: number, row: Float64Array): Float64Array;
  matches(sequence: number): boolean;
}

/** 1 for each category that a filter lets through. */
export function categoryMask(filter: TimelineFilter | undefined): Uint8Array {
  const mask = new Uint8Array(CATEGORIES);
  if (filter?.categories) for (const category of filter.categories) mask[category] = 1;
  else mask.fill(1, 0, TIMELINE_CATEGORIES.length);
  mask[NONE] = 0;
  return mask;
}

/** Whether a filter asks for more than categories, which the ring itself can answer. */
export function needsScan(filter: TimelineFilter | undefined): filter is TimelineFilter {
  return filter !== undefined && (filter.asid ?? filter.segment ?? filter.pc) !== undefined;
}

/** The ring as it is. */
export function allEvents(ring: EventRing): EventIndex {
  return {
    startCount: (sequence, category) => ring.startCount(sequence, category),
    countsBefore: (sequence, row) => ring.countsBefore(sequence, row),
    matches: () => true,
  };
}

/**
 * Counts of the events that pass a filter (categories apart), from the oldest that was in the ring when it was made.
 * Each block is looked at once.
 */
export class FilteredEvents implements EventIndex {
  private readonly rows: Float64Array;
  private readonly sum = new Float64Array(CATEGORIES);
  /** Sequence number of the first block whose row is not made. */
  private built: number;
  private readonly asid: number;
  private readonly segments: number;
  private readonly from: number;
  private readonly to: number;

  constructor(
    private readonly ring: EventRing,
    filter: TimelineFilter,
  ) {
    this.rows = new Float64Array((ring.capacity / BLOCK) * CATEGORIES);
    this.built = ring.first;
    this.asid = filter.asid ?? -1;
    this.segments = filter.segment === undefined ? 0 : 1 << (META_SEGMENT_SHIFT + SEGMENTS.indexOf(filter.segment));
    this.from = filter.pc?.from ?? 0;
    this.to = filter.pc?.to ?? 0xffff_ffff;
  }

  /** Takes in what has happened since the last time. Call before the others. */
  update(): void {
    const { ring, rows, sum } = this;
    // What went before it could be counted is not known; only differences between what is here matter.
    if (this.built < ring.first) this.built = ring.first;
    for (; this.built < ring.next; this.built += BLOCK) {
      const row = ((this.built % ring.capacity) / BLOCK) * CATEGORIES;
      rows.set(sum, row);
      // The newest block grows yet: its row is made, and it is counted when it is full.
      if (this.built + BLOCK > ring.next) break;
      this.scan(this.built, this.built + BLOCK, sum);
    }
  }

  private scan(from: number, to: number, row: Float64Array): void {
    const { words } = this.ring;
    const end = this.ring.wordOf(to - 1) + WORDS;
    for (let w = this.ring.wordOf(from); w < end; w += WORDS) if (this.passes(w)) row[words[w + 3]! & META_CATEGORY]!++;
  }

  private passes(w: number): boolean {
    const { words, asid } = this;
    const meta = words[w + 3]!;
    const pc = words[w + 2]!;
    if (pc < this.from || pc > this.to) return false;
    if (this.segments !== 0 && (meta & this.segments) === 0) return false;
    if (asid < 0 || ((meta >>> META_ASID_SHIFT) & 0xff) === asid) return true;
    const category = meta & META_CATEGORY;
    if (category === ASID_CHANGE) return (words[w + 4]! & 0xff) === asid;
    return category >= FLUSH_KERNEL && category <= FLUSH_GPA_USER && (words[w + 7]! & 0xff) === asid;
  }

  private get words(): Uint32Array {
    return this.ring.words;
  }

  matches(sequence: number): boolean {
    return this.passes(this.ring.wordOf(sequence));
  }

  startCount(sequence: number, category: number): number {
    return this.rows[Math.floor((sequence % this.ring.capacity) / BLOCK) * CATEGORIES + category]!;
  }

  /** As the ring's; `row` has COLUMNS elements, of which the user mode instructions are 0. */
  countsBefore(sequence: number, row: Float64Array): Float64Array {
    row.fill(0, CATEGORIES, COLUMNS);
    const inBlock = sequence % BLOCK;
    // Just beyond the last full block there may be no row yet.
    const block = inBlock === 0 && sequence === this.ring.next && sequence > 0 ? sequence - BLOCK : sequence - inBlock;
    for (let c = 0; c < CATEGORIES; c++) row[c] = this.startCount(block, c);
    if (sequence > block) this.scan(block, sequence, row);
    row[NONE] = 0;
    return row;
  }
}
