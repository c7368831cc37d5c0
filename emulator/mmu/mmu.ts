/**
 * The memory management that both machines run on: what fills their tables, and what keeps all of them in step
 * (arch/mips/kvm/mmu.c and trap_emul.c of Linux 4.11).
 *
 * Neither GVA table is tagged by guest ASID: each holds one guest ASID's view. A change of ASID flushes the kernel table
 * at once (KMF_KERN) and the user table lazily, on the next entry to user mode (KMF_USER); kseg0 survives both. Other
 * policies exist to be compared with this one; see policy.ts.
 */
import type { LinearMemory } from '../memory.ts';
import type { AddressSpace } from './address-space.ts';
import { GpaTable } from './gpa-table.ts';
import { GuestTables, NOTHING_MISSED, type MmuOptions } from './guest-tables.ts';
import { LO_D, LO_V } from './guest-tlb.ts';
import { PTE_COMMPAGE, PTE_DIRTY, PTE_PRESENT, PTE_WRITABLE } from './gva-page-table.ts';
import type { KeptPairs } from './kept-pairs.ts';
import { KMF_GPA, KMF_KERN, KMF_USER, KSEG0, KSEG23, USEG, type Layout } from './layout.ts';

export type { AddressSpace } from './address-space.ts';

/** Told of what the MMU does; the machine adds instruction count and PC. */
export interface MmuObserver {
  flushed(space: AddressSpace): void;
  tlbWritten(index: number, random: boolean): void;
}

export class Mmu extends GuestTables {
  private used = false;

  constructor(
    memory: LinearMemory,
    layout: Layout,
    options: MmuOptions,
    private readonly observer: MmuObserver,
  ) {
    super(memory, layout, options);
  }

  /**
   * The host's TLB refill handler: serves `va` from the GVA page table, enters it in the host TLB and returns its host
   * address, or -1 when the table has no entry that allows the access.
   */
  refill(space: AddressSpace, va: number, write: boolean): number {
    return this.serve(space, va, this.owner(space, va).gva.walk(va), write);
  }

  /** {@link refill} with the entry `pte` of `va`. */
  private serve(space: AddressSpace, va: number, pte: number, write: boolean): number {
    if (pte === 0 || (write && (pte & PTE_DIRTY) === 0)) return -1;
    this.hostRefills++;
    const within = this.pageSize - 1;
    const host = (pte & ~within) | (va & within);
    space.host.insert(va, host, (pte & PTE_DIRTY) !== 0);
    return host;
  }

  /** The commpage fault: maps that page alone. */
  mapCommpage(va: number, write: boolean): number {
    const flags = PTE_PRESENT | PTE_WRITABLE | PTE_DIRTY | PTE_COMMPAGE;
    return this.serve(this.kernel, va, this.enter(this.kernel, va, this.commpageHost | flags), write);
  }

  /** The kseg0 fault: maps the page pair round `va` to `gpa`'s. Returns the host address, or -1 when it is no RAM. */
  mapKseg0(va: number, gpa: number, write: boolean): number {
    const own = this.gpa.map(gpa, write);
    if (own === 0) return -1;
    const pte = this.enter(this.kernel, va, GpaTable.derive(own));
    const buddy = this.gpa.existing((gpa ^ this.pageSize) >>> 0);
    if (buddy !== 0) this.enterBuddy(this.kernel, (va ^ this.pageSize) >>> 0, GpaTable.derive(buddy));
    return this.serve(this.kernel, va, pte, write);
  }

  /**
   * The mapped fault: maps the page of `va`, and its buddy where the entry's other half is valid and its page known, as
   * guest TLB entry `index` says. Returns the host address, or -1 when the page is no RAM.
   */
  mapMapped(space: AddressSpace, index: number, va: number, write: boolean): number {
    const own = this.gpa.map(this.tlb.physical(index, va), write);
    if (own === 0) return -1;
    const pte = this.enter(space, va, restrict(own, this.tlb.lo(index, va)));
    const neighbour = (va ^ this.pageSize) >>> 0;
    const lo = this.tlb.lo(index, neighbour);
    // The commpage is never mapped over; only kernel mode has it.
    if ((lo & LO_V) !== 0 && !(space === this.kernel && this.isCommpage(neighbour))) {
      const buddy = this.gpa.existing(this.tlb.physical(index, neighbour));
      if (buddy !== 0) this.enterBuddy(space, neighbour, restrict(buddy, lo));
    }
    return this.serve(space, va, pte, write);
  }

