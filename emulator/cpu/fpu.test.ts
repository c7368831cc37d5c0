/** The FPU's registers, modes and exceptions (MIPS PRA, MD00083, chapter 5; MD00086). Results: fpu-qemu.test.ts. */
import { beforeEach, describe, expect, it } from 'vitest';
import { BareMachine, mtc0, op } from '../testing/bare-machine.ts';
import { Cp0 } from './cp0.ts';
import { ExcCode } from './exceptions.ts';

const CU1 = 0x20000000;
const FR = 0x04000000;
const FCSR = 31;
const [V0, T0, T1] = [2, 8, 9];
const DATA = 0x80200000;
const ONE = 0x3ff00000;

const machine = new BareMachine();
const cp0 = (index: number) => machine.system.cp0[index]! >>> 0;
const cause = () => (cp0(Cp0.Cause) >>> 2) & 31;
const raised = () => (cp0(Cp0.Status) & 2) !== 0;

/** Runs words in kernel mode, each from the start. */
function run(...words: number[]): void {
  for (const word of words) {
    machine.cpu.pc = machine.start | 0;
    machine.cpu.delay = 0;
    machine.execute(word);
  }
}
function setWord(register: number, value: number, part: 'mtc1' | 'mthc1' = 'mtc1'): void {
  machine.cpu.r[T0] = value;
  run(op(part, { t: T0, d: register }));
}
function word(register: number, part: 'mfc1' | 'mfhc1' = 'mfc1'): number {
  run(op(part, { t: V0, d: register }));
  return machine.cpu.r[V0]! >>> 0;
}
function control(register: number): number {
  run(op('cfc1', { t: V0, d: register }));
  return machine.cpu.r[V0]! >>> 0;
}
function setControl(register: number, value: number): void {
  machine.cpu.r[T0] = value;
  run(op('ctc1', { t: T0, d: register }));
}
function setDouble(register: number, high: number, low = 0): void {
  setWord(register, low);
  setWord(register, high, 'mthc1');
}

beforeEach(() => {
  machine.reset();
  machine.setCp0(Cp0.Status, CU1);
});

describe('Status.CU1', () => {
  it.each(['add.d', 'c.eq.s', 'mov.s', 'mfc1', 'ctc1', 'bc1t', 'lwc1', 'sdc1', 'ldxc1', 'luxc1', 'madd.s', 'prefx'])(
    '%s needs it',
    (name) => {
      machine.setCp0(Cp0.Status, FR);
      run(op(name));
      expect([cause(), (cp0(Cp0.Cause) >>> 28) & 3]).toEqual([ExcCode.CpU, 1]);
    },
  );
  it.each(['movf', 'movt'])('%s needs it, though no instruction of coprocessor 1', (name) => {
    machine.setCp0(Cp0.Status, 0);
    run(op(name));
    expect(cause()).toBe(ExcCode.CpU);
  });
  it('what no FPU knows needs it too, and is reserved then', () => {
    const pairedSingle = 0x46c00000;
    machine.setCp0(Cp0.Status, 0);
    run(pairedSingle);
    expect(cause()).toBe(ExcCode.CpU);
    machine.setCp0(Cp0.Status, CU1);
    run(pairedSingle);
    expect(cause()).toBe(ExcCode.RI);
  });
  it('written by MTC0, works at once', () => {
    machine.setCp0(Cp0.Status, 0);
    machine.cpu.r[T0] = CU1;
    machine.execute(mtc0(T0, Cp0.Status), op('mtc1', { t: T0, d: 0 }));
    expect(raised()).toBe(false);
  });
  it('is of no use on the kvm machine', () => {
    const kvm = new BareMachine({ kind: 'kvm' });
    kvm.setCp0(Cp0.Status, CU1);
    kvm.execute(op('add.d'));
    expect((kvm.system.cp0[Cp0.Cause]! >>> 2) & 31).toBe(ExcCode.CpU);
  });
});

