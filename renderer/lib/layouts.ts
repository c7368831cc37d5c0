/** The two segment layouts, for the picture before a boot; from a boot on, MachineInfo tells. */
import type { MachineInfo, MachineKind, SegmentLayout, SegmentName } from '../../emulator/protocol.ts';

const KVM: SegmentLayout[] = [
  { name: 'useg', start: 0, end: 0x3fffffff, mapped: true, user: true },
  { name: 'kseg0', start: 0x40000000, end: 0x5fffffff, mapped: false, user: false },
  { name: 'kseg23', start: 0x60000000, end: 0x7fffffff, mapped: true, user: false },
];

const MALTA: SegmentLayout[] = [
  { name: 'useg', start: 0, end: 0x7fffffff, mapped: true, user: true },
  { name: 'kseg0', start: 0x80000000, end: 0x9fffffff, mapped: false, user: false },
  { name: 'kseg1', start: 0xa0000000, end: 0xbfffffff, mapped: false, user: false },
  { name: 'kseg23', start: 0xc0000000, end: 0xffffffff, mapped: true, user: false },
];

export type Layout = Pick<MachineInfo, 'geometry' | 'segments' | 'machine'>;

/** The 32-bit, 4 KiB-page layout of a machine. */
export function defaultLayout(machine: MachineKind): Layout {
  const kvm = machine === 'kvm';
  return {
    machine,
    geometry: { name: '32-bit 4K', pageSize: 4096, slots: kvm ? 512 : 1024, slotBytes: 2 ** 22, pagesPerSlot: 1024 },
    segments: kvm ? KVM : MALTA,
  };
}

/** The segment that holds an address, or undefined outside the layout. */
export function segmentAt(segments: readonly SegmentLayout[], address: number): SegmentLayout | undefined {
  return segments.find((segment) => address >= segment.start && address <= segment.end);
}

/** A segment as people write it. */
export const SEGMENT_LABEL: Record<SegmentName, string> = {
  useg: 'useg',
  kseg0: 'kseg0',
  kseg1: 'kseg1',
  kseg23: 'kseg2/3',
};

/** The token that holds a segment's hue. */
export const SEGMENT_HUE: Record<SegmentName, string> = {
  useg: '--useg',
  kseg0: '--kseg0',
  kseg1: '--kseg1',
  kseg23: '--kseg2',
};

/** Dashes of a segment's line, the same in bands, chips and charts; the values of the `--dash-` tokens. */
export const SEGMENT_DASH: Record<SegmentName, number[]> = {
  useg: [],
  kseg0: [7, 2],
  kseg1: [1, 2],
  kseg23: [3, 2],
};

/** How a machine is named in labels. */
export const MACHINE_LABEL: Record<MachineKind, string> = { kvm: 'kvm T&E', malta: 'malta' };
