/**
 * Exceptions in user mode with calls on the host's stack: where the kernel returns to, and what it has changed meanwhile of
 * what is there. Each guest calls `outer`, which calls `inner`, which makes a system call.
 */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import type { MachineOptions } from '../machine-options.ts';
import { Assembler } from '../testing/assembler.ts';
import { mfc0, mtc0 } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { MAPPED, START, VALID, kseg0Of, refill } from '../testing/tlb-guest.ts';
import { MOST_CALLS } from './exits.ts';

const [V0, V1, A0, T0, T2, T3, T6, T7, S0, S3] = [2, 3, 4, 8, 10, 11, 14, 15, 16, 19];
const [T8, T9, K0, K1, SP, RA] = [24, 25, 26, 27, 29, 31];
const USER_MODE = 0x10;
const USER_AND_EXL = 0x12;
const OUTER = START + 0x4000;
const INNER = START + 0x8000;
/** From `outer` to another one, in physical addresses; and what that is in EntryLo. */
const ELSEWHERE = 0x10000;
const IN_ENTRY_LO = ELSEWHERE >>> 6;
const OTHER_PROCESS = 0x100000;

const call = (code: Assembler, to: number) => code.op('jal', { j: (to >>> 2) & 0x3ffffff }).nop();

/** Loops for ever; s0 counts. */
function main(at = 0): Assembler {
  const code = call(new Assembler(START + at).label('again'), OUTER);
  return code.op('addiu', { s: S0, t: S0, i: 1 }).branch('beq', {}, 'again').nop();
}
/** v0 grows by `by` behind the call. @param around written before and behind it */
function outer(by: number, at = 0, around: (code: Assembler) => void = () => undefined): Assembler {
  const code = new Assembler(OUTER + at).op('addu', { s: RA, d: S3 });
  around(code);
  call(code, INNER).label('behind');
  around(code);
  code.label('adds').op('addiu', { s: V0, t: V0, i: by }).op('addu', { s: S3, d: RA });
  return code.op('jr', { s: RA }).nop();
}
function inner(at = 0): Assembler {
  const code = new Assembler(INNER + at).op('addiu', { s: V1, t: V1, i: 1 }).op('syscall');
  return code.op('addiu', { s: V1, t: V1, i: 1 }).op('jr', { s: RA }).nop();
}
/** t2 counts system calls, t6 what else is skipped. */
function general(kseg0: number, onSyscall: (code: Assembler) => void): Assembler {
  const code = new Assembler(kseg0 + 0x180).word(mfc0(K0, Cp0.Cause)).op('andi', { s: K0, t: K0, i: 0x7c });
  code
    .op('addiu', { t: K1, i: 4 * ExcCode.Sys })
    .branch('bne', { s: K0, t: K1 }, 'other')
    .nop();
  onSyscall(code.op('addiu', { s: T2, t: T2, i: 1 }));
  code.branch('beq', {}, 'skip').nop().label('other').op('addiu', { s: T6, t: T6, i: 1 });
  code.label('skip').word(mfc0(K0, Cp0.EPC)).op('addiu', { s: K0, t: K0, i: 4 }).word(mtc0(K0, Cp0.EPC));
  return code.op('eret');
}
/** What follows is done by every fourth system call only, up to the label `always`. */
function sometimes(code: Assembler): Assembler {
  code.op('andi', { s: T2, t: K0, i: 3 });
  return code.branch('bne', { s: K0 }, 'always').nop();
}

