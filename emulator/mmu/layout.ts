/**
 * Segment layouts: the architecture's own (`malta`; MIPS PRA, MD00090, chapter 4) and that of a trap-and-emulate guest
 * of KVM (`kvm`; arch/mips/kvm, KVM_GUEST_KSEG0 and friends).
 */
import type { MachineKind, SegmentLayout, SegmentName } from '../protocol.ts';

/** Flags of a flush, as KVM's enum kvm_mips_flush. */
export const KMF_USER = 0;
export const KMF_KERN = 1;
export const KMF_GPA = 2;

export interface Layout {
  kind: MachineKind;
  segments: SegmentLayout[];
  /** Index into SEGMENTS by address bits 31:29. */
  segmentOf: Uint8Array;
  /** Last byte address the GVA page tables may map. */
  end: number;
  /** Inclusive byte ranges that a flush with these KMF_ flags walks, in order (kvm_mips_flush_gva_pt). */
  flushRanges: [start: number, end: number][][];
  /** The segments of each of these ranges, as bits of SEGMENTS, and of those whose pages go by what flags say. */
  rangeSegments: number[][];
  flushedSegments: number[];
}

export const SEGMENTS: readonly SegmentName[] = ['useg', 'kseg0', 'kseg1', 'kseg23'];
export const USEG = 0;
export const KSEG0 = 1;
export const KSEG1 = 2;
export const KSEG23 = 3;

function layout(kind: MachineKind, segments: SegmentLayout[], end: number): Layout {
  const segmentOf = new Uint8Array(8).fill(0xff);
  for (const s of segments) {
    for (let i = s.start >>> 29; i <= s.end >>> 29; i++) segmentOf[i] = SEGMENTS.indexOf(s.name);
  }
  const of = (name: SegmentName): [number, number] => {
    const s = segments.find((segment) => segment.name === name)!;
    return [s.start, s.end];
  };
  const [useg, kseg23] = [of('useg'), of('kseg23')];
  const flushRanges: [number, number][][] = [];
  flushRanges[KMF_USER] = [useg];
  flushRanges[KMF_KERN] = [useg, kseg23];
  flushRanges[KMF_GPA | KMF_USER] = [useg];
  flushRanges[KMF_GPA | KMF_KERN] = [[0, end]];
  const rangeSegments = flushRanges.map((ranges) =>
    ranges.map(([start, last]) => {
      if (last === end && start === 0) return 15;
      return 1 << segmentOf[start >>> 29]!;
    }),
  );
  const flushedSegments = rangeSegments.map((bits, flags) => {
    const covered = bits.reduce((all, range) => all | range, 0);
    return flags & KMF_GPA ? covered | (1 << KSEG0) : covered & ~(1 << KSEG0);
  });
  return { kind, segments, segmentOf, end, flushRanges, rangeSegments, flushedSegments };
}

export const LAYOUTS: Record<MachineKind, Layout> = {
  kvm: layout(
    'kvm',
    [
      { name: 'useg', start: 0, end: 0x3fffffff, mapped: true, user: true },
      { name: 'kseg0', start: 0x40000000, end: 0x5fffffff, mapped: false, user: false },
      { name: 'kseg23', start: 0x60000000, end: 0x7fffffff, mapped: true, user: false },
    ],
    0x7fffffff,
  ),
  malta: layout(
    'malta',
    [
      { name: 'useg', start: 0, end: 0x7fffffff, mapped: true, user: true },
      { name: 'kseg0', start: 0x80000000, end: 0x9fffffff, mapped: false, user: false },
      { name: 'kseg1', start: 0xa0000000, end: 0xbfffffff, mapped: false, user: false },
      { name: 'kseg23', start: 0xc0000000, end: 0xffffffff, mapped: true, user: false },
    ],
    0xffffffff,
  ),
};
