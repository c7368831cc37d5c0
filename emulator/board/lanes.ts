/** Byte lanes: how an access of 1, 2 or 4 bytes meets a 32-bit register, and what a byte swap does to it. */

import type { AccessSize } from './device.ts';

/** Largest unsigned value of an access, by its size in bytes. */
export const SIZE_MASK = [0, 0xff, 0xffff, 0, 0xffffffff] as const;

export function swap32(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** Reverses the bytes of an access's value. */
export function swapBytes(value: number, size: AccessSize): number {
  if (size === 1) return value & 0xff;
  if (size === 2) return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  return swap32(value);
}

/** How far left in a 32-bit register's word an access at byte `offset` stands, in bits, as the CPU sees that word. */
export function laneShift(offset: number, size: AccessSize, bigEndian: boolean): number {
  const lane = offset & 3 & ~(size - 1);
  return 8 * (bigEndian ? 4 - size - lane : lane);
}

/** Cuts an access of `size` bytes at byte `offset` out of the word the CPU would load there. */
export function readLane(word: number, offset: number, size: AccessSize, bigEndian: boolean): number {
  return ((word >>> laneShift(offset, size, bigEndian)) & SIZE_MASK[size]) >>> 0;
}
