/**
 * The memory management that both machines run on: guest TLB, the GVA page tables of guest kernel and guest user mode, a
 * host TLB in front of each, the GPA table below them, and what keeps all of it in step (arch/mips/kvm/mmu.c and
 * trap_emul.c of Linux 4.11).
 *
 * Neither GVA table is tagged by guest ASID: each holds one guest ASID's view. A change of ASID flushes the kernel table
 * at once (KMF_KERN) and the user table lazily, on the next entry to user mode (KMF_USER); kseg0 survives both. Other
 * policies exist to be compared with this one; see policy.ts.
 */
import {
  HOST_TLB,
  MMU_AT,
  PRESENT_AT,
  RAM_AT,
  TABLES_AT,
  TABLES_BYTES,
  TABLE_UNIT,
  WATCHED_AT,
  type LinearMemory,
} from '../memory.ts';
import type { TableName } from '../protocol.ts';
import { AddressSpace, type SharedState } from './address-space.ts';
import { FlushRecord } from './flush-record.ts';
import { GEOMETRIES, type GeometryName } from './geometry.ts';
import { GpaTable, type MemorySlot } from './gpa-table.ts';
import { GuestTlb, LO_D, LO_V } from './guest-tlb.ts';
import { PTE_COMMPAGE, PTE_DIRTY, PTE_PRESENT, PTE_WRITABLE } from './gva-page-table.ts';
import { HostCpus } from './host-cpus.ts';
import { HostTlb, invalidate } from './host-tlb.ts';
import { KeptPairs } from './kept-pairs.ts';
import { KMF_GPA, KMF_KERN, KMF_USER, KSEG0, KSEG23, USEG, type Layout } from './layout.ts';
import type { FlushPolicy } from './policy.ts';
import { FIGURES } from './segment-figures.ts';
import { TableArena } from './table-arena.ts';
import { WatchedPages } from './watched-pages.ts';

export type { AddressSpace } from './address-space.ts';

/** No EntryHi: bits 12:8 are zero in those. */
export const NOTHING_MISSED = 0x1f00;
/** Low memory ends here: devices follow, and more RAM is reached only through the alias at 0x80000000. */
const LOW_RAM_BYTES = 256 << 20;

/** Totals over the flushes of one kind. */
export interface FlushTotals {
  count: number;
  tablesFreed: number;
  entriesCleared: number;
  pages: number;
  /** kseg0 tables freed: only flushes with KMF_GPA may. */
  kseg0TablesFreed: number;
}

/** Told of what the MMU does; the machine adds instruction count and PC. */
export interface MmuObserver {
  flushed(space: AddressSpace): void;
  tlbWritten(index: number, random: boolean): void;
}

export interface MmuOptions {
  /** Guest RAM in bytes, at RAM_AT of the memory. */
  ramSize: number;
  tlbEntries: number;
  geometry: GeometryName;
  policy: FlushPolicy;
  hostCpus: number;
  /** Whether pages of what TLBWR replaces stay in the tables for as long as the guest cannot tell; see KeptPairs. */
  keepReplaced: boolean;
}

export class Mmu {
  readonly tlb: GuestTlb;
  /** What TLBWR has replaced and the tables still have; null where it goes at once. */
  readonly kept: KeptPairs | null;
  readonly cpus: HostCpus;
  readonly gpa: GpaTable;
  readonly kernel: AddressSpace;
  /** The user table; under `tagged` that of the guest ASID in use. */
  user: AddressSpace;
  /** Guest pages, by host address, whose changes are told. */
  readonly watched: WatchedPages;
  readonly ramSize: number;
  readonly policy: FlushPolicy;
  readonly totals: Record<'kernel' | 'user' | 'gpa', FlushTotals> = { kernel: none(), user: none(), gpa: none() };
  /** Word index of the table of no entries, for modes in which every access is looked at. */
  readonly noReads: number;
  /** Host TLB refills that a GVA table served. */
  hostRefills = 0;
  /** First address of the page that holds the commpage in guest kernel mode, or -1. */
  commpage = -1;
  private commpageHost = 0;
  private used = false;
  /** The user table; under `tagged` every ASID's. */
  private readonly users = new Map<number, AddressSpace>();
  private readonly arena: TableArena;
  private readonly pageSize: number;

