/** What of a run is saved for the next, when there is more than is saved of a guest. */
import { expect, it } from 'vitest';
import { HeldModules, type HeldModule } from './held-modules.ts';
import type { RegionCode, SavedModule } from './kept-code.ts';
import { StoredCode } from './stored-code.ts';

const MIB = 1 << 20;
const store = (modules: SavedModule[]) => ({
  saved: { guards: 8, modules, fixed: [] },
  load: () => null,
  fixed: () => null,
});

it('the modules of what is wanted most, up to 36 MiB with what is still to be loaded', () => {
  const held = new HeldModules();
  let cells = 0;
  const module = (mib: number): HeldModule => {
    const own = held.add({} as WebAssembly.Table, mib * MIB, []);
    const wire = new Uint8Array(mib * MIB);
    own.source = {
      module: {} as WebAssembly.Module,
      wire,
      imports: [],
      cells: [],
      firstCell: 100 + cells++,
      unused: 0,
    };
    return own;
  };
  const code = (of: HeldModule, word: number): RegionCode => {
    const words = Int32Array.of(word);
    const place = { mode: 0, odd: 0, pc: 0x1000, host: 0x5000, guard: 4, spans: [0, 1], index: 0, restsUntil: 0 };
    return { ...place, words, call: () => {}, module: of };
  };
  const waiting = { mode: 0, odd: 0, imports: [], cells: [], firstCell: 1, unused: 0, native: null, regions: [] };
  const stored = new StoredCode(store([{ ...waiting, wire: new Uint8Array(6 * MIB) }]), 1000);
  const [first, large, last, small] = [module(10), module(21), module(20), module(1)];
  const functions = [
    code(first!, 1),
    code(large!, 2),
    code(first!, 3),
    code(last!, 4),
    code(small!, 5),
    code(last!, 1),
  ];
  const saved = () => stored.toSave(functions).map(({ saved }) => [saved.wire.length / MIB, saved.regions.length]);
  expect(saved()).toEqual([
    [6, 0],
    [10, 2],
    [20, 1],
  ]);
  // The large one would not have fitted; the small one does once the last is gone.
  functions.splice(3, 1);
  functions.pop();
  expect(saved()).toEqual([
    [6, 0],
    [10, 2],
    [1, 1],
  ]);
  stored.end();
  expect(saved()).toEqual([]);
});
