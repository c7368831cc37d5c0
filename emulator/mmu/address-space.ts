/**
 * One guest address space as the hypervisor keeps it (KVM's guest_kernel_mm and guest_user_mm): a GVA page table, a host
 * ASID context per host CPU, the host TLB in front, and the running figures of each segment.
 */
import type { FlushKind, TableName } from '../protocol.ts';
import type { Geometry } from './geometry.ts';
import { GvaPageTable, type TableObserver } from './gva-page-table.ts';
import type { HostCpus } from './host-cpus.ts';
import type { HostTlb, HostTlbEntry } from './host-tlb.ts';
import { KSEG0, type Layout } from './layout.ts';
import { FIGURES, SegmentFigures } from './segment-figures.ts';
import type { TableArena } from './table-arena.ts';

const FLUSH_KINDS: FlushKind[] = ['KMF_USER', 'KMF_KERN', 'KMF_GPA|KMF_USER', 'KMF_GPA|KMF_KERN'];

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
  /** Pages that stayed. */
  keptBySegment: Int32Array;
  freedSlots: Uint16Array;
  freedSlotCount: number;
}

export class AddressSpace {
  readonly gva: GvaPageTable;
  /** Host ASID context on each host CPU: version and ASID, 0 for stale. */
  readonly contexts: Float64Array;
  readonly segments: readonly SegmentFigures[];
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
    keptBySegment: new Int32Array(4),
    freedSlots: new Uint16Array(2048),
    freedSlotCount: 0,
  };
  /** What other host CPUs' TLBs hold, with the context it was entered under. */
  private readonly elsewhere = new Map<number, { context: number; entries: HostTlbEntry[] }>();
  /** True while a flush runs: what goes then counts as flushed. */
  private flushing = false;

  constructor(
    readonly name: TableName,
    arena: TableArena,
    geometry: Geometry,
    private readonly layout: Layout,
    readonly host: HostTlb,
    private readonly cpus: HostCpus,
    figures: Float64Array = new Float64Array(4 * FIGURES),
    occupied?: Int32Array,
  ) {
    this.segments = [0, 1, 2, 3].map((segment) => new SegmentFigures(figures, segment));
    this.contexts = new Float64Array(cpus.count);
    const span = 2 ** geometry.pmdShift;
    const observer: TableObserver = {
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
        this.segments[index]!.count(change);
        if (change < 0 && this.flushing) this.last.pagesBySegment[index]! -= change;
      },
    };
    this.gva = new GvaPageTable(arena, geometry, observer, occupied);
  }

  /** kvm_mips_flush_gva_pt with the KMF_ flags. The caller sees to the host TLB and its contexts. */
  flush(flags: number, oldAsid: number, newAsid: number): FlushRecord {
    const { last, layout, segments } = this;
    this.begin(flags, oldAsid, newAsid);
    let held = 0;
    for (let s = 0; s < 4; s++) if (segments[s]!.tables > 0) held |= 1 << s;
    this.flushing = true;
    const { ranges } = last;
    const rangeSegments = layout.rangeSegments[flags]!;
    for (let i = 0; i < ranges.length; i++) {
      // A walk over empty slots alone.
      if ((held & rangeSegments[i]!) === 0) continue;
      const result = this.gva.flush(ranges[i]![0], ranges[i]![1]);
      last.tablesFreed += result.tablesFreed;
      last.entriesCleared += result.entriesCleared;
    }
    this.flushing = false;
    const flushed = layout.flushedSegments[flags]!;
    for (let s = 0; s < 4; s++) {
      const pages = last.pagesBySegment[s]!;
      last.pages += pages;
      last.keptBySegment[s] = segments[s]!.pages;
      if ((flushed & (1 << s)) !== 0) segments[s]!.flushed(pages);
    }
    return last;
  }

  private begin(flags: number, oldAsid: number, newAsid: number): void {
    const { last, layout } = this;
    last.serial++;
    last.kind = FLUSH_KINDS[flags]!;
    last.oldAsid = oldAsid;
    last.newAsid = newAsid;
    last.ranges = layout.flushRanges[flags]!;
    for (let s = 0; s < 4; s++) last.pagesBySegment[s] = last.tablesBySegment[s] = 0;
    last.freedSlotCount = last.tablesFreed = last.entriesCleared = last.pages = 0;
  }

  /** So many flushes by `flags` have found nothing, the last of them from `oldAsid` to `newAsid`. */
  noteEmptyFlushes(count: number, flags: number, oldAsid: number, newAsid: number): void {
    const { last } = this;
    this.begin(flags, oldAsid, newAsid);
    last.serial += count - 1;
    for (let s = 0; s < 4; s++) last.keptBySegment[s] = s === KSEG0 ? this.segments[s]!.pages : 0;
  }

  // Host ASIDs

  get isStale(): boolean {
    return this.cpus.isStale(this.contexts[this.cpus.current]!, this.cpus.current);
  }

  /** Stale on every host CPU: what their TLBs hold for this space can never match again. */
  dropContexts(): void {
    for (let cpu = 0; cpu < this.contexts.length; cpu++) this.contexts[cpu] = 0;
  }

  /** Stale on every host CPU but the one that runs the guest. */
  dropOtherContexts(): void {
    if (this.contexts.length === 1) return;
    const own = this.contexts[this.cpus.current]!;
    this.contexts.fill(0);
    this.contexts[this.cpus.current] = own;
  }

  /** The guest leaves the current host CPU, whose TLB keeps what it has. */
  leaveCpu(): void {
    const { current } = this.cpus;
    const entries: HostTlbEntry[] = [];
    this.host.forEach((va, host, writable) => entries.push({ va, host, writable }));
    this.elsewhere.set(current, { context: this.contexts[current]!, entries });
    this.host.clear();
  }

  /** The guest arrives on the current host CPU: entries under a context that is still this space's match again. */
  arriveOnCpu(): void {
    const { current } = this.cpus;
    const kept = this.elsewhere.get(current);
    this.elsewhere.delete(current);
    if (!kept || kept.context !== this.contexts[current] || this.isStale) return;
    for (const { va, host, writable } of kept.entries) this.host.insert(va, host, writable);
  }

  /** The pages that a host CPU's TLB holds for this space, and whether for stores; and the context they are under. */
  heldOn(cpu: number): { context: number; pages: Map<number, boolean> } {
    const pages = new Map<number, boolean>();
    if (cpu === this.cpus.current) {
      this.host.forEach((va, _host, writable) => pages.set(va, writable));
      return { context: this.contexts[cpu]!, pages };
    }
    const kept = this.elsewhere.get(cpu);
    for (const { va, writable } of kept?.entries ?? []) pages.set(va, writable);
    return { context: kept?.context ?? 0, pages };
  }

  /** The current host CPU's whole TLB has been flushed. */
  forgetCpu(cpu: number): void {
    this.elsewhere.delete(cpu);
  }
}