  constructor(
    memory: LinearMemory,
    readonly layout: Layout,
    options: MmuOptions,
    private readonly observer: MmuObserver,
  ) {
    const { words } = memory;
    const geometry = GEOMETRIES[options.geometry];
    this.pageSize = 2 ** geometry.pageShift;
    this.ramSize = options.ramSize;
    this.policy = options.policy;
    this.isPlain =
      options.geometry === 'm32_4k' &&
      options.hostCpus === 1 &&
      options.policy !== 'tagged' &&
      options.policy !== 'never';
    this.words = words;
    this.lastUserAsid = 0;
    this.missed = NOTHING_MISSED;
    this.tlb = new GuestTlb(memory, options.tlbEntries);
    this.kept = options.keepReplaced ? new KeptPairs(memory) : null;
    // With one host CPU generated code gives out ASIDs, too.
    const doubles = (at: number) => memory.doubles.subarray(at >>> 3, (at >>> 3) + 1);
    const one = options.hostCpus === 1;
    this.cpus = new HostCpus(options.hostCpus, one ? doubles(MMU_AT.asidCache) : undefined);
    const present = words.subarray(PRESENT_AT >>> 2, (PRESENT_AT + 4 * (TABLES_BYTES / TABLE_UNIT)) >>> 2);
    this.arena = new TableArena(words, TABLES_AT, TABLES_AT + TABLES_BYTES, present);
    this.watched = new WatchedPages(memory.bytes.subarray(WATCHED_AT, WATCHED_AT + ((RAM_AT + this.ramSize) >>> 12)));
    const kseg0 = layout.segmentOf.indexOf(KSEG0);
    const userHost = new HostTlb(words, 'user', kseg0, this.watched);
    const kernelHost = new HostTlb(words, 'kernel', kseg0, this.watched);
    const space = (name: TableName, host: HostTlb, shared?: SharedState) =>
      new AddressSpace(name, this.arena, geometry, layout, host, this.cpus, shared);
    const shared = (table: 0 | 1): SharedState => {
      const { figures, occupied, contexts, flushes } = MMU_AT;
      const [figuresAt, occupiedAt] = [figures[table] >>> 3, occupied[table] >>> 2];
      return {
        figures: memory.doubles.subarray(figuresAt, figuresAt + 4 * FIGURES),
        occupied: geometry.pgdEntries === 1024 ? words.subarray(occupiedAt, occupiedAt + 32) : undefined,
        contexts: one ? doubles(contexts[table]) : new Float64Array(options.hostCpus),
        last: new FlushRecord(layout, memory.memory.buffer, flushes[table]),
      };
    };
    this.kernel = space('kernel', kernelHost, shared(0));
    this.user = space('user', userHost, shared(1));
    this.users.set(0, this.user);
    this.makeUser = () => space('user', userHost);
    this.noReads = HOST_TLB.none >>> 2;
    invalidate(words, this.noReads);
    this.gpa = new GpaTable(this.arena, GEOMETRIES.m32_4k);
    // All of RAM at 0x80000000, as the board has it, and its first 256 MiB at 0 as well: one memory, two slots.
    this.highRam = this.gpa.addSlot('RAM alias', 0x80000000, this.ramSize, RAM_AT);
    this.lowRam = this.gpa.addSlot('RAM', 0, Math.min(this.ramSize, LOW_RAM_BYTES), this.highRam.pages);
    this.gpa.slots.reverse();
  }
  private readonly words: Int32Array;
  private readonly makeUser: () => AddressSpace;

  /** The guest ASID whose view the user table holds (KVM's last_user_gasid). */
  get lastUserAsid(): number {
    return this.words[MMU_AT.lastUserAsid >>> 2]!;
  }
  private set lastUserAsid(asid: number) {
    this.words[MMU_AT.lastUserAsid >>> 2] = asid;
  }
  /** KVM_REQ_TLB_FLUSH: what guest physical memory is has changed since the guest last ran. */
  private get flushRequested(): boolean {
    return this.words[MMU_AT.flushRequested >>> 2] !== 0;
  }
  private set flushRequested(requested: boolean) {
    this.words[MMU_AT.flushRequested >>> 2] = requested ? 1 : 0;
  }
  /** EntryHi of the pair that missed last; forgotten with the next change of the TLB or of the user table's ASID. */
  private get missed(): number {
    return this.words[MMU_AT.missed >>> 2]!;
  }
  private set missed(entryHi: number) {
    this.words[MMU_AT.missed >>> 2] = entryHi;
  }
  /** The memory slots that show guest RAM. */
  readonly lowRam: MemorySlot;
  readonly highRam: MemorySlot;

  /** Where in linear memory guest physical address `gpa` lies, or -1 when it is no RAM. */
  ram(gpa: number): number {
    return this.gpa.host(gpa);
  }

  /** Has every store to the guest page at `host` told; see watched-pages.ts. */
  watch(host: number): void {
    if (this.watched.has(host)) return;
    this.watched.add(host);
    this.kernel.host.watch(host);
    this.user.host.watch(host);
  }

  /** A store to `va`, at host address `host`, that did not go through the host TLB: tells of it where it is watched. */
  stored(space: AddressSpace, va: number, host: number): void {
    // The longest store is of a doubleword; SWL and SWR reach back to the start of their word.
    if (this.watched.has(host)) this.watched.changed(host & ~3, (host & 7) === 0 ? 8 : 4);
    if (!this.watched.has(host)) space.host.unwatch(va);
  }

  /** Maps the commpage, at linear address `host`, at `va` of guest kernel mode. */
  setCommpage(va: number, host: number): void {
    this.commpage = va;
    this.commpageHost = host;
  }

  isCommpage(va: number): boolean {
    return this.commpage >= 0 && va >= this.commpage && va - this.commpage < this.pageSize;
  }

