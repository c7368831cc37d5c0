import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from './fake-host.ts';
import { Mc146818 } from './mc146818.ts';

const SECOND = 1_000_000_000;
let clock: FakeClock;
let rtc: Mc146818;
let irq = false;

const read = (register: number): number => {
  rtc.write(0, 1, register);
  return rtc.read(1, 1);
};
const write = (register: number, value: number): void => {
  rtc.write(0, 1, register);
  rtc.write(1, 1, value);
};
const time = (): number[] => [0x32, 9, 8, 7, 4, 2, 0].map(read);

beforeEach(() => {
  clock = new FakeClock();
  irq = false;
  rtc = new Mc146818(clock, (level) => (irq = level));
});

describe('time', () => {
  test('starts with 2026 and runs on virtual time', () => {
    expect(time()).toEqual([0x20, 0x26, 0x01, 0x01, 0, 0, 0]);
    // A Thursday.
    expect(read(6)).toBe(5);
    clock.advance((27 * 3600 + 45 * 60 + 59) * SECOND);
    expect(time()).toEqual([0x20, 0x26, 0x01, 0x02, 0x03, 0x45, 0x59]);
  });

  test('binary and 12 hours', () => {
    write(11, 0x04);
    clock.advance(13 * 3600 * SECOND);
    expect(time()).toEqual([20, 26, 1, 1, 0x81, 0, 0]);
    clock.advance(11 * 3600 * SECOND);
    expect(read(4)).toBe(12);
  });

  test('is set as Linux sets it, and then updates half a second later', () => {
    write(11, 0x82);
    write(10, 0x76);
    for (const [register, value] of [
      [9, 0x24],
      [8, 0x02],
      [7, 0x29],
      [4, 0x23],
      [2, 0x59],
      [0, 0x58],
    ] as const) {
      write(register, value);
    }
    clock.advance(5 * SECOND);
    expect(time()).toEqual([0x20, 0x24, 0x02, 0x29, 0x23, 0x59, 0x58]);
    write(11, 0x02);
    write(10, 0x26);
    clock.advance(SECOND / 2 - 1);
    expect(read(0)).toBe(0x58);
    clock.advance(1);
    expect(read(0)).toBe(0x59);
    clock.advance(SECOND);
    expect(time()).toEqual([0x20, 0x24, 0x03, 0x01, 0, 0, 0]);
  });

  test('survives a reset', () => {
    clock.advance(90 * SECOND);
    rtc.reset();
    expect([read(2), read(0)]).toEqual([0x01, 0x30]);
  });
});

test('UIP announces the update 244 us ahead of its 1984 us', () => {
  expect(read(10)).toBe(0x26);
  clock.advance(SECOND - 2_228_001);
  expect(read(10)).toBe(0x26);
  clock.advance(1);
  expect(read(10)).toBe(0xa6);
  clock.advance(2_228_000);
  expect(read(10)).toBe(0x26);
});

describe('interrupts', () => {
  test('update: once a second until register C is read', () => {
    write(11, 0x12);
    clock.advance(SECOND);
    expect(irq).toBe(true);
    expect(read(12)).toBe(0xd0);
    expect(irq).toBe(false);
    expect(read(12)).toBe(0x00);
    clock.advance(SECOND);
    expect(irq).toBe(true);
  });

  test('periodic at 1024 Hz', () => {
    write(11, 0x42);
    let count = 0;
    for (let i = 0; i < 1024; i++) {
      clock.advance(976_563);
      if (irq) count++;
      read(12);
    }
    expect(count).toBe(1024);
  });

  test('alarm, with fields that match anything', () => {
    write(1, 0x30);
    write(3, 0xc0);
    write(5, 0xff);
    write(11, 0x22);
    clock.advance(29 * SECOND);
    expect(irq).toBe(false);
    clock.advance(SECOND);
    expect(irq).toBe(true);
    expect(read(12) & 0xa0).toBe(0xa0);
    clock.advance(60 * SECOND);
    expect(irq).toBe(true);
  });

  test('an alarm that cannot be schedules nothing', () => {
    write(1, 0x75);
    write(11, 0x22);
    expect(clock.pending).toBe(0);
  });

  test('flags are set without being enabled', () => {
    clock.advance(2 * SECOND);
    expect(read(12)).toBe(0x50);
    expect(irq).toBe(false);
  });
});

test('CMOS RAM keeps what is written, register D says valid', () => {
  write(0x40, 0xa5);
  expect([read(0x40), read(13)]).toEqual([0xa5, 0x80]);
  expect(rtc.read(0, 1)).toBe(0xff);
});
