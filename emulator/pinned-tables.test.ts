import { describe, expect, it } from 'vitest';
import type { Machine } from './machine.ts';
import { PinnedTables } from './pinned-tables.ts';
import { PAGE_MOVED, PAGE_PRESENT, type TableName } from './protocol.ts';
import { Lab } from './testing/lab.ts';
import { viewMachine } from './view.ts';

type Dump = Map<number, number>;

/** Every entry by page address, by walking all of the space. */
function dump(machine: Machine, table: TableName): Dump {
  const { gva } = machine.mmu[table];
  const pages: Dump = new Map();
  for (let va = 0; va <= machine.mmu.layout.end; va += 4096) {
    const pte = gva.walk(va);
    if (pte !== 0) pages.set(va, pte);
  }
  return pages;
}

/** Pages of each slot for which `counts` holds. */
function bySlot(pages: Iterable<number>, spanBytes: number, slots: number): number[] {
  const counts = new Array<number>(slots).fill(0);
  for (const va of pages) counts[Math.floor(va / spanBytes)]!++;
  return counts;
}

function compare(machine: Machine, pinned: PinnedTables, before: Record<TableName, Dump>) {
  const span = 2 ** machine.mmu.kernel.gva.geometry.pmdShift;
  const view = pinned.view();
  let [added, removed, changed] = [0, 0, 0];
  for (const table of ['kernel', 'user'] as const) {
    const [was, is] = [before[table], dump(machine, table)];
    const { length } = view[table].added;
    const both = [...is.keys()].filter((va) => was.has(va) && was.get(va) !== is.get(va));
    const came = [...is.keys()].filter((va) => !was.has(va));
    const gone = [...was.keys()].filter((va) => !is.has(va));
    expect([...view[table].added]).toEqual(bySlot(came, span, length));
    expect([...view[table].removed]).toEqual(bySlot(gone, span, length));
    expect([...view[table].changed]).toEqual(bySlot(both, span, length));
    added += came.length;
    removed += gone.length;
    changed += both.length;
    for (const va of both) {
      const { slot } = viewMachine(machine, { segments: true, tlb: false, slot: Math.floor(va / span) }, pinned);
      const page = (va % span) / 4096;
      const moved = ((was.get(va)! ^ is.get(va)!) & ~0xfff) !== 0;
      expect((slot![table][page]! & PAGE_MOVED) !== 0).toBe(moved);
      expect(slot!.pinned![table][page]! & PAGE_PRESENT).toBe(PAGE_PRESENT);
    }
  }
  return { added, removed, changed };
}

const both = (machine: Machine) => ({ kernel: dump(machine, 'kernel'), user: dump(machine, 'user') });

describe.each(['m32_4k', 'm64_4k'] as const)('tables of %s', (geometry) => {
  it('differ from the pinned instant by exactly the pages that a walk of both finds', () => {
    const lab = new Lab({ geometry });
    lab.command('ps');
    const { machine } = lab;
    const before = both(machine);
    const pinned = new PinnedTables(machine);
    expect(pinned.instructions).toBe(machine.clock.instructions());
    expect(compare(machine, pinned, before)).toEqual({ added: 0, removed: 0, changed: 0 });
    // Through flushes and other processes' pages, at instants of all kinds.
    machine.input(new TextEncoder().encode('pingpong 400\n'));
    const total = { added: 0, removed: 0, changed: 0 };
    for (let i = 0; i < 12; i++) {
      machine.stopAtAsidChange = i % 3 === 0;
      machine.run(i % 3 === 0 ? 50_000_000 : 700 * i, Infinity);
      const sums = compare(machine, pinned, before);
      for (const kind of ['added', 'removed', 'changed'] as const) total[kind] += sums[kind];
    }
    for (const sum of Object.values(total)) expect(sum).toBeGreaterThan(0);
  });
});

it('views tell of a difference only while an instant is pinned', () => {
  const { machine } = new Lab();
  machine.run(2_000_000, Infinity);
  const request = { segments: true, tlb: false, slot: 0 };
  expect(viewMachine(machine, request)).not.toHaveProperty('difference');
  expect(viewMachine(machine, request).slot).not.toHaveProperty('pinned');
  expect(viewMachine(machine, { ...request, segments: false }, new PinnedTables(machine))).not.toHaveProperty(
    'difference',
  );
});

it('a flush says what it left', () => {
  const lab = new Lab();
  lab.command('pingpong 3');
  const { kernel } = viewMachine(lab.machine, { segments: true, tlb: false, slot: null });
  expect(kernel!.lastFlush!.kind).toBe('KMF_KERN');
  expect(kernel!.lastFlush!.kept).toEqual({ kseg0: kernel!.segments.kseg0!.pages });

  const everything = new Lab({ policy: 'everything' });
  everything.command('pingpong 3');
  const all = viewMachine(everything.machine, { segments: true, tlb: false, slot: null });
  expect(all.kernel!.lastFlush!.kind).toBe('KMF_GPA|KMF_KERN');
  expect(all.kernel!.lastFlush!.kept).toEqual({});
});

it('the guest TLB of the pinned instant stays as it was', () => {
  const lab = new Lab();
  lab.command('ps');
  const { machine } = lab;
  const request = { segments: false, tlb: true, slot: null };
  const { entryHi, pageMask, entryLo0, entryLo1 } = viewMachine(machine, request).tlb!;
  const pinned = new PinnedTables(machine);
  const instructions = machine.clock.instructions();
  lab.command('fork 2');
  const { tlb } = viewMachine(machine, request, pinned);
  expect(tlb!.pinned).toEqual({ instructions, entryHi, pageMask, entryLo0, entryLo1 });
  expect(tlb!.entryHi).not.toEqual(entryHi);
  expect(viewMachine(machine, request).tlb).not.toHaveProperty('pinned');
});
