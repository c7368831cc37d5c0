import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from './fake-host.ts';
import { Piix4Isa, Piix4Pm, PM_TIMER_HZ } from './piix4.ts';
import { ticksToNs } from './ticks.ts';

let clock: FakeClock;
let pm: Piix4Pm;
let irq = false;
let off = 0;
let base: number | null = null;

beforeEach(() => {
  clock = new FakeClock();
  off = 0;
  pm = new Piix4Pm({
    clock,
    irq: (level) => (irq = level),
    powerOff: () => off++,
    mapped: (where) => (base = where),
  });
  pm.reset();
});

describe('power management', () => {
  test('its block moves and can be switched off', () => {
    expect(base).toBe(0x1000);
    pm.writeConfig(0x40, 0x2041, 0xffff);
    expect(base).toBe(0x2040);
    expect(pm.readConfig(0x40)).toBe(0x2041);
    pm.writeConfig(0x80, 0, 0xff);
    expect(base).toBeNull();
  });

  test('SUS_EN with type 0 switches the power off', () => {
    pm.write(4, 2, 0x2000);
    expect(off).toBe(1);
    expect(pm.read(4, 2)).toBe(0);
    pm.write(4, 2, 0x2400);
    expect(off).toBe(1);
    expect(pm.read(4, 2)).toBe(0x0400);
    pm.write(5, 1, 0x20);
    expect(off).toBe(2);
  });

  test('the timer counts 24 bits of 3.579545 MHz', () => {
    clock.advance(1_000_000_000);
    expect(pm.read(8, 4)).toBe(PM_TIMER_HZ);
    clock.advance(4_000_000_000);
    expect(pm.read(8, 4)).toBe((5 * PM_TIMER_HZ) % 0x1000000);
    expect(pm.read(11, 1)).toBe(0);
  });

  test('the timer overflow raises SCI until it is cleared', () => {
    pm.write(2, 2, 0x0001);
    pm.write(4, 2, 0x0001);
    clock.advance(ticksToNs(0x800000, PM_TIMER_HZ));
    expect(irq).toBe(true);
    expect(pm.read(0, 4)).toBe(0x00010001);
    pm.write(0, 2, 0x0001);
    expect(irq).toBe(false);
    expect(clock.pending).toBe(1);
  });
});

test('identities', () => {
  const bridge = new Piix4Isa(() => {});
  expect([bridge.readConfig(0), bridge.readConfig(8), bridge.readConfig(12)]).toEqual([
    0x71108086, 0x06010000, 0x00800000,
  ]);
  expect([pm.readConfig(0), pm.readConfig(8)]).toEqual([0x71138086, 0x06800003]);
});

test('the reset control register restarts the machine on a rising RCPU', () => {
  let resets = 0;
  const bridge = new Piix4Isa(() => resets++);
  bridge.write(0, 1, 0x02);
  expect(resets).toBe(0);
  bridge.write(0, 1, 0x06);
  expect(resets).toBe(1);
});

describe('PCI interrupts', () => {
  test('lines that share a PIRQ hold it together, and PIRQs share an IRQ', () => {
    const levels = new Map<number, boolean>();
    let changes = 0;
    const bridge = new Piix4Isa(
      () => {},
      (irq, level) => {
        levels.set(irq, level);
        changes++;
      },
    );
    const [a, again, b, c] = [bridge.pirq(0), bridge.pirq(0), bridge.pirq(1), bridge.pirq(2)];
    a(true);
    again(true);
    b(true);
    expect([levels.get(10), changes]).toEqual([true, 1]);
    a(false);
    b(false);
    expect(levels.get(10)).toBe(true);
    again(false);
    expect(levels.get(10)).toBe(false);
    c(true);
    expect(levels.get(11)).toBe(true);
  });

  test('PIRQRC routes them, also while they are active', () => {
    const levels = new Map<number, boolean>();
    const bridge = new Piix4Isa(
      () => {},
      (irq, level) => levels.set(irq, level),
    );
    bridge.pirq(3)(true);
    expect(levels).toEqual(new Map([[11, true]]));
    bridge.writeConfig(0x60, 0x05000000, 0xff000000);
    expect([levels.get(11), levels.get(5)]).toEqual([false, true]);
    // Off, or to an IRQ that no PIRQ may have.
    bridge.writeConfig(0x60, 0x85000000, 0xff000000);
    expect(levels.get(5)).toBe(false);
    bridge.writeConfig(0x60, 0x08000000, 0xff000000);
    expect(levels.has(8)).toBe(false);
    bridge.reset();
    expect(levels.get(11)).toBe(true);
  });
});
