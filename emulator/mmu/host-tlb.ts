/**
 * The host TLB of one address space: two flat tables, for loads and for stores, in front of a GVA page table, and the
 * list of the entries they hold. Dropping a host ASID is clearing the list.
 *
 * The word for a 4 KiB page is `host page address ^ virtual page address`, so that `x = table[va >>> 12] ^ va` is the
 * host address; bit 31 of x is set for an invalid entry, since host addresses lie below 2 GiB. A page whose stores must
 * be seen has its entry for stores with bit 31 turned over, and bit 0 set: invalid to whoever looks at bit 31.
 */
import { HOST_TLB, HOST_TLB_LISTS, HOST_TLB_LIST_BYTES, MMU_AT } from '../memory.ts';
import type { TableName } from '../protocol.ts';
import type { WatchedPages } from './watched-pages.ts';

export interface HostTlbEntry {
  va: number;
  host: number;
  writable: boolean;
}

export class HostTlb {
  /** Word indices of the two tables. */
  readonly reads: number;
  readonly writes: number;
  /** Pages held of the mapped segments, and of kseg0, which survives most flushes. */
  private readonly lists: readonly [mapped: PageList, kseg0: PageList];
  private readonly removalsAt: number;

  /** @param kseg0 address bits 31:29 of kseg0 */
  constructor(
    private readonly words: Int32Array,
    name: TableName,
    private readonly kseg0: number,
    private readonly watched: WatchedPages,
  ) {
    const number = name === 'kernel' ? 0 : 1;
    this.reads = HOST_TLB.reads[number]! >>> 2;
    this.writes = HOST_TLB.writes[number]! >>> 2;
    const state = MMU_AT.hostTlbs[number]! >>> 2;
    const list = (i: number) =>
      new PageList(words, state + i, (HOST_TLB_LISTS[number]! + i * HOST_TLB_LIST_BYTES) >>> 2);
    this.lists = [list(0), list(1)];
    this.removalsAt = state + 2;
    invalidate(words, this.reads);
    invalidate(words, this.writes);
  }

  /** Counts watched pages that were dropped: while it stays, what is executed from such pages stays where it is. */
  get removals(): number {
    return this.words[this.removalsAt]!;
  }
  private set removals(count: number) {
    this.words[this.removalsAt] = count;
  }

  /** Enters the 4 KiB page of `va`, for stores only when `writable`. */
  insert(va: number, host: number, writable: boolean): void {
    const page = va >>> 12;
    const entry = ((host ^ va) & ~0xfff) | 0;
    const invalid = page < 0x80000 ? 0x80000000 | 0 : 0;
    if (this.words[this.reads + page] === invalid) {
      const list = this.lists[va >>> 29 === this.kseg0 ? 1 : 0];
      if (list.length === MOST_PAGES) this.clear();
      list.pages[list.length++] = page;
    }
    this.words[this.reads + page] = entry;
    if (!writable) this.words[this.writes + page] = invalid;
    else this.words[this.writes + page] = this.watched.has(host) ? watch(entry) : entry;
  }

  /** Stores to the 4 KiB page at `host` must be seen from now on. */
  watch(host: number): void {
    for (const { pages, length } of this.lists) {
      for (let i = 0; i < length; i++) {
        const page = pages[i]!;
        const entry = this.words[this.writes + page]!;
        if (((entry ^ (page << 12)) & ~0xfff) === (host & ~0xfff)) this.words[this.writes + page] = watch(entry);
      }
    }
  }

  /** The host address for a store to `va` if that is what makes its entry invalid, or -1. */
  watchedStore(va: number): number {
    const entry = this.words[this.writes + (va >>> 12)]!;
    return (entry & 1) === 0 ? -1 : unwatch(entry) ^ va;
  }

  /** Stores to the page of `va` need no longer be seen. */
  unwatch(va: number): void {
    const at = this.writes + (va >>> 12);
    if ((this.words[at]! & 1) !== 0) this.words[at] = unwatch(this.words[at]!);
  }

  /** Drops the page of `va`, if it is there. */
  drop(va: number): void {
    const page = va >>> 12;
    const invalid = page < 0x80000 ? 0x80000000 | 0 : 0;
    const entry = this.words[this.reads + page]!;
    if (entry === invalid) return;
    if (this.watched.has(entry ^ va)) this.removals++;
    this.words[this.reads + page] = invalid;
    this.words[this.writes + page] = invalid;
  }

  /** Drops everything. */
  clear(): void {
    for (const list of this.lists) this.clearWhere(list, null);
  }

  /** Drops every page of the mapped segments, or those for which `dropped(page number)` holds. */
  clearMapped(dropped: ((page: number) => boolean) | null = null): void {
    this.clearWhere(this.lists[0], dropped);
  }

  private clearWhere(list: PageList, dropped: ((page: number) => boolean) | null): void {
    const { length, pages } = list;
    if (length === 0) return;
    let kept = 0;
    for (let i = 0; i < length; i++) {
      const page = pages[i]!;
      const invalid = page < 0x80000 ? 0x80000000 | 0 : 0;
      // An entry dropped by itself stays listed, and may even be listed twice after a refill.
      const entry = this.words[this.reads + page]!;
      if (entry === invalid) continue;
      if (dropped === null || dropped(page)) {
        if (this.watched.has(entry ^ (page << 12))) this.removals++;
        this.words[this.reads + page] = invalid;
        this.words[this.writes + page] = invalid;
      } else pages[kept++] = page;
    }
    list.length = kept;
  }

  /** The host address for `va`, or -1. */
  lookup(va: number, write: boolean): number {
    const entry = this.words[(write ? this.writes : this.reads) + (va >>> 12)]!;
    const x = ((entry & 1) === 0 ? entry : unwatch(entry)) ^ va;
    return x < 0 ? -1 : x;
  }

  /** Calls `visit` for every page held. */
  forEach(visit: (va: number, host: number, writable: boolean) => void): void {
    for (const { pages, length } of this.lists) {
      for (let i = 0; i < length; i++) {
        const va = (pages[i]! << 12) >>> 0;
        const host = this.lookup(va, false);
        if (host >= 0) visit(va, host, this.lookup(va, true) >= 0);
      }
    }
  }
}

const MOST_PAGES = HOST_TLB_LIST_BYTES >>> 2;

/** Page numbers in linear memory. */
class PageList {
  readonly pages: Int32Array;

  /** @param lengthAt word index of the length @param at of the pages */
  constructor(
    private readonly words: Int32Array,
    private readonly lengthAt: number,
    at: number,
  ) {
    this.pages = words.subarray(at, at + MOST_PAGES);
  }

  get length(): number {
    return this.words[this.lengthAt]!;
  }
  set length(length: number) {
    this.words[this.lengthAt] = length;
  }
}

function watch(entry: number): number {
  return entry ^ 0x80000001;
}
const unwatch = watch;

/**
 * Fills the flat table at a word index with invalid entries, in memory that has never been written. Those of the upper
 * half are 0, which it has already: writing it would make the host find 2 MiB for each table.
 */
export function invalidate(words: Int32Array, table: number): void {
  words.fill(0x80000000, table, table + 0x80000);
}
