import { expect, it } from 'vitest';
import { Slices } from './slices.ts';

/** Slices of a guest that runs so many instructions a millisecond, until their length settles. */
function settle(slices: Slices, speed: number): number {
  for (let i = 0; i < 40; i++) slices.took(slices.length, slices.length / speed);
  return slices.length / speed;
}

it.each([3_000_000, 150_000, 20_000])('a slice takes a few milliseconds at %i instructions a millisecond', (speed) => {
  const slices = new Slices();
  const ms = settle(slices, speed);
  expect(ms).toBeGreaterThanOrEqual(2);
  expect(ms).toBeLessThanOrEqual(4);
});

it('follows a guest that becomes slower, and one that becomes faster', () => {
  const slices = new Slices();
  settle(slices, 2_000_000);
  expect(settle(slices, 20_000)).toBeLessThanOrEqual(4);
  expect(settle(slices, 2_000_000)).toBeGreaterThanOrEqual(2);
});

it('a pause of the host’s own makes it eight times shorter at most', () => {
  const slices = new Slices();
  slices.length = 8_000_000;
  slices.took(8_000_000, 500);
  expect(slices.length).toBe(1_000_000);
});

it('a slice that the guest ended early says nothing of its speed', () => {
  const slices = new Slices();
  slices.took(10, 0);
  expect(slices.length).toBe(400_000);
});
