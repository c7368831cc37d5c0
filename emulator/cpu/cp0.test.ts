/** CP0 of the `malta` machine: what the 24Kf's registers hold after a reset and which of their bits MTC0 changes. */
import { describe, expect, it } from 'vitest';
import { BareMachine } from '../testing/bare-machine.ts';
import { Cp0, cp0Name } from './cp0.ts';

const hex = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

describe('after a reset', () => {
  const machine = new BareMachine({}, false);
  const values: [register: number, value: number][] = [
    [Cp0.PRId, 0x00019300],
    [Cp0.EBase, 0x80000000],
    [Cp0.Status, 0x00400004],
    [Cp0.Cause, 0],
    [Cp0.IntCtl, 0xe0000000],
    [Cp0.Wired, 0],
    [Cp0.PageMask, 0],
    [Cp0.HWREna, 0],
    [Cp0.Config, 0x80000482],
    [Cp0.Config1, 0x9e190c8f],
    [Cp0.Config2, 0x80000000],
    [Cp0.Config3, 0],
    [Cp0.Config4, 0],
    [Cp0.Config5, 0],
    [Cp0.Config7, 0],
    ...[0, 1, 2, 3, 4, 5, 6].map((i): [number, number] => [Cp0.WatchHi + i, 0x80000000]),
    [Cp0.Debug, 0x02008000],
  ];
  it.each(values.map(([register, value]) => [cp0Name(register), register, value] as const))(
    '%s',
    (_, register, value) => {
      expect(hex(machine.getCp0(register))).toBe(hex(value));
    },
  );

  it('Config.BE tells the byte order', () => {
    expect(hex(new BareMachine({ bigEndian: true }).getCp0(Cp0.Config))).toBe('0x80008482');
  });

  it.each([16, 32, 64])('Config1 tells of %i TLB entries', (tlbEntries) => {
    expect(((new BareMachine({ tlbEntries }).getCp0(Cp0.Config1) >>> 25) & 63) + 1).toBe(tlbEntries);
  });
});

/** What registers read after a write of all ones and of all zeros, as a 24Kf answers. */
const WRITES: [register: number, ones: number, zeros: number][] = [
  [Cp0.Index, 0x0000000f, 0],
  [Cp0.EntryLo0, 0x03ffffff, 0],
  [Cp0.EntryLo1, 0x03ffffff, 0],
  [Cp0.Context, 0xff800000, 0],
  [Cp0.PageMask, 0x1fffe000, 0],
  [Cp0.Wired, 0x0000000f, 0],
  [Cp0.HWREna, 0x0000000f, 0],
  [Cp0.BadVAddr, 0, 0],
  [Cp0.EntryHi, 0xffffe0ff, 0],
  [Cp0.Compare, 0xffffffff, 0],
  [Cp0.Status, 0x3678ff1f, 0],
  [Cp0.IntCtl, 0xe00003e0, 0xe0000000],
  [Cp0.SRSCtl, 0x0000f3c0, 0],
  [Cp0.Cause, 0x08c00300, 0],
  [Cp0.EPC, 0xffffffff, 0],
  [Cp0.PRId, 0x00019300, 0x00019300],
  [Cp0.EBase, 0xbffff000, 0x80000000],
  [Cp0.Config, 0x80000487, 0x80000480],
  [Cp0.Config1, 0x9e190c8f, 0x9e190c8f],
  [Cp0.Config2, 0x80000000, 0x80000000],
  [Cp0.Config3, 0, 0],
  [Cp0.Config7, 0, 0],
  ...[0, 1, 2, 3].flatMap((i): [number, number, number][] => [
    [Cp0.WatchLo + i, 0xfffffff8, 0],
    [Cp0.WatchHi + i, 0xc0ff0ff8, 0x80000000],
  ]),
  [Cp0.ErrCtl, 0x30000000, 0],
  [Cp0.TagLo, 0xfffffcf6, 0],
  [Cp0.ErrorEPC, 0xffffffff, 0],
  [Cp0.DESAVE, 0xffffffff, 0],
];

describe('MTC0', () => {
  it.each(WRITES.map(([register, ones, zeros]) => [cp0Name(register), register, ones, zeros] as const))(
    '%s',
    (_, register, ones, zeros) => {
      const machine = new BareMachine();
      machine.setCp0(register, 0xffffffff);
      expect(hex(machine.getCp0(register))).toBe(hex(ones));
      machine.setCp0(register, 0);
      expect(hex(machine.getCp0(register))).toBe(hex(zeros));
    },
  );

  it.each([16, 32, 64])('Index and Wired are as wide as a TLB of %i needs', (tlbEntries) => {
    const machine = new BareMachine({ tlbEntries });
    for (const register of [Cp0.Index, Cp0.Wired]) {
      machine.setCp0(register, 0xffffffff);
      expect(machine.getCp0(register)).toBe(tlbEntries - 1);
    }
  });

  it.each(['0x2000', '0x4000', '0xe000', '0x12000', '0x1e002000'])('PageMask %s is no page size: 4 KiB', (mask) => {
    const machine = new BareMachine();
    machine.setCp0(Cp0.PageMask, 0x6000);
    machine.setCp0(Cp0.PageMask, Number(mask));
    expect(machine.getCp0(Cp0.PageMask)).toBe(0);
  });
});

it('EI and DI return the old Status', () => {
  const machine = new BareMachine();
  machine.setCp0(Cp0.Status, 0x8000);
  machine.execute(0x41686020);
  expect([machine.cpu.r[8], machine.getCp0(Cp0.Status)]).toEqual([0x8000, 0x8001]);
  machine.execute(0x41696000);
  expect([machine.cpu.r[9], machine.getCp0(Cp0.Status)]).toEqual([0x8001, 0x8000]);
});