describe.each<[string, Partial<MachineOptions>, boolean]>([
  ['malta', { kind: 'malta' }, false],
  ['malta, big endian', { kind: 'malta', bigEndian: true }, false],
  ['malta, traced', { kind: 'malta' }, true],
  ['malta, recorded', { kind: 'malta', timelineEvents: 1024 }, false],
  ['kvm', { kind: 'kvm' }, false],
  ['kvm, recorded', { kind: 'kvm', timelineEvents: 1024 }, false],
])('%s', (_, options, traced) => {
  const kseg0 = kseg0Of(options);

  /** Runs it, and at least so many system calls. */
  function run(programs: Assembler[], calls = 1000, handler = refill(kseg0)): BothEngines {
    const both = new BothEngines(
      { ...options, tlbEntries: 16 },
      [...programs, handler],
      (machine) => {
        machine.cpu.pc = START;
        machine.setCp0(Cp0.Status, USER_MODE);
      },
      traced,
    );
    both.go(60_000, 5000);
    both.go(3000, 40);
    expect(both.register(T2)).toBeGreaterThan(calls);
    return both;
  }

  it('the kernel returns to where it was called', () => {
    const both = run([main(), outer(1), inner(), general(kseg0, () => undefined)]);
    // One of them may be under way.
    expect(both.register(V1) - 2 * both.register(V0)).toBeLessThan(3);
  });

  it('it returns to the caller of the caller', () => {
    const handler = general(kseg0, (code) => {
      sometimes(code).word(mtc0(S3, Cp0.EPC)).op('eret').label('always');
    });
    const both = run([main(), outer(1), inner(), handler]);
    expect(both.register(V0)).toBeLessThan(0.8 * both.register(S0));
  });

  it('it has mapped the caller’s page elsewhere', () => {
    const handler = general(kseg0, (code) => {
      sometimes(code)
        .li(K0, OUTER)
        .word(mtc0(K0, Cp0.EntryHi))
        .op('tlbp')
        .word(mfc0(K1, Cp0.Index))
        .branch('bltz', { s: K1 }, 'always')
        .nop();
      code.op('xori', { s: T7, t: T7, i: IN_ENTRY_LO }).li(K0, ((OUTER >>> 12) << 6) | VALID);
      code.op('addu', { s: K0, t: T7, d: K0 }).word(mtc0(K0, Cp0.EntryLo0)).op('ori', { s: K0, t: K0, i: 0x40 });
      code.word(mtc0(K0, Cp0.EntryLo1)).op('tlbwi').label('always');
    });
    const both = run([main(), outer(1), outer(0x100, ELSEWHERE), inner(), handler]);
    const times = both.register(V0);
    expect(Math.min(times & 0xff, times >>> 8)).toBeGreaterThan(20);
  });

  it('it has changed the caller’s code', () => {
    const code = outer(1);
    const handler = general(kseg0, (each) => {
      sometimes(each)
        .li(K1, kseg0 + code.address('adds'))
        .op('lw', { s: K1, t: K0 })
        .op('xori', { s: K0, t: K0, i: 3 })
        .op('sw', { s: K1, t: K0 })
        .label('always');
    });
    const both = run([main(), code, inner(), handler], 500);
    expect(both.register(V0) / both.register(S0)).toBeGreaterThan(1.4);
    expect(both.register(V0) / both.register(S0)).toBeLessThan(1.6);
  });

  it('it goes on in the caller in kernel mode', () => {
    const handler = general(kseg0, (code) => {
      // At the next system call it goes back to user mode.
      code.op('addiu', { t: K0, i: USER_AND_EXL }).word(mtc0(K0, Cp0.Status));
      sometimes(code).word(mtc0(0, Cp0.Status)).op('jr', { s: RA }).nop().label('always');
    });
    const programs = [main(), outer(1, 0, (code) => code.word(mfc0(T3, Cp0.Status))), inner(), handler];
    const both = run(programs);
    // What may not be read in user mode is skipped, three times of four.
    expect(both.register(T6)).toBeGreaterThan(1.4 * both.register(S0));
    expect(both.register(T6)).toBeLessThan(1.6 * both.register(S0));
  });

  // The kvm machine has no coprocessor 1 to turn on.
  it.skipIf(options.kind === 'kvm')('it has turned coprocessor 1 on or off', () => {
    const handler = general(kseg0, (code) => {
      sometimes(code)
        .word(mfc0(K0, Cp0.Status))
        .op('lui', { t: K1, i: 0x2000 })
        .op('xor', { s: K0, t: K1, d: K0 })
        .word(mtc0(K0, Cp0.Status))
        .label('always');
    });
    const float = (code: Assembler) => code.op('mtc1', { t: S0 }).op('add.s');
    const both = run([main(), outer(1, 0, float), inner(), handler], 500);
    // Half of the time it is off.
    expect(both.register(T6) / both.register(S0)).toBeGreaterThan(1.6);
    expect(both.register(T6) / both.register(S0)).toBeLessThan(2.4);
  });

  it('its own calls, that miss in the TLB', () => {
    const handler = general(kseg0, (code) => {
      code.word(mfc0(T9, Cp0.EPC)).word(mtc0(0, Cp0.Status)).op('addu', { s: RA, d: T8 });
      call(code, kseg0 + 0x3000).op('addu', { s: T8, d: RA });
      code.op('addiu', { t: K0, i: USER_AND_EXL }).word(mtc0(K0, Cp0.Status)).word(mtc0(T9, Cp0.EPC));
    });
    const callee = new Assembler(kseg0 + 0x3000).op('andi', { s: T2, t: T0, i: 31 }).op('sll', { t: T0, d: T0, a: 13 });
    callee
      .li(T3, MAPPED)
      .op('addu', { s: T0, t: T3, d: T0 })
      .op('lw', { s: T0, t: V0 })
      .op('addiu', { s: V0, t: V0, i: 1 });
    callee.op('sw', { s: T0, t: V0, i: 0x1000 }).op('jr', { s: RA }).nop();
    const both = run([main(), outer(1), inner(), handler, callee]);
    expect(both.jit.counters.tlbRefills).toBeGreaterThan(500);
  });

  it('another process goes on', () => {
    const saved = kseg0 + 0x3000;
    const handler = general(kseg0, (code) => {
      sometimes(code).li(K1, saved);
      for (const [i, register] of [S3, RA, V0].entries()) {
        code.op('lw', { s: K1, t: T9, i: 4 * i }).op('sw', { s: K1, t: register, i: 4 * i });
        code.op('addu', { s: T9, d: register });
      }
      code.word(mfc0(K0, Cp0.EPC)).op('lw', { s: K1, t: T9, i: 12 }).op('sw', { s: K1, t: K0, i: 12 });
      code.word(mtc0(T9, Cp0.EPC)).word(mfc0(K0, Cp0.EntryHi)).op('xori', { s: K0, t: K0, i: 1 });
      code.word(mtc0(K0, Cp0.EntryHi)).label('always');
    });
    // Where the other one begins: 4 is added.
    const state = new Assembler(saved).word(0, 0, 0, START - 4);
    // It has its own pages.
    const misses = new Assembler(kseg0).word(mfc0(K0, Cp0.BadVAddr)).op('srl', { t: K0, d: K0, a: 13 });
    misses.op('sll', { t: K0, d: K0, a: 7 }).word(mfc0(K1, Cp0.EntryHi)).op('andi', { s: K1, t: K1, i: 1 });
    misses.op('sll', { t: K1, d: K1, a: 14 }).op('addu', { s: K0, t: K1, d: K0 }).op('ori', { s: K0, t: K0, i: VALID });
    misses.word(mtc0(K0, Cp0.EntryLo0)).op('ori', { s: K0, t: K0, i: 0x40 }).word(mtc0(K0, Cp0.EntryLo1));
    misses.op('tlbwr').op('eret');
    const others = [main(OTHER_PROCESS), outer(0x100, OTHER_PROCESS), inner(OTHER_PROCESS)];
    const both = run([main(), outer(1), inner(), handler, state, ...others], 1000, misses);
    expect(both.jit.counters.userEntriesWithNewAsid).toBeGreaterThan(200);
    // The one adds 1, the other 256.
    const other = both.jit.memory.words[(both.jit.mmu.ram(saved & 0x1fffffff) + 8) >>> 2]!;
    const [low, high] = [both.register(V0), other].sort((a, b) => a - b);
    expect(high! & 0xff).toBe(0);
    expect(low).toBeGreaterThan(100);
    expect(low).toBeLessThan(0x1000);
  });

  it('as many calls within calls as there may be, or a few more or less', () => {
    const code = new Assembler(START)
      .label('again')
      .li(SP, MAPPED + 0x1000)
      .op('andi', { s: S0, t: A0, i: 15 });
    code.op('addiu', { s: A0, t: A0, i: MOST_CALLS - 8 });
    call(code, OUTER).op('addiu', { s: S0, t: S0, i: 1 }).branch('beq', {}, 'again').nop();
    const callee = new Assembler(OUTER).op('addiu', { s: SP, t: SP, i: -8 }).op('sw', { s: SP, t: RA });
    callee.branch('beq', { s: A0 }, 'last').op('addiu', { s: A0, t: A0, i: -1 });
    callee.li(T0, OUTER).op('jalr', { s: T0, d: RA }).nop().op('addiu', { s: V0, t: V0, i: 1 });
    callee.label('last').op('addiu', { s: V1, t: V1, i: 1 }).op('syscall').op('lw', { s: SP, t: RA });
    callee.op('jr', { s: RA }).op('addiu', { s: SP, t: SP, i: 8 });
    const both = run([code, callee, general(kseg0, () => undefined)]);
    expect(both.register(V0)).toBeGreaterThan(1000);
  });
});
