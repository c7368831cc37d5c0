/** Functions that are made again, all together: when, and that the guest goes on as if nothing had happened. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { Assembler } from '../testing/assembler.ts';
import { mtc0, op } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { LateCompiler } from '../testing/late-compiler.ts';
import type { CompilerOptions } from './compiler.ts';
import { Gathering } from './gathering.ts';
import type { RegionCode } from './kept-code.ts';

const [V0, T0, T1, S0, S1, S2, RA] = [2, 8, 9, 16, 17, 18, 31];
const START = 0x80010000;
const FUNCTIONS = 0x80020000;

/** So many exits of generated code in all, of each of the reasons that count. */
const left = (exits: number) => [
  99,
  Math.floor(exits / 3),
  Math.floor((exits + 1) / 3),
  Math.floor((exits + 2) / 3),
  7,
  7,
];

describe('it is time', () => {
  /** Asks after periods of 1000 instructions: what has come since power-on, what is in use and how often code was left. */
  const asked = (gathering: Gathering, ...periods: [come: number, inUse: number, exits: number][]) => {
    return periods.map(([come, inUse, exits], i) => gathering.isDue(1000 * (i + 1), come, inUse, left(exits)));
  };
  it('after a period in which few have come, when many have since the last time', () => {
    const gathering = new Gathering(1000);
    expect(gathering.isDue(999, 80, 80, left(1))).toBe(false);
    // They have all come in the first period.
    expect(asked(gathering, [80, 80, 1])).toEqual([false]);
    expect(gathering.isDue(1999, 80, 80, left(2))).toBe(false);
    expect(asked(gathering, [80, 80, 1], [90, 90, 2])).toEqual([false, true]);
    gathering.begin([{ mode: 0, pc: 4 }] as RegionCode[]);
    gathering.hasCome(180);
    // Half as many again.
    expect(gathering.isDue(3000, 240, 160, left(3))).toBe(false);
    expect(gathering.isDue(4000, 259, 160, left(4))).toBe(false);
    expect(gathering.isDue(5000, 260, 160, left(5))).toBe(true);
  });
  it('never for a few', () => {
    const periods = Array.from({ length: 8 }, (_, i): [number, number, number] => [63, 63, i + 1]);
    expect(asked(new Gathering(1000), ...periods)).not.toContain(true);
  });
  it('not where the guest stays where it is', () => {
    const gathering = new Gathering(20_000);
    expect(gathering.isDue(20_000, 80, 80, left(2))).toBe(false);
    expect(gathering.isDue(40_000, 80, 80, left(3))).toBe(false);
    expect(gathering.isDue(60_000, 80, 80, left(4))).toBe(false);
    expect(gathering.isDue(80_000, 80, 80, left(6))).toBe(true);
  });
});

it('a mode’s functions go together, in the order of their addresses', () => {
  const gathering = new Gathering(1);
  const code = (mode: number, pc: number) => ({ mode, pc }) as RegionCode;
  const kernel = Array.from({ length: 600 }, (_, i) => code(0, (0x80000000 + 4 * ((7 * i) % 600)) | 0));
  const user = code(1, 0x400000);
  gathering.begin([user, ...kernel]);
  const groups = [];
  for (; gathering.isOn; gathering.hasCome(0)) {
    const group = gathering.next();
    expect(group.every((each) => gathering.replaces(each))).toBe(true);
    groups.push(group.map(({ pc }) => pc >>> 0));
  }
  expect(groups.map(({ length }) => length)).toEqual([1, 512, 88]);
  expect(groups[1]![511]! + 4).toBe(groups[2]![0]);
  expect([user, ...kernel].some((each) => gathering.replaces(each))).toBe(false);
  expect(gathering.replaces(code(0, 0))).toBe(false);
});

