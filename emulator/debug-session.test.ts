import { beforeEach, describe, expect, it } from 'vitest';
import { DebugSession } from './debug-session.ts';
import { cp0Register, formatField } from './debug/cp0-fields.ts';
import { BareMachine, entryLo, op } from './testing/bare-machine.ts';
import { Lab } from './testing/lab.ts';
import { SymbolTable } from './debug/symbols.ts';
import { Cp0 } from './cpu/cp0.ts';
import type { CpuRequest, CpuView } from './protocol.ts';

const CPU: CpuRequest = { fpu: false, code: { address: null, before: 2, after: 4 }, memory: null };
const NOTHING = { segments: false, tlb: false, slot: null };
const [T0, T1, SP, RA] = [8, 9, 29, 31];
const addiu = (t: number, s: number, i: number) => op('addiu', { t, s, i: i & 0xffff });

let machine: BareMachine;
let session: DebugSession;
beforeEach(() => {
  machine = new BareMachine({ kind: 'kvm' });
  machine.setCp0(Cp0.Status, 0);
  session = new DebugSession(machine);
});
const view = (more: Partial<CpuRequest> = {}): CpuView => session.view({ ...NOTHING, cpu: { ...CPU, ...more } }).cpu!;
const step = () => {
  session.resume();
  machine.run(1, Infinity);
};

