/** Order and filter of the TLB's rows. */
import type { SegmentName } from '../../../emulator/protocol.ts';
import type { TlbHalf, TlbRow } from './tlb-entries.ts';

export type SortKey = 'index' | 'address' | 'span' | 'asid' | 'even' | 'odd' | 'segment' | 'age';
export interface Sorting {
  key: SortKey;
  descending: boolean;
}
export interface Filter {
  currentOnly: boolean;
  segment: SegmentName | null;
}

const halfRank = (half: TlbHalf): number => (half.valid ? half.pfn : Infinity);

function rank(row: TlbRow, key: SortKey): number {
  switch (key) {
    case 'even':
      return halfRank(row.even);
    case 'odd':
      return halfRank(row.odd);
    case 'asid':
      return row.invalidated ? 0x200 : row.global ? 0x100 : row.asid;
    case 'segment':
      return row.invalidated ? 2 ** 32 : row.address;
    case 'age':
      return -row.writtenAt;
    default:
      return row[key];
  }
}

/** Rows that pass the filter, in order; equal ones stay in index order. In index order the same array comes back. */
export function arrange(rows: readonly TlbRow[], { key, descending }: Sorting, filter: Filter): readonly TlbRow[] {
  let shown = rows;
  if (filter.currentOnly) shown = shown.filter((row) => row.current);
  if (filter.segment) shown = shown.filter((row) => row.segment === filter.segment && !row.invalidated);
  if (key === 'index' && !descending) return shown;
  const sign = descending ? -1 : 1;
  return [...shown].sort((a, b) => {
    const [left, right] = [rank(a, key), rank(b, key)];
    return left === right ? a.index - b.index : (left < right ? -1 : 1) * sign;
  });
}
