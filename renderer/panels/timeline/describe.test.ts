import { expect, it } from 'vitest';
import { POLICIES, TIMELINE_CATEGORIES, type TimelineEvent, type TimelineLane } from '../../../emulator/protocol.ts';
import { eventDetail, eventPlace, eventSentence, eventTitle, flushBySegment } from './describe.ts';

function event(lane: TimelineLane, name: string, more: Partial<TimelineEvent> = {}): TimelineEvent {
  const category = TIMELINE_CATEGORIES.findIndex((c) => c.lane === lane && c.name === name);
  expect(category).toBeGreaterThan(0);
  return {
    sequence: 1,
    category,
    instructions: 18_412_000,
    virtualNs: 0,
    pc: 0x40102a58,
    symbol: 'switch_mm+0x18',
    asid: 0x13,
    user: false,
    ...more,
  };
}

it('an ASID change names both', () => {
  const change = event('asid', 'ASID change', { oldAsid: 0x12, newAsid: 0x13 });
  expect(eventTitle(change, 'lazy-user')).toBe('ASID change');
  expect(eventDetail(change)).toBe('0x12 → 0x13');
  expect(eventSentence(change, 'lazy-user')).toBe(
    'ASID change 0x12 → 0x13 at instruction 18,412,000 in switch_mm+0x18 0x40102a58',
  );
});

it('a flush names its ranges and what it dropped', () => {
  const flush = event('kernelFlush', 'KMF_KERN', {
    oldAsid: 0x12,
    newAsid: 0x13,
    flush: {
      table: 'kernel',
      ranges: [
        [0, 0x3fffffff],
        [0x60000000, 0x7fffffff],
      ],
      pages: 214,
      tablesFreed: 9,
      entriesCleared: 0,
      bySegment: { useg: { pages: 198, tables: 7 }, kseg23: { pages: 16, tables: 2 } },
      freedSlots: [],
    },
  });
  expect(eventTitle(flush, 'lazy-user')).toBe('kernel flush KMF_KERN');
  expect(eventDetail(flush)).toBe('0x12 → 0x13 [0x0,0x3fffffff] [0x60000000,0x7fffffff] 214 pages, 9 tables freed');
  expect(flushBySegment(flush)).toBe('useg 198 pages, 7 tables; kseg2/3 16 pages, 2 tables');
  const idle = { ...flush, flush: { ...flush.flush!, pages: 0, tablesFreed: 0, bySegment: {} } };
  expect(eventDetail(idle)).toBe('0x12 → 0x13 [0x0,0x3fffffff] [0x60000000,0x7fffffff] nothing was there to drop');
});

it('TLB writes, faults, interrupts and lines say their own', () => {
  const tlb = { index: 20, entryHi: 0x00010013, pageMask: 0, entryLo0: (0x2d40 << 6) | 0x1e, entryLo1: 0x1a };
  const write = event('tlbWrites', 'TLBWR', { tlb });
  expect(eventTitle(write, 'lazy-user')).toBe('TLBWR');
  expect(eventDetail(write)).toBe('entry 20: 0x00010000 0x13 -> 0x02d40 DV, 0x00000 ·V');
  expect(eventDetail(event('exceptions', 'TLBL', { address: 0x413f84, refill: true }))).toBe(
    'at 0x00413f84, no entry matches',
  );
  expect(eventDetail(event('interrupts', 'Int', { pending: 0x84 }))).toBe('IP2 IP7');
  expect(eventDetail(event('console', 'line', { text: 'lab$ ps' }))).toBe('lab$ ps');
  expect(eventTitle(event('mode', 'to user'), 'lazy-user')).toBe('user mode entered');
  expect(eventPlace(event('mode', 'to user', { symbol: '' }))).toBe('0x40102a58');
});

it('speaks of a lazy flush under lazy-user alone, and of KMF_GPA under everything as what it is there', () => {
  const flush = { oldAsid: 0x12, newAsid: 0x13 };
  const titles = (lane: TimelineLane, name: string) =>
    POLICIES.map((policy) => [policy, eventTitle(event(lane, name, flush), policy)]);
  expect(Object.fromEntries(titles('userFlush', 'KMF_USER'))).toEqual({
    'lazy-user': 'lazy user flush KMF_USER',
    eager: 'user flush KMF_USER',
    everything: 'user flush KMF_USER',
    tagged: 'user flush KMF_USER',
    never: 'user flush KMF_USER',
  });
  for (const [policy, title] of titles('gpaFlush', 'KMF_GPA|KMF_KERN')) {
    expect(title).toBe(`${policy === 'everything' ? 'whole' : 'GPA'} flush KMF_GPA|KMF_KERN`);
  }
  expect(eventSentence(event('userFlush', 'KMF_USER', flush), 'eager')).toMatch(/^user flush KMF_USER 0x12 → 0x13 at/);
});
