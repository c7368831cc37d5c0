/**
 * A page table from guest virtual addresses to host memory: the structure that KVM for MIPS keeps one of for guest
 * kernel mode and one for guest user mode, and its ranged flush (kvm_mips_flush_gva_pt and the functions below it).
 *
 * An entry is the page's address in linear memory with PTE_ bits in the low bits, or 0. A pgd or pmd slot is the
 * address of the next table, or 0. Virtual addresses are numbers, also beyond 32 bits where a geometry has them.
 */
import { TABLE_UNIT } from '../memory.ts';
import type { Geometry } from './geometry.ts';
import type { TableArena } from './table-arena.ts';

export const PTE_PRESENT = 1;
/** Guest and host allow stores; a store still faults until the page is dirty. */
export const PTE_WRITABLE = 2;
/** Written to: stores go through. */
export const PTE_DIRTY = 4;
export const PTE_COMMPAGE = 8;
export const PTE_FLAGS = 0xfff;

const UNIT_SHIFT = 31 - Math.clz32(TABLE_UNIT);
/** An all-ones virtual address: its index is the last one at every level. */
const ALL_ONES = Number.MAX_SAFE_INTEGER;

/** Told of every change to what a table maps, so that counts never need a walk. */
export interface TableObserver {
  /** A pte table came (+1) or went (-1); `va` is the first address it maps. */
  table(va: number, change: 1 | -1): void;
  /** Pages came or went in the pte table that maps `va`. */
  pages(va: number, change: number): void;
}

/** What the last flush did; one object a table, overwritten by each. */
export interface FlushResult {
  /** True when the whole pgd was emptied: kvm_mips_flush_gva_pgd's own result. */
  all: boolean;
  tablesFreed: number;
  entriesCleared: number;
  /** Entries tested for presence, by level. */
  visited: { pgd: number; pmd: number; pte: number };
}

export class GvaPageTable {
  readonly pgd: number;
  private readonly words: Int32Array;
  private readonly pteBytes: number;
  private readonly pmdBytes: number;
  private readonly pteSpan: number;
  private readonly pgdSpan: number;
  private readonly pageSize: number;
  private readonly folded: boolean;
  /** Whether 32 bits of an address decide its slots. */
  private readonly narrow: boolean;
  private readonly present: Int32Array;
  /** Where the pmd is folded: a bit for each pgd slot, set if it has a table, so that a flush passes over the rest. */
  private readonly occupied: Int32Array;
  /** Whether beside each pte table's present pages stands which parts of it have been touched; see TOUCHED. */
  private readonly hasTouched: boolean;
  /** Entries of such a part. */
  private readonly partEntries: number;
  private readonly result: FlushResult = {
    all: false,
    tablesFreed: 0,
    entriesCleared: 0,
    visited: { pgd: 0, pmd: 0, pte: 0 },
  };
  /** Called as a flush frees a table: level 'pte' or 'pmd', first address it maps. For tests. */
  onFree: ((level: 'pte' | 'pmd', va: number) => void) | null = null;

  constructor(
    private readonly arena: TableArena,
    readonly geometry: Geometry,
    private readonly observer: TableObserver | null = null,
    occupied?: Int32Array,
  ) {
    this.words = arena.words;
    this.pteBytes = geometry.pteEntries * 4;
    this.pmdBytes = geometry.pmdEntries * 4;
    this.pageSize = 2 ** geometry.pageShift;
    this.pteSpan = 2 ** geometry.pmdShift;
    this.pgdSpan = 2 ** geometry.pgdShift;
    this.folded = geometry.pmdEntries === 1;
    this.narrow = this.folded && this.pgdSpan * geometry.pgdEntries <= 2 ** 32;
    this.present = arena.present;
    this.hasTouched = this.pteBytes > TABLE_UNIT;
    this.partEntries = geometry.pteEntries / 32;
    this.occupied = occupied ?? new Int32Array(Math.ceil(geometry.pgdEntries / 32));
    this.pgd = arena.allocate(geometry.pgdEntries * 4);
    if (this.pgd === 0) throw new Error('page-table arena: no room for a page directory');
  }

  // An index is the quotient's low bits: `&` truncates the quotient and works modulo 2^32, wider than any level.
  private pgdSlot(va: number): number {
    if (this.narrow) return (this.pgd >>> 2) + (va >>> this.geometry.pgdShift);
    return (this.pgd >>> 2) + ((va / this.pgdSpan) & (this.geometry.pgdEntries - 1));
  }
  private pteIndex(va: number): number {
    return (va >>> this.geometry.pageShift) & (this.geometry.pteEntries - 1);
  }