const COUNT = 96;
const APART = 64;
/** Functions that each add a number of their own, and go on in one of two ways. */
function functions(): Assembler {
  const code = new Assembler(FUNCTIONS);
  for (let i = 0; i < COUNT; i++) {
    code
      .padTo((APART * i) & 0xfff)
      .branch('bne', { s: S2 }, `odd ${i}`)
      .op('addiu', { s: V0, t: V0, i });
    code.op('xor', { s: V0, t: S1, d: V0 }).label(`odd ${i}`).op('jr', { s: RA }).op('addiu', { s: V0, t: V0, i: 1 });
  }
  return code;
}
/** Calls all of them, for ever; in each pass is an ERET, which leaves generated code, and what `then` says. */
function caller(then: (code: Assembler) => void = () => {}): Assembler {
  const code = new Assembler(START).label('again').li(S1, FUNCTIONS).li(S0, COUNT).label('loop');
  code.op('jalr', { s: S1, d: RA }).op('addiu', { s: S0, t: S0, i: -1 }).op('addiu', { s: S1, t: S1, i: APART });
  code.branch('bgtz', { s: S0 }, 'loop').op('xor', { s: S2, t: S0, d: S2 });
  code
    .li(T0, code.here + 16)
    .word(mtc0(T0, Cp0.EPC))
    .op('eret');
  then(code);
  return code.branch('beq', {}, 'again').nop();
}
describe('functions that are made again', () => {
  it('replace the others, which the host need not keep', () => {
    const both = new BothEngines({ batch: 4, gather: 20_000 }, [caller(), functions()]);
    both.go(15_000);
    const { held, regions, gathered } = both.jit.engine!.counts;
    expect(gathered).toBe(0);
    both.go(60_000);
    const { counts } = both.jit.engine!;
    expect(counts.gathered).toBeGreaterThan(COUNT);
    expect(counts.regions - counts.gathered).toBeLessThan(regions + 5);
    expect(counts.held).toBeLessThan(held);
    expect(counts.held).toBeLessThan(counts.bytes - counts.held);
    expect(counts.dropped).toBe(0);
    both.go(20_000);
  });

  it('but not where their code changes meanwhile', () => {
    let compiler!: LateCompiler;
    // In each pass another function’s addend.
    const change = (code: Assembler) => {
      code.op('addiu', { s: T1, t: T1, i: APART }).op('andi', { s: T1, t: T1, i: 0xfc0 }).li(T0, FUNCTIONS);
      code.op('addu', { s: T0, t: T1, d: T0 }).op('lw', { s: T0, t: S1, i: 4 }).op('xori', { s: S1, t: S1, i: 3 });
      code.op('sw', { s: T0, t: S1, i: 4 });
    };
    const makeCompiler = (options: CompilerOptions) => (compiler = new LateCompiler(options, 8));
    const slow = caller((code) => {
      code.li(S0, 1000).label('wait').branch('bgtz', { s: S0 }, 'wait').op('addiu', { s: S0, t: S0, i: -1 });
      change(code);
    });
    const both = new BothEngines({ batch: 4, gather: 10_000, makeCompiler }, [slow, functions()]);
    both.go(600_000);
    const { counts } = both.jit.engine!;
    expect(compiler.again.length).toBeGreaterThan(0);
    expect(counts.gathered).toBeGreaterThan(0);
    expect(counts.dropped).toBeGreaterThan(5);
    expect(counts.gathered).toBeLessThan(compiler.again.reduce((sum, count) => sum + count));
  });

  it('not when everything is dropped meanwhile', () => {
    const makeCompiler = (options: CompilerOptions) => new LateCompiler(options, 8);
    const cacheLimits = { guards: 2500 };
    const both = new BothEngines({ batch: 4, gather: 5000, makeCompiler, cacheLimits }, [caller(), functions()]);
    both.go(60_000, 200);
    expect(both.counts.evictions).toBeGreaterThan(0);
  });

  it('not when there is hardly room for twice as much', () => {
    const options = { batch: 4, gather: 20_000, cacheLimits: { bytes: 60_000 } };
    const both = new BothEngines(options, [caller(), functions()]);
    both.go(60_000);
    const { held, gathered } = both.jit.engine!.counts;
    expect(held).toBeGreaterThan(30_000);
    expect(gathered).toBe(0);
  });

  it('are called from where they were called before', () => {
    // A caller whose function is not made again at the same time: it is in the other mode's group or came later.
    const word = (op('jal') | ((FUNCTIONS >>> 2) & 0x3ffffff)) >>> 0;
    const both = new BothEngines({ batch: 4, gather: 20_000 }, [caller((code) => code.word(word).nop()), functions()]);
    both.go(80_000);
    expect(both.jit.engine!.counts.gathered).toBeGreaterThan(COUNT);
    const before = both.jit.engine!.counts.executed;
    both.go(20_000);
    expect(both.jit.engine!.counts.executed - before).toBeGreaterThan(19_000);
  });
});
