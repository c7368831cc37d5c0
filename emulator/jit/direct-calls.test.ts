/** Code that goes to other code without the dispatcher: it must notice when that is not there any more. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { Assembler } from '../testing/assembler.ts';
import { entryLo, mtc0, op } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { MOST_CALLS } from './exits.ts';

const [V0, A0, T0, T1, S0, S2, S3, SP, RA] = [2, 4, 8, 9, 16, 18, 19, 29, 31];
const START = 0x80010000;
const FUNCTION = 0x80020000;

const add = (n: number) => op('addiu', { s: V0, t: V0, i: n });
const jal = (to: number) => (0x0c000000 | ((to >>> 2) & 0x3ffffff)) >>> 0;
const j = (to: number) => (0x08000000 | ((to >>> 2) & 0x3ffffff)) >>> 0;
const adder = (base = FUNCTION, n = 1) => new Assembler(base).word(add(n)).op('jr', { s: RA }).nop();

/** As far from `at` as a branch can say. */
const bal = (at: number, to: number) => (0x04110000 | (((to - at - 4) >> 2) & 0xffff)) >>> 0;

/** Calls `to` for ever, by BAL or JAL, and after each 30 calls does what `change` says. s2 counts the changes. */
function caller(to: number, how: 'jal' | 'bal', change: (code: Assembler) => void): Assembler {
  const code = new Assembler(START).label('again').op('addiu', { t: S0, i: 30 }).label('loop');
  // The loop's first instruction is the second one.
  code.word(how === 'jal' ? jal(to) : bal(START + 4, to)).op('addiu', { s: S0, t: S0, i: -1 });
  code.branch('bgtz', { s: S0 }, 'loop').nop();
  change(code);
  return code.op('addiu', { s: S2, t: S2, i: 1 }).branch('beq', {}, 'again').nop();
}
const toggle = (code: Assembler, to: number) =>
  code.li(T0, to).op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 }).op('sw', { s: T0, t: T1 });

