/** Interrupts, the CP0 timer and WAIT of the `malta` machine's CPU. */
import { beforeEach, describe, expect, it } from 'vitest';
import { BareMachine, op } from '../testing/bare-machine.ts';
import { CAUSE_DC, CAUSE_IP7, CAUSE_IV, CAUSE_TI, Cp0 } from './cp0.ts';
import { ExcCode } from './exceptions.ts';

const IE = 1;
const NS_PER_COUNT = 8;
let machine: BareMachine;
const cp0 = (index: number) => machine.system.cp0[index]! >>> 0;
const pc = () => machine.cpu.pc >>> 0;
const taken = () => (cp0(Cp0.Status) & 2) !== 0;
const nops = (n: number) => machine.execute(...new Array<number>(n).fill(0));

beforeEach(() => {
  machine = new BareMachine();
  machine.setCp0(Cp0.Status, 0);
});

describe('software interrupts', () => {
  it.each([0, 1])('IP%i', (line) => {
    machine.setCp0(Cp0.Status, IE | (0x100 << line));
    nops(2);
    expect(taken()).toBe(false);
    machine.setCp0(Cp0.Cause, 0x100 << line);
    const next = pc();
    nops(1);
    expect((cp0(Cp0.Cause) >>> 2) & 31).toBe(ExcCode.Int);
    expect(cp0(Cp0.EPC)).toBe(next);
    expect(machine.counters.exceptions[ExcCode.Int]).toBe(1);
  });

  it.each([
    ['IE is clear', 0x100],
    ['EXL is set', IE | 2 | 0x100],
    ['ERL is set', IE | 4 | 0x100],
    ['the line is masked', IE | 0x200],
  ])('wait while %s', (_, status) => {
    machine.setCp0(Cp0.Cause, 0x100);
    machine.setCp0(Cp0.Status, status);
    nops(3);
    expect(machine.counters.exceptions[ExcCode.Int]).toBe(0);
    machine.setCp0(Cp0.Status, IE | 0x100);
    nops(1);
    expect(machine.counters.exceptions[ExcCode.Int]).toBe(1);
  });
});

describe('the vector', () => {
  const interrupt = (cause: number, status = 0) => {
    machine.setCp0(Cp0.Cause, cause);
    machine.setCp0(Cp0.Status, status | IE | 0xff00);
    machine.run(0, Infinity);
    return pc();
  };
  it('is the general one without Cause.IV', () => {
    expect(interrupt(0x100)).toBe(0x80000180);
  });
  it('is at 0x200 with Cause.IV', () => {
    expect(interrupt(CAUSE_IV | 0x100)).toBe(0x80000200);
  });
  it.each([
    [0x100, 0x20, 0x200],
    [0x200, 0x20, 0x220],
    [0x300, 0x100, 0x300],
  ])('of lines %i with spacing %i', (lines, spacing, offset) => {
    machine.setCp0(Cp0.IntCtl, spacing);
    expect(interrupt(CAUSE_IV | lines)).toBe(0x80000000 + offset);
  });
  it('of a hardware line is chosen by its number, the highest first', () => {
    machine.setCp0(Cp0.IntCtl, 0x40);
    machine.system.setPin(2, true);
    machine.system.setPin(5, true);
    expect(interrupt(CAUSE_IV | 0x100)).toBe(0x80000200 + 5 * 0x40);
  });
  it('is one and the same with Status.BEV', () => {
    machine.setCp0(Cp0.IntCtl, 0x20);
    expect(interrupt(CAUSE_IV | 0x200, 0x00400000)).toBe(0xbfc00400);
  });
});

it('a pin shows in Cause as long as it is driven', () => {
  machine.system.setPin(4, true);
  expect(cp0(Cp0.Cause) & 0xfc00).toBe(0x1000);
  machine.setCp0(Cp0.Cause, 0);
  expect(cp0(Cp0.Cause) & 0xfc00).toBe(0x1000);
  machine.system.setPin(4, false);
  expect(cp0(Cp0.Cause) & 0xfc00).toBe(0);
});

