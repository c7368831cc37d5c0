/** Bit fiddling against models that go bit by bit and byte by byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { insertBits, loadLeft, loadRight, storeLeft, storeRight } from './bits.ts';

const word = () => fc.integer({ min: 0, max: 0xffffffff });
/** Least significant first. */
const bytesOf = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const valueOf = (bytes: number[]) => (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;

it('insertBits replaces bits msb to lsb', () => {
  fc.assert(
    fc.property(word(), word(), fc.nat(31), fc.nat(31), (into, source, a, b) => {
      const [lsb, msb] = a < b ? [a, b] : [b, a];
      let wanted = 0;
      for (let bit = 0; bit < 32; bit++) {
        const from = bit >= lsb && bit <= msb ? source >>> (bit - lsb) : into >>> bit;
        wanted += (from & 1) * 2 ** bit;
      }
      expect(insertBits(into, source, lsb, msb) >>> 0).toBe(wanted);
    }),
  );
});

describe('unaligned accesses, byte 0 being the least significant of the memory word', () => {
  it.each([0, 1, 2, 3])('byte %i', (byte) => {
    fc.assert(
      fc.property(word(), word(), (register, memory) => {
        const r = bytesOf(register);
        const m = bytesOf(memory);
        // Left: bytes 0 to `byte` of memory are the register's most significant ones.
        const left = r.map((old, i) => (i >= 3 - byte ? m[i - (3 - byte)]! : old));
        expect(loadLeft(register, memory, byte) >>> 0).toBe(valueOf(left));
        // Right: bytes `byte` to 3 of memory are the register's least significant ones.
        const right = r.map((old, i) => (i <= 3 - byte ? m[i + byte]! : old));
        expect(loadRight(register, memory, byte) >>> 0).toBe(valueOf(right));
        const storedLeft = m.map((old, i) => (i <= byte ? r[i + (3 - byte)]! : old));
        expect(storeLeft(register, memory, byte) >>> 0).toBe(valueOf(storedLeft));
        const storedRight = m.map((old, i) => (i >= byte ? r[i - byte]! : old));
        expect(storeRight(register, memory, byte) >>> 0).toBe(valueOf(storedRight));
      }),
    );
  });
});
