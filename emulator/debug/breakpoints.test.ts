import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import type { MachineKind } from '../protocol.ts';
import { BareMachine, entryLo, op } from '../testing/bare-machine.ts';
import { Lab } from '../testing/lab.ts';

const [T0, T1, T2, RA] = [8, 9, 10, 31];
const addiu = (t: number, s: number, i: number) => op('addiu', { t, s, i: i & 0xffff });

describe.each<[MachineKind, boolean]>([
  ['malta', false],
  ['malta', true],
  ['kvm', false],
])('%s, big endian %s', (kind, bigEndian) => {
  let machine: BareMachine;
  let start: number;
  const data = () => (start + 0x1000) >>> 0;

  beforeEach(() => {
    machine = new BareMachine({ kind, bigEndian });
    machine.setCp0(Cp0.Status, 0);
    start = machine.start;
  });

  /** Runs on as a person does. */
  function go(limit = 1000) {
    machine.breakpoints.resume();
    return machine.run(limit, Infinity);
  }
  const pc = () => machine.cpu.pc >>> 0;
  const reg = (n: number) => machine.cpu.r[n]! >>> 0;

  /** t0 counts up for ever, t2 counts delay slots. */
  function placeLoop(): void {
    machine.place(start, addiu(T0, T0, 1), op('beq', { i: 0xfffe }), addiu(T2, T2, 1));
  }

  it('have symbols searched for only when there are any', () => {
    const asked = vi.spyOn(machine, 'symbols', 'get');
    placeLoop();
    for (let i = 0; i < 3; i++) expect(go(10)).toBe('limit');
    expect(asked).not.toHaveBeenCalled();
    machine.breakpoints.add('address:later');
    expect(go(10)).toBe('limit');
    expect(asked).toHaveBeenCalled();
  });

  it('come back as they were saved, the bad ones told of and left out', () => {
    const specs = [`${start + 4}`, 'write:gp+4,8 ignore 3 if a0 == 1', 'asid', 'address:later+0x10'];
    for (const spec of specs.slice(0, 3)) machine.breakpoints.add(spec);
    machine.breakpoints.change(2, { enabled: false });
    const saved = machine.breakpoints.save();
    expect(saved.map(({ enabled }) => enabled)).toEqual([true, false, true]);
    const { breakpoints } = new BareMachine({ kind, bigEndian });
    breakpoints.add('tlb');
    const list = [...saved.slice(0, 2), { spec: 'coffee:1', enabled: true }, ...saved.slice(2)];
    expect(() => breakpoints.restore([...list, { spec: specs[3]!, enabled: true }])).toThrow(/coffee/);
    expect(breakpoints.save().slice(0, 3)).toEqual(saved);
    expect(breakpoints.view()).toHaveLength(4);
    expect(breakpoints.view()[3]!.pending).not.toBe('');
  });

  it('stops before its instruction, and a run from there executes it', () => {
    placeLoop();
    machine.breakpoints.add(`${start + 4}`);
    for (let round = 1; round <= 5; round++) {
      expect(go()).toBe('event');
      expect(pc()).toBe(start + 4);
      expect([reg(T0), reg(T2)]).toEqual([round, round - 1]);
      expect(machine.clock.instructions()).toBe(3 * round - 2);
    }
    expect(machine.breakpoints.view()[0]!.hits).toBe(5);
    expect(machine.breakpoints.report!.message).toMatch(
      /^Breakpoint 1 \(0x.*\): before 0x[0-9a-f]{8}; kernel, ASID 0x00, hit 5\.$/,
    );
  });

  it('in a delay slot stops before the branch, once for each time the slot is executed', () => {
    placeLoop();
    machine.breakpoints.add(`${start + 8}`);
    for (let round = 1; round <= 4; round++) {
      expect(go()).toBe('event');
      expect(pc()).toBe(start + 4);
      expect(machine.cpu.delay).toBe(0);
      expect([reg(T0), reg(T2)]).toEqual([round, round - 1]);
    }
    // A branch-likely that is not taken has no delay slot.
    const likely = start + 0x100;
    machine.place(likely, op('bnel', { s: 0, t: 0, i: 4 }), addiu(T1, T1, 1), op('beq', { i: 0xffff }), 0);
    machine.cpu.pc = likely | 0;
    machine.breakpoints.remove(1);
    machine.breakpoints.add(`${likely + 4}`);
    expect(go()).toBe('limit');
    expect(machine.breakpoints.view()[0]!.hits).toBe(0);
    expect(reg(T1)).toBe(0);
  });

  it('a call and its delay slot are done again as they were', () => {
    machine.place(
      start,
      op('jal', { j: ((start + 0x40) & 0x0fffffff) >>> 2 }),
      addiu(T1, T1, 1),
      op('beq', { i: 0xffff }),
      0,
    );
    machine.place(start + 0x40, op('jr', { s: RA }), 0);
    machine.breakpoints.add(`${start + 4}`);
    expect(go()).toBe('event');
    expect([pc(), reg(T1)]).toEqual([start, 0]);
    expect(go()).toBe('limit');
    expect([reg(T1), reg(RA)]).toEqual([1, start + 8]);
  });

  it('the count is the same with a breakpoint that never stops as without', () => {
    const run = (spec: string | null) => {
      machine = new BareMachine({ kind, bigEndian });
      machine.setCp0(Cp0.Status, 0);
      placeLoop();
      if (spec) machine.breakpoints.add(spec);
      for (let i = 0; i < 10; i++) machine.run(17, Infinity);
      return [machine.clock.instructions(), reg(T0), reg(T2), machine.stats()];
    };
    const plain = run(null);
    expect(run(`${start + 4} if 0`)).toEqual(plain);
    expect(run(`${start + 8} ignore 1000`)).toEqual(plain);
    expect(machine.breakpoints.view()[0]!.hits).toBeGreaterThan(10);
  });

  it('an address that cannot be fetched is not hit', () => {
    machine.place(start, op('jr', { s: T0 }), 0);
    machine.cpu.r[T0] = 0x00400000;
    machine.breakpoints.add('0x400000');
    machine.breakpoints.add('exception:refill');
    expect(go()).toBe('event');
    expect(machine.breakpoints.report!.spec).toBe('exception:refill');
    expect(machine.breakpoints.view()[0]!.hits).toBe(0);
  });

  it('two on one place stop once, and both count', () => {
    placeLoop();
    machine.breakpoints.add(`${start}`);
    machine.breakpoints.add(`${start} if t0 == 3`);
    machine.breakpoints.change(1, { ignore: 3 });
    expect(go()).toBe('event');
    expect(reg(T0)).toBe(3);
    expect(machine.breakpoints.view().map((each) => each.hits)).toEqual([3, 1]);
    expect(machine.breakpoints.report!.breakpoint).toBe(2);
  });

  describe('watchpoints', () => {
    /** An access of `name` to the data with an offset, then a loop. */
    function access(name: string, offset: number): void {
      machine.place(start, op(name, { s: T0, t: T1, i: offset }), addiu(T2, T2, 1), op('beq', { i: 0xffff }), 0);
      machine.cpu.r[T0] = data() | 0;
      machine.cpu.r[T1] = 0x01020304;
    }

    it.each([
      ['lw', 0, 'read:+3,1', true],
      ['lw', 0, 'read:+4,4', false],
      ['lw', 4, 'read:+3,1', false],
      ['lw', 0, 'write:+0,4', false],
      ['sw', 0, 'write:+0,4', true],
      ['sw', 0, 'read:+0,4', false],
      ['sw', 0, 'access:+2,1', true],
      ['sb', 3, 'write:+3,1', true],
      ['sb', 2, 'write:+3,1', false],
      ['lhu', 2, 'read:+3,1', true],
      ['lbu', 1, 'read:+0,1', false],
      ['ll', 0, 'read:+0,1', true],
      // LWL takes the bytes from its address to the word's most significant end.
      ['lwl', 1, 'read:+0,1', !bigEndian],
      ['lwl', 1, 'read:+3,1', bigEndian],
      ['lwr', 1, 'read:+0,1', bigEndian],
      ['swr', 1, 'write:+3,1', !bigEndian],
      ['swl', 1, 'write:+1,1', true],
    ])('%s of +%i under %s: %s', (name, offset, spec, stops) => {
      access(name, offset);
      const before = machine.readRam((data() + 0) & 0x1fffffff, 8);
      machine.breakpoints.add(spec.replace('+', `${data()}+`));
      expect(go(10)).toBe(stops ? 'event' : 'limit');
      expect(machine.breakpoints.view()[0]!.hits).toBe(stops ? 1 : 0);
      if (!stops) return;
      expect(pc()).toBe(start);
      expect(reg(T1)).toBe(0x01020304);
      expect(machine.readRam(data() & 0x1fffffff, 8)).toEqual(before);
      expect(go(10)).toBe('limit');
      expect(reg(T2)).toBe(1);
      expect(machine.breakpoints.view()[0]!.hits).toBe(1);
    });

    it('with a breakpoint on the same instruction both stop, one after the other', () => {
      access('sw', 0);
      machine.breakpoints.add(`${start}`);
      machine.breakpoints.add(`write:${data()}`);
      machine.breakpoints.prepare();
      // Not "resumed": the machine has not been stopped there yet.
      expect(machine.run(10, Infinity)).toBe('event');
      expect(machine.breakpoints.report!.breakpoint).toBe(1);
      expect(go(10)).toBe('event');
      expect(machine.breakpoints.report!.breakpoint).toBe(2);
      expect(pc()).toBe(start);
      expect(go(10)).toBe('limit');
      expect(machine.readRam(data() & 0x1fffffff, 4)).toEqual(Uint8Array.from(bigEndian ? [1, 2, 3, 4] : [4, 3, 2, 1]));
    });

    it('in a delay slot stops before the branch', () => {
      machine.place(start, op('beq', { i: 1 }), op('sw', { s: T0, t: T1, i: 0 }), op('beq', { i: 0xffff }), 0);
      machine.cpu.r[T0] = data() | 0;
      machine.cpu.r[T1] = 7;
      machine.breakpoints.add(`write:${data()}`);
      expect(go(10)).toBe('event');
      expect([pc(), machine.cpu.delay]).toEqual([start, 0]);
      expect(go(10)).toBe('limit');
      expect(machine.breakpoints.view()[0]!.hits).toBe(1);
      expect(machine.readRam(data() & 0x1fffffff, 4).some((byte) => byte === 7)).toBe(true);
    });

    it('a store that faults has not touched the data', () => {
      machine.place(start, op('sw', { s: T0, t: T1, i: 0 }));
      machine.writeEntry(0, { hi: 0x00400000, lo0: entryLo(0x4000, 'V'), lo1: entryLo(0x5000, 'V') });
      machine.cpu.r[T0] = 0x00400000;
      machine.breakpoints.add('write:0x400000');
      machine.breakpoints.add('exception:Mod');
      expect(go(10)).toBe('event');
      expect(machine.breakpoints.report!.spec).toBe('exception:Mod');
      expect(machine.breakpoints.view().map((each) => each.hits)).toEqual([0, 1]);
    });
  });

  describe('events', () => {
    const stop = (spec: string, ...words: number[]) => {
      const id = machine.breakpoints.add(spec);
      machine.place(machine.cpu.pc, ...words, op('beq', { i: 0xffff }), 0);
      const result = go(words.length + 5);
      const { message } = machine.breakpoints.report ?? { message: '' };
      machine.breakpoints.remove(id);
      return result === 'event' ? message : result;
    };
    const mtc0 = (index: number) => op('mtc0', { t: T0, d: index >>> 3, e: index & 7 });

    it('ASID changes', () => {
      machine.cpu.r[T0] = 0x13;
      expect(stop('asid:0x12', mtc0(Cp0.EntryHi))).toBe('limit');
      machine.cpu.r[T0] = 0x12;
      machine.cpu.pc = start | 0;
      expect(stop('asid:0x12', mtc0(Cp0.EntryHi))).toMatch(/ASID 0x13 to 0x12 before/);
      expect(pc()).toBe(start + 4);
    });

    it('TLB writes, and the flush that an ASID change makes', () => {
      machine.cpu.r[T0] = 5;
      expect(stop('tlb:5', mtc0(Cp0.Index), op('tlbwi'))).toMatch(/TLB entry 5 written \(TLBWI\)/);
      machine.cpu.pc = start | 0;
      expect(stop('tlb:6', mtc0(Cp0.Index), op('tlbwi'))).toBe('limit');
      machine.cpu.pc = start | 0;
      expect(stop('flush:kernel', mtc0(Cp0.EntryHi))).toMatch(/KMF_KERN flush of the kernel table/);
      machine.cpu.pc = start | 0;
      machine.cpu.r[T0] = 6;
      expect(stop('flush:user', mtc0(Cp0.EntryHi))).toBe('limit');
    });

    it('exceptions, and exits where there is a hypervisor', () => {
      expect(stop('exception:Sys', op('syscall'))).toMatch(/exception Sys at/);
      expect(pc()).toBe(machine.system.vector(0x180));
      machine.setCp0(Cp0.Status, 0);
      machine.cpu.pc = start | 0;
      const met = stop('exit:CpU', mtc0(Cp0.EPC));
      if (kind === 'kvm') expect(met).toMatch(/exit CpU at/);
      else expect(met).toBe('limit');
    });
  });

  it('disabled ones cost no stepping, and do not count', () => {
    placeLoop();
    const id = machine.breakpoints.add(`${start}`);
    expect(machine.needsStepping).toBe(true);
    machine.breakpoints.change(id, { enabled: false });
    expect(machine.needsStepping).toBe(false);
    expect(go(20)).toBe('limit');
    expect(machine.breakpoints.view()[0]!.hits).toBe(0);
    machine.breakpoints.add('tlb');
    expect(machine.needsStepping).toBe(false);
  });

  it('a run to a place arrives once', () => {
    placeLoop();
    machine.breakpoints.runUntil({ pc: start, sp: 4 });
    expect(machine.run(10, Infinity)).toBe('limit');
    machine.breakpoints.runUntil({ pc: start, sp: 0 });
    go(10);
    expect(pc()).toBe(start);
    expect(machine.breakpoints.report).toMatchObject({ breakpoint: null });
    expect(machine.needsStepping).toBe(false);
  });
});

