/**
 * The memory management that both machines run on: guest TLB, the GVA page tables of guest kernel and guest user mode,
 * a host TLB in front of each, and what keeps them in step (arch/mips/kvm/mmu.c, trap_emul.c of Linux 4.11).
 *
 * Neither table is tagged by guest ASID: each holds one guest ASID's view. A change of ASID flushes the kernel table at
 * once (KMF_KERN) and the user table lazily, on the next entry to user mode (KMF_USER); kseg0 survives both.
 */
import { HOST_TLB, RAM_AT, TABLES_AT, TABLES_BYTES, type LinearMemory } from '../memory.ts';
import type { FlushKind, TableName } from '../protocol.ts';
import { GEOMETRIES, type GeometryName } from './geometry.ts';
import { GvaPageTable, PTE_DIRTY, PTE_FLAGS, PTE_PRESENT, PTE_WRITABLE, type FlushResult } from './gva-page-table.ts';
import { GuestTlb, LO_D, LO_V } from './guest-tlb.ts';
import { HostTlb, invalidate } from './host-tlb.ts';
import { KMF_GPA, KMF_KERN, KMF_USER, KSEG0, USEG, type Layout } from './layout.ts';
import { TableArena } from './table-arena.ts';

const FLUSH_KINDS: FlushKind[] = ['KMF_USER', 'KMF_KERN', 'KMF_GPA|KMF_USER', 'KMF_GPA|KMF_KERN'];
const GPA_DIRTY = 1;
/** Low memory ends here: devices follow, and more RAM is reached only through the alias at 0x80000000. */
const LOW_RAM_BYTES = 256 << 20;

/** Running figures of one segment in one table; see SegmentStats in protocol.ts. */
export interface SegmentCounts {
  pages: number;
  tables: number;
  highWater: number;
  flushedTotal: number;
  flushedLast: number;
  refillsSince: number;
}

/** The last flush of a table. One object a table, overwritten by each flush. */
export interface FlushRecord {
  serial: number;
  kind: FlushKind;
  oldAsid: number;
  newAsid: number;
  ranges: [start: number, end: number][];
  pages: number;
  tablesFreed: number;
  entriesCleared: number;
  pagesBySegment: Int32Array;
  tablesBySegment: Int32Array;
  freedSlots: Uint16Array;
  freedSlotCount: number;
}

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

export class AddressSpace {
  readonly gva: GvaPageTable;
  readonly segments: SegmentCounts[] = [0, 1, 2, 3].map(() => ({
    pages: 0,
    tables: 0,
    highWater: 0,
    flushedTotal: 0,
    flushedLast: 0,
    refillsSince: 0,
  }));
  readonly last: FlushRecord = {
    serial: 0,
    kind: 'KMF_USER',
    oldAsid: 0,
    newAsid: 0,
    ranges: [],
    pages: 0,
    tablesFreed: 0,
    entriesCleared: 0,
    pagesBySegment: new Int32Array(4),
    tablesBySegment: new Int32Array(4),
    freedSlots: new Uint16Array(1024),
    freedSlotCount: 0,
  };
  /** True while a flush runs: what goes then counts as flushed. */
  private flushing = false;

  constructor(
    readonly name: TableName,
    arena: TableArena,
    geometry: GeometryName,
    private readonly layout: Layout,
    readonly host: HostTlb,
  ) {
    const span = 2 ** GEOMETRIES[geometry].pmdShift;
    this.gva = new GvaPageTable(arena, GEOMETRIES[geometry], {
      table: (va, change) => {
        const segment = layout.segmentOf[va >>> 29]!;
        this.segments[segment]!.tables += change;
        if (change < 0) {
          this.last.tablesBySegment[segment]!++;
          this.last.freedSlots[this.last.freedSlotCount++] = va / span;
        }
      },
      pages: (va, change) => {
        const index = layout.segmentOf[va >>> 29]!;
        const segment = this.segments[index]!;
        segment.pages += change;
        if (change > 0) {
          segment.refillsSince += change;
          if (segment.pages > segment.highWater) segment.highWater = segment.pages;
        } else if (this.flushing) this.last.pagesBySegment[index]! -= change;
      },
    });
  }

