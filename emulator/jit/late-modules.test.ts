/** Modules that come when the guest has run on for a while, as they do from a thread. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { differences } from '../lockstep.ts';
import type { EngineName } from '../machine-options.ts';
import { Assembler } from '../testing/assembler.ts';
import { op } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { Lab, PROMPT } from '../testing/lab.ts';
import { LateCompiler } from '../testing/late-compiler.ts';
import { CLOSED } from './code-map.ts';
import type { Batch, Compiled, CompilerOptions } from './compiler.ts';

const [V0, T0, T1, S0, S1, S2, RA] = [2, 8, 9, 16, 17, 18, 31];
const START = 0x80010000;
const FUNCTION = 0x80020000;

/** Both engines, with modules late by so many looks. */
function late(times: number, programs: Assembler[], options = {}) {
  let compiler!: LateCompiler;
  const makeCompiler = (each: CompilerOptions) => (compiler = new LateCompiler(each, times));
  return { both: new BothEngines({ makeCompiler, ...options }, programs), compiler };
}

const adder = (base = FUNCTION) => new Assembler(base).op('addiu', { s: V0, t: V0, i: 1 }).op('jr', { s: RA }).nop();

/** Calls the function at FUNCTION for ever; after each `calls` does what `then` says. s2 counts the changes. */
function caller(calls: number, then: (code: Assembler) => void): Assembler {
  const code = new Assembler(START).li(S1, FUNCTION).label('again').op('addiu', { t: S0, i: calls });
  code.label('loop').op('jalr', { s: S1, d: RA }).op('addiu', { s: S0, t: S0, i: -1 });
  code.branch('bgtz', { s: S0 }, 'loop').nop();
  then(code);
  return code.op('addiu', { s: S2, t: S2, i: 1 }).branch('beq', {}, 'again').nop();
}
/** Adds one to the function's addend, or to a word beside it, so that nothing comes back as it was. */
const change = (code: Assembler, to: number) =>
  code.li(T0, to).op('lw', { s: T0, t: T1 }).op('addiu', { s: T1, t: T1, i: 1 }).op('sw', { s: T0, t: T1 });

