/**
 * One guest address space as the hypervisor keeps it (KVM's guest_kernel_mm and guest_user_mm): a GVA page table, a host
 * ASID context per host CPU, the host TLB in front, and the running figures of each segment.
 */
import type { TableName } from '../protocol.ts';
import { FlushRecord } from './flush-record.ts';
import type { Geometry } from './geometry.ts';
import { GvaPageTable, type TableObserver } from './gva-page-table.ts';
import type { HostCpus } from './host-cpus.ts';
import type { HostTlb, HostTlbEntry } from './host-tlb.ts';
import type { Layout } from './layout.ts';
import { FIGURES, SegmentFigures } from './segment-figures.ts';
import type { TableArena } from './table-arena.ts';

/** Where in linear memory generated code finds what it does to a table; without it, a space is for the host alone. */
export interface SharedState {
  figures: Float64Array;
  occupied: Int32Array | undefined;
  contexts: Float64Array;
  last: FlushRecord;
}

export class AddressSpace {
  readonly gva: GvaPageTable;
  /** Host ASID context on each host CPU: version and ASID, 0 for stale. */
  readonly contexts: Float64Array;
  readonly segments: readonly SegmentFigures[];
  /** The last flush. */
  readonly last: FlushRecord;
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
    shared?: SharedState,
  ) {
    const figures = shared?.figures ?? new Float64Array(4 * FIGURES);
    this.last = shared?.last ?? new FlushRecord(layout);
    this.segments = [0, 1, 2, 3].map((segment) => new SegmentFigures(figures, segment));
    this.contexts = shared?.contexts ?? new Float64Array(cpus.count);
    const span = 2 ** geometry.pmdShift;
    const observer: TableObserver = {
      table: (va, change) => {
        const segment = layout.segmentOf[va >>> 29]!;
        this.segments[segment]!.tables += change;
        if (change < 0) this.last.freed(segment, va / span);
      },
      pages: (va, change) => {
        const index = layout.segmentOf[va >>> 29]!;
        this.segments[index]!.count(change);
        if (change < 0 && this.flushing) this.last.pagesBySegment[index]! -= change;
      },
    };
    this.gva = new GvaPageTable(arena, geometry, observer, shared?.occupied);
  }

  /** kvm_mips_flush_gva_pt with the KMF_ flags. The caller sees to the host TLB and its contexts. */
  flush(flags: number, oldAsid: number, newAsid: number): FlushRecord {
    const { last, layout, segments } = this;
    last.begin(flags, oldAsid, newAsid);
    let held = 0;
    for (let s = 0; s < 4; s++) if (segments[s]!.tables > 0) held |= 1 << s;
    this.flushing = true;
    const { ranges } = last;
    const rangeSegments = layout.rangeSegments[flags]!;
    for (let i = 0; i < ranges.length; i++) {
      // A walk over empty slots alone.
      if ((held & rangeSegments[i]!) === 0) continue;
      const result = this.gva.flush(ranges[i]![0], ranges[i]![1]);
      last.walked(result.tablesFreed, result.entriesCleared);
    }
    this.flushing = false;
    const flushed = layout.flushedSegments[flags]!;
    for (let s = 0; s < 4; s++) {
      last.kept(s, segments[s]!.pages);
      if ((flushed & (1 << s)) !== 0) segments[s]!.flushed(last.pagesBySegment[s]!);
    }
    return last;
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
