/** Code that goes and comes back, and what a run leaves for the next one. */
import { describe, expect, it } from 'vitest';
import { differences } from '../lockstep.ts';
import type { EngineName } from '../machine-options.ts';
import { Assembler } from '../testing/assembler.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { Lab, PROMPT } from '../testing/lab.ts';
import type { CodeStore } from './cache-options.ts';
import { HeldModules } from './held-modules.ts';
import { KeptCode, type RegionCode, type SavedCode } from './kept-code.ts';

const [V0, T0, T1, T2, S0, S1, S2, RA] = [2, 8, 9, 10, 16, 17, 18, 31];
const START = 0x80010000;
const FUNCTION = 0x80020000;

/** An addition of `n` and a return. */
const adder = (n: number, base = FUNCTION) =>
  new Assembler(base).op('addiu', { s: V0, t: V0, i: n }).op('jr', { s: RA }).nop();

/** Calls what s1 points at, at first FUNCTION, 30 times, then does what `then` says, for ever. s2 counts the rounds. */
function caller(then: (code: Assembler) => void): Assembler {
  const code = new Assembler(START).li(S1, FUNCTION).label('again').op('addiu', { t: S0, i: 30 });
  code.label('loop').op('jalr', { s: S1, d: RA }).op('addiu', { s: S0, t: S0, i: -1 });
  code.branch('bgtz', { s: S0 }, 'loop').nop();
  then(code);
  return code.op('addiu', { s: S2, t: S2, i: 1 }).branch('beq', {}, 'again').nop();
}
/** Turns the word at `at` over by these bits. */
const flip = (code: Assembler, at: number, bits: number) =>
  code.li(T0, at).op('lw', { s: T0, t: T1 }).op('xori', { s: T1, t: T1, i: bits }).op('sw', { s: T0, t: T1 });

