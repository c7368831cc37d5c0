import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SIZE, placeWindow } from './bounds.ts';

const left = { x: 0, y: 25, width: 1920, height: 1055 };
const right = { x: 1920, y: 0, width: 2560, height: 1440 };

describe('placeWindow', () => {
  it('centres the first window on the primary display', () => {
    expect(placeWindow(null, [left])).toEqual({ x: 260, y: 103, ...DEFAULT_SIZE });
  });

  it('puts the window back where it was', () => {
    const saved = { x: 2000, y: 100, width: 1200, height: 900 };
    expect(placeWindow(saved, [left, right])).toEqual(saved);
  });

  it('keeps the size when its display is gone', () => {
    const placed = placeWindow({ x: 2000, y: 100, width: 1200, height: 900 }, [left]);
    expect(placed).toMatchObject({ width: 1200, height: 900, x: 360 });
  });

  it('pulls a window in that hangs over the edge', () => {
    expect(placeWindow({ x: 1500, y: 900, width: 1000, height: 700 }, [left])).toEqual({
      x: 920,
      y: 380,
      width: 1000,
      height: 700,
    });
  });

  it('lies inside a display, whatever was saved', () => {
    const rectangle = (from: number) =>
      fc.record({
        x: fc.integer({ min: -10_000, max: 10_000 }),
        y: fc.integer({ min: -10_000, max: 10_000 }),
        width: fc.integer({ min: from, max: 10_000 }),
        height: fc.integer({ min: from, max: 10_000 }),
      });
    const areas = fc.array(rectangle(320), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.option(rectangle(1)), areas, (saved, workAreas) => {
        const b = placeWindow(saved, workAreas);
        const within = workAreas.some(
          (a) => b.x >= a.x && b.y >= a.y && b.x + b.width <= a.x + a.width && b.y + b.height <= a.y + a.height,
        );
        expect(within).toBe(true);
      }),
    );
  });
});
