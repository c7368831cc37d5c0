/**
 * The tables that both machines run on: guest TLB, the GVA page tables of guest kernel mode and guest user mode, a host TLB
 * in front of each, the GPA table below them, host ASIDs; where in linear memory they are, and whose an address is.
 *
 * Neither GVA table is tagged by guest ASID: each holds one guest ASID's view.
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
import { GuestTlb } from './guest-tlb.ts';
import { HostCpus } from './host-cpus.ts';
import { HostTlb, invalidate } from './host-tlb.ts';
import { KeptPairs } from './kept-pairs.ts';
import { KSEG0, USEG, type Layout } from './layout.ts';
import type { FlushPolicy } from './policy.ts';
import { FIGURES } from './segment-figures.ts';
import { TableArena } from './table-arena.ts';
import { WatchedPages } from './watched-pages.ts';

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

export class GuestTables {
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
  protected commpageHost = 0;
  /** The user table; under `tagged` every ASID's. */
  protected readonly users = new Map<number, AddressSpace>();
  private readonly arena: TableArena;
  protected readonly pageSize: number;

  constructor(
    memory: LinearMemory,
    readonly layout: Layout,
    options: MmuOptions,
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
  protected readonly words: Int32Array;
  private readonly makeUser: () => AddressSpace;

  /** The guest ASID whose view the user table holds (KVM's last_user_gasid). */
  get lastUserAsid(): number {
    return this.words[MMU_AT.lastUserAsid >>> 2]!;
  }
  protected set lastUserAsid(asid: number) {
    this.words[MMU_AT.lastUserAsid >>> 2] = asid;
  }
  /** KVM_REQ_TLB_FLUSH: what guest physical memory is has changed since the guest last ran. */
  protected get flushRequested(): boolean {
    return this.words[MMU_AT.flushRequested >>> 2] !== 0;
  }
  protected set flushRequested(requested: boolean) {
    this.words[MMU_AT.flushRequested >>> 2] = requested ? 1 : 0;
  }
  /** EntryHi of the pair that missed last; forgotten with the next change of the TLB or of the user table's ASID. */
  protected get missed(): number {
    return this.words[MMU_AT.missed >>> 2]!;
  }
  protected set missed(entryHi: number) {
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
  protected owner(space: AddressSpace, va: number): AddressSpace {
    // With a table for each ASID, kernel mode sees useg through the same table as user mode.
    if (this.policy !== 'tagged' || space !== this.kernel || this.layout.segmentOf[va >>> 29] !== USEG) return space;
    return this.isCommpage(va) ? space : this.userSpace(this.kernelAsid);
  }
  /** The guest's present ASID, since it last changed. */
  protected get kernelAsid(): number {
    return this.words[MMU_AT.kernelAsid >>> 2]!;
  }
  protected set kernelAsid(asid: number) {
    this.words[MMU_AT.kernelAsid >>> 2] = asid;
  }

  protected userSpace(asid: number): AddressSpace {
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

  protected renew(space: AddressSpace): void {
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

  /** True when the next entry to user mode under `asid` will flush the user table. */
  isUserStale(asid: number): boolean {
    return this.policy === 'lazy-user' && asid !== this.lastUserAsid;
  }
}

function none(): FlushTotals {
  return { count: 0, tablesFreed: 0, entriesCleared: 0, pages: 0, kseg0TablesFreed: 0 };
}
