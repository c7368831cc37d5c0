/** The search of the guest TLB that generated code makes, beside the MMU's own. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LinearMemory, RAM_AT } from '../memory.ts';
import { GuestTlb, LO_G } from '../mmu/guest-tlb.ts';
import { LAYOUTS } from '../mmu/layout.ts';
import { Expressions } from './expressions.ts';
import { makeModule } from './make-module.ts';
import { MmuPaths } from './mmu-paths.ts';
import { I32, ModuleWriter, type FunctionType, type ValueType } from './wasm.ts';

type Lookup = (va: number, asid: number) => number;

/** The function `lookup` by itself, for a TLB of so many entries. */
function lookupOf(memory: LinearMemory, tlbEntries: number): Lookup {
  const out = new ModuleWriter();
  const names = Object.keys(MmuPaths.FUNCTIONS) as (keyof typeof MmuPaths.FUNCTIONS)[];
  // Types by number of parameters, first without a result, then with one.
  const types = [1, 2, 3].flatMap((count) => {
    const parameters = new Array<ValueType>(count).fill(I32);
    return [{ parameters, results: [] }, { parameters, results: [I32] } satisfies FunctionType];
  });
  const isSilent = (name: string) => ['clear', 'insert', 'write'].includes(name);
  out.begin(types, [{ module: 'k', name: 'memory', kind: 'memory' }]);
  out.functions(names.map((name) => 2 * (MmuPaths.FUNCTIONS[name] - 1) + (isSilent(name) ? 0 : 1)));
  out.exports(names, 0);
  out.bodies();
  const index = Object.fromEntries(names.map((name, i) => [name, i])) as Record<(typeof names)[number], number>;
  const tables = {
    pgd: [0, 0] as const,
    gpa: 0,
    tlbEntries,
    layout: LAYOUTS.malta,
    flushes: false,
    keepsReplaced: false,
  };
  new MmuPaths(new Expressions(out), tables, index).emit();
  const { exports } = new WebAssembly.Instance(makeModule(out.end()), { k: { memory: memory.memory } });
  return exports.lookup as Lookup;
}

/** Few pages and ASIDs, so that entries match and are duplicates of one another. */
const page = fc.integer({ min: 0, max: 7 }).map((n) => n << 13);
const asid = fc.integer({ min: 0, max: 3 });
const entry = fc.record({ page, asid, mask: fc.constantFrom(0, 0, 0, 0x6000), global: fc.boolean(), far: fc.nat(2) });

it.each([16, 32, 64])('finds the first of %i entries that matches, as the MMU does', (entries) => {
  const memory = new LinearMemory(RAM_AT);
  const tlb = new GuestTlb(memory, entries);
  const lookup = lookupOf(memory, entries);
  const found = new Set<number>();
  const all = fc.array(entry, { minLength: entries, maxLength: entries });
  fc.assert(
    fc.property(all, page, asid, fc.nat(0x1fff), (list, va, current, offset) => {
      for (const [i, { page, asid, mask, global, far }] of list.entries()) {
        // Most lie elsewhere: a match far behind is to be found, too.
        const elsewhere = far > 0 ? 0x40000000 : 0;
        tlb.write(i, elsewhere | page | asid, mask, global ? LO_G : 0, global ? LO_G : 0);
      }
      const index = lookup(va | offset, current);
      found.add(index);
      expect(index).toBe(tlb.lookup(va | offset, current));
    }),
  );
  expect(found.size).toBeGreaterThan(3);
  expect(found).toContain(-1);
});
