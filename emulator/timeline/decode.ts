/** An event of the ring in full, as panels, exports and tests read it. */
import { KSEG0, KSEG23, SEGMENTS, USEG } from '../mmu/layout.ts';
import type { TimelineEvent } from '../protocol.ts';
import {
  ASID_CHANGE,
  DIFFERENCE,
  END,
  HAS_ADDRESS,
  INPUT,
  INTERRUPT,
  KERNEL_TABLE,
  LINE,
  META_ASID_SHIFT,
  META_CATEGORY,
  META_OWN_SHIFT,
  META_USER,
  RECORDING_ON,
  TLBWI,
  TLBWR,
  isFlush,
} from './categories.ts';
import { FREED_SLOTS } from './event-ring.ts';
import { WORDS } from './ring-place.ts';
import type { EventLog } from './event-log.ts';

/** What an event is read from, and how its PC is named. */
export interface EventSource extends Pick<EventLog, 'ring' | 'lines' | 'endText' | 'layout'> {
  nsPerInstruction: number;
  symbol(pc: number): string;
}

export function decodeEvent(source: EventSource, sequence: number): TimelineEvent {
  const { ring } = source;
  const { words } = ring;
  const w = ring.wordOf(sequence);
  const meta = words[w + 3]!;
  const category = meta & META_CATEGORY;
  const instructions = ring.instructionsOf(sequence);
  const pc = words[w + 2]!;
  const event: TimelineEvent = {
    sequence,
    category,
    instructions,
    virtualNs: instructions * source.nsPerInstruction + ring.waitedBefore(sequence),
    pc,
    symbol: source.symbol(pc),
    asid: (meta >>> META_ASID_SHIFT) & 0xff,
    user: (meta & META_USER) !== 0,
  };
  const a = words[w + 4]!;
  if (HAS_ADDRESS[category] || category === DIFFERENCE) {
    event.address = a;
    if (meta >>> META_OWN_SHIFT) event.refill = true;
  } else if (category === ASID_CHANGE) {
    event.oldAsid = a & 0xff;
    event.newAsid = (a >>> 8) & 0xff;
  } else if (isFlush(category)) decodeFlush(source, w, event);
  else if (category === TLBWI || category === TLBWR) {
    const index = meta >>> META_OWN_SHIFT;
    const [pageMask, entryLo0, entryLo1] = [words[w + 5]!, words[w + 6]!, words[w + 7]!];
    event.tlb = { index, entryHi: a, pageMask, entryLo0, entryLo1 };
  } else if (category === INTERRUPT) event.pending = a;
  else if (category === LINE) event.text = source.lines.text(a);
  else if (category === INPUT) event.bytes = a;
  else if (category === END) event.text = source.endText;
  else if (category === RECORDING_ON) event.user = meta >>> META_OWN_SHIFT !== 0;
  return event;
}

function decodeFlush(source: EventSource, w: number, event: TimelineEvent): void {
  const { words } = source.ring;
  const d = words[w + 7]!;
  event.oldAsid = d & 0xff;
  event.newAsid = (d >>> 8) & 0xff;
  const more = w + WORDS;
  const tables = words[more + 7]!;
  const bySegment: NonNullable<TimelineEvent['flush']>['bySegment'] = {};
  const add = (segment: number, pages: number, count: number) => {
    if (pages > 0 || count > 0) bySegment[SEGMENTS[segment]!] = { pages, tables: count };
  };
  add(USEG, words[more + 4]!, tables & 0x7ff);
  add(KSEG0, words[more + 5]!, (tables >>> 11) & 0x3ff);
  add(KSEG23, words[more + 6]!, tables >>> 21);
  event.flush = {
    table: d & KERNEL_TABLE ? 'kernel' : 'user',
    ranges: source.layout.flushRanges[(d >>> 16) & 3]!,
    pages: words[w + 4]!,
    tablesFreed: words[w + 5]!,
    entriesCleared: words[w + 6]!,
    bySegment,
    freedSlots: Array.from({ length: freedSlotCount(words, w) }, (_, i) => freedSlot(words, w, i)),
  };
}

/** How many tables a flush freed, as far as their slots are listed. @param w index of its first place in `words` */
export const freedSlotCount = (words: Uint32Array, w: number): number => words[w + WORDS + 3]! >>> META_OWN_SHIFT;

/** The pgd slot of the `i`th of them. */
export function freedSlot(words: Uint32Array, w: number, i: number): number {
  const place = w + (2 + Math.floor(i / FREED_SLOTS)) * WORDS;
  return (words[place + 4 + ((i % FREED_SLOTS) >> 1)]! >>> (i & 1 ? 16 : 0)) & 0xffff;
}

/** The one number of an event that a picture may show beside its mark; see TimelineMark. */
export function markValue(words: Uint32Array, w: number): number {
  const meta = words[w + 3]!;
  const category = meta & META_CATEGORY;
  if (category === ASID_CHANGE) return (words[w + 4]! >>> 8) & 0xff;
  if (isFlush(category)) return words[w + 4]!;
  if (category === TLBWI || category === TLBWR) return meta >>> META_OWN_SHIFT;
  return 0;
}
