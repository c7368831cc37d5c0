import { beforeEach, describe, expect, test } from 'vitest';
import { Gt64120 } from './gt64120.ts';
import { swap32 } from './lanes.ts';
import { PciBus, PciFunction } from './pci.ts';

const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;
const CAUSE = 0xc18;

function build(bigEndian: boolean): Gt64120 {
  const pci = new PciBus();
  pci.attach(
    10,
    0,
    new PciFunction({ vendor: 0x8086, device: 0x7110, revision: 0, classCode: 0x060100, status: 0x200 }),
  );
  return new Gt64120({ bigEndian, pci, acknowledge: () => 0x24 });
}

/** Malta's memory map, as its firmware makes it. */
function program(gt: Gt64120, order: (value: number) => number): void {
  const map = [
    [0x68, 0xdf],
    [0x48, 0xc0],
    [0x50, 0x40],
    [0x58, 0x80],
    [0x60, 0x3f],
    [0x80, 0xc1],
    [0x88, 0x5e],
  ] as const;
  for (const [register, value] of map) gt.write(register, 4, order(value));
}

describe.each([
  ['little', false, (value: number) => value >>> 0],
  ['big', true, swap32],
] as const)('a %s-endian board', (_name, bigEndian, order) => {
  let gt: Gt64120;
  const read = (offset: number): number => order(gt.read(offset, 4));
  const write = (offset: number, value: number): void => gt.write(offset, 4, order(value));
  beforeEach(() => (gt = build(bigEndian)));

  test('windows', () => {
    expect(gt.isd.base).toBe(0x14000000);
    program(gt, order);
    expect(gt.isd).toEqual({ base: 0x1be00000, size: 0x200000 });
    expect(gt.pciIo).toEqual({ base: 0x18000000, size: 0x200000 });
    expect(gt.pciMem0).toEqual({ base: 0x10000000, size: 0x8000000 });
    expect(gt.pciMem1).toEqual({ base: 0x18200000, size: 0x3c00000 });
    expect([0xf0, 0xf8, 0x100].map(read)).toEqual([0xc0, 0x80, 0xc1]);
    write(0x50, 0x3f);
    expect(gt.pciIo.size).toBe(0);
  });

  test('configuration cycles', () => {
    write(CONFIG_ADDRESS, 0x80000000);
    expect(read(CONFIG_DATA)).toBe(0x462011ab);
    write(CONFIG_ADDRESS, 0x80005000);
    // A word of another device's data comes in natural order on both boards.
    expect(gt.read(CONFIG_DATA, 4)).toBe(0x71108086);
    write(CONFIG_ADDRESS, 0x80005004);
    gt.write(CONFIG_DATA, 4, 0x00000007);
    expect(gt.read(CONFIG_DATA, 4)).toBe(0x02000007);
    expect(read(CAUSE)).toBe(0);
  });

  test('an absent function reads ones and leaves a master abort', () => {
    write(CONFIG_ADDRESS, 0x80005800);
    expect(read(CONFIG_DATA)).toBe(0xffffffff);
    expect(read(CAUSE)).toBe(0x00040001);
    write(CAUSE, 0xfffbffff);
    expect(read(CAUSE)).toBe(0);
    write(CONFIG_ADDRESS, 0);
    expect(read(CONFIG_DATA)).toBe(0xffffffff);
    expect(read(CAUSE)).toBe(0);
  });

  test('the acknowledge cycle', () => {
    expect(read(0xc34)).toBe(0x24);
  });

  test('parts of a register', () => {
    write(0x470, 0x11223344);
    // Byte 0 is bits 7 to 0 at the lowest address, on both boards.
    expect([0, 1, 2, 3].map((i) => gt.read(0x470 + i, 1))).toEqual([0x44, 0x33, 0x22, 0x11]);
    gt.write(0x472, 1, 0x99);
    expect(read(0x470)).toBe(0x11993344);
  });

  test('outside its registers there is nothing', () => {
    expect(gt.read(0x1000, 4)).toBe(0);
    gt.write(0x1ffffc, 4, 1);
  });
});

test('CPU bit 12 tells the byte order', () => {
  expect([build(false).read(0, 4), build(true).read(0, 4)]).toEqual([0x1000, 0]);
  expect([build(false).read(0xc00, 4), build(true).read(0xc00, 4)]).toEqual([0x10001, 0]);
});