describe('the CPU', () => {
  it('marks what the last step changed, and nothing else', () => {
    machine.place(machine.start, addiu(T0, T0, 5), op('mtc0', { t: T0, d: 10 }), 0);
    expect(view().changed).toEqual([]);
    step();
    expect(view().changed).toEqual([T0, 34]);
    step();
    expect(view().changed).toEqual([34]);
    const hi = view().cp0.find(({ name }) => name === 'EntryHi')!;
    expect(hi).toMatchObject({ changed: true, value: 5, old: 0, number: '10.0' });
    expect(hi.fields.map(({ name, text, changed }) => [name, text, changed])).toEqual([
      ['VPN2', '0x00000000', false],
      ['ASID', '0x05', true],
    ]);
  });

  it('marks nothing at the first stop of a machine that nobody has looked at', () => {
    machine.place(machine.start, addiu(T0, T0, 5), addiu(T0, T0, 5), 0);
    step();
    expect(view().changed).toEqual([]);
    expect(view().cp0.some(({ changed }) => changed)).toBe(false);
    step();
    expect(view().changed).toEqual([T0, 34]);
  });

  it('names what code accesses: put together from two halves, and at PC from the registers', () => {
    const [T2, V0] = [10, 2];
    const data = 0x40118004;
    machine.symbols = new SymbolTable([{ name: 'current', value: data, size: 4 }]);
    machine.place(
      machine.start,
      op('lui', { t: T0, i: 0x4012 }),
      op('lw', { t: V0, s: SP, i: 28 }),
      op('sw', { t: V0, s: T0, i: 0x8004 }),
      op('addiu', { t: T2, s: T0, i: 0x8004 }),
      op('lw', { t: T0, s: T0, i: 0x8004 }),
      // T0 is what was loaded, and not half of an address any more.
      op('lw', { t: T0, s: T0, i: 0x8004 }),
      op('jr', { s: RA }),
      0,
    );
    const notes = () =>
      view({ code: { address: `${machine.start}`, before: 0, after: 6 } }).code.lines.map(({ note }) => note);
    expect(notes()).toEqual(['', '', 'current', 'current', 'current', '', '']);
    machine.cpu.r[SP] = data - 28;
    step();
    expect(notes()[1]).toBe('0x40118004 current');
    machine.cpu.pc = machine.start + 24;
    machine.cpu.r[RA] = machine.start;
    expect(notes()[6]).toBe(`0x${machine.start.toString(16)}`);
  });

  it('lists code round PC, with delay slots, targets and what is not mapped', () => {
    machine.place(machine.start, op('beq', { i: 1 }), addiu(T0, 0, 1), 0);
    const { code } = view();
    expect(code.lines.map(({ address }) => address - machine.start)).toEqual([-8, -4, 0, 4, 8, 12, 16]);
    expect(code.lines[3]).toMatchObject({ text: 'addiu t0, zero, 1', delaySlot: true });
    expect(code.lines[2]!.delaySlot).toBe(false);
    const away = view({ code: { address: '0x400000', before: 0, after: 1 } }).code;
    expect(away.lines).toMatchObject([{ word: null, text: 'not mapped' }, { word: null }]);
    expect(view({ code: { address: 'nowhere', before: 0, after: 1 } }).code.error).toMatch(/no symbol "nowhere"/);
  });

  it('shows memory as the guest has it, and says what cannot be read', () => {
    machine.writeRam(0x4000, Uint8Array.from([1, 2, 3, 4]));
    machine.writeEntry(0, { hi: 0x00400000, lo0: entryLo(0x4000, 'VD'), lo1: entryLo(0x5000, '') });
    machine.setCp0(Cp0.EntryHi, 0);
    const before = machine.stats();
    const memory = { address: '0x400ff0', physical: false, bytes: 32 };
    const mapped = view({ memory: { ...memory, address: '0x400000', bytes: 16 } }).memory!;
    expect([...mapped.bytes.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
    const across = view({ memory }).memory!;
    expect(across.why).toEqual(['', 'invalid']);
    expect(across.readable.reduce((sum, each) => sum + each, 0)).toBe(16);
    expect(view({ memory: { ...memory, address: '0xb8000000' } }).memory!.why).toEqual(['device']);
    expect(view({ memory: { ...memory, address: '0x700000' } }).memory!.why).toEqual(['unmapped']);
    expect(view({ memory: { address: '0x4000', physical: true, bytes: 16 } }).memory!.bytes[2]).toBe(3);
    expect(machine.stats()).toEqual(before);
  });

  it('marks the bytes that a step stores', () => {
    machine.place(machine.start, op('sb', { s: T0, t: T1, i: 2 }));
    machine.cpu.r[T0] = 0x40004000;
    machine.cpu.r[T1] = 0x77;
    const memory = { address: 't0', physical: false, bytes: 16 };
    view({ memory });
    step();
    expect([...view({ memory }).memory!.changed].map((each, i) => (each ? i : -1)).filter((i) => i >= 0)).toEqual([2]);
  });
});

it('decodes CP0 by the manual', () => {
  const decode = (name: string, value: number) =>
    Object.fromEntries(cp0Register(name)!.fields.map((field) => [field.name, formatField(field, value)]));
  expect(decode('Status', 0x10008413)).toMatchObject({
    CU: '0001',
    BEV: '0',
    IM: '10000100',
    KSU: 'user',
    EXL: '1',
    IE: '1',
  });
  expect(decode('Cause', 0x8080c020)).toMatchObject({ BD: '1', IV: '1', IP: '11000000', ExcCode: 'Sys' });
  expect(decode('PageMask', 0x1e000)).toEqual({ Mask: '64 KiB' });
  expect(decode('EntryLo0', 0x00000c9e)).toMatchObject({ PFN: '0x000032', C: '3', D: '1', V: '1', G: '0' });
  // The 24Kf's caches as it reports them: 64 sets of 16-byte lines, two ways, 2 KiB each.
  expect(decode('Config1', 0x9e190c8f)).toMatchObject({
    MMUSize: '16',
    IS: '64',
    IL: '16 bytes',
    IA: '2',
    DS: '64',
    DA: '2',
    FP: '1',
  });
  expect(decode('Config', 0x80008482)).toMatchObject({ BE: '1', AT: 'MIPS32', AR: '2', MT: 'TLB', K0: 'uncached' });
  expect(decode('Context', 0x80002090)).toEqual({ PTEBase: '0x80000000', BadVPN2: '0x00209' });
});

describe('commands', () => {
  const run = () => machine.run(1000, Infinity);

  it('step over a call, deeper ones of the same code included, and over exceptions', () => {
    const { start } = machine;
    const f = start + 0x100;
    const jal = op('jal', { j: (f & 0x0fffffff) >>> 2 });
    machine.place(start, jal, 0, addiu(T1, T1, 1), op('syscall'), addiu(T1, T1, 1), 0);
    // f(t0): t0 down to 0 by itself, on a stack of its own each time.
    machine.place(
      f,
      addiu(SP, SP, -8),
      op('sw', { s: SP, t: RA, i: 0 }),
      op('blez', { s: T0, i: 3 }),
      addiu(T0, T0, -1),
      jal,
      0,
    );
    machine.place(f + 24, op('lw', { s: SP, t: RA, i: 0 }), op('jr', { s: RA }), addiu(SP, SP, 8));
    machine.cpu.r[SP] = 0x40008000;
    machine.cpu.r[T0] = 3;
    const over = () => {
      if (session.carryOut({ do: 'stepOver' }, false)) {
        session.resume();
        run();
      }
      return (machine.cpu.pc >>> 0) - start;
    };
    expect(over()).toBe(8);
    expect(machine.cpu.r[SP]).toBe(0x40008000);
    expect(over()).toBe(12);
    // The handler returns behind the SYSCALL.
    machine.setCp0(Cp0.EBase, 0x40000000);
    machine.place(0x180, op('mfc0', { t: 26, d: 14 }), addiu(26, 26, 4), op('mtc0', { t: 26, d: 14 }), op('eret'));
    expect(over()).toBe(16);
    expect(machine.needsStepping).toBe(false);
  });

  it('a step over a jump is one step', () => {
    machine.place(machine.start, op('beq', { i: 7 }), 0);
    expect(session.carryOut({ do: 'stepOver' }, false)).toBe(false);
    expect(machine.cpu.pc >>> 0).toBe(machine.start + 32);
  });

  it('edit registers, PC and memory', () => {
    session.carryOut({ do: 'setRegister', register: T0, value: 0xdeadbeef }, false);
    session.carryOut({ do: 'setRegister', register: 34, value: 0x40020000 }, false);
    const bytes = Uint8Array.from([9, 8, 7]);
    session.carryOut({ do: 'setMemory', address: 0x40004001, physical: false, bytes }, false);
    expect(view().registers[T0]).toBe(0xdeadbeef);
    expect(view().changed).toEqual([]);
    expect(machine.cpu.pc >>> 0).toBe(0x40020000);
    expect([...machine.readRam(0x4000, 4)]).toEqual([0, 9, 8, 7]);
  });

  it('CP0 is written as MTC0 writes it: EntryHi flushes, Status changes the mode', () => {
    machine.writeEntry(0, { hi: 0x00400001, lo0: entryLo(0x4000, 'VD'), lo1: entryLo(0x5000, '') });
    machine.setCp0(Cp0.Status, 0x10);
    expect(machine.mode).toBe('user');
    machine.cpu.pc = 0x00400000;
    machine.run(1, Infinity);
    const flushes = () => [machine.mmu.kernel.last.serial, machine.mmu.user.last.serial];
    const [kernel, user] = flushes();
    session.carryOut({ do: 'addBreakpoint', spec: 'asid' }, false);
    session.carryOut({ do: 'setCp0', index: Cp0.EntryHi, value: 0x00400002 }, false);
    // The guest stands in user mode, so the lazy flush is due as well.
    expect(flushes()).toEqual([kernel! + 1, user! + 1]);
    expect(machine.system.asid).toBe(2);
    expect(machine.breakpoints.view()[0]!.hits).toBe(0);
    expect(view().cp0.find(({ name }) => name === 'EntryHi')).toMatchObject({ changed: true, writable: true });
    session.carryOut({ do: 'setCp0', index: Cp0.Status, value: 0 }, false);
    expect(machine.mode).toBe('kernel');
  });

  it('CP0 keeps the bits that MTC0 does not write', () => {
    machine = new BareMachine({ kind: 'malta' });
    session = new DebugSession(machine);
    const set = (index: number, value: number) => {
      session.carryOut({ do: 'setCp0', index, value }, false);
      return machine.system.peekCp0(index);
    };
    expect(set(Cp0.EntryHi, 0xffffffff)).toBe(0xffffe0ff);
    expect(set(Cp0.EntryLo0, 0xffffffff)).toBe(0x03ffffff);
    expect(set(Cp0.Wired, 0xffffffff)).toBe(15);
    expect(set(Cp0.PageMask, 0x6000)).toBe(0x6000);
    expect(set(Cp0.PageMask, 0x2000)).toBe(0);
  });

  it.each<[Parameters<DebugSession['carryOut']>[0], RegExp]>([
    [{ do: 'setRegister', register: 0, value: 1 }, /always 0/],
    [{ do: 'setRegister', register: 34, value: 2 }, /multiple of 4/],
    [{ do: 'setCp0', index: Cp0.PRId, value: 1 }, /PRId cannot be set here/],
    [{ do: 'setCp0', index: Cp0.Index, value: 64 }, /0 to 15/],
    [{ do: 'setMemory', address: 0x00400000, physical: false, bytes: new Uint8Array(1) }, /no RAM at 0x00400000/],
    [{ do: 'setMemory', address: 0x00fffffe, physical: true, bytes: new Uint8Array(4) }, /no RAM at 0x01000000/],
    [{ do: 'runTo', address: '2' }, /multiple of 4/],
    [{ do: 'runTo', address: 'nowhere' }, /no symbol "nowhere"/],
    [{ do: 'removeBreakpoint', id: 4 }, /no breakpoint 4/],
  ])('what cannot be is refused in one sentence: %o', (command, message) => {
    expect(() => session.carryOut(command, false)).toThrow(message);
    expect(() => session.carryOut(command, false)).toThrow(/^[A-Z][^\n]*\.$/);
  });

  it('nothing is edited in a machine that runs', () => {
    expect(() => session.carryOut({ do: 'setRegister', register: 4, value: 1 }, true)).toThrow(
      /running: pause it first/,
    );
  });
});

it('a run to a flush ends at the table’s next one, and only that run', () => {
  const { machine } = new Lab();
  const session = new DebugSession(machine);
  const { mmu } = machine;
  for (const table of ['user', 'kernel', 'user'] as const) {
    const before = mmu[table].last.serial;
    machine.breakpoints.runUntilFlush(table);
    expect(machine.run(50_000_000, Infinity)).toBe('event');
    expect(mmu[table].last.serial).toBe(before + 1);
    expect(machine.breakpoints.report).toMatchObject({ breakpoint: null, message: '' });
    expect(machine.breakpoints.eventsWanted).toBe(false);
    session.resume();
  }
  expect(mmu.user.last.kind).toBe('KMF_USER');
  expect(mmu.kernel.last.kind).toBe('KMF_KERN');
  expect(machine.breakpoints.view()).toEqual([]);
});

it('a run to a flush that is given up leaves nothing behind, and breakpoints their say', () => {
  const { machine } = new Lab();
  machine.breakpoints.runUntilFlush('user');
  expect(machine.breakpoints.eventsWanted).toBe(true);
  machine.breakpoints.runUntil(null);
  expect(machine.breakpoints.eventsWanted).toBe(false);
  machine.breakpoints.add('flush:user');
  machine.breakpoints.runUntilFlush('user');
  expect(machine.run(50_000_000, Infinity)).toBe('event');
  expect(machine.breakpoints.report).toMatchObject({ breakpoint: 1 });
  machine.breakpoints.remove(1);
  expect(machine.breakpoints.eventsWanted).toBe(false);
});

it('breakpoints go over to the machine of the next boot', () => {
  const first = new Lab().machine;
  first.breakpoints.add('asid if 1');
  const second = new Lab().machine;
  second.breakpoints.adopt(first.breakpoints);
  expect(second.run(50_000_000, Infinity)).toBe('event');
  expect(second.breakpoints.view()[0]).toMatchObject({ spec: 'asid', condition: '1', hits: 1 });
  expect(first.breakpoints.view()[0]!.hits).toBe(0);
});