describe('Count and Compare', () => {
  it('Count steps every second instruction of 4 ns', () => {
    machine.setCp0(Cp0.Count, 1000);
    nops(200);
    expect(machine.getCp0(Cp0.Count)).toBe(1100);
  });

  it('Cause.DC holds Count, and it goes on from there', () => {
    machine.setCp0(Cp0.Count, 1000);
    machine.setCp0(Cp0.Cause, CAUSE_DC);
    nops(200);
    expect(machine.getCp0(Cp0.Count)).toBe(1000);
    machine.setCp0(Cp0.Count, 77);
    expect(machine.getCp0(Cp0.Count)).toBe(77);
    machine.setCp0(Cp0.Cause, 0);
    nops(200);
    expect(machine.getCp0(Cp0.Count)).toBe(177);
  });

  it('a match sets TI and IP7, a write to Compare clears them', () => {
    machine.setCp0(Cp0.Compare, machine.getCp0(Cp0.Count) + 50);
    nops(98);
    expect(cp0(Cp0.Cause) & (CAUSE_TI | CAUSE_IP7)).toBe(0);
    nops(4);
    expect(cp0(Cp0.Cause) & (CAUSE_TI | CAUSE_IP7)).toBe(CAUSE_TI | CAUSE_IP7);
    machine.setCp0(Cp0.Compare, 0);
    expect(cp0(Cp0.Cause) & (CAUSE_TI | CAUSE_IP7)).toBe(0);
  });

  it('a held Count does not match', () => {
    machine.setCp0(Cp0.Compare, machine.getCp0(Cp0.Count) + 50);
    machine.setCp0(Cp0.Cause, CAUSE_DC);
    nops(300);
    expect(cp0(Cp0.Cause) & CAUSE_TI).toBe(0);
  });

  it('Compare equal to Count matches a whole round later', () => {
    const now = machine.getCp0(Cp0.Count);
    machine.setCp0(Cp0.Compare, now);
    expect(machine.clock.nextEvent()).toBeGreaterThan(2 ** 32 * NS_PER_COUNT - 100);
  });

  it('the interrupt never comes between a branch and its delay slot', () => {
    const branch = machine.start;
    machine.place(branch, op('beq', { i: 0xffff }), op('addiu', { s: 8, t: 8, i: 1 }));
    machine.cpu.pc = branch;
    for (let i = 0; i < 60; i++) {
      machine.setCp0(Cp0.Compare, machine.getCp0(Cp0.Count) + 5 + (i % 7));
      machine.setCp0(Cp0.Status, IE | CAUSE_IP7);
      machine.run(1 + (i % 3), Infinity);
      while (!taken()) machine.run(1, Infinity);
      expect(cp0(Cp0.EPC)).toBe(branch);
      expect(cp0(Cp0.Cause) >>> 31).toBe(0);
      machine.cpu.pc = branch;
      machine.setCp0(Cp0.Status, 0);
    }
  });
});

describe('WAIT', () => {
  const timerIn = (ticks: number) => machine.setCp0(Cp0.Compare, machine.getCp0(Cp0.Count) + ticks);
  const waitHere = () => {
    machine.place(pc(), op('wait'), 0, 0);
    return pc();
  };

  it('ends at the interrupt, which returns to the instruction after it', () => {
    const at = waitHere();
    timerIn(1_000_000);
    machine.setCp0(Cp0.Status, IE | CAUSE_IP7);
    const before = machine.clock.now();
    machine.run(2, Infinity);
    expect([taken(), cp0(Cp0.EPC)]).toEqual([true, at + 4]);
    expect(machine.clock.now() - before).toBeGreaterThanOrEqual(999_999 * NS_PER_COUNT);
    expect(machine.clock.now() - before).toBeLessThan(1_000_100 * NS_PER_COUNT);
  });

  it('ends at a masked interrupt, and goes on', () => {
    const at = waitHere();
    timerIn(1000);
    machine.setCp0(Cp0.Status, CAUSE_IP7);
    machine.run(2, Infinity);
    expect([taken(), pc()]).toEqual([false, at + 8]);
  });

  it('goes on at once when an interrupt is pending', () => {
    const at = waitHere();
    machine.setCp0(Cp0.Cause, 0x100);
    machine.setCp0(Cp0.Status, 0x100);
    expect(machine.run(2, 0)).toBe('limit');
    expect(pc()).toBe(at + 8);
  });

  it('is reported as idle when time may not be skipped, and counts no instructions', () => {
    waitHere();
    timerIn(1_000_000);
    machine.setCp0(Cp0.Status, IE | CAUSE_IP7);
    expect(machine.run(100, machine.clock.now())).toBe('idle');
    const waited = machine.clock.instructions();
    expect(machine.run(100, machine.clock.now())).toBe('idle');
    expect(machine.clock.instructions()).toBe(waited);
    machine.clock.skipTo(machine.clock.nextEvent());
    expect(machine.run(1, machine.clock.now())).toBe('limit');
    expect(taken()).toBe(true);
  });
});
