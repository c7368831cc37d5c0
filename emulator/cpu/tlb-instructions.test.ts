/** TLB instructions of the `malta` machine's CPU and what they make of every page size. */
import { beforeEach, describe, expect, it } from 'vitest';
import { RAM_AT } from '../memory.ts';
import { BareMachine, entryLo, op } from '../testing/bare-machine.ts';
import { Cp0 } from './cp0.ts';
import { DEVICE, READ } from './cpu.ts';

let machine: BareMachine;
beforeEach(() => {
  machine = new BareMachine();
  machine.setCp0(Cp0.Status, 0);
});

describe('TLBP', () => {
  it('finds the entry of EntryHi, by ASID or global', () => {
    machine.writeEntry(5, { hi: 0x00400011, lo0: entryLo(0x1000, 'V'), lo1: 0 });
    machine.writeEntry(9, { hi: 0x00600011, lo0: entryLo(0x1000, 'VG'), lo1: entryLo(0, 'G') });
    const probe = (hi: number) => {
      machine.setCp0(Cp0.EntryHi, hi);
      machine.privileged(op('tlbp'));
      return machine.getCp0(Cp0.Index);
    };
    expect(probe(0x00400011)).toBe(5);
    expect(probe(0x00400012) >>> 31).toBe(1);
    expect(probe(0x00600012)).toBe(9);
    expect(probe(0x00402011) >>> 31).toBe(1);
  });
});

describe('TLBWI and TLBR', () => {
  it('give back what was written', () => {
    machine.writeEntry(7, { hi: 0xc0402033, mask: 0x1e000, lo0: entryLo(0x100000, 'VD'), lo1: entryLo(0x110000, 'V') });
    const written = [Cp0.EntryHi, Cp0.PageMask, Cp0.EntryLo0, Cp0.EntryLo1].map((r) => machine.getCp0(r));
    machine.writeEntry(8, { hi: 0x00800000 });
    machine.setCp0(Cp0.Index, 7);
    machine.privileged(op('tlbr'));
    const read = [Cp0.EntryHi, Cp0.PageMask, Cp0.EntryLo0, Cp0.EntryLo1].map((r) => machine.getCp0(r));
    expect(read.slice(1)).toEqual(written.slice(1));
    expect(read[0]! & 0xfffe00ff).toBe(written[0]! & 0xfffe00ff);
  });

  it('an entry is global only if both halves are', () => {
    const globals = (flags0: string, flags1: string) => {
      machine.writeEntry(0, { hi: 0x00400000, lo0: entryLo(0, `V${flags0}`), lo1: entryLo(0, `V${flags1}`) });
      machine.privileged(op('tlbr'));
      return [machine.getCp0(Cp0.EntryLo0) & 1, machine.getCp0(Cp0.EntryLo1) & 1];
    };
    expect(globals('', '')).toEqual([0, 0]);
    expect(globals('G', '')).toEqual([0, 0]);
    expect(globals('', 'G')).toEqual([0, 0]);
    expect(globals('G', 'G')).toEqual([1, 1]);
  });

  it('TLBR of an entry with another ASID is a change of ASID', () => {
    machine.writeEntry(0, { hi: 0x00400022 });
    machine.setCp0(Cp0.EntryHi, 0x11);
    const before = machine.counters.asidChanges;
    machine.privileged(op('tlbr'));
    expect(machine.counters.asidChanges).toBe(before + 1);
    expect(machine.getCp0(Cp0.EntryHi)).toBe(0x00400022);
  });
});

describe.each([16, 32, 64])('TLBWR with %i entries', (tlbEntries) => {
  it.each([0, 1, tlbEntries - 2, tlbEntries - 1])('writes every entry from Wired = %i up, and none below', (wired) => {
    machine = new BareMachine({ tlbEntries });
    machine.setCp0(Cp0.Wired, wired);
    machine.setCp0(Cp0.EntryHi, 0x00400000);
    const start = machine.cpu.pc;
    const written = new Set<number>();
    machine.tlbWrittenAt.fill(-1);
    for (let i = 0; i < 40 * tlbEntries; i++) {
      machine.cpu.pc = start;
      machine.execute(op('tlbwr'));
    }
    machine.tlbWrittenAt.forEach((at, index) => at >= 0 && written.add(index));
    expect([...written].sort((a, b) => a - b)).toEqual(Array.from({ length: tlbEntries - wired }, (_, i) => wired + i));
    const random = machine.getCp0(Cp0.Random);
    expect(random).toBeGreaterThanOrEqual(wired);
    expect(random).toBeLessThan(tlbEntries);
  });
});

describe.each([4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144])('pages of %i KiB', (kib) => {
  const page = kib * 1024;
  const mask = 2 * page - 0x2000;
  it('translates both halves to their last byte, and nothing beside them', () => {
    const base = 0x40000000;
    // Frame bits below the page size do not count.
    const even = 0x00000000 + (page > 0x1000 ? 0x1000 : 0);
    const odd = 0x80000000;
    machine.writeEntry(3, { hi: base, mask, lo0: entryLo(even, 'VD'), lo1: entryLo(odd, 'VD') });
    const translate = (va: number) => {
      machine.setCp0(Cp0.Status, 0);
      const at = machine.system.resolve(va | 0, READ);
      return at === DEVICE ? machine.cpu.gpa : at >= 0 ? at - RAM_AT : null;
    };
    for (const offset of [0, page / 2, page - 4]) {
      expect(translate(base + offset)).toBe(offset);
      // RAM again, through its alias; the bus beyond.
      const inRam = offset < machine.mmu.ramSize;
      expect(translate(base + page + offset)).toBe(inRam ? offset : odd + offset);
    }
    expect(translate(base - 4)).toBeNull();
    expect(translate((base + 2 * page) % 2 ** 32)).toBeNull();
  });
});
