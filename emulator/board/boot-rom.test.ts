import { expect, test } from 'vitest';
import { BootRom, ROM_SIZE } from './boot-rom.ts';

test.each([
  [false, 0x04030201, 0x0201],
  [true, 0x01020304, 0x0102],
])('bytes are in the order the CPU sees (big endian: %s)', (bigEndian, word, half) => {
  const rom = new BootRom(bigEndian);
  rom.load(0x580, Uint8Array.of(1, 2, 3, 4));
  expect([rom.read(0x580, 4), rom.read(0x580, 2), rom.read(0x583, 1)]).toEqual([word, half, 4]);
  expect(rom.read(0x10, 4)).toBe(0x420);
});

test('the revision word outlives an image, and what is too long is cut', () => {
  const rom = new BootRom(false);
  rom.load(0, new Uint8Array(ROM_SIZE + 10).fill(0xee));
  rom.load(ROM_SIZE, Uint8Array.of(1));
  expect([rom.read(0x10, 4), rom.read(ROM_SIZE - 4, 4), rom.read(ROM_SIZE - 2, 4)]).toEqual([0x420, 0xeeeeeeee, 0]);
});
