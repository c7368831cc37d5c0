import { expect, test } from 'vitest';
import { LoadError } from './elf.ts';
import { placeInitrd } from './initrd.ts';

test('goes where QEMU puts it', () => {
  expect(placeInitrd('initrd', 1_457_887, 256 << 20, 0x1aa0000)).toBe(0x0fe80000);
});

test('refuses what does not fit', () => {
  expect(() => placeInitrd('big.img', 20 << 20, 16 << 20, 0x100000)).toThrow(LoadError);
  expect(() => placeInitrd('big.img', 14 << 20, 16 << 20, 0x400000)).toThrow(/^big.img: .* at least 20 MiB/);
  expect(() => placeInitrd('none', 0, 16 << 20, 0)).toThrow(/empty/);
});