describe('symbols', () => {
  const symbol = { name: 'entry', value: 0x80010004, size: 8, kind: 'function' as const };
  const plan = { registers: {}, writes: [], rom: [], leavesReset: true, pc: 0x80010000 };

  it('that are not known yet are waited for', () => {
    const machine = new BareMachine();
    machine.breakpoints.add('entry if entry != 0');
    expect(machine.breakpoints.view()[0]).toMatchObject({
      pending: 'Waits for symbols to find "entry".',
      address: null,
    });
    machine.boot({ ...plan, symbols: [symbol] });
    expect(machine.run(10, Infinity)).toBe('event');
    expect(machine.breakpoints.view()[0]).toMatchObject({
      pending: '',
      address: symbol.value,
      symbol: 'entry',
      hits: 1,
    });
  });

  it('that the guest does not have are a mistake, and what was set stays', () => {
    const machine = new BareMachine();
    machine.boot({ ...plan, symbols: [symbol] });
    expect(() => machine.breakpoints.add('entri')).toThrow(
      'There is no symbol "entri" in this guest; check its spelling.',
    );
    expect(() => machine.breakpoints.add('entry if nowhere')).toThrow(/no symbol "nowhere"/);
    expect(() => machine.breakpoints.add('entry+1')).toThrow(/multiple of 4/);
    expect(machine.breakpoints.view()).toEqual([]);
    const id = machine.breakpoints.add('entry');
    expect(() => machine.breakpoints.change(id, { condition: 'a0 ==' })).toThrow(/missing/);
    expect(machine.breakpoints.view()[0]!.condition).toBe('');
    expect(() => machine.breakpoints.remove(99)).toThrow('There is no breakpoint 99.');
  });
});

