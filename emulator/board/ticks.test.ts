import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nsToTicks, ticksToNs } from './ticks.ts';

test('a tick is reached at the nanosecond ticksToNs names, and not before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.constantFrom(1_193_182, 3_579_545), (ticks, hz) => {
      const ns = ticksToNs(ticks, hz);
      expect(nsToTicks(ns, hz)).toBe(ticks);
      expect(nsToTicks(ns - 1, hz)).toBe(ticks - 1);
    }),
  );
});
