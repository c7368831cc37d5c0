/**
 * Guest physical memory as the host provides it: memory slots, and the GPA page table that faults fill from them
 * (arch/mips/kvm/mmu.c of Linux 4.11: kvm_mips_map_page, kvm_mips_flush_gpa_pt, kvm_mips_mkclean_gpa_pt,
 * kvm_mips_mkold_gpa_pt, and the MMU notifiers).
 *
 * Whoever takes something away here must have what was derived from it flushed: those functions tell whether anything
 * changed.
 */
import type { Geometry } from './geometry.ts';
import { GvaPageTable, PTE_DIRTY, PTE_FLAGS, PTE_PRESENT, PTE_WRITABLE } from './gva-page-table.ts';
import type { TableArena } from './table-arena.ts';

/** In GPA entries only: accessed since it was last aged. */
export const PTE_YOUNG = 0x10;

/** A stretch of guest physical memory. Sizes and addresses in bytes, multiples of the page size. */
export interface MemorySlot {
  name: string;
  gpa: number;
  size: number;
  readOnly: boolean;
  /** Pages of the host's backing, as addresses in linear memory. */
  pages: Int32Array;
  /** Set while dirty pages are logged: a bit for each page written since the log was last fetched. */
  dirtyLog: Uint8Array | null;
}

export class GpaTable {
  readonly table: GvaPageTable;
  readonly slots: MemorySlot[] = [];
  readonly pageSize: number;

  constructor(arena: TableArena, geometry: Geometry) {
    this.table = new GvaPageTable(arena, geometry);
    this.pageSize = 2 ** geometry.pageShift;
  }

  /** @param host address of the backing in linear memory, or the pages of another slot that this one shares */
  addSlot(name: string, gpa: number, size: number, host: number | Int32Array): MemorySlot {
    const pages =
      typeof host === 'number'
        ? Int32Array.from({ length: size / this.pageSize }, (_, i) => host + i * this.pageSize)
        : host;
    const slot: MemorySlot = { name, gpa, size, readOnly: false, pages, dirtyLog: null };
    this.slots.push(slot);
    return slot;
  }

  /** The slot that has `gpa`, or null. */
  slotAt(gpa: number): MemorySlot | null {
    for (const slot of this.slots) if (gpa >= slot.gpa && gpa < slot.gpa + slot.size) return slot;
    return null;
  }

  /** Where in linear memory `gpa` lies, or -1 when no slot has it. */
  host(gpa: number): number {
    const slot = this.slotAt(gpa);
    if (!slot) return -1;
    const offset = gpa - slot.gpa;
    return slot.pages[Math.floor(offset / this.pageSize)]! + (offset % this.pageSize);
  }

  /** Whether `gpa` lies in a slot that takes no stores. */
  isReadOnly(gpa: number): boolean {
    return this.slotAt(gpa)?.readOnly ?? false;
  }

  /** kvm_mips_map_page: the page's entry, made young, and dirty by a write; 0 is EFAULT. */
  map(gpa: number, write: boolean): number {
    const known = this.table.walk(gpa);
    if (known !== 0) {
      if (!write || (known & PTE_DIRTY) !== 0) {
        if ((known & PTE_YOUNG) === 0) this.table.set(gpa, known | PTE_YOUNG);
        return known | PTE_YOUNG;
      }
      if ((known & PTE_WRITABLE) === 0) return 0;
      return this.enter(gpa, known | PTE_YOUNG | PTE_DIRTY);
    }
    const slot = this.slotAt(gpa);
    if (!slot || (write && slot.readOnly)) return 0;
    const page = slot.pages[Math.floor((gpa - slot.gpa) / this.pageSize)]!;
    const writable = slot.readOnly ? 0 : PTE_WRITABLE;
    return this.enter(gpa, page | PTE_PRESENT | PTE_YOUNG | writable | (write ? PTE_DIRTY : 0));
  }

  private enter(gpa: number, pte: number): number {
    if (!this.table.set(gpa, pte)) return 0;
    if ((pte & PTE_DIRTY) !== 0) this.logDirty(gpa);
    return pte;
  }