  /** kvm_mips_flush_gva_pt with the KMF_ flags, and the host TLB entries that came from what it drops. */
  flush(flags: number, oldAsid: number, newAsid: number): FlushRecord {
    const { last, layout } = this;
    last.serial++;
    last.kind = FLUSH_KINDS[flags]!;
    last.oldAsid = oldAsid;
    last.newAsid = newAsid;
    last.ranges = layout.flushRanges[flags]!;
    last.pagesBySegment.fill(0);
    last.tablesBySegment.fill(0);
    last.freedSlotCount = last.tablesFreed = last.entriesCleared = last.pages = 0;
    this.flushing = true;
    for (const [start, end] of last.ranges) {
      const result: FlushResult = this.gva.flush(start, end);
      last.tablesFreed += result.tablesFreed;
      last.entriesCleared += result.entriesCleared;
    }
    this.flushing = false;
    const kept = flags & KMF_GPA ? -1 : KSEG0;
    for (let s = 0; s < 4; s++) {
      const pages = last.pagesBySegment[s]!;
      last.pages += pages;
      if (s === kept || !last.ranges.some(([start, end]) => this.covers(s, start, end))) continue;
      const segment = this.segments[s]!;
      segment.flushedLast = pages;
      segment.flushedTotal += pages;
      segment.refillsSince = 0;
    }
    if (kept === KSEG0) this.host.clearWhere((page) => layout.segmentOf[page >>> 17] !== KSEG0);
    else this.host.clear();
    return last;
  }

  private covers(segment: number, start: number, end: number): boolean {
    return this.layout.segmentOf[start >>> 29] === segment || (start === 0 && end === this.layout.end);
  }
}

export class Mmu {
  readonly tlb: GuestTlb;
  readonly kernel: AddressSpace;
  readonly user: AddressSpace;
  /** The guest ASID whose view the user table holds (KVM's last_user_gasid). */
  lastUserAsid = 0;
  readonly totals: Record<'kernel' | 'user' | 'gpa', FlushTotals> = { kernel: none(), user: none(), gpa: none() };
  /** Byte address of the table of no entries, for modes in which every access is looked at. */
  readonly noReads: number;
  private readonly arena: TableArena;
  private readonly gpaFlags: Uint8Array;

  /** @param ramSize guest RAM in bytes, at RAM_AT of the memory */
  constructor(
    memory: LinearMemory,
    readonly layout: Layout,
    readonly ramSize: number,
    tlbEntries: number,
    private readonly observer: MmuObserver,
    readonly geometry: GeometryName = 'm32_4k',
  ) {
    const { words } = memory;
    this.tlb = new GuestTlb(tlbEntries);
    this.arena = new TableArena(words, TABLES_AT, TABLES_AT + TABLES_BYTES);
    const space = (name: TableName, reads: number, writes: number) =>
      new AddressSpace(name, this.arena, geometry, layout, new HostTlb(words, reads, writes));
    this.kernel = space('kernel', HOST_TLB.kernelRead, HOST_TLB.kernelWrite);
    this.user = space('user', HOST_TLB.userRead, HOST_TLB.userWrite);
    this.noReads = HOST_TLB.none >>> 2;
    invalidate(words, this.noReads);
    this.gpaFlags = new Uint8Array(ramSize >>> 12);
  }

  /** Where in linear memory guest physical address `gpa` lies, or -1 when it is no RAM. */
  ram(gpa: number): number {
    const at = gpa >= 0x80000000 ? gpa - 0x80000000 : gpa < LOW_RAM_BYTES ? gpa : this.ramSize;
    return at < this.ramSize ? RAM_AT + at : -1;
  }

  /**
   * Serves `va` from the GVA page table: enters it in the host TLB and returns its host address, or -1 when the table
   * has no entry that allows the access.
   */
  refill(space: AddressSpace, va: number, write: boolean): number {
    const pte = space.gva.walk(va);
    if (pte === 0 || (write && (pte & PTE_DIRTY) === 0)) return -1;
    const host = (pte & ~PTE_FLAGS) | (va & PTE_FLAGS);
    space.host.insert(va, host, (pte & PTE_DIRTY) !== 0);
    return host;
  }

  /** The kseg0 fault: maps the page pair round `va` to `gpa`'s. Returns the host address, or -1 when it is no RAM. */
  mapKseg0(va: number, gpa: number, write: boolean): number {
    const own = this.gpaEntry(gpa, write);
    if (own === 0) return -1;
    this.enter(this.kernel, va, own);
    const buddy = this.existingGpaEntry((gpa ^ 0x1000) >>> 0);
    if (buddy !== 0) this.enterBuddy(this.kernel, (va ^ 0x1000) >>> 0, buddy);
    return this.refill(this.kernel, va, write);
  }

