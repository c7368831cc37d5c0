/** TLB handlers, which the translator goes through without leaving its dispatcher: what they return to, and what if not. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import type { MachineOptions } from '../machine-options.ts';
import { Assembler } from '../testing/assembler.ts';
import { mfc0, mtc0, op, type BareMachine } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { MAPPED, START, VALID, general, kseg0Of, refill, walk } from '../testing/tlb-guest.ts';

const [V0, T0, T1, T2, S0, S1, S2, K0, K1, RA] = [2, 8, 9, 10, 16, 17, 18, 26, 27, 31];
const USER_MODE = 0x10;

const STEPS: [string, (code: Assembler) => void][] = [
  ['loads', (code) => code.op('lw', { s: T0, t: V0, i: 4 })],
  ['loads and stores', (code) => code.op('lw', { s: T0, t: V0 }).op('sw', { s: T0, t: S0 }).op('sb', { s: T0, t: S0 })],
  ['stores', (code) => code.op('sw', { s: T0, t: S0, i: 0x1ffc }).op('sh', { s: T0, t: S0 })],
  ['parts of words', (code) => code.op('lwl', { s: T0, t: V0, i: 1 }).op('swr', { s: T0, t: S0, i: 0x1001 })],
  ['both pages of the pair', (code) => code.op('lw', { s: T0, t: V0, i: 0x1000 }).op('lw', { s: T0, t: V0 })],
  ['LL and SC', (code) => code.op('ll', { s: T0, t: V0 }).op('sc', { s: T0, t: V0 })],
  ['a delay slot', (code) => code.branch('beq', {}, 'behind').op('lw', { s: T0, t: V0 }).label('behind')],
  ['the delay slot of a branch that is not taken', (code) => code.branch('bne', {}, 'loop').op('sw', { s: T0, t: S0 })],
  [
    'the delay slot of a likely branch',
    (code) => code.branch('bgtzl', { s: S0 }, 'behind').op('lw', { s: T0, t: V0 }).label('behind'),
  ],
  [
    'a register that the load overwrites',
    (code) => code.op('addu', { s: T0, d: S1 }).op('lw', { s: T0, t: T0 }).op('addu', { s: S1, d: T0 }),
  ],
  ['misaligned addresses', (code) => code.op('lw', { s: T0, t: V0, i: 2 }).op('lh', { s: T0, t: V0, i: 1 })],
  [
    'addresses beyond the guest’s RAM',
    (code) => code.li(T1, 0x20000000).op('addu', { s: T0, t: T1, d: T1 }).op('lw', { s: T1, t: V0 }),
  ],
];

const kernelMode = (machine: BareMachine) => machine.setCp0(Cp0.Status, 0);

// Where nobody traces, nothing of this leaves WebAssembly.
describe.each<[string, Partial<MachineOptions>, boolean]>([
  ['little endian', { bigEndian: false }, false],
  ['little endian, traced', { bigEndian: false }, true],
  ['little endian, recorded', { bigEndian: false, timelineEvents: 1024 }, false],
  ['big endian', { bigEndian: true }, false],
  ['eager', { bigEndian: false, policy: 'eager' }, false],
  ['eager, traced', { bigEndian: false, policy: 'eager' }, true],
  ['tagged', { bigEndian: false, policy: 'tagged' }, true],
  ['kvm', { kind: 'kvm' }, false],
  ['kvm, traced', { kind: 'kvm' }, true],
  ['kvm, recorded', { kind: 'kvm', timelineEvents: 1024 }, false],
  ['kvm, big endian, eager', { kind: 'kvm', bigEndian: true, policy: 'eager' }, false],
  ['kvm, everything, recorded', { kind: 'kvm', policy: 'everything', timelineEvents: 1024 }, false],
])('%s', (_, options, traced) => {
  const kseg0 = kseg0Of(options);
  it.each(STEPS)('%s', (_name, step) => {
    const both = new BothEngines(
      { ...options, tlbEntries: 16 },
      [walk(kseg0, step), refill(kseg0), general(kseg0)],
      kernelMode,
      traced,
    );
    both.go(40_000, 3000);
    both.go(3000, 40);
    // One refill a page at most; the misaligned make none.
    expect(both.register(S2) + both.register(T2)).toBeGreaterThan(500);
  });

  it.each<[string, number]>([
    ['first not valid', 0],
    ['first not to be written', 2],
  ])('pages that are %s', (_name, flags) => {
    const step = (code: Assembler) => code.op('lw', { s: T0, t: V0 }).op('sw', { s: T0, t: S0 });
    const both = new BothEngines(
      { ...options, tlbEntries: 16 },
      [walk(kseg0, step), refill(kseg0, flags), general(kseg0)],
      kernelMode,
      traced,
    );
    both.go(40_000, 3000);
    expect(both.register(S2)).toBeGreaterThan(300);
    expect(both.register(T2)).toBeGreaterThan(300);
  });

  it('user mode, with system calls', () => {
    const step = (code: Assembler) => code.op('lw', { s: T0, t: V0 }).op('sw', { s: T0, t: S0 }).op('syscall');
    const both = new BothEngines(
      { ...options, tlbEntries: 16 },
      [walk(kseg0, step), refill(kseg0), general(kseg0, ExcCode.Sys)],
      (machine) => {
        // The handler maps addresses to themselves, the code's too.
        machine.cpu.pc = START;
        machine.setCp0(Cp0.Status, USER_MODE);
      },
      traced,
    );
    both.go(40_000, 3000);
    both.go(3000, 40);
    expect(both.register(S2)).toBeGreaterThan(500);
    expect(both.register(T2)).toBeGreaterThan(500);
    expect(both.jit.counters.userEntries).toBeGreaterThan(1000);
  });

  it('changes of ASID, with and without a page to flush, and Count', () => {
    const code = new Assembler(kseg0 + START).label('again').op('addiu', { t: S0, i: 40 }).label('loop');
    for (const flag of [1, 2]) {
      // An ASID of the number of the round.
      code
        .op('addiu', { s: S0, t: T1, i: 0x80 * flag })
        .word(mtc0(T1, Cp0.EntryHi))
        .word(mfc0(V0, Cp0.Count));
      code.op('xor', { s: S1, t: V0, d: S1 });
    }
    code.op('andi', { s: S0, t: T1, i: 7 }).branch('bne', { s: T1 }, 'next').nop();
    code.li(T0, MAPPED).op('lw', { s: T0, t: V0 }).op('lw', { s: T0, t: V0, i: 0x2000 });
    code.label('next').op('addiu', { s: S0, t: S0, i: -1 });
    code.branch('bgtz', { s: S0 }, 'loop').nop().branch('beq', {}, 'again').nop();
    const both = new BothEngines(
      { ...options, tlbEntries: 16 },
      [code, refill(kseg0), general(kseg0)],
      kernelMode,
      traced,
    );
    both.go(60_000, 3000);
    both.go(3000, 40);
    expect(both.jit.counters.asidChanges).toBeGreaterThan(5000);
    expect(both.jit.mmu.hostRefills).toBeGreaterThan(500);
  });

  it('more changes of ASID than there are host ASIDs', () => {
    const code = new Assembler(kseg0 + START)
      .label('again')
      .op('addiu', { s: S0, t: S0, i: 1 })
      .op('andi', { s: S0, t: T1, i: 3 });
    code.word(mtc0(T1, Cp0.EntryHi)).branch('beq', {}, 'again').nop();
    const both = new BothEngines({ ...options, tlbEntries: 16 }, [code], kernelMode, traced);
    both.go(40_000, 20_000);
    expect(both.jit.counters.asidChanges).toBeGreaterThan(5000);
  });

  it('code on pages that come and go', () => {
    const code = walk(kseg0, (each) => each.op('jalr', { s: T0, d: RA }).nop());
    const functions = Array.from({ length: 24 }, (_each, i) =>
      new Assembler(kseg0 + MAPPED + 0x2000 * i)
        .word(op('addiu', { s: V0, t: V0, i: 1 }))
        .op('jr', { s: RA })
        .nop(),
    );
    const both = new BothEngines(
      { ...options, tlbEntries: 16 },
      [code, refill(kseg0), general(kseg0), ...functions],
      kernelMode,
      traced,
    );
    both.go(40_000, 3000);
    expect(both.register(V0)).toBeGreaterThan(500);
    expect(both.register(S2)).toBeGreaterThan(300);
  });

  it('a handler that goes on behind the load, at another one', () => {
    const handler = new Assembler(kseg0).word(mfc0(K1, Cp0.EPC)).op('addiu', { s: K1, t: K1, i: 4 });
    handler.word(mtc0(K1, Cp0.EPC)).word(mfc0(K0, Cp0.BadVAddr)).op('srl', { t: K0, d: K0, a: 13 });
    handler.op('sll', { t: K0, d: K0, a: 7 }).op('ori', { s: K0, t: K0, i: VALID }).word(mtc0(K0, Cp0.EntryLo0));
    handler.op('ori', { s: K0, t: K0, i: 0x40 }).word(mtc0(K0, Cp0.EntryLo1)).op('addiu', { s: S2, t: S2, i: 1 });
    handler.op('tlbwr').op('eret');
    // The second page of the pair is loaded from only once in a while.
    const step = (code: Assembler) => code.op('lw', { s: T0, t: V0, i: 0x1000 }).op('lw', { s: T0, t: V0, i: 0x2000 });
    const both = new BothEngines(
      { ...options, tlbEntries: 16 },
      [walk(kseg0, step), handler, general(kseg0)],
      kernelMode,
      traced,
    );
    both.go(40_000, 3000);
    expect(both.register(S2)).toBeGreaterThan(300);
  });

  it.each([
    ['lb', 'lw', ExcCode.AdEL],
    ['lbu', 'lhu', ExcCode.AdEL],
    ['sb', 'sw', ExcCode.AdES],
    ['swl', 'sh', ExcCode.AdES],
  ])('a handler that goes on behind %s, at a misaligned %s of the same address', (first, second, code) => {
    const handler = new Assembler(kseg0).word(mfc0(K1, Cp0.EPC)).op('addiu', { s: K1, t: K1, i: 4 });
    handler.word(mtc0(K1, Cp0.EPC)).op('addiu', { s: S2, t: S2, i: 1 }).op('eret');
    const step = (c: Assembler) => c.op(first, { s: T0, t: V0, i: 1 }).op(second, { s: T0, t: V0, i: 1 });
    const both = new BothEngines(
      { ...options, tlbEntries: 16 },
      [walk(kseg0, step), handler, general(kseg0, code)],
      kernelMode,
      traced,
    );
    both.go(20_000, 3000);
    expect(both.register(S2)).toBeGreaterThan(300);
    expect(Math.abs(both.register(T2) - both.register(S2))).toBeLessThan(2);
  });
});

describe.each<[string, Partial<MachineOptions>]>([
  ['malta', { kind: 'malta' }],
  ['malta, recorded', { kind: 'malta', timelineEvents: 1024 }],
  ['kvm', { kind: 'kvm' }],
  ['kvm, recorded', { kind: 'kvm', timelineEvents: 1024 }],
])('%s', (_, options) => {
  it('does nearly all of this without the host', () => {
    const step = (code: Assembler) => code.op('lw', { s: T0, t: V0 }).op('sw', { s: T0, t: S0 });
    const kseg0 = kseg0Of(options);
    const both = new BothEngines(options, [walk(kseg0, step), refill(kseg0), general(kseg0)], kernelMode);
    both.go(20_000, 20_000);
    const { system, counters } = both.jit;
    let asked = 0;
    for (const name of ['cop0', 'resolve'] as const) {
      const own = system[name].bind(system) as (...args: number[]) => number;
      system[name] = ((...args: number[]) => (asked++, own(...args))) as never;
    }
    const before = counters.tlbRefills;
    both.go(40_000, 20_000);
    const refills = counters.tlbRefills - before;
    expect(refills).toBeGreaterThan(500);
    // Each refill has five accesses to CP0, an ERET and an access that misses. The ring's blocks begin with the host.
    expect(asked).toBeLessThan(refills / 2);
  });
});
