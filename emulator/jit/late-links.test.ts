import { expect, it } from 'vitest';
import type { CodeMap } from './code-map.ts';
import { HeldModules } from './held-modules.ts';
import { LateLinks } from './late-links.ts';

it('cells of modules that are gone do not wait for ever', () => {
  const held = new HeldModules();
  const late = new LateLinks({} as CodeMap, [], held);
  const make = (pc: number) => {
    const module = held.add({} as WebAssembly.Table, 1, []);
    for (const mode of [0, 1]) late.wait({ mode, module, index: 0, guard: 4, pc });
    return module;
  };
  for (let i = 0; i < 1000; i++) make(4 * i);
  for (let i = 0; i < 100_000; i++) held.release(make(4 * i));
  expect(late.size).toBeGreaterThanOrEqual(2000);
  expect(late.size).toBeLessThanOrEqual(4097);
  // Those that are there are not forgotten, even if there are more.
  for (let i = 0; i < 9000; i++) make(4 * i);
  expect(late.size).toBeGreaterThanOrEqual(20_000);
  late.clear();
  expect(late.size).toBe(0);
});
