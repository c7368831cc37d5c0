/** Where generated code goes on: when a slice ends, at joins, calls and returns, in another mode, after an interrupt. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { describeParting } from '../lockstep.ts';
import { Assembler } from '../testing/assembler.ts';
import { entryLo, mtc0 } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { add, adder, FUNCTION, LITTLE, START } from '../testing/changing-code.ts';

const [V0, V1, A0, A1, T0, T1, S0, S1, S2, RA] = [2, 3, 4, 5, 8, 9, 16, 17, 18, 31];

describe('limits to the instruction', () => {
  it.each([
    ['Status.ERL', 0x4],
    ['supervisor mode', 0x8],
    ['kernel mode', 0],
  ])('%s', (_, status) => {
    const code = new Assembler(START).label('loop').word(add(1)).branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code], (machine) => machine.setCp0(Cp0.Status, status));
    for (const limit of [1, 5, 63, 64, 65, 100, 1000, 7]) {
      const before = both.jit.clock.instructions();
      both.run(limit, Infinity);
      expect(both.parting).toBeNull();
      // One more when the last is a branch.
      expect(both.jit.clock.instructions() - before).toBeLessThanOrEqual(limit + 1);
    }
  });
});

it('slices of every length end where they must, also at the end of a TLB handler', () => {
  // Skips the load that missed.
  const refill = new Assembler(0x80000000).op('mfc0', { t: 26, d: 14 }).op('addiu', { s: S2, t: S2, i: 1 });
  refill.op('addiu', { s: 26, t: 26, i: 4 }).word(mtc0(26, Cp0.EPC)).op('eret');
  const code = new Assembler(START).li(T0, 0x00400000).label('loop').op('lw', { s: T0, t: T1 }).word(add(1));
  code.branch('beq', {}, 'loop').nop();
  const both = new BothEngines(LITTLE, [code, refill], (machine) => machine.setCp0(Cp0.Status, 0));
  for (let limit = 1; limit < 60; limit++) {
    for (let i = 0; i < 5; i++) both.run(limit, Infinity);
    expect(both.parting, both.parting ? describeParting(both.parting) : '').toBeNull();
  }
  expect(both.register(S2)).toBeGreaterThan(500);
});

describe('registers that only one of two ways to a place writes', () => {
  it.each<[string, (code: Assembler) => void]>([
    ['before a return', () => {}],
    ['before what the interpreter executes', (code) => code.op('mfc0', { t: T1, d: Cp0.Count >>> 3 })],
    ['before a jump elsewhere', (code) => code.op('jr', { s: S1 }).nop()],
  ])('%s', (_, end) => {
    // In the first half of the calls v1 is written, in the other it must keep what it has.
    const callee = new Assembler(FUNCTION).op('andi', { s: S0, t: T0, i: 32 }).branch('bne', { s: T0 }, 'join').nop();
    callee.op('addiu', { s: 0, t: V1, i: 77 }).label('join');
    end(callee);
    callee.op('jr', { s: RA }).nop();
    const code = new Assembler(START)
      .li(S1, FUNCTION + 0x2000)
      .li(A1, FUNCTION)
      .label('loop');
    code.op('andi', { s: S0, t: V1, i: 0x7ff }).op('jalr', { s: A1, d: RA }).op('addiu', { s: S0, t: S0, i: 1 });
    code.op('addu', { s: A0, t: V1, d: A0 }).branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code, callee, adder(FUNCTION + 0x2000)]);
    both.go(20_000);
    expect(both.register(S0)).toBeGreaterThan(1000);
    expect(both.register(A0)).toBeGreaterThan(100_000);
  });
});

describe('calls', () => {
  it('that leave hardly any instructions to go on with', () => {
    // The callee uses up what is left, in a loop; then comes a long way without a test.
    const callee = new Assembler(FUNCTION)
      .op('addiu', { t: T0, i: 20 })
      .label('loop')
      .branch('bgtz', { s: T0 }, 'loop');
    callee.op('addiu', { s: T0, t: T0, i: -1 }).op('jr', { s: RA }).nop();
    const code = new Assembler(START).li(S1, FUNCTION).label('loop').op('jalr', { s: S1, d: RA }).nop();
    for (let i = 0; i < 50; i++) code.word(add(1));
    code.branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code, callee]);
    both.go(2000);
    for (let limit = 1; limit < 250; limit++) {
      both.run(limit, Infinity);
      expect(both.parting, both.parting ? describeParting(both.parting) : '').toBeNull();
    }
    expect(both.register(V0)).toBeGreaterThan(1000);
  });

  it('deeper than the host’s stack takes, and back', () => {
    const code = new Assembler(START).label('main').li(29, 0x80080000).op('addiu', { t: A0, i: 400 });
    code.jump('jal', 'down').nop().branch('beq', {}, 'main').op('addiu', { s: S2, t: S2, i: 1 });
    code.label('down').op('addiu', { s: 29, t: 29, i: -8 }).op('sw', { s: 29, t: RA });
    code.branch('blez', { s: A0 }, 'up').word(add(1)).jump('jal', 'down').op('addiu', { s: A0, t: A0, i: -1 });
    code.label('up').op('lw', { s: 29, t: RA }).op('jr', { s: RA }).op('addiu', { s: 29, t: 29, i: 8 });
    const both = new BothEngines(LITTLE, [code]);
    both.go(100_000, 30_000);
    expect(both.register(S2)).toBeGreaterThan(15);
    expect(both.register(V0)).toBeGreaterThan(401 * 15);
  });

  it('that return elsewhere, or call what they return to', () => {
    const code = new Assembler(START).label('main').jump('jal', 'past').nop().word(add(1), add(2));
    // The callee's first instruction is where it returns to.
    code.jump('jal', 'here').nop().label('here').word(add(4)).branch('bgezal', {}, 'main');
    code.op('addiu', { s: S2, t: S2, i: 1 }).label('past').op('jr', { s: RA }).op('addiu', { s: RA, t: RA, i: 4 });
    const both = new BothEngines(LITTLE, [code]);
    both.go(5000);
    expect(both.register(S2)).toBeGreaterThan(100);
  });
});

describe('modes and interrupts', () => {
  const COUNTING = 0x80000180;
  /** Counts in s2, acknowledges the timer, and goes on after `skip` bytes. */
  const handler = (skip: number) => {
    const code = new Assembler(COUNTING).op('addiu', { s: S2, t: S2, i: 1 }).op('mfc0', { t: 26, d: 9 });
    code.op('addiu', { s: 26, t: 26, i: 97 }).word(mtc0(26, Cp0.Compare)).op('mfc0', { t: 26, d: 14 });
    return code.op('addiu', { s: 26, t: 26, i: skip }).word(mtc0(26, Cp0.EPC)).op('eret');
  };

  it('EI lets an interrupt in that came while DI held it off', () => {
    const code = new Assembler(START).label('loop').op('di', { t: T0 });
    for (let i = 0; i < 20; i++) code.word(add(1));
    code.op('ei', { t: T1 }).word(add(1), add(1)).branch('beq', {}, 'loop').nop();
    const both = new BothEngines(LITTLE, [code, handler(0)], (machine) => {
      machine.setCp0(Cp0.Compare, 100);
      machine.setCp0(Cp0.Status, 0x8001);
    });
    both.go(20_000);
    expect(both.register(S2)).toBeGreaterThan(50);
  });

  it.each([
    ['user', 0x10],
    ['supervisor', 0x08],
  ])('kernel code goes on in %s mode without a jump', (_, bits) => {
    // In useg, which every mode may execute. The MFC0 raises Coprocessor Unusable, and the handler leaves user mode.
    const code = new Assembler(0x80020000)
      .label('loop')
      .word(mtc0(A0, Cp0.Status))
      .word(add(1))
      .op('mfc0', { t: T0, d: 12 });
    code.word(add(1)).branch('beq', {}, 'loop').nop();
    const back = new Assembler(COUNTING).op('addiu', { s: S2, t: S2, i: 1 }).word(mtc0(A1, Cp0.Status));
    back.op('mfc0', { t: 26, d: 14 }).op('addiu', { s: 26, t: 26, i: 4 }).word(mtc0(26, Cp0.EPC)).op('eret');
    const both = new BothEngines(LITTLE, [code, back], (machine) => {
      machine.writeEntry(0, { hi: 0x00400000, lo0: entryLo(0x20000, 'VDG'), lo1: entryLo(0x20000, 'VDG') });
      machine.setCp0(Cp0.Status, 0);
      machine.cpu.pc = 0x00400000;
      machine.cpu.r[A0] = bits;
      machine.cpu.r[A1] = 2;
    });
    both.go(10_000);
    expect(both.register(S2)).toBeGreaterThan(500);
    if (bits === 0x10) expect(both.jit.counters.userEntries).toBeGreaterThan(500);
  });

  it('a jump to an address that is no multiple of four, where there is code', () => {
    const code = new Assembler(START).label('loop').li(T0, 'target').op('xori', { s: A0, t: A0, i: 2 });
    code.op('or', { s: T0, t: A0, d: T0 }).op('jr', { s: T0 }).nop().label('target').word(add(1));
    code.branch('beq', {}, 'loop').nop();
    const resume = new Assembler(COUNTING).op('addiu', { s: S2, t: S2, i: 1 }).li(26, START).word(mtc0(26, Cp0.EPC));
    const both = new BothEngines(LITTLE, [code, resume.op('eret')], (machine) => machine.setCp0(Cp0.Status, 0));
    both.go(10_000);
    expect(both.register(S2)).toBeGreaterThan(100);
    expect(both.register(V0)).toBeGreaterThan(100);
  });

  it('a jump that overwrites its own target, with a delay slot that reaches a device', () => {
    const code = new Assembler(START).li(T1, 0xbf000410).label('loop').li(T0, 'target').op('jalr', { s: T0, d: T0 });
    code.op('lw', { s: T1, t: V1 }).op('addiu', { s: A1, t: A1, i: 1 }).branch('beq', {}, 'loop').nop();
    code.label('target').op('addiu', { s: A0, t: A0, i: 1 }).op('jr', { s: T0 }).nop();
    const both = new BothEngines(LITTLE, [code]);
    both.go(10_000);
    expect(both.register(A0)).toBeGreaterThan(900);
  });
});

it('a second SC stores nothing', () => {
  const code = new Assembler(START).li(A0, 0x80040000).label('loop').op('ll', { s: A0, t: T0 });
  code.op('addiu', { s: T0, t: T0, i: 1 }).op('addu', { s: T0, t: 0, d: T1 }).op('sc', { s: A0, t: T0 });
  code.op('sc', { s: A0, t: T1 }).op('addu', { s: V0, t: T1, d: V0 }).op('addu', { s: V1, t: T0, d: V1 });
  code.branch('beq', {}, 'loop').nop();
  const both = new BothEngines(LITTLE, [code]);
  both.go(10_000);
  expect(both.register(V0)).toBe(0);
  expect(both.register(V1)).toBeGreaterThan(500);
});
