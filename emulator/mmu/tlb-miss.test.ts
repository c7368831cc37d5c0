/** What a TLB write after a miss may leave alone, and what not. */
import { expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { FAULT, READ } from '../cpu/cpu.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { RAM_AT } from '../memory.ts';
import { BareMachine, entryLo } from '../testing/bare-machine.ts';

const USEG = 0x00400000;
const USER_MODE = 0x10;
const page = (gpa: number, flags: string) => ({ lo0: entryLo(gpa, flags), lo1: entryLo(gpa + 0x1000, flags) });

it('a global entry for a page that missed under one ASID takes away what another ASID’s has filled', () => {
  const machine = new BareMachine({ tlbEntries: 16 });
  const { system } = machine;
  machine.setCp0(Cp0.Status, 0);
  machine.writeEntry(5, { hi: USEG | 1, ...page(0x200000, 'VD') });
  machine.setCp0(Cp0.Status, USER_MODE);
  expect(system.resolve(USEG, READ)).toBe(RAM_AT + 0x200000);
  system.exception(ExcCode.Sys);
  machine.setCp0(Cp0.Status, 0);
  machine.setCp0(Cp0.EntryHi, 2);
  expect(system.resolve(USEG, READ)).toBe(FAULT);
  machine.setCp0(Cp0.Status, 0);
  // Before the entry of ASID 1 in the order of a lookup.
  machine.writeEntry(3, { hi: USEG | 2, ...page(0x300000, 'VDG') });
  machine.setCp0(Cp0.EntryHi, 1);
  machine.setCp0(Cp0.Status, USER_MODE);
  expect(system.resolve(USEG, READ)).toBe(RAM_AT + 0x300000);
});
