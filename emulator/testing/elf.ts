/** ELF files made by hand, for tests. */

/** An ELF32 MIPS executable of one segment of words at `address`, which is also its entry. */
export function tinyElf(bigEndian: boolean, address: number, words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(84 + words.length * 4);
  const view = new DataView(bytes.buffer);
  const half = (at: number, value: number) => view.setUint16(at, value, !bigEndian);
  const word = (at: number, value: number) => view.setUint32(at, value, !bigEndian);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, bigEndian ? 2 : 1, 1]);
  half(16, 2);
  half(18, 8);
  word(20, 1);
  word(24, address);
  word(28, 52);
  word(36, 0x70001001);
  half(40, 52);
  half(42, 32);
  half(44, 1);
  half(46, 40);
  const length = words.length * 4;
  [1, 84, address, address & 0x1fffffff, length, length, 7, 4].forEach((value, i) => word(52 + i * 4, value));
  words.forEach((value, i) => word(84 + i * 4, value));
  return bytes;
}
