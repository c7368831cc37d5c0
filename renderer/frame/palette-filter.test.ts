import { expect, it } from 'vitest';
import { score } from './palette-filter.ts';

it('finds by beginnings of words, names before explanations', () => {
  expect(score('Run to ASID Change', 'asid')).toBeGreaterThan(0.8);
  expect(score('Run to ASID Change', 'ch as')).toBeGreaterThan(0);
  expect(score('Run to ASID Change', 'hange')).toBe(0);
  expect(score('Tour', 'asid', ['Cause a change of ASID'])).toBeGreaterThan(0);
  expect(score('Tour', 'asid', ['Cause a change of ASID'])).toBeLessThan(score('Run to ASID Change', 'asid'));
  expect(score('Tour', 'asid step')).toBe(0);
  expect(score('Run or Pause', 'run')).toBeGreaterThan(score('Never Run', 'run'));
  expect(score('Run to ASID Change', 'asid')).toBeGreaterThan(score('Host ASIDs and TLB', 'asid'));
  expect(score('Step', '')).toBe(1);
});
