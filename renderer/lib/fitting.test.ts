import { expect, it } from 'vitest';
import { fitting, fittingRow } from './fitting.ts';

it('takes the longest wording that fits, or the shortest of all', () => {
  expect(fitting(70, 'ten chars.', 'five.')).toBe('ten chars.');
  expect(fitting(60, 'ten chars.', 'five.')).toBe('five.');
  expect(fitting(10, 'ten chars.', 'five.')).toBe('five.');
});

it('folds a row as a whole', () => {
  const rows = [
    ['long', 'longer'],
    ['long', ''],
    ['', ''],
  ] as const;
  const needs = (text: string): number => text.length * 10;
  expect(fittingRow(100, rows, needs)).toBe(rows[0]);
  expect(fittingRow(99, rows, needs)).toBe(rows[1]);
  expect(fittingRow(5, rows, needs)).toBe(rows[2]);
});
