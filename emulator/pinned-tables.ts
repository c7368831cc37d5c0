/**
 * Both GVA page tables as they were at an instant, kept to be compared with what they are: page by page, frames and
 * rights included. The guest TLB of that instant is kept as it is.
 */
import type { Machine } from './machine.ts';
import { PTE_FLAGS } from './mmu/gva-page-table.ts';
import type { AddressSpace } from './mmu/mmu.ts';
import { PAGE_MOVED, type DifferenceView, type PinnedTlb, type TableDifference, type TableName } from './protocol.ts';

/** The pte tables of one GVA page table by pgd slot, copied. */
type Entries = ReadonlyMap<number, Int32Array>;

export class PinnedTables {
  readonly instructions: number;
  readonly tlb: PinnedTlb;
  private readonly asid: number;
  private readonly entries: Readonly<Record<TableName, Entries>>;

  /** Pins the tables as they are now; the user table is the one in use. */
  constructor(private readonly machine: Machine) {
    this.instructions = machine.clock.instructions();
    this.asid = machine.system.asid;
    const { hi, mask, lo0, lo1 } = machine.mmu.tlb;
    this.tlb = {
      instructions: this.instructions,
      entryHi: hi.slice(),
      pageMask: mask.slice(),
      entryLo0: lo0.slice(),
      entryLo1: lo1.slice(),
    };
    this.entries = { kernel: copy(machine, machine.mmu.kernel), user: copy(machine, machine.mmu.user) };
  }

  view(): DifferenceView {
    const { mmu } = this.machine;
    return {
      instructions: this.instructions,
      asid: this.asid,
      kernel: this.compare(mmu.kernel),
      user: this.compare(mmu.user),
    };
  }

  /** Entries of one slot as they were pinned; null where it had no table. */
  slot(table: TableName, slot: number): Int32Array | null {
    return this.entries[table].get(slot) ?? null;
  }

  private compare(space: AddressSpace): TableDifference {
    const { words } = this.machine.memory;
    const { pteEntries } = space.gva.geometry;
    const slots = slotCount(this.machine);
    const added = new Uint16Array(slots);
    const removed = new Uint16Array(slots);
    const changed = new Uint16Array(slots);
    const before = this.entries[space.name];
    const now = tables(this.machine, space);
    const none = new Int32Array(pteEntries);
    for (const [slot, table] of now) {
      const old = before.get(slot) ?? none;
      const at = table >>> 2;
      for (let i = 0; i < pteEntries; i++) {
        const was = old[i]!;
        const is = words[at + i]!;
        if (was === is) continue;
        if (was === 0) added[slot]!++;
        else if (is === 0) removed[slot]!++;
        else changed[slot]!++;
      }
    }
    for (const [slot, old] of before) {
      if (!now.has(slot)) removed[slot] = old.reduce((pages, pte) => pages + (pte === 0 ? 0 : 1), 0);
    }
    return { added, removed, changed };
  }
}

/** PAGE_MOVED where a page is in another frame than it was, else 0. */
export function movedBit(was: number, is: number): number {
  return was !== 0 && is !== 0 && ((was ^ is) & ~PTE_FLAGS) !== 0 ? PAGE_MOVED : 0;
}

function slotCount(machine: Machine): number {
  return (machine.mmu.layout.end + 1) / 2 ** machine.mmu.kernel.gva.geometry.pmdShift;
}

/** Addresses of the pte tables by slot, as far as the layout goes. */
function tables(machine: Machine, space: AddressSpace): Map<number, number> {
  const span = 2 ** space.gva.geometry.pmdShift;
  const slots = slotCount(machine);
  const found = new Map<number, number>();
  space.gva.forEachTable((va, table) => {
    if (va / span < slots) found.set(va / span, table);
  });
  return found;
}

function copy(machine: Machine, space: AddressSpace): Entries {
  const { pteEntries } = space.gva.geometry;
  const entries = new Map<number, Int32Array>();
  for (const [slot, table] of tables(machine, space)) {
    entries.set(slot, machine.memory.words.slice(table >>> 2, (table >>> 2) + pteEntries));
  }
  return entries;
}
