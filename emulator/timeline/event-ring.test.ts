import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATEGORIES, META_ASID_SHIFT, META_CATEGORY, META_SEGMENT_SHIFT, META_USER } from './categories.ts';
import { COLUMNS, EventRing, USER_INSTRUCTIONS, type Timebase } from './event-ring.ts';
import { BLOCK, RingPlace } from './ring-place.ts';
import { allEvents, FilteredEvents } from './filter.ts';
import { countEvents, eventsPage } from './query.ts';
import type { EventSource } from './decode.ts';
import { ConsoleLines } from './console-lines.ts';
import { LAYOUTS } from '../mmu/layout.ts';
import type { TimelineFilter } from '../protocol.ts';

/** An event as a test makes it; `user` is the mode up to it. */
interface Made {
  instructions: number;
  pc: number;
  category: number;
  asid: number;
  segments: number;
  user: boolean;
}

/** Exits, exceptions without a second place, mode switches: what decodes without further words. */
const SOME = [2, 3, 4, 11, 19, 20, 24, 38, 39];

const made = fc.record({
  step: fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(100_000) }),
  pc: fc.constantFrom(0x40001000, 0x40002000, 0x80000000, 0xfffffffc),
  category: fc.constantFrom(...SOME),
  asid: fc.constantFrom(1, 2, 255),
  segments: fc.nat(15),
  user: fc.boolean(),
});

/** A ring on a clock that a test sets. */
type TestRing = EventRing & { time: { now: number; skipped: number } };
function ringOf(capacity: number): TestRing {
  return new EventRing(
    { now: 0, skipped: 0, instructions: readNow } as Timebase,
    RingPlace.alone(capacity),
  ) as unknown as TestRing;
}
function readNow(this: { now: number }): number {
  return this.now;
}

function fill(ring: TestRing, steps: readonly (Omit<Made, 'instructions'> & { step: number })[], start = 0): Made[] {
  let instructions = start;
  return steps.map(({ step, ...event }) => {
    instructions += step;
    push(ring, { ...event, instructions });
    return { ...event, instructions };
  });
}

function push(ring: TestRing, { category, asid, user, segments, instructions, pc }: Made, waited = 0): void {
  const meta = category | (asid << META_ASID_SHIFT) | (user ? META_USER : 0) | ((segments << META_SEGMENT_SHIFT) >>> 0);
  Object.assign(ring.time, { now: instructions, skipped: waited });
  ring.push(pc, meta, 0, 0, 0, 0);
}

const source = (ring: EventRing): EventSource => ({
  ring,
  lines: new ConsoleLines(1),
  endText: '',
  layout: LAYOUTS.kvm,
  nsPerInstruction: 4,
  symbol: () => '',
});

const filters = fc.record(
  {
    categories: fc.subarray(SOME, { minLength: 1 }),
    asid: fc.constantFrom(1, 2, 7),
    segment: fc.constantFrom('useg' as const, 'kseg0' as const, 'kseg23' as const),
    pc: fc.constantFrom({ from: 0x40001000, to: 0x40001fff }, { from: 0x40002000, to: 0xffff_ffff }),
  },
  { requiredKeys: [] },
);
const SEGMENT_BIT = { useg: 1, kseg0: 2, kseg1: 4, kseg23: 8 };

function passes(event: Made, filter: TimelineFilter): boolean {
  return (
    (!filter.categories || filter.categories.includes(event.category)) &&
    (filter.asid === undefined || event.asid === filter.asid) &&
    (!filter.segment || (event.segments & SEGMENT_BIT[filter.segment]) !== 0) &&
    (!filter.pc || (event.pc >= filter.pc.from && event.pc <= filter.pc.to))
  );
}