  private logDirty(gpa: number): void {
    const slot = this.slotAt(gpa);
    if (!slot?.dirtyLog) return;
    const page = Math.floor((gpa - slot.gpa) / this.pageSize);
    slot.dirtyLog[page >>> 3]! |= 1 << (page & 7);
  }

  /** The page's entry as it stands, without allocating; 0 when absent or not accessible right now. */
  existing(gpa: number): number {
    const pte = this.table.walk(gpa);
    return (pte & PTE_YOUNG) !== 0 ? pte : 0;
  }

  /** Unmaps the inclusive byte range (kvm_mips_flush_gpa_pt). Returns whether anything was mapped. */
  unmap(start: number, end: number): boolean {
    return this.table.clearRange(start, end) > 0;
  }

  /** Write-protects the range, so that the next write to each page faults. Returns whether any page was dirty. */
  makeClean(start: number, end: number): boolean {
    return this.change(start, end, PTE_DIRTY);
  }

  /** Makes every access in the range fault once more, to see what is in use. Returns whether any page was young. */
  makeOld(start: number, end: number): boolean {
    return this.change(start, end, PTE_YOUNG);
  }

  private change(start: number, end: number, cleared: number): boolean {
    const found: [gpa: number, pte: number][] = [];
    this.table.forEach((gpa, pte) => {
      if (gpa <= end && gpa + this.pageSize > start && (pte & cleared) !== 0) found.push([gpa, pte]);
    });
    for (const [gpa, pte] of found) this.table.set(gpa, pte & ~cleared);
    return found.length > 0;
  }

  /** Starts logging writes to the slot: what is dirty now is dirty no more. */
  startDirtyLog(slot: MemorySlot): boolean {
    slot.dirtyLog = new Uint8Array(Math.ceil(slot.pages.length / 8));
    return this.makeClean(slot.gpa, slot.gpa + slot.size - 1);
  }

  stopDirtyLog(slot: MemorySlot): void {
    slot.dirtyLog = null;
  }

  /** KVM_GET_DIRTY_LOG: page numbers within the slot written since the last call; they are clean from now on. */
  takeDirtyLog(slot: MemorySlot): { pages: number[]; changed: boolean } {
    const pages: number[] = [];
    let changed = false;
    for (let page = 0; slot.dirtyLog && page < slot.pages.length; page++) {
      if ((slot.dirtyLog[page >>> 3]! & (1 << (page & 7))) === 0) continue;
      pages.push(page);
      const gpa = slot.gpa + page * this.pageSize;
      if (this.makeClean(gpa, gpa + this.pageSize - 1)) changed = true;
    }
    slot.dirtyLog?.fill(0);
    return { pages, changed };
  }

  /**
   * The host moves two pages of a slot to each other's frames, contents and all (a migration, as set_spte reports it).
   * Every slot that shares the backing sees it. Returns whether a mapping went.
   */
  exchange(words: Int32Array, slot: MemorySlot, first: number, second: number): boolean {
    const [a, b] = [slot.pages[first]!, slot.pages[second]!];
    const length = this.pageSize >>> 2;
    const content = words.slice(a >>> 2, (a >>> 2) + length);
    words.copyWithin(a >>> 2, b >>> 2, (b >>> 2) + length);
    words.set(content, b >>> 2);
    slot.pages[first] = b;
    slot.pages[second] = a;
    let changed = false;
    for (const sharer of this.slots.filter((s) => s.pages === slot.pages)) {
      for (const page of [first, second]) {
        const gpa = sharer.gpa + page * this.pageSize;
        if (gpa < sharer.gpa + sharer.size && this.unmap(gpa, gpa + this.pageSize - 1)) changed = true;
      }
    }
    return changed;
  }

  /** GPA bits of an entry that say what a GVA entry made from it may allow. */
  static derive(pte: number): number {
    return pte & (~PTE_FLAGS | PTE_PRESENT | PTE_WRITABLE | PTE_DIRTY);
  }
}
