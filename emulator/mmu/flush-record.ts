/** The last flush of a table, in linear memory: generated code flushes, too. One record a table, overwritten by each flush. */
import type { FlushKind } from '../protocol.ts';
import type { Layout } from './layout.ts';

/** By KMF_ flags. */
const FLUSH_KINDS: readonly FlushKind[] = ['KMF_USER', 'KMF_KERN', 'KMF_GPA|KMF_USER', 'KMF_GPA|KMF_KERN'];
const MOST_SLOTS = 2048;

/** Byte offsets in a record: two doubles, words, four words for each segment, and slots of 16 bits. */
export const RECORD = {
  serial: 0,
  /** Instruction count and PC after it. */
  instructions: 8,
  pc: 16,
  flags: 20,
  oldAsid: 24,
  newAsid: 28,
  pages: 32,
  tablesFreed: 36,
  entriesCleared: 40,
  freedSlotCount: 44,
  pagesBySegment: 48,
  tablesBySegment: 64,
  keptBySegment: 80,
  freedSlots: 96,
} as const;
export const RECORD_BYTES = RECORD.freedSlots + 2 * MOST_SLOTS;

export class FlushRecord {
  readonly pagesBySegment: Int32Array;
  readonly tablesBySegment: Int32Array;
  /** Pages that stayed. */
  readonly keptBySegment: Int32Array;
  /** Page directory slots of the tables that were freed. */
  readonly freedSlots: Uint16Array;
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;

  /** @param at byte offset in `buffer` of {@link RECORD_BYTES} zero bytes, a multiple of 8 */
  constructor(
    private readonly layout: Layout,
    buffer: ArrayBufferLike = new ArrayBuffer(RECORD_BYTES),
    at = 0,
  ) {
    this.words = new Int32Array(buffer, at, RECORD.freedSlots / 4);
    this.doubles = new Float64Array(buffer, at, 2);
    this.pagesBySegment = new Int32Array(buffer, at + RECORD.pagesBySegment, 4);
    this.tablesBySegment = new Int32Array(buffer, at + RECORD.tablesBySegment, 4);
    this.keptBySegment = new Int32Array(buffer, at + RECORD.keptBySegment, 4);
    this.freedSlots = new Uint16Array(buffer, at + RECORD.freedSlots, MOST_SLOTS);
  }

  /** Of the flush, from 1 on; 0 before the first. */
  get serial(): number {
    return this.doubles[RECORD.serial / 8]!;
  }
  get instructions(): number {
    return this.doubles[RECORD.instructions / 8]!;
  }
  get pc(): number {
    return this.words[RECORD.pc / 4]! >>> 0;
  }
  get kind(): FlushKind {
    return FLUSH_KINDS[this.words[RECORD.flags / 4]!]!;
  }
  /** Inclusive byte ranges. */
  get ranges(): [start: number, end: number][] {
    return this.layout.flushRanges[this.words[RECORD.flags / 4]!]!;
  }
  get oldAsid(): number {
    return this.words[RECORD.oldAsid / 4]!;
  }
  get newAsid(): number {
    return this.words[RECORD.newAsid / 4]!;
  }
  get pages(): number {
    return this.words[RECORD.pages / 4]!;
  }
  get tablesFreed(): number {
    return this.words[RECORD.tablesFreed / 4]!;
  }
  get entriesCleared(): number {
    return this.words[RECORD.entriesCleared / 4]!;
  }
  get freedSlotCount(): number {
    return this.words[RECORD.freedSlotCount / 4]!;
  }

  /** The next flush, by KMF_ flags, which has done nothing yet. */
  begin(flags: number, oldAsid: number, newAsid: number): void {
    const { words, doubles } = this;
    doubles[RECORD.serial / 8]!++;
    words[RECORD.flags / 4] = flags;
    words[RECORD.oldAsid / 4] = oldAsid;
    words[RECORD.newAsid / 4] = newAsid;
    for (let s = 0; s < 4; s++) this.pagesBySegment[s] = this.tablesBySegment[s] = 0;
    words[RECORD.pages / 4] = words[RECORD.tablesFreed / 4] = 0;
    words[RECORD.entriesCleared / 4] = words[RECORD.freedSlotCount / 4] = 0;
  }

  /** A table of `segment` has gone. */
  freed(segment: number, slot: number): void {
    this.tablesBySegment[segment]!++;
    this.freedSlots[this.words[RECORD.freedSlotCount / 4]!++] = slot;
  }
  /** A walk over one of the ranges has done so much. */
  walked(tablesFreed: number, entriesCleared: number): void {
    this.words[RECORD.tablesFreed / 4]! += tablesFreed;
    this.words[RECORD.entriesCleared / 4]! += entriesCleared;
  }
  /** All that went of `segment` is in pagesBySegment; so much has stayed. */
  kept(segment: number, pages: number): void {
    this.words[RECORD.pages / 4]! += this.pagesBySegment[segment]!;
    this.keptBySegment[segment] = pages;
  }
  /** It was at this instruction count, the PC being that. */
  happened(instructions: number, pc: number): void {
    this.doubles[RECORD.instructions / 8] = instructions;
    this.words[RECORD.pc / 4] = pc;
  }
}
