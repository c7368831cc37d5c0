import { beforeEach, expect, test } from 'vitest';
import { PciBus, PciFunction } from './pci.ts';

const ENABLE = 0x80000000;
const at = (device: number, fn: number, register: number): number =>
  (ENABLE | (device << 11) | (fn << 8) | register) >>> 0;
let bus: PciBus;
let card: PciFunction;

beforeEach(() => {
  bus = new PciBus();
  card = new PciFunction({ vendor: 0x1234, device: 0x5678, revision: 9, classCode: 0x020000, status: 0x0280 });
  card.defineBar(0, 0x1000, 'memory');
  card.defineBar(1, 0x20, 'io');
  bus.attach(5, 0, card);
});

test('identity', () => {
  expect(bus.read(at(5, 0, 0))).toBe(0x56781234);
  expect(bus.read(at(5, 0, 8))).toBe(0x02000009);
});

test('what is not there does not answer', () => {
  expect(bus.read(at(5, 1, 0))).toBeNull();
  expect(bus.read(at(6, 0, 0))).toBeNull();
  expect(bus.read(at(5, 0, 0) | 0x10000)).toBeNull();
  expect(bus.read(at(5, 0, 0) & 0x7fffffff)).toBeNull();
  expect(bus.write(at(6, 0, 0), 0, 0xffffffff)).toBe(false);
});

test('base addresses are sized by writing ones', () => {
  bus.write(at(5, 0, 0x10), 0xffffffff, 0xffffffff);
  bus.write(at(5, 0, 0x14), 0xffffffff, 0xffffffff);
  bus.write(at(5, 0, 0x18), 0xffffffff, 0xffffffff);
  expect([0x10, 0x14, 0x18].map((register) => bus.read(at(5, 0, register)))).toEqual([0xfffff000, 0x0000ffe1, 0]);
});

test('identity is read-only, status clears by ones, lanes are honoured', () => {
  bus.write(at(5, 0, 0), 0, 0xffffffff);
  expect(bus.read(at(5, 0, 0))).toBe(0x56781234);
  bus.write(at(5, 0, 4), 0xffff0007, 0x000000ff);
  expect(bus.read(at(5, 0, 4))).toBe(0x02800007);
  bus.reset();
  expect(bus.read(at(5, 0, 4))).toBe(0x02800000);
});