describe('code that comes back', () => {
  it('is not translated again', () => {
    // The addend is 1, 3, 1, 3 ...
    const both = new BothEngines({}, [caller((code) => flip(code, FUNCTION, 2)), adder(1)]);
    both.go(40_000);
    expect(both.register(S2)).toBeGreaterThan(100);
    expect(both.register(V0)).toBe(both.jit.cpu.r[V0]! >>> 0);
    const { regions, recalled, dropped } = both.jit.engine!.counts;
    expect(dropped).toBeGreaterThan(80);
    expect(recalled).toBeGreaterThan(80);
    expect(regions).toBeLessThan(10);
  });

  it('is translated again where a word of it is another', () => {
    const grow = (code: Assembler) =>
      code.li(T0, FUNCTION).op('lw', { s: T0, t: T1 }).op('addiu', { s: T1, t: T1, i: 1 }).op('sw', { s: T0, t: T1 });
    const both = new BothEngines({}, [caller(grow), adder(1)]);
    both.go(20_000);
    // What a slice ends in front of, behind that word, may come back.
    expect(both.jit.engine!.counts.recalled).toBeLessThan(5);
    expect(both.jit.engine!.counts.regions).toBeGreaterThan(50);
  });

  it('is found in another page', () => {
    // Each round: the function's words move to the next of sixteen pages, and what was there is overwritten.
    const move = (code: Assembler) => {
      code
        .op('andi', { s: S2, t: T2, i: 15 })
        .op('sll', { t: T2, d: T2, a: 12 })
        .li(T0, FUNCTION + 0x1000);
      code.op('addu', { s: T0, t: T2, d: T2 });
      for (const offset of [0, 4, 8]) {
        code.op('lw', { s: S1, t: T1, i: offset }).op('sw', { s: S1, t: 0, i: offset });
        code.op('sw', { s: T2, t: T1, i: offset });
      }
      code.op('addu', { s: T2, t: 0, d: S1 });
    };
    const both = new BothEngines({}, [caller(move), adder(1)]);
    both.go(40_000);
    expect(both.register(V0)).toBeGreaterThan(29 * both.register(S2));
    expect(both.jit.engine!.counts.recalled).toBeGreaterThan(50);
    expect(both.jit.engine!.counts.regions).toBeLessThan(40);
  });

  it('is left alone for a while, as it may go again', () => {
    // Below the threshold only what has rested comes back.
    const both = new BothEngines({ threshold: 25 }, [caller((code) => flip(code, FUNCTION, 2)), adder(1)]);
    both.go(60_000);
    const early = both.jit.engine!.counts.recalled / both.register(S2);
    expect(both.jit.engine!.counts.executed).toBeLessThan(59_000);
    expect(early).toBeGreaterThan(0.5);
  });

  it('is forgotten when there is more of it than there may be', () => {
    const words = new Int32Array(4096);
    const held = new HeldModules();
    const kept = new KeptCode(words, held, 3);
    const make = (word: number): RegionCode => {
      const module = held.add({} as WebAssembly.Table, 100, []);
      const call = () => {};
      const place = { mode: 0, odd: 0, pc: 0x80001008, host: 0x1008, guard: 0, spans: [2, 3], index: 0, restsUntil: 0 };
      return { ...place, words: Int32Array.of(word), call, module };
    };
    const all = [1, 2, 3, 4].map(make);
    for (const each of all) {
      kept.add(each);
      held.release(each.module);
    }
    expect(kept.size).toBe(3);
    expect(held.bytes).toBe(300);
    expect(all.map(({ module }) => module.live)).toEqual([0, 1, 1, 1]);
    expect(all[0]!.module.table).toBeNull();
    const ask = (word: number) => {
      words[0x2008 >>> 2] = word;
      return kept.recall(0, 0, 0x2008, 0);
    };
    expect(ask(1)).toBeNull();
    expect(ask(2)).toBe(all[1]);
    expect(ask(2)).toBeNull();
    // What has been dropped rests; of the same words, the latest is taken.
    const again = make(3);
    kept.add(again, 1000);
    expect(kept.recall(0, 0, 0x2008, 0)).toBeNull();
    expect(ask(3)).toBe(all[2]);
    expect(kept.recall(0, 0, 0x2008, 1000)).toBeNull();
    expect(kept.recall(0, 0, 0x2008, 1_000_000)).toBe(again);
    expect(kept.recall(0, 1, 0x2008, 1_000_000)).toBeNull();
    expect(ask(4)).toBe(all[3]);
    expect(kept.size).toBe(0);
  });
});

/** As from a file, with no compiled code. */
const storeOf = (saved: SavedCode | null): CodeStore => ({
  saved: saved && structuredClone(saved),
  load: ({ wire }) => new WebAssembly.Module(wire),
  fixed: () => null,
});
const savedBy = ({ jit }: BothEngines): SavedCode => {
  const { guards, modules } = jit.engine!.toSave();
  return { guards, modules: modules.map(({ saved }) => saved), fixed: [] };
};