  /** The space whose GVA table holds `va` for accesses through `space`. */
  private owner(space: AddressSpace, va: number): AddressSpace {
    // With a table for each ASID, kernel mode sees useg through the same table as user mode.
    if (this.policy !== 'tagged' || space !== this.kernel || this.layout.segmentOf[va >>> 29] !== USEG) return space;
    return this.isCommpage(va) ? space : this.userSpace(this.kernelAsid);
  }
  /** The guest's present ASID, since it last changed. */
  private get kernelAsid(): number {
    return this.words[MMU_AT.kernelAsid >>> 2]!;
  }
  private set kernelAsid(asid: number) {
    this.words[MMU_AT.kernelAsid >>> 2] = asid;
  }

  private userSpace(asid: number): AddressSpace {
    let space = this.users.get(asid);
    if (!space) {
      space = this.makeUser();
      this.users.set(asid, space);
    }
    return space;
  }

  /**
   * The space whose GVA table an access to `va` would go through under guest ASID `asid`, or null where it has not been
   * made yet (`tagged`). Makes nothing.
   */
  spaceUnder(table: TableName, va: number, asid: number): AddressSpace | null {
    if (this.policy !== 'tagged') return table === 'kernel' ? this.kernel : this.user;
    if (table === 'kernel' && (this.layout.segmentOf[va >>> 29] !== USEG || this.isCommpage(va))) return this.kernel;
    return this.users.get(asid) ?? null;
  }

  /** Every user table with the guest ASID it is for; without `tagged` there is one, for the ASID user mode last had. */
  userTables(): [asid: number, space: AddressSpace][] {
    return this.policy === 'tagged' ? [...this.users] : [[this.lastUserAsid, this.user]];
  }

  /** Whether 4 KiB pages in 32-bit tables, one host CPU, and no table but the two are all there is. */
  readonly isPlain: boolean;

  /** Whether user mode can be entered under the user table's ASID without anything to be done. */
  get userReady(): boolean {
    return !this.flushRequested && !this.user.isStale;
  }
  /** Whether kernel mode can. */
  get kernelReady(): boolean {
    return !this.flushRequested && !this.kernel.isStale;
  }

  /** Generated code has flushed a table so many times, by changes of ASID. */
  flushedByChanges(table: TableName, count: number, tablesFreed: number, pages: number): void {
    const totals = this.totals[table];
    totals.count += count;
    totals.tablesFreed += tablesFreed;
    totals.pages += pages;
  }

  /** A zeroed pte table for whoever enters it in a page directory; 0 when there is no room. */
  spareTable(): number {
    return this.arena.allocate(this.kernel.gva.geometry.pteEntries * 4);
  }

  /** Whether guest physical memory has changed since the guest last ran, so that both tables go before it runs on. */
  get flushPending(): boolean {
    return this.flushRequested;
  }

  /** The GVA entry that accesses to `va` through `space` use, or 0. */
  walk(space: AddressSpace, va: number): number {
    return this.owner(space, va).gva.walk(va);
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
    if (oldest >= 0) this.invalidatePages(oldest, oldest + 0x1fff);
  }

  /** The guest is about to learn all that its TLB holds. */
  dropKept(): void {
    if (!this.kept?.length) return;
    for (const start of this.kept.take()) this.invalidatePages(start, start + 0x1fff);
  }

  /** TLBP does not find `va`, so that the guest knows that its TLB does not have it. */
  probedInVain(va: number): void {
    const start = (va & ~0x1fff) >>> 0;
    if (this.kept?.length) this.invalidatePages(start, start + 0x1fff);
  }

  /** No guest TLB entry matches `va` under `asid`, so that neither table has anything of its page pair, if none is kept. */
  tlbMissed(va: number, asid: number): void {
    const isFlushed = this.policy !== 'tagged' && this.policy !== 'never';
    const exact = isFlushed && !this.kept && this.lastUserAsid === asid;
    this.missed = exact ? (va & ~0x1fff) | asid : NOTHING_MISSED;
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

  private renew(space: AddressSpace): void {
    const { cpus } = this;
    const context = cpus.allocate();
    if (cpus.isFirst(context)) {
      this.kernel.host.clear();
      this.user.host.clear();
      for (const each of [this.kernel, ...this.users.values()]) each.forgetCpu(cpus.current);
    }
    space.contexts[cpus.current] = context;
  }

  /** The vCPU moves to another host CPU (vcpu_put, vcpu_load). */
  migrate(cpu: number): void {
    if (cpu === this.cpus.current) return;
    this.kernel.leaveCpu();
    this.user.leaveCpu();
    this.cpus.current = cpu;
    this.kernel.arriveOnCpu();
    this.user.arriveOnCpu();
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

  /** True when the next entry to user mode under `asid` will flush the user table. */
  isUserStale(asid: number): boolean {
    return this.policy === 'lazy-user' && asid !== this.lastUserAsid;
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

function none(): FlushTotals {
  return { count: 0, tablesFreed: 0, entriesCleared: 0, pages: 0, kseg0TablesFreed: 0 };
}
