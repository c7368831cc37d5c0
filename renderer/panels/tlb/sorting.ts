/** Order and filter of the TLB's rows. */
import type { SegmentName } from '../../../emulator/protocol.ts';
import { neverValid, type TlbHalf, type TlbRow } from './tlb-entries.ts';

export type SortKey = 'match' | 'index' | 'address' | 'span' | 'asid' | 'even' | 'odd' | 'segment' | 'age';
export interface Sorting {
  key: SortKey;
  descending: boolean;
}

/** Absent and null fields let all pass. */
export interface Filter {
  /** What matches this guest ASID, global entries included; `current` is the guest's own of the moment. */
  asid: number | 'current' | null;
  segment: SegmentName | null;
  /** Only entries that can serve an access. */
  valid: boolean;
}

export const NO_FILTER: Filter = { asid: null, segment: null, valid: false };

export function isFiltering({ asid, segment, valid }: Filter): boolean {
  return asid !== null || segment !== null || valid;
}

const halfRank = (half: TlbHalf): number => (half.valid ? half.pfn : Infinity);

function rank(row: TlbRow, key: SortKey): number {
  switch (key) {
    case 'match':
      return row.current ? 0 : 1;
    case 'even':
      return halfRank(row.even);
    case 'odd':
      return halfRank(row.odd);
    case 'asid':
      return row.global ? 0x100 : row.asid;
    case 'segment':
      return row.address;
    case 'age':
      return -row.writtenAt;
    default:
      return row[key];
  }
}

function passes(row: TlbRow, { asid, segment, valid }: Filter): boolean {
  if (asid === 'current' && !row.current) return false;
  if (typeof asid === 'number' && (row.invalidated || !(row.global || row.asid === asid))) return false;
  if (segment && (row.segment !== segment || row.invalidated)) return false;
  return !valid || !(row.invalidated || neverValid(row));
}

/**
 * Rows that pass the filter, in order, equal ones by index. Invalidated ones come last in every order, as they match
 * nothing. Where nothing is to be moved, the same array comes back.
 */
export function arrange(rows: readonly TlbRow[], { key, descending }: Sorting, filter: Filter): readonly TlbRow[] {
  const shown = isFiltering(filter) ? rows.filter((row) => passes(row, filter)) : rows;
  if (key === 'index' && !descending) {
    const invalidated = shown.filter((row) => row.invalidated);
    return invalidated.length === 0 ? shown : [...shown.filter((row) => !row.invalidated), ...invalidated];
  }
  const sign = descending ? -1 : 1;
  return [...shown].sort((a, b) => {
    if (a.invalidated !== b.invalidated) return a.invalidated ? 1 : -1;
    const [left, right] = [rank(a, key), rank(b, key)];
    return left === right ? a.index - b.index : (left < right ? -1 : 1) * sign;
  });
}

/** Guest ASIDs of the entries that are not global, ascending; with `chosen`, though it may have gone. */
export function asidsOf(rows: readonly TlbRow[], chosen: Filter['asid']): number[] {
  const found = new Set(rows.filter((row) => !row.global && !row.invalidated).map((row) => row.asid));
  if (typeof chosen === 'number') found.add(chosen);
  return [...found].sort((a, b) => a - b);
}