  /** Returns `pte`, or 0 if it could not be entered. */
  private enter(space: AddressSpace, va: number, pte: number): number {
    // host_tlb_inv after a fault: what the host TLB had allowed less than the new entry does.
    space.host.drop(va);
    if (this.owner(space, va).gva.set(va, pte)) return pte;
    // No room for a table: start over, as a host short of memory would.
    this.flushGpa();
    this.renew(this.kernel);
    if (space !== this.kernel) this.renew(space);
    return this.owner(space, va).gva.set(va, pte) ? pte : 0;
  }

  private enterBuddy(space: AddressSpace, va: number, pte: number): void {
    const { gva } = this.owner(space, va);
    // A page that is mapped already keeps what it has: it may have become dirty through an alias meanwhile.
    if (gva.walk(va) === 0) gva.set(va, pte);
  }

  /** Writes guest TLB entry `index`, first invalidating what the old one may have left in the tables. */
  writeTlb(index: number, hi: number, mask: number, lo0: number, lo1: number, random: boolean): void {
    const { tlb, kept } = this;
    // Nothing can have come from an entry of which neither half was valid.
    if (((tlb.lo0[index]! | tlb.lo1[index]!) & LO_V) !== 0) {
      if (kept && random && tlb.mask[index] === 0) this.keep(kept, tlb.start(index));
      else this.invalidateRange(index);
    }
    if (kept && !random && !tlb.isSamePair(index, hi, mask, lo0, lo1)) this.dropKept();
    tlb.write(index, hi, mask, lo0, lo1);
    // KVM stops here. An entry that overlaps an older one may come before it in the order of a lookup, though, valid or
    // not, so what the older one filled must go too.
    if (mask !== 0 || (hi | 0) !== this.missed) this.invalidateRange(index);
    this.missed = NOTHING_MISSED;
    this.observer.tlbWritten(index, random);
  }

  private keep(kept: KeptPairs, start: number): void {
    const oldest = kept.add(start);
    if (oldest >= 0) this.invalidatePair(oldest);
  }

  /** The guest is about to learn all that its TLB holds. */
  dropKept(): void {
    if (!this.kept?.length) return;
    for (const start of this.kept.take()) this.invalidatePair(start);
  }

  /** TLBP does not find `va`, so that the guest knows that its TLB does not have it. */
  probedInVain(va: number): void {
    if (this.kept?.length) this.invalidatePair((va & ~0x1fff) >>> 0);
  }

  /** No guest TLB entry matches `va` under `asid`, so that neither table has anything of its page pair, if none is kept. */
  tlbMissed(va: number, asid: number): void {
    const isFlushed = this.policy !== 'tagged' && this.policy !== 'never';
    const exact = isFlushed && !this.kept && this.lastUserAsid === asid;
    this.missed = exact ? (va & ~0x1fff) | asid : NOTHING_MISSED;
  }

  private invalidatePair(start: number): void {
    this.invalidatePages(start, start + 0x1fff);
  }

  private invalidateRange(index: number): void {
    this.invalidatePages(this.tlb.start(index), this.tlb.end(index));
  }

  /** @param last byte address */
  private invalidatePages(start: number, last: number): void {
    const end = Math.min(last, this.layout.end);
    const segment = this.layout.segmentOf[start >>> 29]!;
    // Entries for unmapped segments, such as those a kernel fills its TLB with to empty it, match nothing.
    if (start > end || (segment !== USEG && segment !== KSEG23)) return;
    this.dropRange(this.kernel, start, end);
    if (segment !== USEG) return;
    if (this.policy !== 'tagged') this.dropRange(this.user, start, end);
    else for (const space of this.users.values()) this.dropRange(space, start, end);
  }

  private dropRange(space: AddressSpace, start: number, end: number): void {
    const { pageSize } = this;
    space.dropOtherContexts();
    if (end - start === 2 * pageSize - 1 && pageSize === 0x1000) {
      // What the host TLB has is in the table, but for `tagged`, where it may be in another's.
      const always = this.policy === 'tagged';
      if (space.gva.clear(start) || always) space.host.drop(start);
      if (space.gva.clear(start + 0x1000) || always) space.host.drop(start + 0x1000);
    } else {
      space.gva.clearRange(start, end);
      space.host.clearMapped((page) => page >= start >>> 12 && page <= end >>> 12);
    }
  }

  /** The guest's ASID changes. */
  changeAsid(oldAsid: number, newAsid: number): void {
    this.kernelAsid = newAsid;
    this.missed = NOTHING_MISSED;
    switch (this.policy) {
      case 'lazy-user':
        return this.flushKernel(KMF_KERN, oldAsid, newAsid);
      case 'eager':
        this.flushKernel(KMF_KERN, oldAsid, newAsid);
        return this.flushUser(KMF_USER, newAsid);
      case 'everything':
        this.flushKernel(KMF_GPA | KMF_KERN, oldAsid, newAsid);
        return this.flushUser(KMF_GPA | KMF_USER, newAsid);
      case 'tagged':
        return this.switchTagged();
      case 'never':
    }
  }

