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
  private readonly list: Int32Array;
  /** Word index of the list's length, which the count of removals follows. */
  private readonly state: number;

  constructor(
    private readonly words: Int32Array,
    name: TableName,
    private readonly watched: WatchedPages,
  ) {
    const number = name === 'kernel' ? 0 : 1;
    this.reads = (name === 'kernel' ? HOST_TLB.kernelRead : HOST_TLB.userRead) >>> 2;
    this.writes = (name === 'kernel' ? HOST_TLB.kernelWrite : HOST_TLB.userWrite) >>> 2;
    const list = HOST_TLB_LISTS[number]! >>> 2;
    this.list = words.subarray(list, list + (HOST_TLB_LIST_BYTES >>> 2));
    this.state = MMU_AT.hostTlbs[number]! >>> 2;
    invalidate(words, this.reads);
    invalidate(words, this.writes);
  }

  private get length(): number {
    return this.words[this.state]!;
  }
  private set length(length: number) {
    this.words[this.state] = length;
  }
  /** Counts watched pages that were dropped: while it stays, what is executed from such pages stays where it is. */
  get removals(): number {
    return this.words[this.state + 1]!;
  }
  private set removals(count: number) {
    this.words[this.state + 1] = count;
  }

  /** Enters the 4 KiB page of `va`, for stores only when `writable`. */
  insert(va: number, host: number, writable: boolean): void {
    const page = va >>> 12;
    const entry = ((host ^ va) & ~0xfff) | 0;
    const invalid = page < 0x80000 ? 0x80000000 | 0 : 0;
    if (this.words[this.reads + page] === invalid) {
      if (this.length === this.list.length) this.clear();
      this.list[this.length++] = page;
    }
    this.words[this.reads + page] = entry;
    if (!writable) this.words[this.writes + page] = invalid;
    else this.words[this.writes + page] = this.watched.has(host) ? watch(entry) : entry;
  }

  /** Stores to the 4 KiB page at `host` must be seen from now on. */
  watch(host: number): void {
    for (let i = 0; i < this.length; i++) {
      const page = this.list[i]!;
      const entry = this.words[this.writes + page]!;
      if (((entry ^ (page << 12)) & ~0xfff) === (host & ~0xfff)) this.words[this.writes + page] = watch(entry);
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
    this.clearWhere(() => true);
  }

  /** Drops every page for which `dropped(page number)` holds. */
  clearWhere(dropped: (page: number) => boolean): void {
    let kept = 0;
    for (let i = 0; i < this.length; i++) {
      const page = this.list[i]!;
      const invalid = page < 0x80000 ? 0x80000000 | 0 : 0;
      // An entry dropped by itself stays listed, and may even be listed twice after a refill.
      const entry = this.words[this.reads + page]!;
      if (entry === invalid) continue;
      if (dropped(page)) {
        if (this.watched.has(entry ^ (page << 12))) this.removals++;
        this.words[this.reads + page] = invalid;
        this.words[this.writes + page] = invalid;
      } else this.list[kept++] = page;
    }
    this.length = kept;
  }

  /** The host address for `va`, or -1. */
  lookup(va: number, write: boolean): number {
    const entry = this.words[(write ? this.writes : this.reads) + (va >>> 12)]!;
    const x = ((entry & 1) === 0 ? entry : unwatch(entry)) ^ va;
    return x < 0 ? -1 : x;
  }

  /** Calls `visit` for every page held. */
  forEach(visit: (va: number, host: number, writable: boolean) => void): void {
    for (let i = 0; i < this.length; i++) {
      const va = (this.list[i]! << 12) >>> 0;
      const host = this.lookup(va, false);
      if (host >= 0) visit(va, host, this.lookup(va, true) >= 0);
    }
  }
}

function watch(entry: number): number {
  return entry ^ 0x80000001;
}
const unwatch = watch;

/** Fills the flat table at a word index with invalid entries. */
export function invalidate(words: Int32Array, table: number): void {
  words.fill(0x80000000, table, table + 0x80000);
  words.fill(0, table + 0x80000, table + 0x100000);
}
