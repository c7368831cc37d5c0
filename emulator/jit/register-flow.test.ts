/** Loops with more registers than are in locals: each kind of place that registers are brought to memory at. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { Assembler } from '../testing/assembler.ts';
import { mfc0, mtc0 } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { buildRegion } from './region-builder.ts';
import { chooseLocals } from './register-flow.ts';
import { structure } from './structure.ts';

const START = 0x80010000;
const DATA = 0x80020000;
const FUNCTION = 0x80010800;

/** Registers 2 to 25, and sometimes 30: each but 8 is changed in every turn; 16 counts turns. */
function manyRegisters(inTheMiddle: (code: Assembler) => void, count = 24): Assembler {
  const code = new Assembler(START).li(8, DATA).label('loop').op('addiu', { s: 16, t: 16, i: 1 });
  for (let r = 2; r < 2 + count; r++) {
    if (r === 8 || r === 16) continue;
    if (r === 14) inTheMiddle(code);
    // Of one that has been changed in this turn and one that will be.
    const [s, t] = [r === 2 ? 16 : r - 1, r === 25 ? 2 : r + 1];
    code.op(r % 3 === 0 ? 'addu' : r % 3 === 1 ? 'xor' : 'subu', { s: s === 8 ? 16 : s, t: t === 8 ? 9 : t, d: r });
  }
  return code.branch('bne', { s: 8 }, 'loop').op('addiu', { s: 25, t: 25, i: 3 });
}
const regionOf = (code: Assembler) => {
  const page = new Int32Array(1024);
  page.set(code.done());
  // Past the two instructions of li.
  return buildRegion(page, 0, START, 2, { limit: 64, kernel: false, entries: null, threshold: 1, devices: new Set() });
};
const localsOf = (code: Assembler): number => {
  const region = regionOf(code);
  const items = structure(region.blocks.map(({ successors }) => successors));
  const mask = chooseLocals(region, items);
  return mask === -1 ? 32 : Array.from({ length: 31 }, (_, i) => (mask >>> (i + 1)) & 1).reduce((a, b) => a + b);
};

describe('which registers are in locals', () => {
  it('all where there are few, or no loop', () => {
    expect(localsOf(manyRegisters(() => {}, 8))).toBe(32);
    const straight = new Assembler(START).nop().nop();
    for (let r = 2; r < 26; r++) straight.op('addiu', { s: r, t: r, i: 1 });
    expect(localsOf(straight.op('jr', { s: 31 }).nop())).toBe(32);
  });

  it('otherwise ten, those that loops use most', () => {
    expect(localsOf(manyRegisters(() => {}))).toBe(10);
    // 20 and 21 are used in a loop within the loop.
    const inner = (code: Assembler) => {
      code.op('addiu', { t: 20, i: 9 }).label('inner').op('addiu', { s: 21, t: 21, i: 5 });
      code.op('addiu', { s: 20, t: 20, i: -1 }).branch('bgtz', { s: 20 }, 'inner').nop();
    };
    const region = regionOf(manyRegisters(inner));
    const mask = chooseLocals(region, structure(region.blocks.map(({ successors }) => successors)));
    expect(mask & ((1 << 20) | (1 << 21))).toBe((1 << 20) | (1 << 21));
    // HI and LO are always.
    expect(mask & 1).toBe(1);
  });
});

describe.each([false, true])('both engines, big endian %s', (bigEndian) => {
  it.each<[string, (code: Assembler) => void, Assembler[]]>([
    ['nothing else', () => {}, []],
    ['loads and stores', (c) => c.op('lw', { s: 8, t: 12, i: 4 }).op('sw', { s: 8, t: 3, i: 4 }), []],
    ['a load that misses', (c) => c.op('lui', { t: 12, i: 0x40 }).op('lw', { s: 12, t: 13, i: 0 }), []],
    ['an overflow now and then', (c) => c.op('sll', { t: 5, d: 12, a: 2 }).op('add', { s: 12, t: 12, d: 13 }), []],
    ['an overflow in a delay slot', (c) => c.branch('beq', {}, 'on').op('add', { s: 5, t: 5, d: 13 }).label('on'), []],
    ['a likely branch', (c) => c.branch('beql', { s: 5, t: 6 }, 'on').op('addiu', { t: 22, i: 7 }).label('on'), []],
    [
      'a call',
      (c) => c.li(12, FUNCTION).op('jalr', { s: 12, d: 31 }).op('addiu', { s: 23, t: 23, i: 1 }),
      [new Assembler(FUNCTION).op('addu', { s: 22, t: 24, d: 22 }).op('jr', { s: 31 }).op('xor', { s: 2, t: 9, d: 2 })],
    ],
    ['a product', (c) => c.op('mult', { s: 22, t: 23 }).op('mflo', { d: 24 }).op('mfhi', { d: 13 }), []],
    ['what only the interpreter knows', (c) => c.op('rdhwr', { t: 24, d: 2 }), []],
    ['SYSCALL', (c) => c.op('syscall', {}), []],
  ])('%s', (_, inTheMiddle, others) => {
    // The general exception handler goes on behind the instruction.
    const handler = new Assembler(0x80000180).word(mfc0(26, Cp0.EPC)).word(mfc0(27, Cp0.Cause));
    handler.branch('bltz', { s: 27 }, 'slot').op('addiu', { s: 26, t: 26, i: 4 });
    handler.word(mtc0(26, Cp0.EPC)).op('eret').label('slot').op('addiu', { s: 26, t: 26, i: 4 });
    handler.word(mtc0(26, Cp0.EPC)).op('eret');
    const refill = new Assembler(0x80000000).word(mfc0(26, Cp0.EPC)).op('addiu', { s: 26, t: 26, i: 4 });
    refill.word(mtc0(26, Cp0.EPC)).op('eret');
    const programs = [manyRegisters(inTheMiddle), ...others, handler, refill];
    const both = new BothEngines({ kind: 'malta', bigEndian }, programs, (machine) => machine.setCp0(Cp0.Status, 0));
    both.go(30_000);
    expect(both.register(16)).toBeGreaterThan(200);
    expect(both.jit.engine!.counts.executed).toBeGreaterThan(10_000);
  });
});