  /** Index in {@link present}. */
  private presentAt(table: number): number {
    return (table - this.arena.start) >>> UNIT_SHIFT;
  }

  /** Address of the pte table for `va`, or 0. */
  tableAt(va: number): number {
    const child = this.words[this.pgdSlot(va)]!;
    if (this.folded || child === 0) return child;
    return this.words[(child >>> 2) + ((va / this.pteSpan) & (this.geometry.pmdEntries - 1))]!;
  }

  /** The entries of the pte table for `va`, as they are and will be; null if there is none. */
  entriesAt(va: number): Int32Array | null {
    const at = this.tableAt(va) >>> 2;
    return at === 0 ? null : this.words.subarray(at, at + this.geometry.pteEntries);
  }

  /** The entry for `va`, or 0. */
  walk(va: number): number {
    const table = this.tableAt(va);
    return table === 0 ? 0 : this.words[(table >>> 2) + this.pteIndex(va)]!;
  }

  /** Makes the pte table for `va` if there is none. Returns its address, or 0 when the arena is full. */
  allocate(va: number): number {
    let slot = this.pgdSlot(va);
    if (!this.folded) {
      let pmd = this.words[slot]!;
      if (pmd === 0) {
        pmd = this.arena.allocate(this.pmdBytes);
        if (pmd === 0) return 0;
        this.words[slot] = pmd;
      }
      slot = (pmd >>> 2) + ((va / this.pteSpan) & (this.geometry.pmdEntries - 1));
    }
    let table = this.words[slot]!;
    if (table === 0) {
      table = this.arena.allocate(this.pteBytes);
      if (table === 0) return 0;
      this.words[slot] = table;
      const i = slot - (this.pgd >>> 2);
      if (this.folded) this.occupied[i >>> 5]! |= 1 << i;
      this.present[this.presentAt(table)] = 0;
      if (this.hasTouched) this.present[this.presentAt(table) + 1] = 0;
      this.observer?.table(va - (va % this.pteSpan), 1);
    }
    return table;
  }

  /** Sets the entry for `va`. Returns false when there is no room for its table. */
  set(va: number, pte: number): boolean {
    const table = this.allocate(va);
    if (table === 0) return false;
    const at = (table >>> 2) + this.pteIndex(va);
    if (this.words[at] === 0) {
      this.count(table, va, 1);
      if (this.hasTouched) this.present[this.presentAt(table) + 1]! |= 1 << (this.pteIndex(va) / this.partEntries);
    }
    this.words[at] = pte;
    return true;
  }

  /** Clears the entry for `va`. Returns whether there was one. */
  clear(va: number): boolean {
    const table = this.tableAt(va);
    if (table === 0) return false;
    const at = (table >>> 2) + this.pteIndex(va);
    if (this.words[at] === 0) return false;
    this.words[at] = 0;
    this.count(table, va, -1);
    return true;
  }

  private count(table: number, va: number, change: number): void {
    this.present[this.presentAt(table)]! += change;
    this.observer?.pages(va, change);
  }

  /** Clears every entry in the inclusive byte range, freeing no table. Returns how many there were. */
  clearRange(start: number, end: number): number {
    let cleared = 0;
    for (let va = start - (start % this.pageSize); va <= end;) {
      const table = this.tableAt(va);
      if (table === 0 || this.present[this.presentAt(table)] === 0) va += this.pteSpan - (va % this.pteSpan);
      else {
        if (this.clear(va)) cleared++;
        va += this.pageSize;
      }
    }
    return cleared;
  }

  /** kvm_mips_flush_gva_pgd: drops the inclusive byte range, freeing tables that it covers whole. */
  flush(start: number, end: number): FlushResult {
    const { result } = this;
    const { visited } = result;
    result.tablesFreed = result.entriesCleared = visited.pmd = visited.pte = 0;
    const last = this.geometry.pgdEntries - 1;
    const min = (start / this.pgdSpan) & last;
    const max = (end / this.pgdSpan) & last;
    let safe = min === 0 && max === last;
    visited.pgd = max - min + 1;
    if (this.folded) {
      // Each slot is a pmd of one, and an empty one counts as emptied.
      visited.pmd = max - min + 1;
      if (!this.flushOccupied(min, max, start, end)) safe = false;
    } else {
      for (let i = min; i <= max; i++) {
        const slot = (this.pgd >>> 2) + i;
        const to = i === max ? end : ALL_ONES;
        if (!this.flushPud(slot, i * this.pgdSpan, i === min ? start : 0, to)) safe = false;
      }
    }
    result.all = safe;
    return result;
  }

