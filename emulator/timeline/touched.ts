/** Which events of the ring touched a pgd slot: faults in it, TLB entries that reach into it, flushes that freed its table. */
import type { TimelineQuery, TimelineSlot, TimelineTouched } from '../protocol.ts';
import {
  CATEGORIES,
  DIFFERENCE,
  HAS_ADDRESS,
  KERNEL_TABLE,
  META_CATEGORY,
  META_USER,
  TLBWI,
  TLBWR,
  isFlush,
} from './categories.ts';
import { freedSlot, freedSlotCount } from './decode.ts';
import { type EventRing } from './event-ring.ts';
import { BLOCK, WORDS } from './ring-place.ts';
import { categoryMask, type EventIndex } from './filter.ts';
import { LANES, LANE_OF } from './lanes.ts';

/** How a category's events may touch a slot. */
const NOT = 0;
const BY_ADDRESS = 1;
const BY_ENTRY = 2;
const BY_TABLES = 3;
const HOW = Uint8Array.from({ length: CATEGORIES }, (_, category) => {
  if (HAS_ADDRESS[category] || category === DIFFERENCE) return BY_ADDRESS;
  if (category === TLBWI || category === TLBWR) return BY_ENTRY;
  return isFlush(category) ? BY_TABLES : NOT;
});

/**
 * Looks through the events of a query's range, which costs some 20 ns for each of them.
 * @param counts of the ring, or of what passes the query's filter
 * @param slotBytes address space of a slot
 */
export function findTouched(
  ring: EventRing,
  counts: EventIndex,
  query: TimelineQuery,
  { slot, table, most }: TimelineSlot,
  slotBytes: number,
): TimelineTouched {
  const found: number[] = [];
  if (ring.next === 0) return { events: 0, whole: true, marks: new Float64Array(0) };
  const { words } = ring;
  const mask = categoryMask(query.filter);
  const how = HOW.map((way, category) => (mask[category] ? way : NOT));
  const low = slot * slotBytes;
  const high = low + slotBytes;
  const marked = new Float64Array(LANES.length).fill(-1);
  let events = 0;
  const stop = ring.seek(query.from + query.buckets * query.step);
  const start = ring.seek(query.from);
  const first = Math.max(start, stop - most);
  // Within a block indices are small integers, which is what makes this quick.
  for (let sequence = first; sequence < stop;) {
    const length = Math.min(stop, sequence - (sequence % BLOCK) + BLOCK) - sequence;
    const base = ring.wordOf(sequence);
    for (let i = 0; i < length; i++) {
      const w = base + i * WORDS;
      const category = words[w + 3]! & META_CATEGORY;
      if (how[category] === NOT || !touches(w, how[category]!) || !counts.matches(sequence + i)) continue;
      events++;
      const instructions = ring.instructionsOf(sequence + i);
      const lane = LANE_OF[category]!;
      const bucket = Math.floor((instructions - query.from) / query.step);
      if (marked[lane] === bucket) continue;
      marked[lane] = bucket;
      found.push(instructions, category);
    }
    sequence += length;
  }
  return { events, whole: first === start, marks: Float64Array.from(found) };

  function touches(w: number, way: number): boolean {
    const address = words[w + 4]!;
    if (way === BY_ADDRESS) {
      if (address < low || address >= high) return false;
      return table === null || (table === 'user') === ((words[w + 3]! & META_USER) !== 0);
    }
    if (way === BY_ENTRY) {
      const within = (words[w + 5]! | 0x1fff) >>> 0;
      const base = (address & ~within) >>> 0;
      return base < high && base + within >= low;
    }
    if (table !== null && (table === 'kernel') !== ((words[w + 7]! & KERNEL_TABLE) !== 0)) return false;
    return freed(words, w, slot);
  }
}

/** Whether a flush freed a slot's table. @param w index of its first place in `words` */
function freed(words: Uint32Array, w: number, slot: number): boolean {
  const count = freedSlotCount(words, w);
  for (let i = 0; i < count; i++) if (freedSlot(words, w, i) === slot) return true;
  return false;
}
