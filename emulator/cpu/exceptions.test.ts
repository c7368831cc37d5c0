/** Exceptions of the `malta` machine's CPU, one instruction at a time (MIPS PRA, MD00090, chapter 6). */
import { beforeEach, describe, expect, it } from 'vitest';
import { BareMachine, entryLo, mfc0, mtc0, op } from '../testing/bare-machine.ts';
import { Cp0 } from './cp0.ts';
import { ExcCode } from './exceptions.ts';

const T0 = 8;
const T1 = 9;
const V0 = 2;
const PRESENT = 0x00400000;
const INVALID = 0x00402000;
const READ_ONLY = 0x00404000;
const ABSENT = 0x00800000;
const ASID = 0x5a;
const USER_CODE = 0x00406000;
const BRANCH_ALWAYS = op('beq', { i: 4 });

const machine = new BareMachine();
const cp0 = (index: number) => machine.system.cp0[index]! >>> 0;
const cause = () => {
  const value = cp0(Cp0.Cause);
  return { code: (value >>> 2) & 31, bd: value >>> 31, ce: (value >>> 28) & 3 };
};
const pc = () => machine.cpu.pc >>> 0;

beforeEach(() => {
  machine.reset();
  machine.writeEntry(0, { hi: PRESENT | ASID, lo0: entryLo(0x100000, 'VD'), lo1: entryLo(0x101000, 'VD') });
  machine.writeEntry(1, { hi: INVALID | ASID, lo0: entryLo(0x102000, ''), lo1: entryLo(0x103000, '') });
  machine.writeEntry(2, { hi: READ_ONLY | ASID, lo0: entryLo(0x104000, 'V'), lo1: entryLo(0x105000, 'V') });
  machine.writeEntry(3, { hi: USER_CODE | ASID, lo0: entryLo(0x106000, 'VD'), lo1: entryLo(0x107000, 'VD') });
  machine.setCp0(Cp0.EntryHi, ASID);
  machine.setCp0(Cp0.Context, 0x12800000);
  machine.setCp0(Cp0.Status, 0);
});

interface Case {
  what: string;
  word: number;
  registers?: Record<number, number>;
  code: number;
  ce?: number;
  /** BadVAddr; where `tlb`, EntryHi and Context name it too. */
  bad?: number;
  tlb?: boolean;
  /** Vector when Status.EXL is clear. */
  vector?: number;
}

const load = (name: string, at: number, code: number, more: Partial<Case> = {}): Case => ({
  what: `${name} at 0x${at.toString(16)}`,
  word: op(name, { s: T0, t: V0 }),
  registers: { [T0]: at },
  code,
  bad: at,
  ...more,
});

