/** The difference between the tables as pinned and as they are: sums, words, and what each page of a slot is. */
import {
  PAGE_MOVED,
  PAGE_PRESENT,
  type SegmentLayout,
  type SegmentName,
  type TableDifference,
} from '../../../emulator/protocol.ts';
import { count } from '../../lib/format.ts';

export interface Change {
  added: number;
  removed: number;
  changed: number;
}

/** What became of one page. `changed`: there both times, in another frame or with other rights. */
export type PageChange = keyof Change | 'same';

/** `+12`, `−3`, or 0 without a sign. */
export function signed(value: number): string {
  return value === 0 ? '0' : `${value > 0 ? '+' : '−'}${count(Math.abs(value))}`;
}

/** `+12 −3 Δ4`: what is 0 is left out; empty where nothing differs. */
export function changeText({ added, removed, changed }: Change): string {
  return [added && signed(added), removed && signed(-removed), changed && `Δ${count(changed)}`]
    .filter(Boolean)
    .join(' ');
}

/** `12 added, 3 removed, 4 changed`, or `no difference`. */
export function changeWords({ added, removed, changed }: Change): string {
  const words = [
    added && `${count(added)} added`,
    removed && `${count(removed)} removed`,
    changed && `${count(changed)} changed`,
  ];
  return words.filter(Boolean).join(', ') || 'no difference';
}

/** Of one slot. */
export function slotChange(difference: TableDifference, slot: number): Change {
  return {
    added: difference.added[slot] ?? 0,
    removed: difference.removed[slot] ?? 0,
    changed: difference.changed[slot] ?? 0,
  };
}

function sum(difference: TableDifference, from: number, to: number): Change {
  const total = (counts: Uint16Array): number => counts.subarray(from, to).reduce((all, pages) => all + pages, 0);
  return { added: total(difference.added), removed: total(difference.removed), changed: total(difference.changed) };
}

/** Of all slots. */
export function tableChange(difference: TableDifference): Change {
  return sum(difference, 0, difference.added.length);
}

/** Of the slots of one segment; the layout may have it nowhere. */
export function segmentChange(
  difference: TableDifference,
  segments: readonly SegmentLayout[],
  name: SegmentName,
  slotBytes: number,
): Change {
  const segment = segments.find((part) => part.name === name);
  if (!segment) return { added: 0, removed: 0, changed: 0 };
  return sum(difference, segment.start / slotBytes, (segment.end + 1) / slotBytes);
}

const RIGHTS = ~PAGE_MOVED;

/** What became of a page, from its PAGE_ bits then and now. */
export function pageChange(was: number, is: number): PageChange {
  if (!(was & PAGE_PRESENT)) return is & PAGE_PRESENT ? 'added' : 'same';
  if (!(is & PAGE_PRESENT)) return 'removed';
  return is & PAGE_MOVED || (was & RIGHTS) !== (is & RIGHTS) ? 'changed' : 'same';
}

/** How many pages of a slot became what. */
export function countChanges(was: Uint8Array, is: Uint8Array): Change {
  const changes = { added: 0, removed: 0, changed: 0 };
  for (let page = 0; page < is.length; page++) {
    const change = pageChange(was[page] ?? 0, is[page]!);
    if (change !== 'same') changes[change]++;
  }
  return changes;
}
