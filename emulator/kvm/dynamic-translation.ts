/**
 * Dynamic translation (arch/mips/kvm/dyntrans.c): a trapping instruction, once emulated, is overwritten by one that does
 * not trap. CP0 registers become words of the commpage, which is mapped at a fixed address in guest kernel mode.
 */
import { Cp0 } from '../cpu/cp0.ts';

/** Guest address of the commpage with 4 KiB host pages. */
export const COMMPAGE_4K = 0x7000;

/** Reads that must keep trapping: the timer. */
const TRAPPING_READS = new Set<number>([Cp0.Count]);
/** Writes that do more than store. */
const TRAPPING_WRITES = new Set<number>([
  Cp0.Count,
  Cp0.EntryHi,
  Cp0.Compare,
  Cp0.Cause,
  Cp0.EBase,
  Cp0.HWREna,
  Cp0.Config5,
]);

/** @param index CP0 register, `register * 8 + select` */
const commpageOffset = (index: number) => COMMPAGE_4K + index * 4;

/** MFC0 becomes `lw rt, offset($0)`; ErrCtl, which reads 0, `add rt, $0, $0`. Null: keeps trapping. */
export function translateMfc0(rt: number, index: number): number | null {
  if (TRAPPING_READS.has(index)) return null;
  if (index === Cp0.ErrCtl) return 0x20 | (rt << 11);
  return 0x8c000000 | (rt << 16) | commpageOffset(index);
}

/** MTC0 becomes `sw rt, offset($0)`. */
export function translateMtc0(rt: number, index: number): number | null {
  return TRAPPING_WRITES.has(index) ? null : 0xac000000 | (rt << 16) | commpageOffset(index);
}

/** CACHE on an index becomes a nop, on an address SYNCI. */
export function translateCacheOp(word: number): number | null {
  const operation = (word >>> 16) & 31;
  if (operation === 0x00 || operation === 0x01) return 0;
  if (operation === 0x10 || operation === 0x11 || operation === 0x15) return 0x041f0000 | (word & 0x03e0ffff);
  return null;
}