const CASES: Case[] = [
  { what: 'syscall', word: op('syscall', { c: 7 }), code: ExcCode.Sys },
  { what: 'break', word: op('break'), code: ExcCode.Bp },
  { what: 'a reserved word (daddu)', word: 0x0000002d, code: ExcCode.RI },
  { what: 'ext beyond the word', word: op('ext', { d: 31, a: 1 }), code: ExcCode.RI },
  { what: 'rdhwr of a register that is not there', word: op('rdhwr', { t: V0, d: 29 }), code: ExcCode.RI },
  { what: 'add', word: op('add', { s: T0, t: T0, d: V0 }), registers: { [T0]: 0x40000000 }, code: ExcCode.Ov },
  { what: 'sub', word: op('sub', { s: T0, t: T1, d: V0 }), registers: { [T0]: 0x80000000, [T1]: 1 }, code: ExcCode.Ov },
  { what: 'addi', word: op('addi', { s: T0, t: V0, i: 1 }), registers: { [T0]: 0x7fffffff }, code: ExcCode.Ov },
  { what: 'teq', word: op('teq'), code: ExcCode.Tr },
  { what: 'tltiu', word: op('tltiu', { i: 0xffff }), code: ExcCode.Tr },
  { what: 'a coprocessor 1 load', word: op('lwc1'), code: ExcCode.CpU, ce: 1 },
  { what: 'coprocessor 2', word: op('cop2'), code: ExcCode.CpU, ce: 2 },
  load('lw', 0x80200002, ExcCode.AdEL),
  load('lh', 0x80200001, ExcCode.AdEL),
  load('ll', 0x80200001, ExcCode.AdEL),
  load('sw', 0x80200001, ExcCode.AdES),
  load('sh', 0x80200003, ExcCode.AdES),
  load('sc', 0x80200002, ExcCode.AdES),
  load('lw', ABSENT + 0x124, ExcCode.TLBL, { tlb: true, vector: 0x80000000 }),
  load('lwr', ABSENT + 0x127, ExcCode.TLBL, { tlb: true, vector: 0x80000000 }),
  load('sb', ABSENT + 3, ExcCode.TLBS, { tlb: true, vector: 0x80000000 }),
  load('lw', 0xc0000000, ExcCode.TLBL, { tlb: true, vector: 0x80000000 }),
  load('lw', INVALID + 4, ExcCode.TLBL, { tlb: true }),
  load('sw', INVALID + 0x1004, ExcCode.TLBS, { tlb: true }),
  load('sw', READ_ONLY + 8, ExcCode.Mod, { tlb: true }),
  load('swl', READ_ONLY + 0x1009, ExcCode.Mod, { tlb: true }),
];

describe.each(CASES)('$what', ({ word, registers = {}, code, ce, bad, tlb, vector = 0x80000180 }) => {
  const prepare = () => {
    for (const [register, value] of Object.entries(registers)) machine.cpu.setRegister(Number(register), value | 0);
    machine.cpu.r[V0] = 0x1234;
  };
  const common = () => {
    expect(cause().code).toBe(code);
    if (ce !== undefined) expect(cause().ce).toBe(ce);
    if (bad !== undefined) expect(cp0(Cp0.BadVAddr)).toBe(bad);
    if (tlb) {
      expect(cp0(Cp0.EntryHi)).toBe(((bad! & 0xffffe000) | ASID) >>> 0);
      expect(cp0(Cp0.Context)).toBe((0x12800000 | ((bad! >>> 13) << 4)) >>> 0);
    } else {
      expect(cp0(Cp0.EntryHi)).toBe(ASID);
      expect(cp0(Cp0.Context)).toBe(0x12800000);
    }
    expect(machine.cpu.r[V0]).toBe(0x1234);
    expect(cp0(Cp0.Status) & 2).toBe(2);
  };

  it('by itself', () => {
    prepare();
    machine.execute(word);
    common();
    expect(cp0(Cp0.EPC)).toBe(machine.start);
    expect(cause().bd).toBe(0);
    expect(pc()).toBe(vector);
  });

  it('in a delay slot', () => {
    prepare();
    machine.execute(op('addiu'), BRANCH_ALWAYS, word);
    common();
    expect(cp0(Cp0.EPC)).toBe(machine.start + 4);
    expect(cause().bd).toBe(1);
    expect(pc()).toBe(vector);
  });

  it('within a handler: EPC and BD stay, the vector is the general one', () => {
    prepare();
    machine.setCp0(Cp0.EPC, 0x80012344);
    machine.setCp0(Cp0.Status, 2);
    machine.execute(BRANCH_ALWAYS, word);
    common();
    expect(cp0(Cp0.EPC)).toBe(0x80012344);
    expect(cause().bd).toBe(0);
    expect(pc()).toBe(0x80000180);
  });

  it('with Status.BEV', () => {
    prepare();
    machine.setCp0(Cp0.Status, 0x00400000);
    machine.execute(word);
    common();
    expect(pc()).toBe(vector === 0x80000000 ? 0xbfc00200 : 0xbfc00380);
  });

  it('with EBase', () => {
    prepare();
    machine.setCp0(Cp0.EBase, 0x80123000);
    machine.execute(word);
    common();
    expect(pc()).toBe(vector - 0x80000000 + 0x80123000);
  });
});

