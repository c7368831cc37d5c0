/** That there is never more WebAssembly than there may be, and that the host keeps none that is not counted. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { Assembler } from '../testing/assembler.ts';
import { op } from '../testing/bare-machine.ts';
import { BothEngines } from '../testing/both-engines.ts';
import { HeldModules } from './held-modules.ts';

const [V0, S0, S1, S2, RA] = [2, 16, 17, 18, 31];
const START = 0x80010000;
const FUNCTIONS = 0x80020000;

const add = (held: HeldModules, bytes: number, imports: ReturnType<HeldModules['add']>[] = []) =>
  held.add({} as WebAssembly.Table, bytes, imports);

it('a module counts until the last that imports from it is gone', () => {
  const held = new HeldModules();
  const first = add(held, 1);
  const second = add(held, 10, [first, first]);
  const third = add(held, 100, [first, second]);
  expect(held.bytes).toBe(111);
  held.release(first);
  held.release(second);
  expect([first.table, second.table, held.bytes, held.size]).toEqual([null, null, 111, 3]);
  expect(third.table).not.toBeNull();
  held.release(third);
  expect([held.bytes, held.size]).toEqual([0, 0]);
});

it('those with the least in use for their size are let go first, when nothing imports from them any more', () => {
  const held = new HeldModules();
  const [gone, kept, large, small] = [100, 100, 1000, 100].map((bytes) => add(held, bytes));
  const importer = add(held, 100, [gone!, kept!]);
  importer.live = 50;
  held.release(gone!);
  kept!.kept = kept!.live = 20;
  large!.live = 5;
  small!.live = 5;
  expect([...held.leastUsed(0)]).toEqual([]);
  expect([...held.leastUsed(1)]).toEqual([large]);
  expect([...held.leastUsed(1001)]).toEqual([large, small]);
  expect([...held.leastUsed(1101)]).toEqual([large, small, importer]);
  // What it alone has imported from goes with it, and is worth least.
  expect([...held.leastUsed(1e6)]).toEqual([large, small, importer, gone, kept]);
  held.clear();
  held.release(small!);
  expect(held.bytes).toBe(0);
});

const PAGES = 8;
const EACH = 16;
const APART = 0x1000 / EACH;
/** As many functions on each page, all of which call one on the next page. */
function functions(): Assembler[] {
  return Array.from({ length: PAGES }, (_, page) => {
    const code = new Assembler(FUNCTIONS + 0x1000 * page);
    for (let i = 0; i < EACH; i++) {
      const callee = FUNCTIONS + 0x1000 * ((page + 1) % PAGES) + APART * i + APART / 2;
      code.padTo(APART * i).op('addu', { s: RA, d: S2 });
      code.word((op('jal') | ((callee >>> 2) & 0x3ffffff)) >>> 0).nop();
      code.op('addiu', { s: V0, t: V0, i: 1 }).op('jr', { s: S2 }).nop();
      code.padTo(APART * i + APART / 2).op('addiu', { s: V0, t: V0, i: 2 });
      code.op('jr', { s: RA }).nop();
    }
    return code;
  });
}
/** Calls all of them, for ever. */
function caller(): Assembler {
  const code = new Assembler(START).label('again').li(S1, FUNCTIONS);
  code
    .li(S0, PAGES * EACH)
    .label('loop')
    .op('jalr', { s: S1, d: RA })
    .op('addiu', { s: S0, t: S0, i: -1 });
  code.op('addiu', { s: S1, t: S1, i: APART }).branch('bgtz', { s: S0 }, 'loop').nop();
  return code.branch('beq', {}, 'again').nop();
}

/** Has the host's instances watched: how many bytes of WebAssembly there are of those that it has not collected. */
function watchInstances(): () => Promise<number> {
  const made: { instance: WeakRef<WebAssembly.Instance>; bytes: number }[] = [];
  const sizes = new WeakMap<WebAssembly.Module, number>();
  const { Module, Instance } = WebAssembly;
  type Parameters = ConstructorParameters<typeof Instance>;
  // A spy would keep what it returns.
  const WatchedModule = function (wire: Uint8Array<ArrayBuffer>) {
    const module = new Module(wire);
    sizes.set(module, wire.length);
    return module;
  };
  const WatchedInstance = function (...parameters: Parameters) {
    const instance = new Instance(...parameters);
    made.push({ instance: new WeakRef(instance), bytes: sizes.get(parameters[0])! });
    return instance;
  };
  Object.assign(WebAssembly, { Module: WatchedModule, Instance: WatchedInstance });
  onTestFinished(() => void Object.assign(WebAssembly, { Module, Instance }));
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return async () => {
    // What a weak reference has been made to stays for as long as the task that has made it.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    return made.filter(({ instance }) => instance.deref()).reduce((sum, { bytes }) => sum + bytes, 0);
  };
}

it('what is used least is let go when there is more than there may be, and the host collects it', async () => {
  const there = watchInstances();
  const most = 30_000;
  const both = new BothEngines({ batch: 8, cacheLimits: { bytes: most } }, [caller(), ...functions()]);
  const { counts } = both.jit.engine!;
  const fixed = await there();
  expect(fixed).toBeGreaterThan(0);
  const uncounted: number[] = [];
  for (let i = 0; i < 20; i++) {
    both.go(5000);
    expect(counts.held).toBeGreaterThan(0);
    expect(counts.held).toBeLessThanOrEqual(most);
    uncounted.push((await there()) - fixed - counts.held);
  }
  // The host may still have a few that were let go a moment ago.
  expect(Math.max(...uncounted)).toBeLessThan(counts.bytes / 10);
  expect(Math.min(...uncounted)).toBe(0);
  expect(counts.letGo).toBeGreaterThan(20);
  expect(counts.evictions).toBe(0);
  expect(counts.bytes).toBeGreaterThan(3 * most);
  expect(both.register(V0)).toBeGreaterThan(20_000);
});

it('nothing is let go while there is room', () => {
  const both = new BothEngines({ batch: 8, cacheLimits: { bytes: 4e6 } }, [caller(), ...functions()]);
  both.go(50_000);
  const { held, bytes, letGo } = both.jit.engine!.counts;
  expect(letGo).toBe(0);
  expect(held).toBe(bytes);
});
