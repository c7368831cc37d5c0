/** The pages of the opened slot: what each is, how many of each kind, and which of them the last flush took. */
import {
  PAGE_COMMPAGE,
  PAGE_DIRTY,
  PAGE_PRESENT,
  PAGE_WRITABLE,
  type FlushInfo,
  type TableView,
} from '../../../emulator/protocol.ts';
import { count } from '../../lib/format.ts';

export type PageKind = 'absent' | 'read-only' | 'writable' | 'dirty' | 'commpage' | 'freed';
export const PAGE_KINDS: readonly PageKind[] = ['absent', 'read-only', 'writable', 'dirty', 'commpage', 'freed'];

/** What one page is, from its PAGE_ bits. */
export function pageKind(bits: number, freed = false): PageKind {
  if (!(bits & PAGE_PRESENT)) return freed ? 'freed' : 'absent';
  if (bits & PAGE_COMMPAGE) return 'commpage';
  if (bits & PAGE_DIRTY) return 'dirty';
  return bits & PAGE_WRITABLE ? 'writable' : 'read-only';
}

/** Pages of each kind. */
export function countKinds(pages: Uint8Array, freed: Uint8Array | null): Record<PageKind, number> {
  const counts = { absent: 0, 'read-only': 0, writable: 0, dirty: 0, commpage: 0, freed: 0 };
  for (let i = 0; i < pages.length; i++) counts[pageKind(pages[i]!, freed?.[i] === 1)]++;
  return counts;
}

/** The kinds of which there are pages, but for what is absent or freed. */
export function presentKinds(counts: Record<PageKind, number>): PageKind[] {
  return PAGE_KINDS.filter((kind) => kind !== 'absent' && kind !== 'freed' && counts[kind] > 0);
}

/** `61 present: 20 read-only, 12 writable, 29 dirty; 26 freed`. */
export function describeKinds(counts: Record<PageKind, number>): string {
  const kinds = presentKinds(counts);
  const present = kinds.reduce((sum, kind) => sum + counts[kind], 0);
  const list = kinds.map((kind) => `${count(counts[kind])} ${kind}`).join(', ');
  const freed = counts.freed > 0 ? `; ${count(counts.freed)} freed` : '';
  return `${count(present)} present${present > 0 ? `: ${list}` : ''}${freed}`;
}

/** Whether the table's last flush freed the slot's table, and no fault has made another. */
export function goneWithFlush(slot: number, view: Pick<TableView, 'counts' | 'lastFlush'> | null): boolean {
  return view !== null && view.counts[slot] === 0 && (view.lastFlush?.freedSlots.includes(slot) ?? false);
}

export type PageMove = 'up' | 'down' | 'left' | 'right' | 'previous' | 'next' | 'first' | 'last';

/** The page a key moves to in a grid of `columns`; `previous` and `next` are of the pages present. The ends hold. */
export function movePage(
  page: number,
  move: PageMove,
  columns: number,
  pages: number,
  present: (page: number) => boolean,
): number {
  const steps: Partial<Record<PageMove, number>> = { up: -columns, down: columns, left: -1, right: 1 };
  if (move === 'first') return 0;
  if (move === 'last') return pages - 1;
  const step = steps[move];
  if (step !== undefined) return page + step >= 0 && page + step < pages ? page + step : page;
  const direction = move === 'next' ? 1 : -1;
  for (let to = page + direction; to >= 0 && to < pages; to += direction) if (present(to)) return to;
  return page;
}

/** Remembers what was in the slot before a flush took its table away. */
export class FreedPages {
  #slot = -1;
  #serial = 0;
  #before: Uint8Array | null = null;
  freed: Uint8Array | null = null;

  reset(): void {
    this.#slot = -1;
    this.#serial = 0;
    this.#before = this.freed = null;
  }

  /** Takes the slot's newest pages and the table's last flush. */
  update(slot: number, pages: Uint8Array, flush: FlushInfo | null): void {
    const serial = flush?.serial ?? 0;
    if (slot !== this.#slot) {
      this.freed = null;
      this.#before = null;
    } else if (serial !== this.#serial) {
      const before = this.#before;
      this.freed =
        before && flush!.freedSlots.includes(slot)
          ? before.map((bits, i) => (bits & PAGE_PRESENT && !(pages[i]! & PAGE_PRESENT) ? 1 : 0))
          : null;
    }
    this.#slot = slot;
    this.#serial = serial;
    this.#before = pages;
  }
}