it('CE keeps its value through exceptions that have none', () => {
  machine.execute(op('cop2'));
  machine.cpu.pc = machine.start;
  machine.execute(op('syscall'));
  expect(cause()).toMatchObject({ code: ExcCode.Sys, ce: 2 });
});

describe('instruction fetch', () => {
  it('from an odd address names the address', () => {
    machine.cpu.r[T0] = machine.start + 0x102;
    machine.execute(op('jr', { s: T0 }), 0);
    machine.run(1, Infinity);
    expect(cause()).toMatchObject({ code: ExcCode.AdEL, bd: 0 });
    expect(cp0(Cp0.BadVAddr)).toBe(machine.start + 0x102);
    expect(cp0(Cp0.EPC)).toBe(machine.start + 0x102);
  });

  it('from a page that nothing maps is a refill', () => {
    machine.cpu.pc = ABSENT + 0x40;
    machine.run(1, Infinity);
    expect(cause()).toMatchObject({ code: ExcCode.TLBL, bd: 0 });
    expect([cp0(Cp0.BadVAddr), cp0(Cp0.EPC)]).toEqual([ABSENT + 0x40, ABSENT + 0x40]);
    expect(pc()).toBe(0x80000000);
  });

  it('of a delay slot on the next page names the slot, and EPC the branch', () => {
    const branch = PRESENT + 0x1ffc;
    machine.place(0x101ffc, BRANCH_ALWAYS);
    machine.cpu.pc = branch;
    machine.run(2, Infinity);
    expect(cause()).toMatchObject({ code: ExcCode.TLBL, bd: 1 });
    expect(cp0(Cp0.BadVAddr)).toBe(branch + 4);
    expect(cp0(Cp0.EPC)).toBe(branch);
  });
});

describe('user mode', () => {
  const user = (...words: number[]) => {
    machine.place(0x106000, ...words);
    machine.cpu.pc = USER_CODE;
    machine.run(words.length, Infinity);
  };
  beforeEach(() => {
    machine.setCp0(Cp0.Status, 0x10);
    expect(machine.mode).toBe('user');
  });

  it.each(['0x80000000', '0x9ffffffc', '0xa0000000', '0xbfc00000', '0xc0000000', '0xfffffffc'])(
    'may not read or write %s',
    (text) => {
      const address = Number(text);
      machine.cpu.r[T0] = address | 0;
      user(op('lw', { s: T0, t: V0 }));
      expect([cause().code, cp0(Cp0.BadVAddr)]).toEqual([ExcCode.AdEL, address >>> 0]);
      machine.setCp0(Cp0.Status, 0x10);
      machine.cpu.r[T0] = address | 0;
      user(op('sw', { s: T0, t: V0 }));
      expect([cause().code, cp0(Cp0.BadVAddr)]).toEqual([ExcCode.AdES, address >>> 0]);
    },
  );

  it('may not jump to the kernel', () => {
    machine.cpu.r[T0] = 0x80000000 | 0;
    user(op('jr', { s: T0 }), 0);
    machine.run(1, Infinity);
    expect([cause().code, cp0(Cp0.BadVAddr), cp0(Cp0.EPC)]).toEqual([ExcCode.AdEL, 0x80000000, 0x80000000]);
  });

  it('sees the pages that the TLB maps', () => {
    machine.cpu.r[T0] = PRESENT;
    user(op('sw', { s: T0, t: T0, i: 16 }), op('lw', { s: T0, t: V0, i: 16 }));
    expect(machine.cpu.r[V0]).toBe(PRESENT);
    expect(machine.mode).toBe('user');
  });

  it.each([
    ['mfc0', mfc0(V0, Cp0.Status)],
    ['mtc0', mtc0(V0, Cp0.EntryHi)],
    ['tlbwr', op('tlbwr')],
    ['eret', op('eret')],
    ['wait', op('wait')],
    ['di', op('di')],
    ['cache', op('cache')],
  ])('%s needs Status.CU0', (_, word) => {
    user(word);
    expect(cause()).toMatchObject({ code: ExcCode.CpU, ce: 0 });
    expect(cp0(Cp0.EPC)).toBe(USER_CODE);
  });

  it('may use coprocessor 0 with Status.CU0', () => {
    machine.setCp0(Cp0.Status, 0);
    machine.setCp0(Cp0.Status, 0x10000010);
    user(mfc0(V0, Cp0.PRId));
    expect(machine.cpu.r[V0]).toBe(0x00019300);
    expect(machine.mode).toBe('user');
  });

  it('rdhwr needs HWREna', () => {
    user(op('rdhwr', { t: V0, d: 1 }));
    expect(cause().code).toBe(ExcCode.RI);
    machine.setCp0(Cp0.HWREna, 2);
    machine.setCp0(Cp0.Status, 0x10);
    user(op('rdhwr', { t: V0, d: 1 }));
    expect(machine.cpu.r[V0]).toBe(16);
  });
});

