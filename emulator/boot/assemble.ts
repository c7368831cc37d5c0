/**
 * The handful of MIPS32 instructions that firmware stubs are made of, as functions from operands to words.
 *
 * Source: MIPS32 Architecture for Programmers, volume II (MD00086). Branch offsets count instructions from the delay
 * slot; jumps take byte addresses.
 */

export const R = { zero: 0, t0: 8, t1: 9, t2: 10, a0: 4, a1: 5, a2: 6, a3: 7, sp: 29, ra: 31 } as const;

const immediate = (op: number, rs: number, rt: number, value: number): number =>
  ((op << 26) | (rs << 21) | (rt << 16) | (value & 0xffff)) >>> 0;

export const nop = 0;
/** 001111 00000 rt immediate */
export const lui = (rt: number, value: number): number => immediate(0x0f, 0, rt, value);
/** 001101 rs rt immediate */
export const ori = (rt: number, rs: number, value: number): number => immediate(0x0d, rs, rt, value);
/** 001100 rs rt immediate */
export const andi = (rt: number, rs: number, value: number): number => immediate(0x0c, rs, rt, value);
/** 001001 rs rt immediate */
export const addiu = (rt: number, rs: number, value: number): number => immediate(0x09, rs, rt, value);
/** 000100 rs rt offset */
export const beq = (rs: number, rt: number, offset: number): number => immediate(0x04, rs, rt, offset);
/** 100100 base rt offset */
export const lbu = (rt: number, offset: number, base: number): number => immediate(0x24, base, rt, offset);
/** 101000 base rt offset */
export const sb = (rt: number, offset: number, base: number): number => immediate(0x28, base, rt, offset);
/** 101011 base rt offset */
export const sw = (rt: number, offset: number, base: number): number => immediate(0x2b, base, rt, offset);
/** 000010 target */
export const j = (address: number): number => ((0x02 << 26) | ((address >>> 2) & 0x3ffffff)) >>> 0;
/** 000000 rs 0000000000 00000 001000 */
export const jr = (rs: number): number => ((rs << 21) | 0x08) >>> 0;

/** Loads a 32-bit constant: always two instructions, so that code has one length for every value. */
export const li = (rt: number, value: number): number[] => [lui(rt, value >>> 16), ori(rt, rt, value)];

/** Instruction words as bytes in the guest's order. */
export function assemble(words: readonly number[], bigEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => view.setUint32(i * 4, word, !bigEndian));
  return bytes;
}