describe('registers', () => {
  it('FR = 0: an odd register is the upper word of the even one before it', () => {
    setWord(4, 0x1111);
    setWord(5, 0x2222);
    expect([word(4), word(4, 'mfhc1'), word(5), word(5, 'mfhc1')]).toEqual([0x1111, 0x2222, 0x2222, 0x2222]);
    setWord(4, 0x3333, 'mthc1');
    expect(word(5)).toBe(0x3333);
  });
  it('FR = 1: each has two words', () => {
    machine.setCp0(Cp0.Status, CU1 | FR);
    for (const [register, part] of [
      [4, 'mtc1'],
      [4, 'mthc1'],
      [5, 'mtc1'],
      [5, 'mthc1'],
    ] as const) {
      setWord(register, register * 16 + part.length, part);
    }
    expect([word(4), word(4, 'mfhc1'), word(5), word(5, 'mfhc1')]).toEqual([0x44, 0x45, 0x54, 0x55]);
  });
  it('keep their lower words, and the upper ones out of sight, when FR changes', () => {
    machine.setCp0(Cp0.Status, CU1 | FR);
    setDouble(6, 0xaaaa, 0xbbbb);
    setDouble(7, 0xcccc, 0xdddd);
    machine.setCp0(Cp0.Status, CU1);
    expect([word(6), word(7)]).toEqual([0xbbbb, 0xdddd]);
    setWord(7, 0xeeee);
    machine.setCp0(Cp0.Status, CU1 | FR);
    expect([word(6), word(6, 'mfhc1'), word(7), word(7, 'mfhc1')]).toEqual([0xbbbb, 0xaaaa, 0xeeee, 0xcccc]);
  });
  it.each(['add.d', 'mov.d', 'cvt.s.d', 'c.eq.d', 'madd.d'])(
    '%s of an odd register is reserved under FR = 0',
    (name) => {
      run(op(name, { d: 3 }));
      expect(cause()).toBe(ExcCode.RI);
      machine.setCp0(Cp0.Status, CU1 | FR);
      run(op(name, { d: 3 }));
      expect(raised()).toBe(false);
    },
  );
  it.each(['cvt.l.d', 'trunc.l.s', 'cvt.d.l', 'luxc1', 'suxc1'])('%s is reserved under FR = 0', (name) => {
    machine.cpu.r.fill(DATA, 4, 5);
    run(op(name, { s: 4 }));
    expect(cause()).toBe(ExcCode.RI);
    machine.setCp0(Cp0.Status, CU1 | FR);
    run(op(name, { s: 4 }));
    expect(raised()).toBe(false);
  });
});

describe.each([
  ['little endian', false],
  ['big endian', true],
])('loads and stores, %s', (_, bigEndian) => {
  const m = new BareMachine({ bigEndian });
  const step = (...words: number[]) => {
    for (const w of words) {
      m.cpu.pc = m.start | 0;
      m.execute(w);
    }
  };
  beforeEach(() => {
    m.reset();
    m.setCp0(Cp0.Status, CU1);
    m.cpu.r[4] = DATA;
    m.cpu.r[5] = 8;
    m.place(DATA, 0x01234567, 0x89abcdef, 0x11223344, 0x55667788, 0, 0);
  });
  const at = (offset: number) => m.cpu.load32((DATA + offset) | 0) >>> 0;

  it('a double has its upper word first in memory when big endian', () => {
    step(op('ldc1', { s: 4, t: 2 }), op('mfhc1', { t: V0, d: 2 }), op('mfc1', { t: T1, d: 2 }));
    const halves = [m.cpu.r[V0]! >>> 0, m.cpu.r[T1]! >>> 0];
    expect(halves).toEqual(bigEndian ? [0x01234567, 0x89abcdef] : [0x89abcdef, 0x01234567]);
  });
  it.each([
    ['ldc1', 'sdc1', { t: 2, i: 16 }],
    ['ldxc1', 'sdc1', { t: 2, i: 16 }],
    ['ldc1', 'sdxc1', { t: 2, i: 16 }],
  ])('%s and %s move what they find', (load, store) => {
    const loadFields = load === 'ldc1' ? { s: 4, t: 2, i: 8 } : { s: 4, t: 5, a: 2 };
    step(op(load, loadFields));
    m.cpu.r[5] = 16;
    step(op(store, store === 'sdc1' ? { s: 4, t: 2, i: 16 } : { s: 4, t: 5, d: 2 }));
    expect([at(16), at(20)]).toEqual([0x11223344, 0x55667788]);
  });
  it('lwxc1 and swxc1', () => {
    step(op('lwxc1', { s: 4, t: 5, a: 3 }), op('swxc1', { s: 4, t: 0, d: 3 }));
    expect(at(0)).toBe(0x11223344);
  });
  it('lwc1 keeps the upper word under FR = 1', () => {
    m.setCp0(Cp0.Status, CU1 | FR);
    step(op('ldc1', { s: 4, t: 3 }), op('lwc1', { s: 4, t: 3, i: 8 }), op('mfhc1', { t: V0, d: 3 }));
    expect(m.cpu.r[V0]! >>> 0).toBe(bigEndian ? 0x01234567 : 0x89abcdef);
  });
  it.each([
    ['lwc1', 2, ExcCode.AdEL],
    ['ldc1', 4, ExcCode.AdEL],
    ['swc1', 1, ExcCode.AdES],
    ['sdc1', 4, ExcCode.AdES],
  ])('%s at + %i is an address error', (name, i, code) => {
    step(op(name, { s: 4, t: 2, i }));
    expect((m.system.cp0[Cp0.Cause]! >>> 2) & 31).toBe(code);
    expect(m.system.cp0[Cp0.BadVAddr]! >>> 0).toBe(DATA + i);
  });
  it('luxc1 and suxc1 ignore the lowest bits', () => {
    m.setCp0(Cp0.Status, CU1 | FR);
    m.cpu.r[5] = 13;
    step(op('luxc1', { s: 4, t: 5, a: 7 }));
    m.cpu.r[5] = 7;
    step(op('suxc1', { s: 4, t: 5, d: 7 }));
    expect([at(0), at(4)]).toEqual([0x11223344, 0x55667788]);
  });
});

