/** Which part of the page tables an event touched. */
import type { TableName, TimelineEvent } from '../../../emulator/protocol.ts';

/** The pgd slots: those a flush freed, the one a fault lies in, those a TLB entry reaches into. */
export function slotsOf({ flush, tlb, address }: TimelineEvent, slotBytes: number): number[] {
  if (flush) return flush.freedSlots;
  if (tlb) {
    const mask = tlb.pageMask | 0x1fff;
    const start = (tlb.entryHi & ~mask) >>> 0;
    const first = Math.floor(start / slotBytes);
    return Array.from({ length: Math.floor((start + mask) / slotBytes) - first + 1 }, (_, i) => first + i);
  }
  return address === undefined ? [] : [Math.floor(address / slotBytes)];
}

/** The table: a flush's own, a fault's by its mode; of TLB writes either. */
export function tableOf({ flush, tlb, address, user }: TimelineEvent): TableName | null {
  if (flush) return flush.table;
  return tlb || address === undefined ? null : user ? 'user' : 'kernel';
}
