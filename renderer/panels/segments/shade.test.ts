import { describe, expect, it } from 'vitest';
import { shadeLevel } from './shade.ts';

describe('shadeLevel', () => {
  it('steps at 1, 4, 16, 64 and 256 of 1,024', () => {
    expect([0, 1, 3, 4, 15, 16, 63, 64, 255, 256, 1024].map((pages) => shadeLevel(pages))).toEqual([
      0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5,
    ]);
  });

  it('scales with the size of a table, and never takes one page for none', () => {
    expect(shadeLevel(1, 4096)).toBe(1);
    expect(shadeLevel(1024, 4096)).toBe(5);
    expect(shadeLevel(512, 2048)).toBe(5);
  });
});
