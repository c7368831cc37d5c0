import { expect, it } from 'vitest';
import type { TimelineEvent } from '../../../emulator/protocol.ts';
import { slotsOf, tableOf } from './touch.ts';

const MIB4 = 2 ** 22;
const event = (fields: Partial<TimelineEvent>): TimelineEvent => ({
  sequence: 1,
  category: 1,
  instructions: 0,
  virtualNs: 0,
  pc: 0,
  symbol: '',
  asid: 1,
  user: false,
  ...fields,
});

it('a fault is in one slot, of the table of its mode', () => {
  const fault = event({ address: 0x7fffffff, user: true });
  expect(slotsOf(fault, MIB4)).toEqual([0x1ff]);
  expect(tableOf(fault)).toBe('user');
});

it('a TLB entry reaches as far as its pair of pages, in either table', () => {
  const entry = { index: 0, entryHi: 0xc0801012, pageMask: 0, entryLo0: 0, entryLo1: 0 };
  expect(slotsOf(event({ tlb: entry }), MIB4)).toEqual([0x302]);
  expect(slotsOf(event({ tlb: { ...entry, pageMask: 0x1ffe000 } }), MIB4)).toEqual([
    0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306, 0x307,
  ]);
  expect(tableOf(event({ tlb: entry }))).toBeNull();
});

it('a change of ASID touches none itself', () => {
  expect(slotsOf(event({ oldAsid: 1, newAsid: 2 }), MIB4)).toEqual([]);
});