describe('control registers', () => {
  it('FIR tells of singles, doubles, 32- and 64-bit integers and registers', () => {
    expect(control(0)).toBe(0x00739300);
    setControl(0, -1);
    expect(control(0)).toBe(0x00739300);
  });
  it('FCCR, FEXR and FENR are parts of FCSR', () => {
    setControl(25, 0xa5);
    expect(control(FCSR)).toBe(0xa4800000);
    setControl(28, 0x287);
    expect([control(FCSR), control(28)]).toEqual([0xa5800283, 0x287]);
    setControl(26, 0x1054);
    expect([control(FCSR), control(26), control(25)]).toEqual([0xa58012d7, 0x1054, 0xa5]);
  });
  it('a cause that is enabled raises when it is written, Unimplemented Operation always', () => {
    setControl(FCSR, 0x00001080);
    expect([cause(), cp0(Cp0.EPC), control(FCSR)]).toEqual([ExcCode.FPE, machine.start, 0x00001080]);
    machine.reset();
    machine.setCp0(Cp0.Status, CU1);
    setControl(FCSR, 0x00020000);
    expect([raised(), cause()]).toEqual([true, ExcCode.FPE]);
  });
});

describe('exceptions', () => {
  const divide = op('div.d', { d: 2, t: 4, a: 6 });
  beforeEach(() => {
    setDouble(2, ONE);
    setDouble(4, 0);
    setDouble(6, 0xdead, 0xbeef);
  });
  it('not enabled: the result, a cause and a sticky flag', () => {
    run(divide);
    expect([word(6, 'mfhc1'), word(6), control(FCSR)]).toEqual([0x7ff00000, 0, 0x00008020]);
    setDouble(4, ONE);
    run(divide);
    expect(control(FCSR)).toBe(0x00000020);
  });
  it('enabled: a cause, no flag, and the destination stays', () => {
    setControl(FCSR, 0x00000400);
    machine.cpu.pc = machine.start | 0;
    machine.execute(op('addiu'), op('beq', { i: 4 }), divide);
    expect([cause(), cp0(Cp0.EPC), cp0(Cp0.Cause) >>> 31]).toEqual([ExcCode.FPE, machine.start + 4, 1]);
    expect([word(6, 'mfhc1'), word(6), control(FCSR)]).toEqual([0xdead, 0xbeef, 0x00008400]);
  });
  it('enabled: a comparison leaves its condition', () => {
    setControl(FCSR, 0x00800800);
    setDouble(4, 0x7ff80000);
    run(op('c.lt.d', { d: 2, t: 4, k: 0 }));
    expect([cause(), control(FCSR)]).toEqual([ExcCode.FPE, 0x00810800]);
  });
});

describe('conditions', () => {
  const compare = (k: number) => run(op('c.eq.d', { d: 2, t: 4, k }));
  it.each([0, 1, 7])('number %i is set and cleared alone', (k) => {
    compare(k);
    expect(control(25)).toBe(1 << k);
    setControl(25, 0xff);
    setDouble(4, ONE);
    compare(k);
    expect(control(25)).toBe(0xff & ~(1 << k));
    setDouble(4, 0);
  });
  it.each([
    ['bc1f', false, true],
    ['bc1f', true, false],
    ['bc1t', false, false],
    ['bc1t', true, true],
    ['bc1fl', true, false],
    ['bc1tl', true, true],
  ])('%s with the condition %s', (name, condition, taken) => {
    setControl(25, condition ? 8 : 0xf7);
    machine.cpu.r[V0] = 0;
    machine.cpu.pc = machine.start | 0;
    machine.place(machine.start, op(name, { k: 3, i: 5 }), op('addiu', { t: V0, i: 1 }));
    machine.run(name.endsWith('l') && !taken ? 1 : 2, Infinity);
    expect([machine.cpu.pc >>> 0, machine.cpu.r[V0]]).toEqual([
      machine.start + (taken ? 24 : 8),
      name.endsWith('l') && !taken ? 0 : 1,
    ]);
  });
  it.each(['movf', 'movt'])('%s', (name) => {
    for (const condition of [0, 1]) {
      setControl(25, condition << 5);
      machine.cpu.r[T1] = 99;
      machine.cpu.r[V0] = 1;
      run(op(name, { s: T1, d: V0, k: 5 }));
      expect(machine.cpu.r[V0]).toBe((name === 'movt') === (condition === 1) ? 99 : 1);
    }
  });
});
