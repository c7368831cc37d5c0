import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from './fake-host.ts';
import { I8254, PIT_HZ } from './i8254.ts';
import { ticksToNs } from './ticks.ts';

const CONTROL = 3;
const PORT_61 = 4;
let clock: FakeClock;
let pit: I8254;
let rises: number;
let level = false;

const write = (offset: number, ...values: number[]): void => values.forEach((value) => pit.write(offset, 1, value));
const read = (offset: number): number => pit.read(offset, 1);
const readWord = (offset: number): number => read(offset) | (read(offset) << 8);
/** Lets whole ticks pass, from a whole tick on. */
function pass(ticks: number): void {
  const now = Math.floor((clock.now() * PIT_HZ) / 1e9 + 1e-6);
  clock.advance(ticksToNs(now + ticks, PIT_HZ) - clock.now());
}

beforeEach(() => {
  clock = new FakeClock();
  rises = 0;
  pit = new I8254(clock, (high) => {
    if (high && !level) rises++;
    level = high;
  });
});

describe('modes', () => {
  test('mode 0 counts down once and raises OUT', () => {
    write(CONTROL, 0x30);
    expect(level).toBe(false);
    write(0, 100, 0);
    pass(40);
    expect(readWord(0)).toBe(60);
    pass(59);
    expect(level).toBe(false);
    pass(1);
    expect(level).toBe(true);
    pass(10);
    expect(readWord(0)).toBe(0x10000 - 10);
    expect(rises).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('mode 2 divides: one pulse a period', () => {
    write(CONTROL, 0x34);
    write(0, 0xe8, 0x03);
    const before = rises;
    pass(999);
    expect(level).toBe(false);
    pass(1);
    expect(level).toBe(true);
    pass(9000);
    expect(rises - before).toBe(10);
    expect(clock.pending).toBe(1);
  });

  test('mode 3 is a square wave that counts by twos', () => {
    write(CONTROL, 0x36);
    write(0, 100, 0);
    pass(10);
    expect(readWord(0)).toBe(80);
    expect(level).toBe(true);
    pass(40);
    expect(level).toBe(false);
    pass(50);
    expect(level).toBe(true);
  });

  test('mode 4 strobes low for one tick', () => {
    write(CONTROL, 0x38);
    write(0, 10, 0);
    expect(level).toBe(true);
    pass(10);
    expect(level).toBe(false);
    pass(1);
    expect(level).toBe(true);
    pass(100);
    expect(clock.pending).toBe(0);
  });

  test('mode 1 waits for its gate', () => {
    write(CONTROL, 0xb2);
    write(2, 20, 0);
    pass(50);
    expect(read(PORT_61) & 0x20).toBe(0x20);
    write(PORT_61, 1);
    expect(read(PORT_61) & 0x20).toBe(0);
    pass(20);
    expect(read(PORT_61) & 0x20).toBe(0x20);
  });

  test('a new count in mode 2 waits for the end of the period', () => {
    write(CONTROL, 0x34);
    write(0, 100, 0);
    pass(50);
    write(0, 10, 0);
    const before = rises;
    pass(49);
    expect(rises).toBe(before);
    pass(1);
    expect(rises).toBe(before + 1);
    pass(10);
    expect(rises).toBe(before + 2);
  });
});

describe('reading', () => {
  test('a latched count stands still', () => {
    write(CONTROL, 0x34);
    write(0, 0, 0x10);
    pass(0x100);
    write(CONTROL, 0x00);
    pass(0x100);
    expect(readWord(0)).toBe(0xf00);
    expect(readWord(0)).toBe(0xe00);
  });

  test('read-back gives status, then count', () => {
    write(CONTROL, 0x34);
    write(0, 0, 0x10);
    write(CONTROL, 0xc2);
    expect(read(0)).toBe(0xb4);
    expect(readWord(0)).toBe(0x1000);
  });

  test('status tells a count not loaded yet', () => {
    write(CONTROL, 0x30);
    write(CONTROL, 0xe2);
    expect(read(0)).toBe(0x70);
  });

  test('BCD', () => {
    write(CONTROL, 0x35);
    write(0, 0x00, 0x10);
    pass(1);
    expect(readWord(0)).toBe(0x0999);
  });

  test('one byte of the count', () => {
    write(CONTROL, 0x20);
    write(0, 0x12);
    expect(read(0)).toBe(0x12);
    write(CONTROL, 0x10);
    write(0, 0x34);
    expect([read(0), read(0)]).toEqual([0x34, 0x34]);
  });
});

test('the gate of counter 2 holds and lets go', () => {
  write(CONTROL, 0xb0);
  write(PORT_61, 1);
  write(2, 100, 0);
  pass(30);
  write(PORT_61, 0);
  pass(1000);
  expect(readWord(2)).toBe(70);
  write(PORT_61, 1);
  pass(70);
  expect(read(PORT_61) & 0x23).toBe(0x21);
});

test('a late event still makes its edge', () => {
  write(CONTROL, 0x34);
  write(0, 100, 0);
  const before = rises;
  clock.spend(ticksToNs(150, PIT_HZ));
  clock.advance(0);
  expect(rises).toBe(before + 1);
});
