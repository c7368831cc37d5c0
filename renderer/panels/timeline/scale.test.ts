import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_TIMELINE_BUCKETS } from '../../../emulator/protocol.ts';
import { BUCKET, SHORTEST, buckets, clampSpan, panned, revealed, ticks, zoomed } from './scale.ts';

const now = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1000, max: 1e13 }));
const span = now.chain((end) =>
  fc
    .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([a, b]) => ({ now: end, span: clampSpan({ from: Math.min(a, b) * end, to: Math.max(a, b) * end }, end) })),
);

describe('whatever is done, the stretch lies in the run', () => {
  it.each<[string, (s: { from: number; to: number }, end: number, x: number) => { from: number; to: number }]>([
    ['zooming', (s, end, x) => zoomed(s, x * 10, s.from + (s.to - s.from) * 0.3, end)],
    ['panning', (s, end, x) => panned(s, x * (s.to - s.from), end)],
    ['revealing', (s, end, x) => revealed(s, Math.abs(x) * 0.2 * end, end)],
  ])('%s', (_, act) => {
    fc.assert(
      fc.property(span, fc.double({ min: -5, max: 5, noNaN: true }), ({ span: s, now: end }, x) => {
        const next = act(s, end, x);
        expect(next.from).toBeGreaterThanOrEqual(0);
        expect(next.to).toBeLessThanOrEqual(Math.max(end, SHORTEST) * (1 + 1e-9));
        expect(next.to - next.from).toBeGreaterThanOrEqual(SHORTEST * (1 - 1e-6));
      }),
    );
  });
});

it('zooming leaves what is pointed at where it is', () => {
  const s = { from: 1000, to: 9000 };
  const next = zoomed(s, 2, 3000, 1e6);
  expect((3000 - next.from) / (next.to - next.from)).toBeCloseTo(0.25);
  expect(next.to - next.from).toBeLessThan(8000);
});

it('reveals an event that is out of sight, and leaves alone what is in sight', () => {
  const s = { from: 1000, to: 2000 };
  expect(revealed(s, 1500, 1e6)).toBe(s);
  const next = revealed(s, 5000, 1e6);
  expect(next.from).toBeLessThan(5000);
  expect(next.to).toBeGreaterThan(5000);
  expect(next.to - next.from).toBe(1000);
});

describe('buckets', () => {
  it('cover the stretch, are wide enough, and stand still while it moves', () => {
    fc.assert(
      fc.property(span, fc.integer({ min: 50, max: 4000 }), ({ span: s }, width) => {
        const { from, step, buckets: n } = buckets(s, width);
        expect(from).toBeLessThanOrEqual(s.from);
        if (n < MAX_TIMELINE_BUCKETS) expect(from + step * n).toBeGreaterThanOrEqual(s.to);
        expect(from % step).toBe(0);
        expect(Math.log2(step) % 1).toBe(0);
        expect((step / (s.to - s.from)) * width).toBeGreaterThanOrEqual(
          Math.min(BUCKET, width / (s.to - s.from)) - 1e-6,
        );
      }),
    );
  });
});

it('ticks are round, and no more than there is room for', () => {
  expect(ticks({ from: 18_386_096, to: 18_412_096 }, 10)).toEqual(
    Array.from({ length: 5 }, (_, i) => 18_390_000 + i * 5000),
  );
  fc.assert(
    fc.property(span, fc.integer({ min: 1, max: 20 }), ({ span: s }, most) => {
      const found = ticks(s, most);
      expect(found.length).toBeLessThanOrEqual(most + 1);
      expect(found.every((at) => Number.isInteger(at) && at >= s.from && at <= s.to)).toBe(true);
    }),
  );
});
