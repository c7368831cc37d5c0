import { expect, test } from 'vitest';
import type { Device } from './device.ts';
import { IsaBus } from './isa-bus.ts';

const echo = (): Device & { log: string[] } => {
  const log: string[] = [];
  return {
    name: 'echo',
    log,
    read: (offset, size) => (log.push(`r${offset}/${size}`), 0x10 + offset),
    write: (offset, size, value) => void log.push(`w${offset}/${size}=${value}`),
    reset: () => {},
  };
};

test('wide accesses fall apart into bytes, little end first', () => {
  const bus = new IsaBus();
  const device = echo();
  const count = { reads: 0, writes: 0 };
  bus.claim(0x3f8, 2, device, count);
  expect(bus.read(0x3f8, 4)).toBe(0xffff1110);
  bus.write(0x3f9, 2, 0x1234);
  expect(device.log).toEqual(['r0/1', 'r1/1', 'w1/1=52']);
  expect(count).toEqual({ reads: 2, writes: 1 });
});

test('a wide device sees them whole; a released block floats', () => {
  const bus = new IsaBus();
  const device = echo();
  const release = bus.claim(0x1000, 64, device, { reads: 0, writes: 0 }, { wide: true });
  expect(bus.read(0x1008, 4)).toBe(0x18);
  expect(device.log).toEqual(['r8/4']);
  release();
  expect(bus.read(0x1008, 2)).toBe(0xffff);
});

test('a movable block does not hide a fixed device', () => {
  const bus = new IsaBus();
  const fixed = echo();
  bus.claim(0x40, 4, fixed, { reads: 0, writes: 0 });
  const release = bus.claim(0x40, 64, echo(), { reads: 0, writes: 0 }, { wide: true });
  bus.read(0x40, 1);
  release();
  bus.read(0x41, 1);
  expect(fixed.log).toEqual(['r0/1', 'r1/1']);
});
