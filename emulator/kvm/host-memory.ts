/**
 * What the host may do to a guest's memory while it runs (KVM's memory slots and MMU notifiers; arch/mips/kvm/mmu.c of
 * Linux 4.11). Each operation that changes anything raises the request that flushes both GVA tables with KMF_GPA before
 * the guest runs on; kseg0 goes too.
 */
import type { Mmu } from '../mmu/mmu.ts';
import type { MemorySlot } from '../mmu/gpa-table.ts';

export class HostMemory {
  constructor(
    private readonly mmu: Mmu,
    private readonly words: Int32Array,
  ) {}

  /** The slots that show guest RAM. */
  private get slots(): MemorySlot[] {
    return [this.mmu.lowRam, this.mmu.highRam];
  }

  /** Inclusive GPA ranges that show bytes `start` to `end` of RAM. */
  private ranges(start: number, end: number): [number, number][] {
    return this.slots.flatMap((slot): [number, number][] =>
      start < slot.size ? [[slot.gpa + start, slot.gpa + Math.min(end, slot.size - 1)]] : [],
    );
  }

  private forRange(start: number, end: number, operation: (start: number, end: number) => boolean): boolean {
    let changed = false;
    for (const [first, last] of this.ranges(start, end)) changed = operation(first, last) || changed;
    if (changed) this.mmu.requestFlush();
    return changed;
  }

  /** unmap_hva_range: the host takes pages away; the next access to each faults it back in. Bytes of RAM, inclusive. */
  unmap(start: number, end: number): boolean {
    return this.forRange(start, end, (first, last) => this.mmu.gpa.unmap(first, last));
  }

  /** Write-protects pages, as migration does: the next write to each faults (kvm_mips_mkclean_gpa_pt). */
  writeProtect(start: number, end: number): boolean {
    return this.forRange(start, end, (first, last) => this.mmu.gpa.makeClean(first, last));
  }

  /** clear_flush_young: ages pages; returns whether any had been used since the last time. */
  age(start: number, end: number): boolean {
    return this.forRange(start, end, (first, last) => this.mmu.gpa.makeOld(first, last));
  }

  /** set_spte: the host moves two pages of RAM, by number, into each other's frames. */
  exchange(first: number, second: number): void {
    const { highRam, watched } = this.mmu;
    for (const page of [first, second]) watched.changed(highRam.pages[page]!, 0x1000);
    if (this.mmu.gpa.exchange(this.words, highRam, first, second)) this.mmu.requestFlush();
  }

  /** KVM_MEM_LOG_DIRTY_PAGES on: every page is clean from now on. */
  startDirtyLog(): void {
    let changed = false;
    for (const slot of this.slots) changed = this.mmu.gpa.startDirtyLog(slot) || changed;
    if (changed) this.mmu.requestFlush();
  }

  stopDirtyLog(): void {
    for (const slot of this.slots) this.mmu.gpa.stopDirtyLog(slot);
  }

  /** KVM_GET_DIRTY_LOG: numbers of the RAM pages written since the last call, ascending. */
  takeDirtyLog(): number[] {
    const pages = new Set<number>();
    for (const slot of this.slots) {
      const log = this.mmu.gpa.takeDirtyLog(slot);
      for (const page of log.pages) pages.add(page);
      if (log.changed) this.mmu.requestFlush();
    }
    return [...pages].sort((a, b) => a - b);
  }

  /** KVM_MEM_READONLY: stores to the whole of RAM's slot at `gpa` 0 become device accesses. */
  setReadOnly(readOnly: boolean): void {
    this.mmu.lowRam.readOnly = readOnly;
    this.unmap(0, this.mmu.ramSize - 1);
    this.mmu.requestFlush();
  }
}
