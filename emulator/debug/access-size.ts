/** Which bytes a load or store touches (MIPS Architecture For Programmers, Volume II-A, MD00086). */

export interface ByteRange {
  start: number;
  /** In bytes. */
  length: number;
}

/** Bytes by major opcode: LB LH LWL LW LBU LHU LWR, SB SH SWL SW SWR, LL LWC1 LDC1, SC SWC1 SDC1. */
const BYTES: Partial<Record<number, number>> = {
  0x20: 1,
  0x21: 2,
  0x23: 4,
  0x24: 1,
  0x25: 2,
  0x28: 1,
  0x29: 2,
  0x2b: 4,
  0x30: 4,
  0x31: 4,
  0x35: 8,
  0x38: 4,
  0x39: 4,
  0x3d: 8,
};
const [LWL, LWR, SWL, SWR, COP1X] = [0x22, 0x26, 0x2a, 0x2e, 0x13];
/** By function field of COP1X: LWXC1 LDXC1 LUXC1, SWXC1 SDXC1 SUXC1. */
const INDEXED: Partial<Record<number, number>> = { 0: 4, 1: 8, 5: 8, 8: 4, 9: 8, 13: 8 };

/**
 * @param word the instruction
 * @param va the address it accesses, as it computes it
 * @returns null for what is no load or store: CACHE, PREF
 */
export function dataAccess(word: number, va: number, bigEndian: boolean): ByteRange | null {
  const opcode = word >>> 26;
  const aligned = (va & ~3) >>> 0;
  // The part of a word on the address's side: to its most significant byte for LWL, to its least for LWR.
  const toEnd = { start: va, length: aligned + 4 - va };
  const toStart = { start: aligned, length: va - aligned + 1 };
  if (opcode === LWL || opcode === SWL) return bigEndian ? toEnd : toStart;
  if (opcode === LWR || opcode === SWR) return bigEndian ? toStart : toEnd;
  const length = opcode === COP1X ? INDEXED[word & 63] : BYTES[opcode];
  return length === undefined ? null : { start: va, length };
}