describe.each([4, 7, 15])('modules late by %i looks', (times) => {
  it('are used once they are there', () => {
    const { both, compiler } = late(times, [caller(50, () => {}), adder()]);
    both.go(20_000, 100);
    expect(both.counts.regions).toBe(compiler.regions);
    expect(both.jit.engine!.counts.executed).toBeGreaterThan(10_000);
  });

  it('call what has come since they were asked for', () => {
    // The function is wanted first, then, before it is there, who calls it from another page.
    const to = (name: string, target: number) => (op(name) | ((target >>> 2) & 0x3ffffff)) >>> 0;
    const first = new Assembler(START).li(S0, 3).label('loop').word(to('jal', FUNCTION)).nop();
    first.op('addiu', { s: S0, t: S0, i: -1 }).branch('bgtz', { s: S0 }, 'loop').nop();
    first.word(to('j', START + 0x1000)).nop();
    const then = new Assembler(START + 0x1000).label('again').word(to('jal', FUNCTION)).nop();
    const { both, compiler } = late(times, [first, then.branch('beq', {}, 'again').nop(), adder()], { threshold: 2 });
    both.go(2000, 10);
    const guard = compiler.guards.get(FUNCTION)!;
    expect(both.jit.cpu.memory.words[guard >>> 2]).not.toBe(CLOSED);
  });

  it('call what had been dropped when they came, and has come back', () => {
    // Not at its page's start, which is what functions are told.
    const callee = FUNCTION + 0x40;
    const call = (op('jal') | ((callee >>> 2) & 0x3ffffff)) >>> 0;
    const first = new Assembler(START).li(S1, 5).li(S0, 200).label('loop').word(call).nop();
    first.op('addiu', { s: S0, t: S0, i: -1 }).branch('bgtz', { s: S0 }, 'loop').nop();
    first.word((op('j') | (((START + 0x1000) >>> 2) & 0x3ffffff)) >>> 0).nop();
    // Overwrites the function while the module for this comes, restores it, and calls it again.
    const then = new Assembler(START + 0x1000)
      .label('again')
      .li(T0, callee)
      .op('lw', { s: T0, t: T1 })
      .op('sw', { s: T0 });
    then.li(S0, 500).label('wait').op('addiu', { s: S0, t: S0, i: -1 }).branch('bgtz', { s: S0 }, 'wait').nop();
    then.op('sw', { s: T0, t: T1 }).li(S0, 10).label('call').word(call).nop();
    then.op('addiu', { s: S0, t: S0, i: -1 }).branch('bgtz', { s: S0 }, 'call').nop();
    then.op('addiu', { s: S1, t: S1, i: -1 }).branch('bgtz', { s: S1 }, 'again').nop().label('end');
    const { both } = late(times, [first, then.branch('beq', {}, 'end').nop(), adder(callee)]);
    both.go(12_000, 50);
    expect(both.register(V0)).toBe(250);
    expect(both.jit.engine!.counts.recalled).toBeGreaterThan(0);
  });

  it('are not used where the code has changed meanwhile', () => {
    const { both, compiler } = late(times, [caller(3, (code) => change(code, FUNCTION)), adder()]);
    both.go(40_000, 100);
    expect(both.register(S2)).toBeGreaterThan(100);
    expect(both.register(V0)).toBeGreaterThan(3 * both.register(S2));
    expect(both.counts.regions).toBeGreaterThan(0);
    expect(compiler.regions).toBeGreaterThan(both.counts.regions + 5);
  });

  it('are used where the page has changed beside them', () => {
    const beside = adder().padTo(0x400).word(op('addiu', {}));
    const { both, compiler } = late(times, [caller(20, (code) => change(code, FUNCTION + 0x400)), beside]);
    both.go(20_000, 100);
    expect(both.counts.regions).toBe(compiler.regions);
    expect(both.counts.dropped).toBe(0);
  });

  it('are not used when everything has been dropped meanwhile', () => {
    // Functions on sixteen pages in turn.
    const code = new Assembler(START).li(S1, FUNCTION).label('loop').op('jalr', { s: S1, d: RA }).nop();
    code.op('addiu', { s: S0, t: S0, i: 1 }).op('andi', { s: S0, t: T0, i: 15 }).op('sll', { t: T0, d: T0, a: 12 });
    code.li(T1, FUNCTION).op('addu', { s: T1, t: T0, d: S1 }).branch('beq', {}, 'loop').nop();
    const functions = Array.from({ length: 16 }, (_, i) => adder(FUNCTION + 0x1000 * i));
    const cacheLimits = { functions: 1000, pages: 5, guards: 100_000 };
    const { both, compiler } = late(times, [code, ...functions], { cacheLimits });
    both.go(20_000, 200);
    expect(both.counts.evictions).toBeGreaterThan(5);
    expect(compiler.regions).toBeGreaterThan(both.counts.regions);
  });

  it('leave a whole run of the Lab as it is', () => {
    const run = (engine: EngineName) => {
      const makeCompiler = (each: CompilerOptions) => new LateCompiler(each, times);
      const lab = new Lab({ machine: 'malta', engine, threshold: 5, batch: 16, makeCompiler });
      const trace: string[] = [];
      lab.machine.trace = (line) => trace.push(JSON.stringify(line));
      const turns = ['pingpong 50', 'fork 3', 'bench quick'].map((line) => ({ expect: PROMPT, send: `${line}\n` }));
      expect(lab.script([...turns, { expect: PROMPT, send: '' }]).ok).toBe(true);
      return { machine: lab.machine, trace };
    };
    const [interpreter, jit] = [run('interpreter'), run('jit')];
    expect(jit.trace).toEqual(interpreter.trace);
    expect(differences({ interpreter: interpreter.machine, jit: jit.machine })).toEqual([]);
    expect(jit.machine.engine!.counts.regions).toBeGreaterThan(100);
    expect(jit.machine.engine!.verify()).toEqual([]);
  });
});

it('count as the guest standing still when they are asked for, and when they are received', () => {
  let now = 0;
  let areReady = false;
  // Only the compiler moves the clock.
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  class SlowCompiler extends LateCompiler {
    submitted = 0;
    override submit(batch: Batch): void {
      now += 5;
      this.submitted++;
      super.submit(batch);
    }
    override receive(): Compiled | null {
      const made = areReady ? super.receive() : null;
      if (made) now += 7;
      return made;
    }
  }
  let compiler!: SlowCompiler;
  const makeCompiler = (options: CompilerOptions) => (compiler = new SlowCompiler(options, 1));
  const both = new BothEngines({ makeCompiler }, [caller(50, () => {}), adder()]);
  const { counts } = both.jit.engine!;
  both.go(20_000, 100);
  expect(compiler.submitted).toBeGreaterThan(1);
  expect(counts).toMatchObject({ regions: 0, milliseconds: 5 * compiler.submitted, longest: 5 });
  areReady = true;
  const { submitted } = compiler;
  both.go(20_000, 100);
  // One module at a time.
  expect(counts).toMatchObject({ milliseconds: 5 * compiler.submitted + 7 * counts.modules, longest: 7 });
  expect(counts.modules).toBeGreaterThanOrEqual(submitted);
  expect(counts.regions).toBeGreaterThan(0);
});
