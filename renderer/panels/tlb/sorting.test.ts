import { describe, expect, it } from 'vitest';
import { NO_FILTER, arrange, asidsOf, isFiltering } from './sorting.ts';
import type { TlbRow } from './tlb-entries.ts';

const row = (index: number, more: Partial<TlbRow>): TlbRow => {
  const half = { pfn: 0, cache: 3, dirty: false, valid: true };
  return {
    index,
    address: 0,
    span: 0x2000,
    asid: 0,
    global: false,
    even: half,
    odd: half,
    segment: 'useg',
    invalidated: false,
    current: true,
    changed: false,
    duplicate: null,
    writtenAt: 0,
    random: false,
    pinned: null,
    ...more,
  };
};
const rows = [
  row(0, { address: 0x4000, asid: 2, current: false }),
  row(1, { address: 0x2000, global: true, segment: 'kseg23' }),
  row(2, { address: 0x8000_0000, invalidated: true, current: false }),
  row(3, { address: 0x4000, asid: 1, writtenAt: 9 }),
];
const order = (list: readonly TlbRow[]): number[] => list.map((one) => one.index);
const all = NO_FILTER;

describe('arrange', () => {
  it('sorts by a column, equal rows by index', () => {
    expect(order(arrange(rows, { key: 'address', descending: false }, all))).toEqual([1, 0, 3, 2]);
    expect(order(arrange(rows, { key: 'asid', descending: false }, all))).toEqual([3, 0, 1, 2]);
    expect(order(arrange(rows, { key: 'asid', descending: true }, all))).toEqual([1, 0, 3, 2]);
    expect(order(arrange(rows, { key: 'age', descending: false }, all))).toEqual([3, 0, 1, 2]);
    expect(order(arrange(rows, { key: 'match', descending: false }, all))).toEqual([1, 3, 0, 2]);
  });

  it('has what matches nothing last in every order, and moves nothing where there is none', () => {
    expect(order(arrange(rows, { key: 'index', descending: false }, all))).toEqual([0, 1, 3, 2]);
    expect(order(arrange(rows, { key: 'index', descending: true }, all))).toEqual([3, 1, 0, 2]);
    for (const key of ['address', 'span', 'asid', 'even', 'odd', 'segment', 'age'] as const) {
      for (const descending of [false, true]) expect(arrange(rows, { key, descending }, all).at(-1)!.index).toBe(2);
    }
    const live = rows.filter((one) => !one.invalidated);
    expect(arrange(live, { key: 'index', descending: false }, all)).toBe(live);
  });

  it('filters by ASID, segment and V', () => {
    const by = (more: Partial<typeof NO_FILTER>): number[] =>
      order(arrange(rows, { key: 'index', descending: false }, { ...NO_FILTER, ...more }));
    expect(by({ asid: 'current' })).toEqual([1, 3]);
    expect(by({ asid: 2 })).toEqual([0, 1]);
    expect(by({ asid: 9 })).toEqual([1]);
    expect(by({ segment: 'useg' })).toEqual([0, 3]);
    expect(by({ valid: true })).toEqual([0, 1, 3]);
    expect(by({ asid: 1, segment: 'useg', valid: true })).toEqual([3]);
    const unusable = { pfn: 1, cache: 3, dirty: false, valid: false };
    const dead = [row(0, { even: unusable, odd: unusable }), row(1, { even: unusable })];
    expect(order(arrange(dead, { key: 'index', descending: false }, { ...NO_FILTER, valid: true }))).toEqual([1]);
  });

  it('knows the ASIDs to choose from, a chosen one that has gone included', () => {
    expect(asidsOf(rows, null)).toEqual([1, 2]);
    expect(asidsOf(rows, 7)).toEqual([1, 2, 7]);
    expect(asidsOf(rows, 'current')).toEqual([1, 2]);
    expect(isFiltering(NO_FILTER)).toBe(false);
    expect(isFiltering({ ...NO_FILTER, asid: 0 })).toBe(true);
  });
});
