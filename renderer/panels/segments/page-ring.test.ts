import { describe, expect, it } from 'vitest';
import { PageRing, stepLine } from './page-ring.ts';

describe('PageRing', () => {
  it('keeps the newest samples', () => {
    const ring = new PageRing(3);
    for (let i = 1; i <= 5; i++) ring.push(i * 100, i, i * 100);
    expect(ring.points.map((point) => point.pages)).toEqual([3, 4, 5]);
    expect(ring.span).toBe(200);
  });

  it('replaces samples that come too close in host time', () => {
    const ring = new PageRing();
    ring.push(0, 1, 0);
    ring.push(100, 2, 100);
    ring.push(110, 3, 110);
    expect(ring.points.map((point) => point.pages)).toEqual([1, 3]);
  });

  it('corrects a sample of the same instant, and starts over after a reset', () => {
    const ring = new PageRing();
    ring.push(100, 1, 0);
    ring.push(100, 7, 200);
    expect(ring.points).toEqual([{ instructions: 100, pages: 7 }]);
    ring.push(5, 2, 400);
    expect(ring.points).toEqual([{ instructions: 5, pages: 2 }]);
  });
});

describe('stepLine', () => {
  it('draws steps from left to right within the box', () => {
    const line = stepLine(
      [
        { instructions: 0, pages: 0 },
        { instructions: 50, pages: 10 },
        { instructions: 100, pages: 5 },
      ],
      100,
      15,
    );
    expect(line.map(([x]) => x)).toEqual([0, 50, 50, 100, 100]);
    expect(line[0]![1]).toBe(14);
    expect(Math.min(...line.map(([, y]) => y))).toBeGreaterThan(0);
    expect(stepLine([], 10, 10)).toEqual([]);
  });
});