describe('counts of the ring are those of all its events counted one by one', () => {
  const CAPACITY = 4 * BLOCK;
  const steps = fc.array(made, { minLength: 1, maxLength: 9 * BLOCK, size: 'max' });

  it('by bucket and category', () => {
    fc.assert(
      fc.property(steps, fc.nat(1000), fc.integer({ min: 1, max: 5000 }), fc.nat(60), (list, back, scale, buckets) => {
        const ring = ringOf(CAPACITY);
        const all = fill(ring, list);
        const kept = all.slice(ring.first);
        // From a few events to all that the ring has, so that edges of buckets lie all over its blocks.
        const oldest = ring.first === 0 ? 0 : ring.oldest;
        const from = Math.max(oldest, ring.last - Math.floor(((ring.last - oldest) * back) / 1000));
        const step = Math.max(1, Math.ceil(((ring.last - from) * scale) / 5000 / Math.max(1, buckets / 4)));
        const query = { from, step, buckets, marks: 2000 };
        const now = { instructions: ring.last + 10, user: true };
        const result = countEvents(ring, allEvents(ring), query, now);
        const rows = new Map([...result.categories].map((c, k) => [c, k]));
        for (let i = 0; i < buckets; i++) {
          const [low, high] = [from + i * step, from + (i + 1) * step];
          const expected = new Array(CATEGORIES).fill(0);
          for (const e of kept) if (e.instructions >= low && e.instructions < high) expected[e.category]++;
          for (let c = 1; c < CATEGORIES; c++) {
            const row = rows.get(c);
            expect(row === undefined ? 0 : result.counts[row * buckets + i]).toBe(expected[c]);
          }
          expect(result.userInstructions[i]).toBeCloseTo(userTime(all, low, high, now), 1);
        }
        const inRange = kept.filter((e) => e.instructions >= from && e.instructions < from + step * buckets);
        const marks = Array.from({ length: result.marks.length / 4 }, (_, i) => result.marks[4 * i + 1]);
        expect(marks).toEqual(inRange.map((e) => e.instructions));
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('since power-on, also where blocks end early as events lie far apart', () => {
    const far = fc.record({
      step: fc.oneof({ weight: 30, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: fc.nat(0xffff_ffff) }),
      category: fc.integer({ min: 1, max: CATEGORIES - 1 }),
      user: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(far, { minLength: 1, maxLength: 5 * BLOCK, size: 'max' }), (list) => {
        const ring = ringOf(2 * BLOCK);
        const expected = new Float64Array(COLUMNS);
        let instructions = 0;
        for (const [i, { step, category, user }] of list.entries()) {
          instructions += step;
          push(ring, { instructions, category, user, pc: 0, asid: 1, segments: 0 });
          expected[category]!++;
          if (user && i > 0) expected[USER_INSTRUCTIONS]! += step;
          if (i % 61 === 0 || i === list.length - 1)
            expect(ring.countsBefore(ring.next, new Float64Array(COLUMNS))).toEqual(expected);
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  it('with a filter, and as pages', () => {
    fc.assert(
      fc.property(steps, filters, fc.nat(9), fc.nat(3 * BLOCK), (list, filter, part, late) => {
        const ring = ringOf(CAPACITY);
        // Some of the events come after the filter has been used once.
        const all = fill(ring, list.slice(0, -late || undefined));
        const counts = new FilteredEvents(ring, filter);
        counts.update();
        if (late > 0) all.push(...fill(ring, list.slice(-late), ring.last));
        counts.update();
        const kept = all.map((e, sequence) => ({ ...e, sequence })).slice(ring.first);
        const from = kept[Math.floor((kept.length * part) / 10)]!.instructions;
        const to = ring.last;
        const wanted = kept.filter((e) => e.instructions >= from && e.instructions < to && passes(e, filter));
        const result = countEvents(ring, counts, { from, step: to - from || 1, buckets: 1, filter, marks: 0 }, NOW);
        const total = result.counts.reduce((sum, n) => sum + n, 0);
        if (to > from) expect(total).toBe(wanted.length);
        const ask = (cursor: Parameters<typeof eventsPage>[2]['cursor'], limit: number) =>
          eventsPage(source(ring), counts, { from, to, filter, cursor, limit });
        const page = ask({ rank: 3 }, 50);
        expect(page.total).toBe(wanted.length);
        if (wanted.length > 3) {
          expect(page.events.map((e) => e.sequence)).toEqual(wanted.slice(3, 53).map((e) => e.sequence));
          const after = ask({ after: wanted[2]!.sequence }, 1);
          expect(after.events[0]!.sequence).toBe(wanted[3]!.sequence);
          const before = ask({ before: wanted[3]!.sequence }, 2);
          expect(before.events.map((e) => e.sequence)).toEqual([wanted[1]!.sequence, wanted[2]!.sequence]);
          expect(ask({ end: true }, 2).events.map((e) => e.sequence)).toEqual(wanted.slice(-2).map((e) => e.sequence));
          const near = ask({ near: wanted[3]!.instructions }, 1).events[0]!;
          expect(near.instructions).toBe(wanted[3]!.instructions);
        }
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});

const NOW = { instructions: 0, user: false };

/** User mode instructions in [low, high), from all events there ever were. */
function userTime(all: readonly Made[], low: number, high: number, now: typeof NOW): number {
  let sum = 0;
  let before = 0;
  const overlap = (a: number, b: number) => Math.max(0, Math.min(b, high) - Math.max(a, low));
  for (const e of all) {
    if (e.user) sum += overlap(before, e.instructions);
    before = e.instructions;
  }
  return now.user ? sum + overlap(before, now.instructions) : sum;
}

describe('a ring that wraps', () => {
  const exit = (instructions: number): Made => ({
    instructions,
    pc: 0,
    category: 3,
    asid: 0,
    segments: 0,
    user: false,
  });

  it('drops whole blocks from its old end, and knows how much', () => {
    const ring = ringOf(2 * BLOCK);
    for (let i = 0; i < 2 * BLOCK; i++) push(ring, exit(i * 10));
    expect([ring.first, ring.dropped, ring.fill]).toEqual([0, 0, 1]);
    push(ring, exit(2 * BLOCK * 10));
    expect([ring.first, ring.dropped, ring.oldest]).toEqual([BLOCK, BLOCK, BLOCK * 10]);
    expect(ring.totals[3]).toBe(2 * BLOCK + 1);
  });

  it('keeps the outline of what it dropped: all of it, none of it twice', () => {
    const ring = ringOf(2 * BLOCK);
    // More blocks than the outline has rows.
    const events = 5000 * BLOCK + 77;
    for (let i = 0; i < events; i++) push(ring, { ...exit(i * 7), user: i % 2 === 0 });
    const span = events * 7;
    const query = { from: 0, step: span / 100, buckets: 100, marks: 0 };
    const result = countEvents(ring, allEvents(ring), query, { instructions: ring.last, user: false });
    expect([...result.categories]).toEqual([3]);
    const total = result.counts.reduce((sum, n) => sum + n, 0);
    expect(total).toBeCloseTo(events, 0);
    for (const n of result.counts) expect(Math.abs(n - events / 100)).toBeLessThan(2);
    const user = result.userInstructions.reduce((sum, n) => sum + n, 0);
    expect(user / ((events - 1) * 7)).toBeCloseTo(0.5, 3);
  });

  it('takes events that lie farther apart than a block can say', () => {
    const ring = ringOf(4 * BLOCK);
    push(ring, exit(5));
    push(ring, exit(6));
    push(ring, exit(7e12));
    push(ring, exit(7e12 + 1), 9e15);
    expect([ring.seek(6), ring.seek(7), ring.seek(7e12 + 1)].map((s) => ring.instructionsOf(s))).toEqual([
      6,
      7e12,
      7e12 + 1,
    ]);
    expect(ring.waitedBefore(ring.next - 1)).toBe(9e15);
    expect(ring.totals.reduce((sum, n, c) => sum + (c > 0 && c < CATEGORIES ? n : 0), 0)).toBe(4);
    const page = eventsPage(source(ring), allEvents(ring), { from: 0, to: 8e12, cursor: { rank: 0 }, limit: 10 });
    expect(page.events.map((e) => e.instructions)).toEqual([5, 6, 7e12, 7e12 + 1]);
  });

  it('a snapshot does not change', () => {
    const ring = ringOf(4 * BLOCK);
    for (let i = 0; i < 300; i++) push(ring, exit(i));
    const copy = ring.snapshot();
    for (let i = 300; i < 5000; i++) push(ring, exit(i));
    expect([copy.next, copy.first, copy.last, copy.totals[3]]).toEqual([300, 0, 299, 300]);
    expect(copy.instructionsOf(299)).toBe(299);
    const row = copy.countsBefore(290, new Float64Array(COLUMNS));
    expect([row[3], row[USER_INSTRUCTIONS]]).toEqual([290, 0]);
    expect(copy.words[copy.wordOf(299) + 3]! & META_CATEGORY).toBe(3);
  });

  it('refuses a size that is none', () => {
    expect(() => ringOf(1000)).toThrow(/power of two/);
  });
});

it('a million events: recorded, counted and paged', () => {
  const ring = ringOf(1 << 19);
  const events = 1_200_000;
  let x = 1;
  let instructions = 0;
  const counted = new Float64Array(CATEGORIES);
  for (let i = 0; i < events; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    instructions += (x >>> 16) & 63;
    const category = SOME[(x >>> 8) % SOME.length]!;
    push(ring, { instructions, category, pc: x, asid: (x >>> 4) & 255, segments: x & 15, user: (x & 64) !== 0 });
    counted[category]!++;
  }
  for (const c of SOME) expect(ring.totals[c]).toBe(counted[c]);
  expect(events - ring.dropped).toBeLessThanOrEqual(ring.capacity);
  expect(events - ring.dropped).toBeGreaterThan(ring.capacity - BLOCK);
  const now = { instructions, user: false };
  const buckets = 1000;
  const query = { from: ring.oldest, step: (instructions + 1 - ring.oldest) / buckets, buckets, marks: 500 };
  const result = countEvents(ring, allEvents(ring), query, now);
  expect(result.counts.reduce((sum, n) => sum + n, 0)).toBe(events - ring.dropped);
  const filter: TimelineFilter = { asid: 7 };
  const some = new FilteredEvents(ring, filter);
  some.update();
  let expected = 0;
  for (let s = ring.first; s < ring.next; s++) if (some.matches(s)) expected++;
  const range = { from: 0, to: instructions + 1 };
  const page = eventsPage(source(ring), some, { ...range, filter, cursor: { end: true }, limit: 100 });
  expect([page.total, page.events.length]).toEqual([expected, 100]);
  expect(page.events.every((e) => e.asid === 7)).toBe(true);
});

it('marks of rare events, wherever among many blocks they are', () => {
  const capacity = 32 * BLOCK;
  // Of a lane of its own.
  const RARE = SOME.at(-1)!;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 * capacity }),
      fc.uniqueArray(fc.nat(2 * capacity), { maxLength: 12 }),
      fc.tuple(fc.nat(100), fc.nat(100)),
      fc.boolean(),
      (events, rare, [one, other], filtered) => {
        const ring = ringOf(capacity);
        const at = new Set(rare);
        for (let i = 0; i < events; i++) {
          const category = at.has(i) ? RARE : SOME[0]!;
          push(ring, { instructions: 3 * i, category, pc: 0, asid: 1 + (i % 2), segments: 0, user: false });
        }
        const filter: TimelineFilter | undefined = filtered ? { asid: 1 } : undefined;
        const counts = filter ? new FilteredEvents(ring, filter) : allEvents(ring);
        if (counts instanceof FilteredEvents) counts.update();
        const place = (percent: number) => ring.oldest + Math.floor(((3 * events - ring.oldest) * percent) / 100);
        const [from, to] = [place(Math.min(one, other)), place(Math.max(one, other)) + 1];
        const query = { from, step: to - from, buckets: 1, marks: 2 * capacity, ...(filter ? { filter } : {}) };
        const { marks } = countEvents(ring, counts, query, { instructions: 3 * events, user: false });
        const found = [];
        for (let i = 0; i < marks.length; i += 4) if (marks[i + 2] === RARE) found.push(marks[i + 1]! / 3);
        const isHere = (i: number) => i < events && 3 * i >= Math.max(from, ring.oldest) && 3 * i < to;
        const expected = rare.filter((i) => isHere(i) && (!filtered || i % 2 === 0)).sort((a, b) => a - b);
        expect(found).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
});
