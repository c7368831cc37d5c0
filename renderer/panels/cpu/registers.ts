/** Names and places of registers, and the numbers that people type into them. */

/** o32 names (MIPS ABI), then HI, LO and PC, by their index in CpuView.registers. */
export const NAMES: readonly string[] =
  'zero at v0 v1 a0 a1 a2 a3 t0 t1 t2 t3 t4 t5 t6 t7 s0 s1 s2 s3 s4 s5 s6 s7 t8 t9 k0 k1 gp sp fp ra hi lo pc'.split(
    ' ',
  );

/** Four columns, as one reads them: zero to a3, t0 to t7, s0 to s7, the rest. */
export const COLUMNS: readonly (readonly number[])[] = [0, 8, 16, 24].map((first) =>
  Array.from({ length: 8 }, (_, i) => first + i),
);
export const [HI, LO, PC] = [32, 33, 34];

/** A 32-bit number as typed: decimal, with sign, or hexadecimal after 0x; null for none. */
export function parseWord(text: string): number | null {
  const trimmed = text.trim();
  if (!/^(?:-?\d+|0x[0-9a-f]{1,8})$/i.test(trimmed)) return null;
  const value = Number(trimmed);
  return value >= -(2 ** 31) && value < 2 ** 32 ? value >>> 0 : null;
}

/** Bytes as typed: hexadecimal pairs, with or without spaces; null for anything else. */
export function parseBytes(text: string): Uint8Array | null {
  const digits = text.replace(/\s+/g, '');
  if (digits === '' || digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return null;
  return Uint8Array.from(digits.match(/../g)!, (pair) => parseInt(pair, 16));
}