describe('ERET', () => {
  it('with EXL returns to EPC', () => {
    machine.setCp0(Cp0.EPC, 0x80020000);
    machine.setCp0(Cp0.Status, 2);
    machine.execute(op('eret'));
    expect([pc(), cp0(Cp0.Status)]).toEqual([0x80020000, 0]);
  });

  it('with ERL returns to ErrorEPC, and leaves EXL', () => {
    machine.setCp0(Cp0.EPC, 0x80020000);
    machine.setCp0(Cp0.ErrorEPC, 0x80030000);
    machine.setCp0(Cp0.Status, 6);
    machine.execute(op('eret'));
    expect([pc(), cp0(Cp0.Status)]).toEqual([0x80030000, 2]);
  });
});

it('Status.ERL takes useg past the TLB', () => {
  machine.place(0x00200000, 0xcafe);
  machine.setCp0(Cp0.Status, 4);
  machine.cpu.r[T0] = 0x00200000;
  machine.execute(op('lw', { s: T0, t: V0 }));
  expect(machine.cpu.r[V0]).toBe(0xcafe);
  machine.setCp0(Cp0.Status, 0);
  machine.cpu.pc = machine.start;
  machine.execute(op('lw', { s: T0, t: V0 }));
  expect(cause().code).toBe(ExcCode.TLBL);
});

describe('LL and SC', () => {
  const link = op('ll', { s: T0, t: V0 });
  const conditional = (i = 0) => op('sc', { s: T0, t: T1, i });
  beforeEach(() => {
    machine.cpu.r[T0] = 0x80200000 | 0;
    machine.cpu.r[T1] = 77;
    machine.place(0x200000, 5, 6);
  });
  const stored = () => [machine.cpu.r[V0], machine.cpu.r[T1], machine.cpu.load32(0x80200000 | 0)];

  it('SC stores after its LL', () => {
    machine.execute(link, conditional());
    expect(stored()).toEqual([5, 1, 77]);
  });
  it('SC alone does not', () => {
    machine.execute(conditional());
    expect(stored()).toEqual([0, 0, 5]);
  });
  it('a second SC does not', () => {
    machine.execute(link, conditional(), op('addiu', { t: T1, i: 9 }), conditional());
    expect(stored()).toEqual([5, 0, 77]);
  });
  it('SC to another word does not', () => {
    machine.execute(link, conditional(4));
    expect(stored()).toEqual([5, 0, 5]);
  });
  it('ERET breaks the link', () => {
    machine.setCp0(Cp0.EPC, machine.start + 8);
    machine.setCp0(Cp0.Status, 2);
    machine.execute(link, op('eret'), conditional());
    expect(stored()).toEqual([5, 0, 5]);
  });
});
