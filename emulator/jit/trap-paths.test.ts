/** What the hypervisor's exits do beside what they are for, on both engines: generated code makes most of them itself. */
import { describe, expect, it } from 'vitest';
import { Cp0, STATUS_EXL, STATUS_IE, STATUS_UM } from '../cpu/cp0.ts';
import { COMMPAGE_4K } from '../kvm/dynamic-translation.ts';
import { Assembler } from '../testing/assembler.ts';
import { mfc0, mtc0, type BareMachine } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';

const [V0, T0, T1, T2, S0, S1, K0] = [2, 8, 9, 10, 16, 17, 26];
const START = 0x40010000;
const DATA = 0x40020000;
const IP0 = 0x100;

const kernelMode = (machine: BareMachine) => machine.setCp0(Cp0.Status, 0);

/** Runs `body` for ever, s0 counting. */
function loop(body: (code: Assembler) => void): Assembler {
  const code = new Assembler(START).label('again').op('addiu', { s: S0, t: S0, i: 1 });
  body(code);
  return code.branch('beq', {}, 'again').nop();
}
/** s1 takes in what a register holds. */
const takeIn = (code: Assembler, register: number) =>
  code.op('xor', { s: S1, t: register, d: S1 }).op('sll', { t: S1, d: T1, a: 1 }).op('addu', { s: S1, t: T1, d: S1 });

/** Counts in t2, and withdraws the software interrupt. */
function interrupted(): Assembler {
  const code = new Assembler(0x40000180).op('addiu', { s: T2, t: T2, i: 1 });
  return code.word(mtc0(0, Cp0.Cause)).op('eret');
}