  /** Of the pgd slots from `min` to `max` those that have a table. Returns whether all of them were emptied. */
  private flushOccupied(min: number, max: number, start: number, end: number): boolean {
    const { words, occupied } = this;
    let safe = true;
    for (let group = min >>> 5; group <= max >>> 5; group++) {
      let bits = occupied[group]!;
      if (group === min >>> 5) bits &= -1 << (min & 31);
      if (group === max >>> 5) bits &= -1 >>> (31 - (max & 31));
      for (; bits !== 0; bits &= bits - 1) {
        const i = 32 * group + 31 - Math.clz32(bits & -bits);
        const slot = (this.pgd >>> 2) + i;
        const table = words[slot]!;
        const va = i * this.pgdSpan;
        if (this.flushPte(table, va, i === min ? start : 0, i === max ? end : ALL_ONES)) {
          words[slot] = 0;
          occupied[group]! &= ~(1 << i);
          this.free(table, va);
        } else safe = false;
      }
    }
    return safe;
  }

  private flushPud(slot: number, base: number, start: number, end: number): boolean {
    const pmd = this.words[slot]!;
    if (pmd === 0) return true;
    if (!this.flushPmd(pmd >>> 2, this.geometry.pmdEntries, base, start, end)) return false;
    this.words[slot] = 0;
    this.arena.release(pmd, this.pmdBytes);
    this.result.tablesFreed++;
    this.onFree?.('pmd', base);
    return true;
  }

  private flushPmd(first: number, entries: number, base: number, start: number, end: number): boolean {
    const last = entries - 1;
    const min = (start / this.pteSpan) & last;
    const max = (end / this.pteSpan) & last;
    let safe = min === 0 && max === last;
    let from = start;
    for (let i = min; i <= max; i++, from = 0) {
      this.result.visited.pmd++;
      const table = this.words[first + i]!;
      if (table === 0) continue;
      const va = base + i * this.pteSpan;
      if (this.flushPte(table, va, from, i === max ? end : ALL_ONES)) {
        this.words[first + i] = 0;
        this.free(table, va);
      } else safe = false;
    }
    return safe;
  }

  private flushPte(table: number, base: number, start: number, end: number): boolean {
    const last = this.geometry.pteEntries - 1;
    const min = this.pteIndex(start);
    const max = this.pteIndex(end);
    // The table is about to be freed: there is no point in clearing its entries.
    if (min === 0 && max === last) return true;
    for (let i = min; i <= max; i++) {
      this.result.visited.pte++;
      const at = (table >>> 2) + i;
      if (this.words[at] === 0) continue;
      this.words[at] = 0;
      this.count(table, base + i * this.pageSize, -1);
      this.result.entriesCleared++;
    }
    return false;
  }

  private free(table: number, va: number): void {
    const pages = this.present[this.presentAt(table)]!;
    if (this.observer) {
      if (pages > 0) this.dropPages(table, va, pages);
      this.observer.table(va, -1);
    }
    this.arena.release(table, this.pteBytes);
    this.result.tablesFreed++;
    this.onFree?.('pte', va);
  }

  /** Tells the observer of a freed table's pages; one that spans several segments is told page by page. */
  private dropPages(table: number, va: number, pages: number): void {
    if (this.pteSpan <= 2 ** 29) return this.observer!.pages(va, -pages);
    for (let i = 0; i < this.geometry.pteEntries; i++) {
      if (this.words[(table >>> 2) + i] !== 0) this.observer!.pages(va + i * this.pageSize, -1);
    }
  }

  /** Present pages of the pte table for `va`. */
  pagesAt(va: number): number {
    const table = this.tableAt(va);
    return table === 0 ? 0 : this.present[this.presentAt(table)]!;
  }

  /** Calls `visit` for every present entry, by ascending address. */
  forEach(visit: (va: number, pte: number) => void): void {
    this.forEachTable((base, table) => {
      for (let i = 0; i < this.geometry.pteEntries; i++) {
        const pte = this.words[(table >>> 2) + i]!;
        if (pte !== 0) visit(base + i * this.pageSize, pte);
      }
    });
  }

  /** Calls `visit` for every pte table, by ascending address; and `visitPmd` for every pmd table before its own. */
  forEachTable(visit: (va: number, table: number) => void, visitPmd?: (va: number) => void): void {
    for (let i = 0; i < this.geometry.pgdEntries; i++) {
      const child = this.words[(this.pgd >>> 2) + i]!;
      if (child === 0) continue;
      if (this.folded) visit(i * this.pgdSpan, child);
      else {
        visitPmd?.(i * this.pgdSpan);
        for (let j = 0; j < this.geometry.pmdEntries; j++) {
          const table = this.words[(child >>> 2) + j]!;
          if (table !== 0) visit(i * this.pgdSpan + j * this.pteSpan, table);
        }
      }
    }
  }
}
