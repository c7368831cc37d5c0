/** Loads of a loop whose address depends on what they loaded before: which they are, and that they load the same. */
import { describe, expect, it } from 'vitest';
import { Random } from '../cpu/random-program.ts';
import { Cp0 } from '../cpu/cp0.ts';
import type { MachineOptions } from '../machine-options.ts';
import { Assembler } from '../testing/assembler.ts';
import { mfc0, mtc0 } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { START, kseg0Of, refill } from '../testing/tlb-guest.ts';
import { chainedLoads } from './load-chains.ts';
import { buildRegion } from './region-builder.ts';
import { structure } from './structure.ts';

const [V0, T0, T1, T2, S0, S1, S2, K0, RA] = [2, 8, 9, 10, 16, 17, 18, 26, 31];

/** The registers that chained loads of a loop load, `body` being all of it but for the branch back, and those of its slot. */
function chained(body: (code: Assembler) => void, slot: (code: Assembler) => void = (code) => code.nop()): number[] {
  const code = new Assembler(0x80010000).label('loop');
  body(code);
  slot(code.op('addiu', { s: T2, t: T2, i: -1 }).branch('bne', { s: T2 }, 'loop'));
  code.op('jr', { s: RA }).nop();
  const page = new Int32Array(1024);
  page.set(code.done());
  const options = { limit: 64, kernel: true, entries: null, threshold: 2400, devices: new Set<number>() };
  const region = buildRegion(page, 0, 0x80010000, 0, options);
  const found = chainedLoads(region, structure(region.blocks.map(({ successors }) => successors)));
  return [...found].map(({ word }) => (word >>> 16) & 31);
}

describe('a load is chained', () => {
  const load = (code: Assembler, t: number, s: number) => code.op('lw', { t, s });
  it.each<[string, number[], (code: Assembler) => void]>([
    ['that walks a list', [S0], (code) => load(code, S0, S0)],
    [
      'that a table is entered with',
      [T1],
      (code) => {
        code.op('lbu', { t: T0, s: S1 }).op('addiu', { t: S1, s: S1, i: 1 }).op('xor', { d: T0, s: T0, t: S0 });
        load(code.op('andi', { t: T0, s: T0, i: 0xff }).op('addu', { d: T0, s: T0, t: V0 }), T1, T0);
        code.op('xor', { d: S0, s: S0, t: T1 });
      },
    ],
    ['and another, by turns', [T0, S0], (code) => load(load(code, T0, S0), S0, T0)],
    [
      'on one side of a branch',
      [S0],
      (code) => {
        load(code.branch('beq', { s: T1 }, 'behind').nop(), S0, S0);
        code.label('behind').op('addiu', { t: S0, s: S0, i: 4 });
      },
    ],
  ])('%s', (_, registers, body) => expect(chained(body)).toEqual(registers));

  it.each<[string, (code: Assembler) => void]>([
    ['that goes through an array', (code) => load(code, T0, S0).op('addiu', { t: S0, s: S0, i: 4 })],
    ['off what was loaded just before', (code) => load(load(code, T0, S0).op('addiu', { t: S0, s: S0, i: 4 }), T1, T0)],
    ['off what is something else by then', (code) => load(code, S0, S0).op('addiu', { t: S0, i: 4 })],
    [
      'behind a call',
      (code) => {
        load(code, S0, S0).op('addu', { d: RA, s: V0 });
        code.op('jal', { j: 0x8008000 }).nop();
      },
    ],
  ])('but none %s', (_, body) => expect(chained(body)).toEqual([]));

  it('nor one in a delay slot', () =>
    expect(
      chained(
        (code) => code.nop(),
        (code) => load(code, S0, S0),
      ),
    ).toEqual([]));
});

describe.each<[string, Partial<MachineOptions>]>([
  ['malta', { kind: 'malta' }],
  ['malta, big endian', { kind: 'malta', bigEndian: true }],
  ['kvm', { kind: 'kvm' }],
])('%s', (_, options) => {
  const kseg0 = kseg0Of(options);
  const table = 0x00200000;
  const bytes = 0x4000;
  const places: [string, number][] = [
    ['kseg0', kseg0 + table],
    ['useg', table],
    // Half of it is behind the RAM.
    ['the end of RAM', kseg0 + (16 << 20) - bytes / 2],
  ];
  if (options.kind !== 'kvm') places.push(['kseg1', 0xa0000000 + table]);

  it.each(places.flatMap(([name, at]) => ['lb', 'lbu', 'lh', 'lhu', 'lw'].map((load) => [load, name, at] as const)))(
    '%s from %s',
    (load, _name, at) => {
      // The place of the next is what has been loaded, and one more; what raises an exception is skipped, and counted.
      const code = new Assembler(kseg0 + START).li(S1, at).label('loop').op('addu', { s: S1, t: S0, d: T0 });
      code.op(load, { s: T0, t: T1 }).op('addu', { s: T1, t: S0, d: S0 }).op('addiu', { s: S0, t: S0, i: 1 });
      code.op('andi', { s: S0, t: S0, i: bytes - 1 }).op('addu', { s: V0, t: S0, d: V0 });
      code.op('addiu', { s: T2, t: T2, i: 1 }).branch('beq', {}, 'loop').nop();
      const general = new Assembler(kseg0 + 0x180).op('addiu', { s: S2, t: S2, i: 1 }).word(mfc0(K0, Cp0.EPC));
      general.op('addiu', { s: K0, t: K0, i: 4 }).word(mtc0(K0, Cp0.EPC)).op('eret');
      const random = new Random(1);
      const words = Array.from({ length: bytes / 4 }, () => random.next());
      const both = new BothEngines({ ...options, tlbEntries: 16 }, [code, refill(kseg0), general], (machine) => {
        machine.setCp0(Cp0.Status, 0);
        machine.place(table, ...words);
        machine.place((16 << 20) - bytes / 2, ...words.slice(0, bytes / 8));
      });
      both.go(30_000);
      expect(both.register(T2)).toBeGreaterThan(1000);
      if (!load.startsWith('lb')) expect(both.register(S2)).toBeGreaterThan(100);
      expect(both.jit.engine!.counts.executed).toBeGreaterThan(10_000);
    },
  );
});