describe.each([1, 4])('batches of %i', (batch) => {
  const options = { bigEndian: false, batch };
  const near = START + 0x1000;

  it.each<['jal' | 'bal', number]>([
    ['jal', FUNCTION],
    ['bal', near],
  ])('a callee of %s changes', (how, to) => {
    const both = new BothEngines(options, [caller(to, how, (c) => toggle(c, to)), adder(to)]);
    both.go(20_000);
    expect(both.counts.dropped).toBeGreaterThan(50);
    expect(both.register(V0)).toBeGreaterThan(50 * both.register(S2));
  });

  it('a callee changes its caller, which is on the stack', () => {
    const callee = toggle(new Assembler(FUNCTION), START + 0x100)
      .op('jr', { s: RA })
      .nop();
    const code = new Assembler(START).padTo(0xf8).label('loop').word(jal(FUNCTION)).nop();
    const both = new BothEngines(options, [code.word(add(1)).branch('beq', {}, 'loop').nop(), callee]);
    both.go(6000);
    expect(both.register(V0)).toBeGreaterThan(700);
  });

  it('the frame of a callee changes under its caller', () => {
    const mapped = caller(0x00400000, 'jal', (c) => {
      c.li(T1, entryLo(0x20000, '') ^ entryLo(0x21000, '')).op('xor', { s: A0, t: T1, d: A0 });
      c.word(mtc0(A0, Cp0.EntryLo0)).op('tlbwi');
    });
    const programs = [mapped, adder(), adder(FUNCTION + 0x1000, 100)];
    const both = new BothEngines(options, programs, (machine) => {
      // The caller beside it, in the same 256 MiB.
      machine.writeEntry(0, { hi: 0x00400000, lo0: entryLo(0x20000, 'VD'), lo1: entryLo(0x20000, 'VD') });
      machine.writeEntry(1, { hi: 0x00402000, lo0: entryLo(START & 0xfffff, 'VD'), lo1: 0 });
      machine.cpu.r[A0] = entryLo(0x20000, 'VD');
      machine.setCp0(Cp0.EntryLo1, entryLo(0x20000, 'VD'));
      machine.setCp0(Cp0.EntryHi, 0x00400000);
      machine.setCp0(Cp0.Status, 0);
      machine.cpu.pc = 0x00402000;
    });
    both.go(20_000);
    expect(both.register(V0)).toBeGreaterThan(40 * both.register(S2) * 30);
  });

  it('a caller at two addresses, each of which makes the same call another', () => {
    // From 0x0040.... and 0x1040....; s3 is where it goes on.
    const code = new Assembler(START).word(jal(0x00400000)).nop();
    code.li(T1, 0x10000000).op('xor', { s: S3, t: T1, d: S3 }).op('jr', { s: S3 }).nop();
    const both = new BothEngines(options, [code, adder(), adder(FUNCTION + 0x1000, 100)], (machine) => {
      for (const [i, top] of [0, 0x10000000].entries()) {
        const lo0 = entryLo(0x20000 + 0x1000 * i, 'VD');
        machine.writeEntry(2 * i, { hi: top | 0x00400000, lo0, lo1: lo0 });
        machine.writeEntry(2 * i + 1, { hi: top | 0x00402000, lo0: entryLo(START & 0xfffff, 'VD'), lo1: 0 });
      }
      machine.setCp0(Cp0.Status, 0);
      machine.cpu.pc = machine.cpu.r[S3] = 0x00402000;
    });
    both.go(8000);
    expect(both.register(V0)).toBeGreaterThan(40_000);
  });

  it('calls within calls, more than there may be', () => {
    const depth = 3 * MOST_CALLS;
    const [even, odd] = [FUNCTION, FUNCTION + 0x1000].map((base, i) => {
      const code = new Assembler(base).op('addiu', { s: SP, t: SP, i: -8 }).op('sw', { s: SP, t: RA });
      code.branch('blez', { s: A0 }, 'end').op('addiu', { s: A0, t: A0, i: -1 });
      code.word(jal(i === 0 ? FUNCTION + 0x1000 : FUNCTION)).word(add(1));
      code.label('end').op('lw', { s: SP, t: RA }).op('jr', { s: RA });
      return code.op('addiu', { s: SP, t: SP, i: 8 });
    });
    const code = new Assembler(START).li(SP, 0x80080000).label('loop').op('addiu', { t: A0, i: depth });
    code.word(jal(FUNCTION)).nop().op('addiu', { s: S2, t: S2, i: 1 }).branch('beq', {}, 'loop').nop();
    const both = new BothEngines(options, [code, even!, odd!]);
    both.go(100_000, 500);
    expect(both.register(S2)).toBeGreaterThan(10);
    expect(both.register(SP)).toBeGreaterThan(0x80080000 - 8 * depth - 16);
  });

  it('a loop over the end of a page, one of whose halves changes', () => {
    const code = new Assembler(START).padTo(0xff4).label('loop').word(add(1)).nop().nop();
    // In the next page.
    code.word(add(1)).op('addiu', { s: S2, t: S2, i: 1 }).op('andi', { s: S2, t: T1, i: 31 });
    code.branch('bne', { s: T1 }, 'loop').nop();
    toggle(code, START + 0x1000)
      .branch('beq', {}, 'loop')
      .nop();
    const both = new BothEngines(options, [code], (machine) => (machine.cpu.pc = (START + 0xff4) | 0));
    both.go(20_000, 300);
    expect(both.counts.dropped).toBeGreaterThan(20);
    expect(both.register(V0)).toBeGreaterThan(2 * both.register(S2));
  });

  it('a function that goes on in another, which returns to its caller', () => {
    const first = new Assembler(FUNCTION)
      .word(add(1))
      .word(j(FUNCTION + 0x2000))
      .word(add(1));
    const both = new BothEngines(options, [
      caller(FUNCTION, 'jal', (c) => toggle(c, FUNCTION + 0x2000)),
      first,
      adder(FUNCTION + 0x2000),
    ]);
    both.go(20_000, 100);
    expect(both.counts.dropped).toBeGreaterThan(20);
    expect(both.register(V0)).toBeGreaterThan(3 * 30 * both.register(S2));
  });
});

it('guards are used up', () => {
  const cacheLimits = { functions: 1000, pages: 100, guards: 30 };
  // Nothing comes back as it was.
  const grow = (c: Assembler) =>
    c.li(T0, FUNCTION).op('lw', { s: T0, t: T1 }).op('addiu', { s: T1, t: T1, i: 1 }).op('sw', { s: T0, t: T1 });
  const both = new BothEngines({ bigEndian: false, cacheLimits }, [caller(FUNCTION, 'jal', grow), adder()]);
  both.go(40_000);
  expect(both.counts.evictions).toBeGreaterThan(5);
});