  /** Under `tagged` the kernel's view of useg changes with the table; kseg2/3 has one table, so its own ASIDs' entries go. */
  private switchTagged(): void {
    const { tlb, layout } = this;
    this.dropKept();
    this.kernel.host.clearMapped((page) => layout.segmentOf[page >>> 17] === USEG);
    this.kernel.dropOtherContexts();
    for (let i = 0; i < tlb.entries; i++) {
      const start = tlb.start(i);
      if (layout.segmentOf[start >>> 29] !== KSEG23 || tlb.isGlobal(i)) continue;
      if (((tlb.lo0[i]! | tlb.lo1[i]!) & LO_V) !== 0)
        this.dropRange(this.kernel, start, Math.min(tlb.end(i), layout.end));
    }
  }

  /** Guest user mode is entered: if the ASID is another than the user table's, the table goes now. */
  enterUser(asid: number): void {
    if (asid !== this.lastUserAsid) {
      if (this.policy === 'tagged') {
        this.user.host.clear();
        this.lastUserAsid = asid;
        this.user = this.userSpace(asid);
      } else if (this.policy === 'never') this.lastUserAsid = asid;
      else this.flushUser(KMF_USER, asid);
    }
    if (this.user.isStale) this.renew(this.user);
  }

  /** Guest kernel mode is entered. */
  enterKernel(): void {
    if (this.kernel.isStale) this.renew(this.kernel);
  }

  private flushKernel(flags: number, oldAsid: number, newAsid: number): void {
    this.flush(this.kernel, flags, oldAsid, newAsid);
    this.kernel.dropContexts();
    if ((flags & KMF_GPA) !== 0) this.kernel.host.clear();
    // A new host ASID forgets kseg0 as well. Its entries are as good as before, so the flat table keeps them.
    else this.kernel.host.clearMapped();
    this.renew(this.kernel);
  }

  private flushUser(flags: number, asid: number): void {
    const old = this.lastUserAsid;
    this.lastUserAsid = asid;
    this.missed = NOTHING_MISSED;
    this.flush(this.user, flags, old, asid);
    this.user.dropContexts();
    this.user.host.clear();
  }

  // Guest physical memory

  /** What guest physical memory is has changed: everything derived from it goes before the guest runs on. */
  requestFlush(): void {
    this.flushRequested = true;
  }

  /** Handles KVM_REQ_TLB_FLUSH; before any use of the tables. */
  handleRequests(): void {
    if (!this.flushRequested) return;
    this.flushRequested = false;
    this.flushGpa();
  }

  /** kvm_mips_flush_gva_pt with GPA flags on both tables, kseg0 included, and all contexts. */
  flushGpa(): void {
    this.flush(this.kernel, KMF_GPA | KMF_KERN, this.kernelAsid, this.kernelAsid);
    this.flush(this.user, KMF_GPA | KMF_USER, this.lastUserAsid, this.lastUserAsid);
    for (const space of this.users.values()) if (space !== this.user) space.flush(KMF_GPA | KMF_USER, 0, 0);
    for (const space of [this.kernel, ...this.users.values()]) {
      space.dropContexts();
      space.host.clear();
    }
  }

  private flush(space: AddressSpace, flags: number, oldAsid: number, newAsid: number): void {
    const record = space.flush(flags, oldAsid, newAsid);
    const totals = this.totals[flags & KMF_GPA ? 'gpa' : space.name];
    totals.count++;
    totals.tablesFreed += record.tablesFreed;
    totals.entriesCleared += record.entriesCleared;
    totals.pages += record.pages;
    totals.kseg0TablesFreed += record.tablesBySegment[KSEG0]!;
    this.observer.flushed(space);
  }

  /** Puts everything in its state at power-on, but for the counts. */
  reset(): void {
    this.dropKept();
    for (let i = 0; i < this.tlb.entries; i++) this.tlb.write(i, 0, 0, 0, 0);
    this.kernelAsid = this.lastUserAsid = 0;
    this.user = this.users.get(0)!;
    // At power-on there is nothing to flush, and nothing to count.
    if (this.used) this.flushGpa();
    this.used = true;
  }
}

/** A guest entry without D gives a page that cannot be written through it. */
function restrict(pte: number, lo: number): number {
  const derived = GpaTable.derive(pte);
  return (lo & LO_D) === 0 ? derived & ~(PTE_WRITABLE | PTE_DIRTY) : derived;
}
