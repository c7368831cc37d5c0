import { expect, it } from 'vitest';
import type { EventCounts, PhaseMark } from '../../emulator/protocol.ts';
import { SILENT, WHOLE, change, phaseRows, toCsv } from './phase-rows.ts';

const counts = (n: number): EventCounts => ({
  exits: n,
  exceptions: n,
  asidChanges: n,
  kernelFlushes: n,
  userFlushes: n,
  gpaFlushes: 0,
  pagesFlushed: 10 * n,
  tlbWrites: n,
  tlbRefills: n,
  hostTlbRefills: n,
  userEntries: n,
  consoleBytes: n,
});
const mark = (name: string | null, n: number): PhaseMark => ({
  phase: name === null ? null : { name, seconds: null },
  instructions: 1000 * n,
  virtualNs: 0,
  counts: counts(n),
});
const a = [mark('starts', 1), mark('drivers', 4), mark(null, 9)];
const b = [mark('starts', 1), mark('unpacks', 2), mark('drivers', 5), mark(null, 15)];

it('counts within phases, in the order both boots have', () => {
  const rows = phaseRows(a, b);
  expect(rows.map(({ name }) => name)).toEqual([SILENT, 'starts', 'unpacks', 'drivers', WHOLE]);
  expect(rows.map(({ a: of }) => of?.instructions ?? null)).toEqual([1000, 3000, null, 5000, 9000]);
  expect(rows.map(({ b: of }) => of?.flushes ?? null)).toEqual([2, 2, 6, 20, 30]);
  const sum = rows.slice(0, -1).reduce((total, { b: of }) => total + (of?.pagesFlushed ?? 0), 0);
  expect(sum).toBe(rows.at(-1)!.b!.pagesFlushed);
});

it('says how much more, with a sign', () => {
  expect([change(100, 112), change(1000, 997), change(5, 5), change(0, 3), change(undefined, 1)]).toEqual([
    '+12 %',
    '−0.3 %',
    '=',
    'new',
    '',
  ]);
});

it('goes out as CSV', () => {
  const lines = toCsv(phaseRows(a, a), ['x', 'y, too']).split('\n');
  expect(lines[1]).toBe(`${SILENT},x,1000,1,1,2,10,1,1,1`);
  expect(lines[2]).toMatch(/,"y, too",/);
});
