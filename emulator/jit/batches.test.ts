/** How many blocks are translated at a time, when one does not wait for others, and modules that take more than one go. */
import { expect, it } from 'vitest';
import type { MachineOptions } from '../machine-options.ts';
import { Assembler } from '../testing/assembler.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { DirectCompiler, type Batch, type Compiled, type Compiler, type CompilerOptions } from './compiler.ts';

const [V0, T0, T1, S0, S1, S2, S3, RA] = [2, 8, 9, 16, 17, 18, 19, 31];
const START = 0x80010000;
const FUNCTIONS = 0x80020000;
/** Bytes from one function to the next. */
const APART = 16;

/** Notes which blocks come with each batch and how many, and perhaps keeps all modules to itself. */
class Noting implements Compiler {
  readonly sizes: number[] = [];
  readonly wanted: number[] = [];
  private readonly compiler: DirectCompiler;

  constructor(
    options: CompilerOptions,
    private readonly keeps = false,
  ) {
    this.compiler = new DirectCompiler(options);
  }
  submit(batch: Batch): void {
    this.sizes.push(batch.wanted.length);
    this.wanted.push(...batch.wanted.map(({ pc }) => pc >>> 0));
    this.compiler.submit(batch);
  }
  receive(): Compiled | null {
    return this.keeps ? null : this.compiler.receive();
  }
}

function run(options: Partial<MachineOptions>, programs: Assembler[], keeps = false) {
  let compiler!: Noting;
  const makeCompiler = (each: CompilerOptions) => (compiler = new Noting(each, keeps));
  return { both: new BothEngines({ makeCompiler, ...options }, programs), compiler };
}

/** So many functions, each `addiu v0, v0, 1`. */
function functions(count: number): Assembler {
  const code = new Assembler(FUNCTIONS);
  for (let i = 0; i < count; i++) {
    code.padTo((APART * i) & 0xfff);
    code.op('jr', { s: RA }).op('addiu', { s: V0, t: V0, i: 1 });
  }
  return code;
}

/** Calls `count` functions from `first` on, `passes` times; a pass ends with what `then` says. */
function calls(code: Assembler, first: number, count: number, passes: number, then?: (code: Assembler) => void): void {
  const [pass, loop] = [`pass ${first}`, `loop ${first}`];
  code
    .li(S3, passes)
    .label(pass)
    .li(S1, FUNCTIONS + APART * first)
    .li(S0, count)
    .label(loop);
  code.op('jalr', { s: S1, d: RA }).op('addiu', { s: S0, t: S0, i: -1 });
  code.op('addiu', { s: S1, t: S1, i: APART }).branch('bgtz', { s: S0 }, loop).nop();
  then?.(code);
  code.op('addiu', { s: S3, t: S3, i: -1 }).branch('bgtz', { s: S3 }, pass).nop();
}
const forEver = (code: Assembler): Assembler => code.label('end').branch('beq', {}, 'end').nop();

it('as many as are waited for go at once, with those beside them that are nearly wanted, and never more than a batch', () => {
  const code = new Assembler(START);
  calls(code, 0, 100, 20);
  const { both, compiler } = run({ threshold: 10, batch: 16 }, [forEver(code), functions(100)]);
  both.go(14_000);
  expect(Math.max(...compiler.sizes)).toBe(16);
  expect(compiler.sizes.filter((size) => size >= 12).length).toBeGreaterThan(5);
});

/** Runs until the program has come to its endless loop. */
function toTheEnd(both: BothEngines, code: Assembler): void {
  while (both.jit.cpu.pc >>> 0 !== code.address('end')) both.go(50, 50);
}

it('among the first, one that is entered twice as often as it takes goes by itself', () => {
  const { both, compiler } = run({ threshold: 50, batch: 64 }, [forEver(new Assembler(START))]);
  both.go(2 * 80);
  expect(compiler.sizes).toEqual([]);
  for (let i = 0; i < 10; i++) both.go(20);
  expect(compiler.sizes).toEqual([1]);
  expect(both.counts.regions).toBe(1);
});

it.each([
  ['it waits longer', 1],
  ['those that wait do so together', 2],
  ['those that wait do so together, be they many', 4],
])('when there are some modules, %s', (_, blocks) => {
  const threshold = 20;
  const code = new Assembler(START);
  // Each of these loops makes a module.
  for (let i = 0; i < 10; i++) calls(code, i, 1, 20 * threshold);
  code.label('end');
  for (let i = 1; i < blocks; i++) code.branch('beq', {}, `block ${i}`).nop().label(`block ${i}`);
  code.branch('beq', {}, 'end').nop();
  const { both, compiler } = run({ threshold, batch: 64 }, [code, functions(10)]);
  both.go(10 * (20 * threshold) * 14 - 100);
  toTheEnd(both, code);
  const { length } = compiler.sizes;
  expect(length).toBeGreaterThanOrEqual(8);
  // Something may have waited for a while before.
  const [early, late] = [6, 13].map((thresholds) => threshold + (thresholds * threshold) / blocks);
  both.go(2 * blocks * early!);
  expect(compiler.sizes).toHaveLength(length);
  both.go(2 * blocks * (late! - early!));
  expect(compiler.sizes).toHaveLength(length + 1);
});

it('one whose module is on its way does not hurry others', () => {
  // 165 calls, the last 18 of another function: it is wanted by the time that the loop is for the second time.
  const code = new Assembler(START)
    .li(S0, 165)
    .li(S1, FUNCTIONS)
    .li(S2, FUNCTIONS + APART)
    .label('loop');
  code.op('jalr', { s: S1, d: RA }).op('addiu', { s: S0, t: S0, i: -1 });
  code.op('sltiu', { s: S0, t: T0, i: 18 }).op('movn', { s: S2, t: T0, d: S1 });
  code.branch('bgtz', { s: S0 }, 'loop').nop();
  const { both, compiler } = run({ threshold: 10, batch: 64 }, [forEver(code), functions(2)], true);
  both.go(165 * 8 + 8);
  expect(both.register(V0)).toBe(165);
  expect(compiler.wanted).toContain(FUNCTIONS);
  expect(compiler.wanted).not.toContain(FUNCTIONS + APART);
});

/** In each pass another function's addend changes, or as it was before. */
function change(code: Assembler): void {
  code
    .li(T0, FUNCTIONS + 4)
    .op('sll', { t: S2, d: T1, a: 4 })
    .op('addu', { s: T0, t: T1, d: T0 });
  code.op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: 2 }).op('sw', { s: T0, t: T1 });
  // 77 and 300 have no common factor, so it is each one's turn.
  code
    .op('addiu', { s: S2, t: S2, i: 77 })
    .op('sltiu', { s: S2, t: T1, i: 300 })
    .branch('bne', { s: T1 }, 'kept')
    .nop();
  code.op('addiu', { s: S2, t: S2, i: -300 }).label('kept');
}

it.each<[string, Partial<MachineOptions>]>([
  ['a module of more functions than become known at a time, whose code changes meanwhile', {}],
  ['that there is no room for half way', { cacheLimits: { functions: 200, pages: 100, guards: 1 << 16 } }],
])('%s', (_, options) => {
  const code = new Assembler(START).li(S2, 0);
  calls(code, 0, 300, 2000, change);
  const { both, compiler } = run({ threshold: 2, batch: 512, ...options }, [forEver(code), functions(300)]);
  both.go(60_000, 200);
  expect(Math.max(...compiler.sizes)).toBeGreaterThan(128);
  if (options.cacheLimits) expect(both.counts.evictions).toBeGreaterThan(0);
  else expect(both.counts.regions).toBeGreaterThan(300);
});