describe('the next run', () => {
  const programs = () => [caller(() => {}), adder(1)];
  const run = (saved: SavedCode | null, made = programs(), options = {}) => {
    const both = new BothEngines({ ...options, codeStore: storeOf(saved) }, made);
    both.go(20_000);
    return both;
  };

  it('has what this one left', () => {
    const first = run(null);
    expect(first.jit.engine!.counts).toMatchObject({ recalled: 0, regions: expect.any(Number) as number });
    const second = run(savedBy(first));
    expect(second.jit.engine!.counts).toMatchObject({ regions: 0, recalled: first.counts.regions });
    // What it leaves is the same again.
    const third = run(savedBy(second));
    expect(third.jit.engine!.counts).toMatchObject({ regions: 0, recalled: first.counts.regions });
    expect(savedBy(third).modules).toEqual(savedBy(first).modules);
  });

  it('adds to it, and what it adds is never mixed up with what was there', () => {
    const one = savedBy(run(null));
    const other = [caller((code) => code.op('addiu', { s: V0, t: V0, i: 7 })), adder(1), adder(5, FUNCTION + 0x1000)];
    const two = savedBy(run(one, other));
    expect(two.guards).toBeGreaterThan(one.guards);
    expect(two.modules.length).toBeGreaterThan(one.modules.length);
    const third = run(two);
    const fourth = run(savedBy(third), other);
    for (const each of [third, fourth]) expect(each.jit.engine!.counts).toMatchObject({ regions: 0 });
  });

  it('does not use what is another program', () => {
    const saved = savedBy(run(null, [caller(() => {}), adder(2)]));
    const both = run(saved);
    const { counts } = both.jit.engine!;
    expect(counts.regions).toBeGreaterThan(0);
    expect(both.register(V0)).toBeGreaterThan(0);
    // The caller is the same.
    expect(counts.recalled).toBeGreaterThan(0);
  });

  it('gets nothing once guards have been given out anew', () => {
    const cacheLimits = { functions: 1000, pages: 100, guards: 30 };
    const grow = (code: Assembler) =>
      code.li(T0, FUNCTION).op('lw', { s: T0, t: T1 }).op('addiu', { s: T1, t: T1, i: 1 }).op('sw', { s: T0, t: T1 });
    const both = run(null, [caller(grow), adder(1)], { cacheLimits });
    expect(both.counts.evictions).toBeGreaterThan(0);
    expect(savedBy(both).modules).toEqual([]);
  });

  it('begins anew where what is left would have most of the guards', () => {
    const saved = savedBy(run(null));
    const both = run({ ...saved, guards: 600 }, programs(), {
      cacheLimits: { functions: 1000, pages: 100, guards: 1000 },
    });
    expect(both.jit.engine!.counts.recalled).toBe(0);
    expect(savedBy(both).guards).toBeLessThan(600);
  });

  it('does not get what has not been used for eight runs', () => {
    const other = [caller((code) => code.op('addiu', { s: V0, t: V0, i: 7 })), adder(9)];
    let saved = savedBy(run(null, other));
    const mine = saved.modules.length;
    saved = savedBy(run(saved));
    const both = saved.modules.length;
    expect(both).toBeGreaterThan(mine);
    for (let i = 0; i < 7; i++) saved = savedBy(run(saved));
    expect(saved.modules).toHaveLength(both);
    saved = savedBy(run(saved));
    expect(saved.modules.length).toBeLessThan(both);
    expect(run(saved).jit.engine!.counts.regions).toBe(0);
  });
});

it.each(['malta', 'kvm'] as const)(
  'whole runs of the Lab on %s are the same, with what was left and without',
  (kind) => {
    const run = (engine: EngineName, saved: SavedCode | null = null) => {
      const openCode = () => storeOf(saved);
      const lab = new Lab({ machine: kind, engine, threshold: 5, batch: 16, openCode });
      const trace: string[] = [];
      lab.machine.trace = (line) => trace.push(JSON.stringify(line));
      const turns = ['pingpong 50', 'fork 3', 'bench quick'].map((line) => ({ expect: PROMPT, send: `${line}\n` }));
      expect(lab.script([...turns, { expect: PROMPT, send: '' }]).ok).toBe(true);
      return { machine: lab.machine, trace };
    };
    const interpreter = run('interpreter');
    let saved: SavedCode | null = null;
    const counts = Array.from({ length: 3 }, () => {
      const jit = run('jit', saved);
      expect(jit.trace).toEqual(interpreter.trace);
      expect(differences({ interpreter: interpreter.machine, jit: jit.machine })).toEqual([]);
      const { engine } = jit.machine;
      expect(engine!.verify()).toEqual([]);
      const { guards, modules } = engine!.toSave();
      saved = { guards, modules: modules.map(({ saved }) => saved), fixed: [] };
      return engine!.counts;
    });
    expect(counts[0]!.regions).toBeGreaterThan(300);
    // How soon modules are loaded depends on the host: what is hot before is translated.
    for (const { recalled } of counts.slice(1)) expect(recalled).toBeGreaterThan(100);
  },
);
