/** Replaced TLB entries that are kept, on both engines: what their guest does to have them dropped. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import type { MachineOptions } from '../machine-options.ts';
import { MOST_KEPT } from '../mmu/kept-pairs.ts';
import { Assembler } from '../testing/assembler.ts';
import { mfc0, mtc0 } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { VALID, general, kseg0Of, refill, walk } from '../testing/tlb-guest.ts';

const [V0, T0, T1, S0, S1, S2, K0, K1, ZERO] = [2, 8, 9, 16, 17, 18, 26, 27, 0];
/** One entry, of a page that is not valid. */
const [CLEAN, FEW] = [2, 24];

const access = (code: Assembler) => code.op('lw', { s: T0, t: V0, i: 0x1000 }).op('sw', { s: T0, t: S0 });

/** What the guest does to each page pair in turn, the number of pairs, and flags of its pages at first. */
const GUESTS: [string, (code: Assembler) => void, number, number][] = [
  ['more pairs than are kept', access, MOST_KEPT + 44, VALID],
  ['pages that are first not to be written', access, FEW, CLEAN],
  [
    'TLBP of what it has used before',
    (code) => access(code).word(mtc0(T0, Cp0.EntryHi)).op('tlbp').op('lw', { s: T0, t: V0 }),
    FEW,
    VALID,
  ],
  [
    'TLBWI of another pair',
    (code) => {
      access(code).op('sll', { t: S0, d: T1, a: 13 }).word(mtc0(T1, Cp0.EntryHi));
      code.word(mtc0(ZERO, Cp0.EntryLo0)).word(mtc0(ZERO, Cp0.EntryLo1)).op('tlbwi');
    },
    FEW,
    VALID,
  ],
  [
    'TLBWI of the same pair',
    (code) => access(code).op('sw', { s: T0, t: S0 }).word(mtc0(T0, Cp0.EntryHi)).op('tlbp').op('tlbwi'),
    FEW,
    VALID,
  ],
  ['TLBR', (code) => access(code).op('tlbr'), FEW, VALID],
  [
    'changes of ASID',
    (code) => access(code).op('andi', { s: S0, t: T1, i: 7 }).word(mtc0(T1, Cp0.EntryHi)),
    FEW,
    VALID,
  ],
];

describe.each<[string, Partial<MachineOptions>]>([
  ['little endian', {}],
  ['recorded', { timelineEvents: 1024 }],
  ['big endian', { bigEndian: true }],
  ['eager', { policy: 'eager' }],
  ['tagged', { policy: 'tagged' }],
])('%s', (_, options) => {
  it.each(GUESTS)('%s', (_name, step, pairs, flags) => {
    const kseg0 = kseg0Of(options);
    const guest = [walk(kseg0, step, pairs), refill(kseg0, flags), general(kseg0)];
    const both = new BothEngines({ ...options, keepReplaced: true, tlbEntries: 16 }, guest, (machine) =>
      machine.setCp0(Cp0.Status, 0),
    );
    both.go(40_000, 3000);
    both.go(3000, 40);
    expect(both.jit.mmu.kept!.length).toBeLessThanOrEqual(MOST_KEPT);
    expect(both.register(S2)).toBeGreaterThanOrEqual(pairs);
  });
});

it('one page of a pair kept, and the other missed', () => {
  const kseg0 = kseg0Of({});
  // Of each pair now the one, now the other page; only the page that is missed is valid.
  const step = (code: Assembler) => {
    code.op('addiu', { s: S1, t: S1, i: 1 }).op('andi', { s: S1, t: T1, i: 1 }).op('sll', { t: T1, d: T1, a: 12 });
    code.op('addu', { s: T0, t: T1, d: T1 }).op('lw', { s: T1, t: V0 });
  };
  const handler = new Assembler(kseg0).word(mfc0(K0, Cp0.BadVAddr)).op('srl', { t: K0, d: K1, a: 12 });
  handler.op('andi', { s: K1, t: K1, i: 1 }).op('sll', { t: K1, d: K1, a: 1 });
  handler.op('srl', { t: K0, d: K0, a: 13 }).op('sll', { t: K0, d: K0, a: 7 }).op('ori', { s: K0, t: K0, i: 2 });
  handler.op('xor', { s: K0, t: K1, d: K0 }).word(mtc0(K0, Cp0.EntryLo0)).op('ori', { s: K0, t: K0, i: 0x40 });
  handler.op('xori', { s: K0, t: K0, i: 2 }).word(mtc0(K0, Cp0.EntryLo1)).op('addiu', { s: S2, t: S2, i: 1 });
  handler.op('tlbwr').op('eret');
  const guest = [walk(kseg0, step, 101), handler, general(kseg0)];
  const both = new BothEngines({ keepReplaced: true, tlbEntries: 16 }, guest, (machine) =>
    machine.setCp0(Cp0.Status, 0),
  );
  both.go(40_000, 3000);
  both.go(3000, 40);
  expect(both.register(S2)).toBeGreaterThan(300);
});

it('does without most refills, without the host', () => {
  const refills = (keepReplaced: boolean) => {
    const kseg0 = kseg0Of({});
    const guest = [walk(kseg0, access), refill(kseg0), general(kseg0)];
    const both = new BothEngines({ keepReplaced, tlbEntries: 16 }, guest, (machine) => machine.setCp0(Cp0.Status, 0));
    both.go(40_000, 3000);
    return both.register(S2);
  };
  expect(refills(true)).toBe(FEW);
  expect(refills(false)).toBeGreaterThan(10 * FEW);
});
