import { describe, expect, it } from 'vitest';
import {
  chosenGroups,
  geometricMean,
  groupTable,
  instructionsOf,
  nextPasses,
  parsePrograms,
  parseRun,
  table,
} from './lib/bench-report.mjs';

describe('chosenGroups', () => {
  it('all, and fewer when it is to be quick', () => {
    expect(chosenGroups({})).toEqual(['lab', 'a', 'b', 'c', 'd']);
    expect(chosenGroups({ quick: true })).toEqual(['lab', 'a', 'b']);
  });
  it('those named, in the order they run', () => {
    expect(chosenGroups({ group: 'd,a', quick: true })).toEqual(['a', 'd']);
    expect(chosenGroups({ group: 'c64', program: 'gzip' })).toEqual(['c64']);
  });
  it('for a program, those that have programs', () => {
    expect(chosenGroups({ program: 'fib' })).toEqual(['a', 'b', 'c']);
    expect(chosenGroups({ program: 'fib', quick: true })).toEqual(['a', 'b']);
  });
  it('refuses others', () => {
    expect(() => chosenGroups({ group: 'a,x' })).toThrow('--group a,x: the groups are lab, a, b, c, c64, d, not "x".');
  });
});

it('geometricMean', () => {
  expect(geometricMean([2, 8])).toBeCloseTo(4);
  expect(geometricMean([3])).toBeCloseTo(3);
});

it('table', () => {
  expect(
    table([
      ['name', 'x'],
      ['a', '100'],
    ]),
  ).toBe('name    x\na     100');
});

it('parsePrograms', () => {
  const lines = ['list', 'program a fib', 'program b fft', 'no program c', ''].map((line) => ({ line }));
  expect(parsePrograms(lines)).toEqual([
    { group: 'a', name: 'fib' },
    { group: 'b', name: 'fft' },
  ]);
});

describe('parseRun', () => {
  // The terminal's echo of a command must not be taken for a mark.
  const lines = [
    { at: 1, cpu: 0.5, line: '/bench/run start fib 3' },
    { at: 2, cpu: 1, line: 'start fib' },
    { at: 5.5, cpu: 3, line: 'done fib 0x12ab' },
    { at: 6, cpu: 4, line: '' },
  ];
  it('takes what lies between the marks', () => {
    expect(parseRun(lines, 'fib')).toEqual({ seconds: 3.5, cpuSeconds: 2, checksum: '0x12ab' });
  });
  it('does without CPU time', () => {
    const bare = lines.map(({ at, line }) => ({ at, line, cpu: null }));
    expect(parseRun(bare, 'fib').cpuSeconds).toBeNull();
  });
  it('says what came instead', () => {
    expect(() => parseRun(lines, 'fi')).toThrow('fi did not run to its end: "done fib 0x12ab".');
    expect(() => parseRun([], 'fi')).toThrow('fi did not run to its end: "nothing was printed".');
    expect(() => parseRun(lines.slice(0, 2), 'fib')).toThrow('fib did not run to its end: "start fib".');
  });
});

describe('nextPasses', () => {
  it('grows until a try tells something, and no more than tenfold', () => {
    expect(nextPasses(1, 1, 0)).toBe(10);
    expect(nextPasses(1, 10, 0.02)).toBe(50);
    expect(nextPasses(1, 10, 0.09)).toBe(20);
  });
  it('then fills the time, rounded up to two digits', () => {
    expect(nextPasses(1.2, 100, 0.25)).toBe(480);
    expect(nextPasses(1.2, 1000, 0.11)).toBe(11000);
  });
  it('takes less time to tell for a short target', () => {
    expect(nextPasses(0.1, 10, 0.06)).toBe(17);
  });
  it('stays where it is near enough', () => {
    expect(nextPasses(1, 7, 0.9)).toBe(7);
    expect(nextPasses(1, 3, 9)).toBe(3);
  });
  it('always comes to an end', () => {
    for (const perPass of [1e-8, 1e-6, 0.001, 0.3, 5]) {
      let passes = 1;
      for (let i = 0; i < 30; i++) passes = nextPasses(1, passes, passes * perPass);
      expect(passes * perPass).toBeGreaterThanOrEqual(0.8);
      expect(nextPasses(1, passes, passes * perPass)).toBe(passes);
    }
    expect(() => nextPasses(1, 100_000_000, 0)).toThrow('100000000 passes took no more than 0 s.');
  });
});

it('instructionsOf', () => {
  const marks = [
    { expect: 'bench> ', instructions: 5 },
    { expect: 'start fib\r\n', instructions: 100 },
    { expect: 'done fib', instructions: 1100 },
    { expect: 'bench> ', instructions: 1200 },
    { expect: 'start fft\r\n', instructions: 2000 },
    { expect: 'done fft', instructions: 2010 },
  ];
  expect(instructionsOf(marks)).toEqual({ fib: 1000, fft: 10 });
});

describe('groupTable', () => {
  const results = [
    { name: 'fib', passes: 1, instructions: 100e6, seconds: { Kseg: 0.5, QEMU: 1 } },
    { name: 'fft', passes: 1, instructions: 300e6, seconds: { Kseg: 1, QEMU: 0.5 } },
  ];
  it('beside a reference', () => {
    const text = groupTable({ title: 'a', systems: ['Kseg', 'QEMU'], reference: 'QEMU', results });
    const rows = text.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['a', 'M instr.', 'Kseg, MIPS', 'QEMU, MIPS', 'Kseg / QEMU']);
    expect(rows[1]).toEqual(['fib', '100', '200', '100', '2.000']);
    expect(rows[2]).toEqual(['fft', '300', '300', '600', '0.500']);
    expect(rows[3]).toEqual(['geometric mean', '245', '245', '1.000']);
  });
  it('with the first run, before all was translated', () => {
    const told = results.map((result, i) => ({ ...result, first: [1, 2][i]! }));
    const text = groupTable({ title: 'a', systems: ['Kseg', 'QEMU'], reference: 'QEMU', results: told });
    const rows = text.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]!.slice(4)).toEqual(['Kseg / QEMU', 'first run']);
    expect(rows.slice(1).map((row) => row.at(-1))).toEqual(['1.000', '0.250', '0.500']);
  });
  it('alone, one program', () => {
    const text = groupTable({ title: 'a', systems: ['Kseg'], reference: null, results: results.slice(0, 1) });
    expect(text).toBe('a    M instr.  Kseg, MIPS\nfib       100         200');
  });
});
