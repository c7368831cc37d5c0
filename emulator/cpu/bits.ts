/** Bit fiddling that more than one place needs. Byte numbers count from the least significant byte of a word. */

/** INS: bits msb..lsb of `into` replaced by the low bits of `source`. */
export function insertBits(into: number, source: number, lsb: number, msb: number): number {
  const mask = (0xffffffff >>> (31 - (msb - lsb))) << lsb;
  return (into & ~mask) | ((source << lsb) & mask);
}

/** LWL, LWR: the register after loading from a memory word, `byte` being the addressed byte of it. */
export function loadLeft(register: number, word: number, byte: number): number {
  const shift = 24 - 8 * byte;
  return (word << shift) | (register & ~(-1 << shift));
}
export function loadRight(register: number, word: number, byte: number): number {
  return byte === 0 ? word : (word >>> (8 * byte)) | (register & (-1 << (32 - 8 * byte)));
}

/** SWL, SWR: the memory word after storing the register. */
export function storeLeft(register: number, word: number, byte: number): number {
  return byte === 3 ? register : (word & (-1 << (8 * byte + 8))) | (register >>> (24 - 8 * byte));
}
export function storeRight(register: number, word: number, byte: number): number {
  const shift = 8 * byte;
  return (word & ~(-1 << shift)) | (register << shift);
}
