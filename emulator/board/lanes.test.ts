import { expect, test } from 'vitest';
import { readLane, swap32, swapBytes } from './lanes.ts';

test('swaps reverse bytes', () => {
  expect(swap32(0x11223384)).toBe(0x84332211);
  expect(swapBytes(0x1122, 2)).toBe(0x2211);
  expect(swapBytes(0x80, 1)).toBe(0x80);
  expect(swapBytes(0x11223384, 4)).toBe(0x84332211);
});

test('lanes follow the byte order', () => {
  expect(readLane(0x11223344, 0, 1, false)).toBe(0x44);
  expect(readLane(0x11223344, 3, 1, false)).toBe(0x11);
  expect(readLane(0x11223344, 0, 1, true)).toBe(0x11);
  expect(readLane(0x11223344, 2, 2, true)).toBe(0x3344);
  expect(readLane(0xff223344, 0, 4, true)).toBe(0xff223344);
});
