/** Flushes by changes of ASID, on both engines: of a few tables generated code does them itself, of many the MMU. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import type { MachineOptions } from '../machine-options.ts';
import { MOST_SPARES } from '../memory.ts';
import { Assembler } from '../testing/assembler.ts';
import { mfc0, mtc0, type BareMachine } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { FREED_SLOTS } from '../timeline/event-ring.ts';

const [V0, T0, T1, T2, S0, S1, S2, K0] = [2, 8, 9, 10, 16, 17, 18, 26];
const START = 0x10000;
const VALID = 6;
const TABLE = 1 << 22;
const KERNEL_MODE = 0;
const USER_MODE = 0x10;

/** Maps whatever misses to the same 16 MiB of RAM. */
function refill(kseg0: number): Assembler {
  const code = new Assembler(kseg0).word(mfc0(K0, Cp0.BadVAddr)).op('sll', { t: K0, d: K0, a: 8 });
  code.op('srl', { t: K0, d: K0, a: 21 }).op('sll', { t: K0, d: K0, a: 7 });
  code.op('ori', { s: K0, t: K0, i: VALID }).word(mtc0(K0, Cp0.EntryLo0));
  code.op('ori', { s: K0, t: K0, i: 0x40 }).word(mtc0(K0, Cp0.EntryLo1)).op('addiu', { s: S2, t: S2, i: 1 });
  return code.op('tlbwr').op('eret');
}

/** Loads from a page of each of s1 tables, from t0 on. */
function touch(code: Assembler): Assembler {
  code.label('touch').op('lw', { s: T0, t: V0 }).li(T1, TABLE).op('addu', { s: T0, t: T1, d: T0 });
  return code.op('addiu', { s: S1, t: S1, i: -1 }).branch('bgtz', { s: S1 }, 'touch').nop();
}

describe.each<[string, Partial<MachineOptions>]>([
  ['malta', { kind: 'malta' }],
  ['malta, recorded', { kind: 'malta', timelineEvents: 1024 }],
  ['kvm', { kind: 'kvm' }],
  ['kvm, recorded', { kind: 'kvm', timelineEvents: 1024 }],
])('%s', (_, options) => {
  const kseg0 = options.kind === 'kvm' ? 0x40000000 : 0x80000000;
  const kseg2 = options.kind === 'kvm' ? 0x60000000 : 0xc0000000;
  const kernelMode = (machine: BareMachine) => machine.setCp0(Cp0.Status, KERNEL_MODE);

  it.each<[number, number]>([
    [1, 0],
    [0, 2],
    [3, 4],
    [FREED_SLOTS, 0],
    [FREED_SLOTS - 1, 2],
    [MOST_SPARES - 3, 2],
    [MOST_SPARES, 20],
  ])('the kernel’s, of %i tables of useg and %i of kseg2/3', (useg, kseg23) => {
    const code = new Assembler(kseg0 + START).label('again').op('addiu', { s: S0, t: S0, i: 1 });
    code.op('andi', { s: S0, t: T0, i: 0xff }).word(mtc0(T0, Cp0.EntryHi));
    if (useg > 0) touch(code.li(T0, 0x1000).op('addiu', { t: S1, i: useg }));
    if (kseg23 > 0) {
      code
        .li(T0, kseg2 + 0x2000)
        .op('addiu', { t: S1, i: kseg23 })
        .label('more')
        .op('lw', { s: T0, t: V0 });
      code.li(T1, TABLE).op('addu', { s: T0, t: T1, d: T0 }).op('addiu', { s: S1, t: S1, i: -1 });
      code.branch('bgtz', { s: S1 }, 'more').nop();
    }
    code.branch('beq', {}, 'again').nop();
    const both = new BothEngines({ ...options, tlbEntries: 64 }, [code, refill(kseg0)], kernelMode);
    both.go(60_000, 20_000);
    expect(both.jit.mmu.totals.kernel.count).toBeGreaterThan(30);
    // The last flush may have come at once, when the MMU had no room.
    expect(both.jit.mmu.totals.kernel.tablesFreed).toBeGreaterThan(25 * (useg + kseg23));
  });

  it('the kernel’s, before the host takes memory away', () => {
    const code = new Assembler(kseg0 + START).label('again').op('addiu', { s: S0, t: S0, i: 1 });
    code.op('andi', { s: S0, t: T0, i: 0xff }).word(mtc0(T0, Cp0.EntryHi)).li(T0, 0x1000).op('lw', { s: T0, t: V0 });
    code.branch('beq', {}, 'again').nop();
    const both = new BothEngines({ ...options, hostUnmapEvery: 997 }, [code, refill(kseg0)], kernelMode);
    both.go(40_000, 500);
    // What it was flushed for names the ASID of that time.
    expect(both.jit.mmu.totals.gpa.count).toBeGreaterThan(30);
    expect(both.jit.mmu.totals.kernel.count).toBeGreaterThan(500);
  });

  it('the one whose pages are executed from', () => {
    // The kernel runs in useg, where its page goes with the change.
    const code = new Assembler(START).label('again').op('addiu', { s: S0, t: S0, i: 1 });
    code.op('andi', { s: S0, t: T0, i: 0x3f }).word(mtc0(T0, Cp0.EntryHi)).op('addu', { s: S1, t: S0, d: S1 });
    code.branch('beq', {}, 'again').nop();
    const both = new BothEngines({ ...options, tlbEntries: 16 }, [code, refill(kseg0)], kernelMode);
    both.go(40_000, 5000);
    expect(both.register(S2)).toBeGreaterThan(500);
    expect(both.jit.mmu.totals.kernel.tablesFreed).toBeGreaterThan(500);
  });

  it.each([1, FREED_SLOTS, FREED_SLOTS + 3])('the user’s, of %i tables', (tables) => {
    // A system call with another ASID each time; the kernel does nothing but that.
    const user = new Assembler(0x10000).label('again').op('addiu', { s: T2, t: T2, i: 1 });
    user.li(T0, 0x1000).op('addiu', { t: S1, i: tables });
    touch(user).op('syscall').branch('beq', {}, 'again').nop();
    const general = new Assembler(kseg0 + 0x180).op('addiu', { s: S0, t: S0, i: 1 });
    general.op('andi', { s: S0, t: K0, i: 0xff }).word(mtc0(K0, Cp0.EntryHi)).word(mfc0(K0, Cp0.EPC));
    general.op('addiu', { s: K0, t: K0, i: 4 }).word(mtc0(K0, Cp0.EPC)).op('eret');
    const both = new BothEngines({ ...options, tlbEntries: 32 }, [user, refill(kseg0), general], (machine) => {
      machine.setCp0(Cp0.Status, USER_MODE);
      machine.cpu.pc = 0x10000;
    });
    both.go(60_000, 5000);
    expect(both.jit.mmu.totals.user.count).toBeGreaterThan(100);
    expect(both.jit.mmu.totals.user.tablesFreed).toBeGreaterThan(90 * tables);
    expect(both.jit.counters.userEntriesWithNewAsid).toBeGreaterThan(100);
  });
});
