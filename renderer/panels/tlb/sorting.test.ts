import { describe, expect, it } from 'vitest';
import { arrange } from './sorting.ts';
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
const all = { currentOnly: false, segment: null };

describe('arrange', () => {
  it('sorts by a column, equal rows by index', () => {
    expect(arrange(rows, { key: 'index', descending: false }, all)).toBe(rows);
    expect(order(arrange(rows, { key: 'address', descending: false }, all))).toEqual([1, 0, 3, 2]);
    expect(order(arrange(rows, { key: 'asid', descending: false }, all))).toEqual([3, 0, 1, 2]);
    expect(order(arrange(rows, { key: 'asid', descending: true }, all))).toEqual([2, 1, 0, 3]);
    expect(order(arrange(rows, { key: 'age', descending: false }, all))).toEqual([3, 0, 1, 2]);
  });

  it('filters by ASID and segment', () => {
    const sorting = { key: 'index', descending: false } as const;
    expect(order(arrange(rows, sorting, { currentOnly: true, segment: null }))).toEqual([1, 3]);
    expect(order(arrange(rows, sorting, { currentOnly: false, segment: 'useg' }))).toEqual([0, 3]);
  });
});