it.each<MachineKind>(['kvm', 'malta'])('a whole %s run is the same, looked at access by access', (machine) => {
  const run = (spec: string | null) => {
    const lab = new Lab({ machine });
    if (spec) lab.machine.breakpoints.add(spec);
    lab.command('pingpong 5');
    // LL, SC and unaligned words go round the host TLB when nobody looks at every access, and count as its refills.
    const stats = JSON.stringify(lab.machine.stats(), (key, value: unknown) => (key === 'hostTlbRefills' ? 0 : value));
    return { stats, output: lab.output };
  };
  const plain = run(null);
  const watched = run('access:0,65536 if 0');
  expect(watched.stats).toEqual(plain.stats);
  expect(watched.output).toBe(plain.output);
  const stepped = run('write:0x1000 ignore 1000000');
  expect(stepped.stats).toEqual(plain.stats);
});

it.each<MachineKind>(['kvm', 'malta'])(
  'a %s machine that translates stops as exactly, and runs on the same',
  (machine) => {
    const run = (engine: 'interpreter' | 'jit', spec: string | null) => {
      const lab = new Lab({ machine, engine });
      lab.command('pingpong 20');
      const stops: unknown[] = [];
      if (spec) {
        const { breakpoints, clock, cpu } = lab.machine;
        const id = breakpoints.add(spec);
        lab.machine.input(new TextEncoder().encode('pingpong 3\n'));
        for (let i = 0; i < 5; i++) {
          breakpoints.resume();
          while (lab.machine.run(1_000_000, clock.now() + 1e9) !== 'event') expect(lab.machine.end).toBeNull();
          stops.push([clock.instructions(), cpu.pc, breakpoints.report?.message]);
        }
        breakpoints.remove(id);
        lab.script([{ expect: 'lab$ ', send: '' }]);
      }
      lab.command('pingpong 30');
      const stats = JSON.stringify(lab.machine.stats(), (key, value: unknown) =>
        key === 'hostTlbRefills' ? 0 : value,
      );
      return { stops, output: lab.output, stats };
    };
    for (const spec of ['switch_mm', 'write:need_resched,4', 'asid']) {
      const plain = run('interpreter', spec);
      const translated = run('jit', spec);
      expect(translated.stops).toEqual(plain.stops);
      expect(plain.stops).toHaveLength(5);
      expect(translated.output).toBe(plain.output);
      expect(JSON.parse(translated.stats)).toMatchObject({
        instructions: (JSON.parse(plain.stats) as { instructions: number }).instructions,
      });
    }
  },
);
