/**
 * Every arithmetic instruction of coprocessor 1 in a loop over operands that are worth a look, on both engines in lock
 * step: results and FCSR, with every rounding mode, in both register modes, with what generated code does by itself and
 * what it leaves to the interpreter.
 */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { INSTRUCTIONS } from '../cpu/instructions.ts';
import { Random } from '../cpu/random-program.ts';
import { Assembler } from '../testing/assembler.ts';
import { mtc0, op } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';

const [V0, A0, A1, S0, S1, K0] = [2, 4, 5, 16, 17, 26];
const OPERANDS = 0x80100000;
const RESULTS = 0x80200000;
const TRIPLES = 64;

const ROWS = INSTRUCTIONS.filter(({ name, bits }) => !bits.startsWith('010001001') && /\.[sdwl](\.|$)/.test(name));

/** Doubles by their words, the upper one first: ordinary numbers and the edges of every kind of number. */
const EDGES = [
  0x00000000, 0x80000000, 0x00000001, 0x000fffff, 0x00100000, 0x001fffff, 0x3ff00000, 0xbff00000, 0x3fe00000,
  0x40080000, 0x36900000, 0x380fffff, 0x38100000, 0x47efffff, 0x47f00000, 0x41dfffff, 0x41e00000, 0xc1e00000,
  0x43e00000, 0x7fefffff, 0x7ff00000, 0xfff00000, 0x7ff7ffff, 0x7fffffff, 0x1ff00000, 0x5ff00000,
];
const SINGLE_EDGES = [
  0x00000000, 0x80000000, 0x00000001, 0x007fffff, 0x00800000, 0x00ffffff, 0x3f800000, 0xbf800000, 0x3f000000,
  0x4effffff, 0x4f000000, 0xcf000000, 0x5f000000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fbfffff, 0x7fffffff,
  0x1fffffff, 0x5fffffff, 0x40490fdb,
];

/** Words of three operands each: singles, doubles, and integers, which all lie in the same eight bytes. */
function operands(random: Random, bigEndian: boolean): number[] {
  const words: number[] = [];
  for (let i = 0; i < TRIPLES * 3; i++) {
    let [high, low] = [0, 0];
    switch (random.below(5)) {
      case 0:
        high = random.pick(EDGES);
        low = random.pick([0, 0, 1, 0xffffffff, 0xe0000000]);
        break;
      case 1:
        [high, low] = [random.next(), random.pick(SINGLE_EDGES)];
        break;
      case 2:
        // Close to one another, with few or many bits.
        high = 0x3ff00000 + random.below(0x400000);
        low = random.pick([0, random.next()]);
        break;
      case 3:
        [high, low] = [random.next(), 0x3f800000 + (random.below(0x200) << random.pick([0, 14]))];
        break;
      default:
        [high, low] = [random.next(), random.next()];
    }
    words.push(...(bigEndian ? [high, low] : [low, high]));
  }
  return words;
}

/** Loops over the operands with each instruction alone, then with an exact one after it whose cause replaces the first's. */
function program(fcsr: number, fr: boolean): Assembler {
  const code = new Assembler(0x80010000);
  code
    .li(K0, fr ? 0x24000000 : 0x20000000)
    .word(mtc0(K0, Cp0.Status))
    .li(S0, fcsr)
    .li(A1, RESULTS);
  code.label('all').op('addiu', { s: S1, t: S1, i: 1 });
  code.li(K0, 0x3f800000).op('mtc1', { t: K0, d: 20 }).op('mtc1', { t: K0, d: 22 });
  for (const [i, row] of ROWS.entries()) {
    for (const exactAfter of [false, true]) {
      const loop = `loop ${i} ${exactAfter}`;
      code.li(A0, OPERANDS).li(K0, TRIPLES).label(loop);
      for (const [register, offset] of [
        [2, 0],
        [4, 8],
        [6, 16],
      ]) {
        code.op('ldc1', { s: A0, t: register!, i: offset! });
      }
      code.op('ctc1', { t: S0, d: 31 });
      // fr is in rs's place, fs in rd's, fd in sa's.
      code.word(op(row.name, { s: 6, t: 4, d: 2, a: 8, k: 1 }));
      if (exactAfter) code.op('add.s', { t: 22, d: 20, a: 10 });
      code.op('cfc1', { t: V0, d: 31 }).op('xor', { s: V0, t: 18, d: 18 });
      code.op('sdc1', { s: A1, t: 8 }).op('sw', { s: A1, t: V0, i: 8 }).op('addiu', { s: A0, t: A0, i: 24 });
      code.op('addiu', { s: K0, t: K0, i: -1 }).branch('bgtz', { s: K0 }, loop).op('addiu', { s: A1, t: A1, i: 16 });
    }
  }
  // The results of a round are over those of the one before.
  return code.jump('j', 'all').op('lui', { t: A1, i: RESULTS >>> 16 });
}

/** Goes on after what raised an exception. */
function handler(): Assembler {
  const code = new Assembler(0x80000180).op('mfc0', { t: 27, d: 14 }).op('addiu', { s: 27, t: 27, i: 4 });
  return code.op('mtc0', { t: 27, d: 14 }).op('eret');
}

const FCSRS: [string, number][] = [
  ['nothing signalled yet', 0],
  ['Inexact signalled before', 4],
  ['everything signalled before', 0x7c],
  ['towards zero', 5],
  ['up', 6],
  ['down', 7],
  ['subnormal results flushed', 0x01000004],
  ['Inexact and Underflow enabled', 0x184],
  ['the others enabled', 0xe04],
];

describe.each([
  ['FR = 0', false],
  ['FR = 1', true],
])('%s', (_, fr) => {
  it.each(FCSRS)('%s', (name, fcsr) => {
    const bigEndian = name.length % 2 === 0;
    const random = new Random(fcsr + Number(fr));
    const data = operands(random, bigEndian);
    const options = { bigEndian, threshold: 2 };
    const both = new BothEngines(options, [program(fcsr, fr), handler()], (machine) => {
      machine.setCp0(Cp0.Status, 0);
      machine.place(OPERANDS, ...data);
    });
    const round = ROWS.length * 2 * (TRIPLES * 15 + 4);
    both.go(1.5 * round, 100_000);
    expect(both.register(S1)).toBe(2);
    expect(both.counts.regions).toBeGreaterThan(ROWS.length);
  });
});