describe.each<[string, boolean, object]>([
  ['untraced', false, {}],
  ['traced', true, {}],
  ['recorded', false, { timelineEvents: 1024 }],
])('%s', (_, traced, options) => {
  const both = (...programs: Assembler[]) =>
    new BothEngines({ kind: 'kvm', tlbEntries: 16, ...options }, programs, kernelMode, traced);

  it.each<[string, (code: Assembler) => void, boolean]>([
    ['nothing', () => undefined, true],
    ['MFC0', (code) => code.word(mfc0(T1, Cp0.EPC)), false],
    ['MTC0', (code) => code.word(mtc0(0, Cp0.EPC)), false],
    ['TLBP', (code) => code.op('tlbp'), false],
  ])('the link of LL after %s', (_name, between, kept) => {
    const code = loop((each) => {
      each.li(T0, DATA).op('ll', { s: T0, t: V0 });
      between(each);
      each.op('sc', { s: T0, t: V0 }).op('addu', { s: S1, t: V0, d: S1 });
      // SC stores 1 where it succeeds.
      each.op('addiu', { t: V0, i: 1 }).op('sw', { s: T0, t: V0 });
    });
    const run = both(code);
    run.go(20_000);
    expect(run.register(S0)).toBeGreaterThan(1000);
    if (kept) expect(run.register(S1)).toBeGreaterThan(1000);
    else expect(run.register(S1)).toBe(0);
  });

  it.each<[string, (code: Assembler) => void]>([
    [
      'MTC0 Status',
      (code) =>
        code
          .li(T1, IP0 | STATUS_IE)
          .word(mtc0(T1, Cp0.Status))
          .word(mtc0(0, Cp0.Status)),
    ],
    ['EI', (code) => code.li(T1, IP0).word(mtc0(T1, Cp0.Status)).op('ei').op('di')],
    [
      'ERET',
      (code) => {
        code.li(T1, IP0 | STATUS_IE | STATUS_EXL).word(mtc0(T1, Cp0.Status));
        code.li(T1, 'behind').word(mtc0(T1, Cp0.EPC)).op('eret').label('behind').word(mtc0(0, Cp0.Status));
      },
    ],
    [
      'any exit, when Cause was written through the commpage',
      (code) => {
        code
          .word(mtc0(0, Cp0.Cause))
          .li(T1, IP0 | STATUS_IE)
          .word(mtc0(T1, Cp0.Status));
        code
          .li(T0, COMMPAGE_4K + 4 * Cp0.Cause)
          .li(T1, IP0)
          .op('sw', { s: T0, t: T1 });
        code.word(mfc0(T1, Cp0.EPC)).word(mtc0(0, Cp0.Status));
      },
    ],
  ])('an interrupt that waits is delivered at %s', (_name, body) => {
    const code = loop((each) => {
      each.li(T1, IP0).word(mtc0(T1, Cp0.Cause));
      body(each);
    });
    const run = both(code, interrupted());
    run.go(30_000);
    expect(run.register(T2)).toBeGreaterThan(500);
  });

  it('user mode comes with the next exit after Status was written through the commpage', () => {
    const code = loop((each) => {
      each
        .li(T0, COMMPAGE_4K + 4 * Cp0.Status)
        .li(T1, STATUS_UM)
        .op('sw', { s: T0, t: T1 });
      each.word(mfc0(V0, Cp0.EPC)).op('addiu', { s: S1, t: S1, i: 1 });
    });
    // User mode reaches nothing of kseg0: back to the start, in kernel mode.
    const handler = new Assembler(0x40000180).op('addiu', { s: T2, t: T2, i: 1 });
    handler.li(K0, STATUS_EXL).word(mtc0(K0, Cp0.Status)).li(K0, START).word(mtc0(K0, Cp0.EPC)).op('eret');
    const run = both(code, handler);
    run.go(30_000);
    expect(run.register(T2)).toBeGreaterThan(500);
    // The instruction behind MFC0 is not reached.
    expect(run.register(S1)).toBe(0);
  });

  it('what is written to CP0 and read back', () => {
    const registers = [
      ...[Cp0.Index, Cp0.EntryLo0, Cp0.EntryLo1, Cp0.Context, Cp0.PageMask, Cp0.Wired, Cp0.HWREna, Cp0.BadVAddr],
      ...[Cp0.EntryHi, Cp0.Cause, Cp0.EPC, Cp0.PRId, Cp0.Config, Cp0.Config5, Cp0.ErrCtl, Cp0.ErrorEPC, Cp0.UserLocal],
    ];
    const code = loop((each) => {
      for (const register of registers) {
        each.li(T0, 0x9e3779b1).op('mul', { s: T0, t: S0, d: T0 });
        if (register === Cp0.Index) each.op('andi', { s: T0, t: T0, i: 15 });
        each.word(mtc0(T0, register)).word(mfc0(V0, register));
        takeIn(each, V0);
      }
      // Without what makes it user mode, or enables interrupts.
      each.li(T1, 0xffffffef).op('and', { s: T0, t: T1, d: T0 }).op('ori', { s: T0, t: T0, i: STATUS_EXL });
      each.word(mtc0(T0, Cp0.Status)).word(mfc0(V0, Cp0.Status)).op('di', { t: T0 });
      takeIn(each, V0);
      takeIn(each, T0);
      each.word(mtc0(0, Cp0.Status)).word(mtc0(0, Cp0.Cause)).word(mtc0(0, Cp0.PageMask));
    });
    const run = both(code);
    run.go(60_000);
    expect(run.register(S0)).toBeGreaterThan(300);
  });

  it('moves from and to CP0 in delay slots', () => {
    const code = loop((each) => {
      each.op('sll', { t: S0, d: T0, a: 3 }).branch('beq', {}, 'first').word(mtc0(T0, Cp0.EPC)).label('first');
      each.branch('beq', {}, 'second').word(mfc0(V0, Cp0.EPC)).label('second');
      takeIn(each, V0);
      each.li(T0, STATUS_EXL).branch('beq', {}, 'third').word(mtc0(T0, Cp0.Status)).label('third');
      takeIn(each.word(mfc0(V0, Cp0.Status)), V0);
    });
    const run = both(code);
    run.go(30_000);
    expect(run.register(S0)).toBeGreaterThan(1000);
    expect(run.register(V0)).toBe(STATUS_EXL);
  });

  it('TLBP, for what is there and what is not', () => {
    const code = loop((each) => {
      each.op('andi', { s: S0, t: T0, i: 31 }).op('sll', { t: T0, d: T0, a: 13 }).word(mtc0(T0, Cp0.EntryHi));
      each.op('tlbp').word(mfc0(V0, Cp0.Index)).op('slt', { s: V0, d: T1 }).branch('beq', { s: T1 }, 'found').nop();
      each.op('tlbwr').op('addiu', { s: T2, t: T2, i: 1 }).label('found');
      takeIn(each, V0);
    });
    const run = both(code);
    run.go(40_000);
    expect(run.register(T2)).toBeGreaterThan(500);
    expect(run.register(T2)).toBeLessThan(run.register(S0) - 300);
  });

  it('the page beside the commpage', () => {
    const code = loop((each) => {
      // Another ASID every second round, so that the page is mapped anew.
      each.op('andi', { s: S0, t: T0, i: 1 }).word(mtc0(T0, Cp0.EntryHi)).li(T0, 0x6000);
      each.op('lw', { s: T0, t: V0 }).op('sw', { s: T0, t: S0 });
      each.op('lw', { s: T0, t: V0, i: 0x1000 + 4 * Cp0.PRId });
      takeIn(each, V0);
    });
    const run = both(code);
    run.act((machine) => {
      (machine as BareMachine).writeEntry(0, { hi: 0x6000, lo0: 0x1007, lo1: 0x1047 });
    });
    run.go(30_000);
    expect(run.register(S0)).toBeGreaterThan(1000);
    expect(run.jit.counters.asidChanges).toBeGreaterThan(1000);
  });

  it.each<[string, Assembler[], RegExp]>([
    [
      'an Index out of range',
      [
        loop((each) =>
          each
            .op('slti', { s: S0, t: T0, i: 300 })
            .op('xori', { s: T0, t: T0, i: 1 })
            .op('sll', { t: T0, d: T0, a: 4 })
            .word(mtc0(T0, Cp0.Index)),
        ),
      ],
      /to Index/,
    ],
    [
      'SYSCALL in the handler of one',
      [
        loop((each) => each.op('syscall')),
        new Assembler(0x40000180)
          .op('addiu', { s: T2, t: T2, i: 1 })
          .word(mfc0(K0, Cp0.EPC))
          .op('addiu', { s: K0, t: K0, i: 4 })
          .word(mtc0(K0, Cp0.EPC))
          .op('slti', { s: T2, t: K0, i: 300 })
          .branch('bne', { s: K0 }, 'out')
          .nop()
          .op('syscall')
          .label('out')
          .op('eret'),
      ],
      /in its own exception handler/,
    ],
    [
      'ERET without an exception',
      [loop((each) => each.op('slti', { s: S0, t: T0, i: 300 }).branch('bne', { s: T0 }, 'again').nop().op('eret'))],
      /ERET/,
    ],
  ])('KVM gives up on %s', (_name, programs, message) => {
    const run = both(...programs);
    run.go(30_000);
    expect(run.jit.end?.message).toMatch(message);
    expect(run.register(S0)).toBeGreaterThanOrEqual(299);
  });
});