  /**
   * The mapped fault: maps the page of `va`, and its buddy where the entry's other half is valid and its page known, as
   * guest TLB entry `index` says. Returns the host address, or -1 when the page is no RAM.
   */
  mapMapped(space: AddressSpace, index: number, va: number, write: boolean): number {
    const own = this.gpaEntry(this.tlb.physical(index, va), write);
    if (own === 0) return -1;
    this.enter(space, va, restrict(own, this.tlb.lo(index, va)));
    const neighbour = (va ^ 0x1000) >>> 0;
    const lo = this.tlb.lo(index, neighbour);
    if ((lo & LO_V) !== 0) {
      const buddy = this.existingGpaEntry(this.tlb.physical(index, neighbour));
      if (buddy !== 0) this.enterBuddy(space, neighbour, restrict(buddy, lo));
    }
    return this.refill(space, va, write);
  }

  private enter(space: AddressSpace, va: number, pte: number): void {
    space.host.drop(va);
    if (!space.gva.set(va, pte)) {
      // No room for a table: start over, as a host short of memory would.
      this.flushGpa(space);
      space.gva.set(va, pte);
    }
  }

  private enterBuddy(space: AddressSpace, va: number, pte: number): void {
    // A page that is mapped already keeps what it has: it may have become dirty through an alias meanwhile.
    if (space.gva.walk(va) === 0) space.gva.set(va, pte);
  }

  /** kvm_mips_map_page: the page's entry, made dirty by a write; 0 when it is no RAM. */
  private gpaEntry(gpa: number, write: boolean): number {
    const at = this.ram(gpa);
    if (at < 0) return 0;
    const page = (at - RAM_AT) >>> 12;
    if (write) this.gpaFlags[page]! |= GPA_DIRTY;
    this.gpaFlags[page]! |= 2;
    return this.entryOf(at, page);
  }

  private existingGpaEntry(gpa: number): number {
    const at = this.ram(gpa);
    if (at < 0) return 0;
    const page = (at - RAM_AT) >>> 12;
    return this.gpaFlags[page] === 0 ? 0 : this.entryOf(at, page);
  }

  private entryOf(at: number, page: number): number {
    const dirty = this.gpaFlags[page]! & GPA_DIRTY ? PTE_DIRTY : 0;
    return (at & ~PTE_FLAGS) | PTE_PRESENT | PTE_WRITABLE | dirty;
  }

  /** Writes guest TLB entry `index`, first invalidating what the old one may have left in the tables. */
  writeTlb(index: number, hi: number, mask: number, lo0: number, lo1: number, random: boolean): void {
    this.invalidateEntry(index);
    this.tlb.write(index, hi, mask, lo0, lo1);
    // KVM stops here. An entry that overlaps an older one may come before it in the order of a lookup, though, so what
    // the older one filled must go too.
    this.invalidateEntry(index);
    this.observer.tlbWritten(index, random);
  }

  private invalidateEntry(index: number): void {
    const { tlb } = this;
    if (((tlb.lo0[index]! | tlb.lo1[index]!) & LO_V) === 0) return;
    const start = tlb.start(index);
    const end = Math.min(tlb.end(index), this.layout.end);
    if (start > end) return;
    this.dropRange(this.kernel, start, end);
    if (this.layout.segmentOf[start >>> 29] === USEG) this.dropRange(this.user, start, end);
  }

  private dropRange(space: AddressSpace, start: number, end: number): void {
    if (end - start === 0x1fff) {
      space.gva.clear(start);
      space.gva.clear(start + 0x1000);
      space.host.drop(start);
      space.host.drop(start + 0x1000);
    } else {
      space.gva.clearRange(start, end);
      space.host.clearWhere((page) => page >= start >>> 12 && page <= end >>> 12);
    }
  }

  /** The guest's ASID changes: the kernel table's mapped segments go at once, kseg0 and the user table stay. */
  changeAsid(oldAsid: number, newAsid: number): void {
    this.flush(this.kernel, KMF_KERN, oldAsid, newAsid);
  }

  /** Guest user mode is entered: if the ASID is another than the user table's, the table goes now. */
  enterUser(asid: number): void {
    if (asid === this.lastUserAsid) return;
    const old = this.lastUserAsid;
    this.lastUserAsid = asid;
    this.flush(this.user, KMF_USER, old, asid);
  }

  /** What guest physical memory is changes: everything derived from it goes, kseg0 included. */
  flushGpa(space: AddressSpace): void {
    const asid = space === this.user ? this.lastUserAsid : 0;
    this.flush(space, KMF_GPA | (space === this.kernel ? KMF_KERN : KMF_USER), asid, asid);
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
    return asid !== this.lastUserAsid;
  }
}

/** A guest entry without D gives a page that cannot be written through it. */
function restrict(pte: number, lo: number): number {
  return (lo & LO_D) === 0 ? pte & ~(PTE_WRITABLE | PTE_DIRTY) : pte;
}

function none(): FlushTotals {
  return { count: 0, tablesFreed: 0, entriesCleared: 0, pages: 0, kseg0TablesFreed: 0 };
}
