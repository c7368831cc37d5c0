/** A memory view as rows of sixteen bytes. */
import type { MemoryView } from '../../../emulator/protocol.ts';

export interface MemoryRow {
  address: number;
  /** null where there is no byte. */
  bytes: { value: number | null; changed: boolean }[];
  /** What the bytes are in ASCII; a dot for what has no character. */
  text: string;
  /** Why none of the row can be read, or empty. */
  why: string;
}

const WHY: Record<string, string> = {
  unmapped: 'not mapped: no guest TLB entry',
  invalid: 'not mapped: its TLB entry has V clear',
  device: 'a device, or nothing: not read, as reading may change it',
  none: 'no address of the guest',
};

export function memoryRows({ start, bytes, readable, changed, why }: MemoryView): MemoryRow[] {
  const rows: MemoryRow[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const page = Math.floor(((start & 0xfff) + at) / 0x1000);
    const cells = Array.from({ length: Math.min(16, bytes.length - at) }, (_, i) => ({
      value: readable[at + i] ? bytes[at + i]! : null,
      changed: changed[at + i] === 1,
    }));
    rows.push({
      address: (start + at) >>> 0,
      bytes: cells,
      text: cells
        .map(({ value }) => (value === null ? ' ' : value >= 0x20 && value < 0x7f ? String.fromCharCode(value) : '.'))
        .join(''),
      why: cells.every(({ value }) => value === null) ? (WHY[why[page] ?? ''] ?? '') : '',
    });
  }
  return rows;
}
