/** Code in pages that the TLB maps, some of them twice: what has been generated from it must follow. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { FLUSH_POLICIES } from '../mmu/policy.ts';
import { Assembler } from '../testing/assembler.ts';
import { entryLo, mtc0, type BareMachine } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { add, adder, caller, FUNCTION, LITTLE, START, toggle } from '../testing/changing-code.ts';

const [V0, A0, A1, T0, T1, S1, S2, RA] = [2, 4, 5, 8, 9, 17, 18, 31];

describe('pages that the TLB maps', () => {
  /** Two virtual pages at `first`, of which the even one shows `frame` and the odd one `other`. */
  const map = (machine: BareMachine, index: number, first: number, frame: number, other: number, asid = 0) =>
    machine.writeEntry(index, { hi: first | asid, lo0: entryLo(frame, 'VD'), lo1: entryLo(other, 'VD') });
  const FRAME = 0x20000;

  it.each([
    ['useg', 0x00400000],
    ['kseg2', 0xc0400000],
    ['kseg3', 0xe0400000],
  ])('code in %s is stored to through an alias', (_, page) => {
    // Executes at both addresses, stores through the other one.
    const code = caller(page, (c) => {
      toggle(c, page + 0x1000);
      c.li(T1, 0x1000).op('xor', { s: S1, t: T1, d: S1 });
    });
    const both = new BothEngines(LITTLE, [code, adder()], (machine) => {
      map(machine, 0, page, FRAME, FRAME);
      machine.cpu.pc = START | 0;
    });
    both.go(20_000);
    expect(both.counts.dropped).toBeGreaterThan(50);
    expect(both.register(V0)).toBeGreaterThan(90 * both.register(S2));
  });

  it('an absolute jump in a page that is mapped in two regions of 256 MiB', () => {
    // J stays in the page at 0x0002.... only; from 0x1002.... and 0x8002.... it stays in theirs.
    const page = new Assembler(0x80020000).label('entry').word(add(1)).jump('j', 'on').nop().padTo(0x40);
    page.label('on').word(add(2)).op('jr', { s: RA }).nop();
    const elsewhere = new Assembler(0x80030000).padTo(0x40).word(add(0x100)).op('jr', { s: RA }).nop();
    const code = caller(0x00020000, (c) => c.li(T1, 0x10000000).op('xor', { s: S1, t: T1, d: S1 }));
    const both = new BothEngines(LITTLE, [code, page, elsewhere], (machine) => {
      map(machine, 0, 0x00020000, 0x20000, 0x30000);
      // Here the page of the code is another than the one that its jump goes to.
      map(machine, 1, 0x10030000, 0x20000, 0x20000);
      map(machine, 2, 0x10020000, 0x30000, 0x30000);
      machine.cpu.r[S1] = 0;
    });
    both.go(10_000);
    // At the other mapping the same frame is entered at another page number.
    both.act((machine) => (machine.cpu.r[S1] = 0x10030000));
    both.go(10_000);
  });

  it('the frame behind a page of code changes between calls', () => {
    const code = caller(0x00400000, (c) => {
      c.li(T1, entryLo(0x20000, '') ^ entryLo(0x21000, '')).op('xor', { s: A0, t: T1, d: A0 });
      c.word(mtc0(A0, Cp0.EntryLo0)).op('tlbwi');
    });
    const both = new BothEngines(LITTLE, [code, adder(), adder(FUNCTION + 0x1000, 100)], (machine) => {
      map(machine, 0, 0x00400000, 0x20000, 0x20000);
      machine.cpu.r[A0] = entryLo(0x20000, 'VD');
      machine.setCp0(Cp0.EntryLo1, entryLo(0x20000, 'VD'));
      machine.setCp0(Cp0.Index, 0);
      machine.setCp0(Cp0.EntryHi, 0x00400000);
    });
    both.go(20_000);
    expect(both.register(V0)).toBeGreaterThan(45 * both.register(S2) * 50);
  });

  it.each(FLUSH_POLICIES)('the ASID changes, and with it the code at an address: %s', (policy) => {
    const code = caller(0x00400000, (c) => c.op('xori', { s: A1, t: A1, i: 3 }).word(mtc0(A1, Cp0.EntryHi)));
    const both = new BothEngines({ ...LITTLE, policy }, [code, adder(), adder(FUNCTION + 0x1000, 100)], (machine) => {
      map(machine, 0, 0x00400000, 0x20000, 0x20000, 1);
      map(machine, 1, 0x00400000, 0x21000, 0x21000, 2);
      machine.cpu.r[A1] = 1;
      machine.setCp0(Cp0.EntryHi, 1);
    });
    both.go(20_000);
    // Under `never` the first one's stays for ever: that is what the policy shows.
    if (policy !== 'never') expect(both.register(V0)).toBeGreaterThan(45 * both.register(S2) * 50);
  });

  it.each([
    ['itself', 0],
    ['its caller', 1],
  ])('code takes the page of %s out of the TLB', (_, where) => {
    // The refill handler counts in s2 and puts the page back.
    const refill = new Assembler(0x80000000).op('addiu', { s: S2, t: S2, i: 1 }).op('tlbwr').op('eret');
    const drop = (c: Assembler) =>
      c.li(T0, 0x80000000).word(mtc0(T0, Cp0.EntryHi)).op('tlbwi').li(T0, 0x00400000).word(mtc0(T0, Cp0.EntryHi));
    const callee = drop(new Assembler(FUNCTION)).word(add(1)).op('jr', { s: RA }).nop();
    const mapped = new Assembler(0x80021000).label('loop');
    if (where === 0) drop(mapped).word(add(1));
    else mapped.li(S1, FUNCTION).op('jalr', { s: S1, d: RA }).nop().word(add(1));
    mapped.branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [mapped, callee, refill], (machine) => {
      // Random names one entry, the last, and so does Index.
      const last = machine.options.tlbEntries - 1;
      map(machine, last, 0x00400000, 0x21000, 0x21000);
      machine.setCp0(Cp0.Wired, last);
      machine.setCp0(Cp0.Status, 0);
      machine.cpu.pc = 0x00400000;
    });
    both.go(6000);
    expect(both.register(V0)).toBeGreaterThan(100);
    expect(both.register(S2)).toBeGreaterThan(100);
  });

  it('the host takes all pages away, and write-protects them', () => {
    const code = caller(0x00400000, (c) => toggle(c, 0x00401000));
    const options = { ...LITTLE, hostUnmapEvery: 333, hostProtectEvery: 157 };
    const both = new BothEngines(options, [code, adder()], (machine) => map(machine, 0, 0x00400000, FRAME, FRAME));
    both.go(20_000);
    expect(both.register(V0)).toBeGreaterThan(90 * both.register(S2));
    expect(both.counts.dropped).toBeGreaterThan(50);
  });

  it('stores go to code whose page the host TLB has not got at the moment', () => {
    // Each change of ASID drops the mapped page, so that the store is the first access to it.
    const code = caller(FUNCTION, (c) => {
      c.li(T0, FUNCTION).op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 });
      c.op('xori', { s: A1, t: A1, i: 3 }).word(mtc0(A1, Cp0.EntryHi)).li(T0, 0x00400000).op('sw', { s: T0, t: T1 });
    });
    const both = new BothEngines(LITTLE, [code, adder()], (machine) => {
      machine.writeEntry(0, { hi: 0x00400000, lo0: entryLo(FRAME, 'VDG'), lo1: entryLo(FRAME, 'VDG') });
      machine.setCp0(Cp0.EntryHi, 1);
      machine.cpu.r[A1] = 1;
    });
    both.go(20_000);
    expect(both.register(V0)).toBeGreaterThan(90 * both.register(S2));
  });
});
