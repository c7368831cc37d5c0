/**
 * What generated code goes to without the dispatcher although it was not there yet when that code was made: a module has
 * a table of its own with a cell for each such place, which is filled when code for the place comes.
 *
 * Where a jump goes by what it says, the cell waits for code at that address. Where it goes through a register, generated
 * code notes the address each time that it asks the dispatcher, and the cell is filled with what is found there some time
 * later. In either case the cell's guard says whether the cell holds what the guest means; see code-map.ts.
 */
import type { CodeMap } from './code-map.ts';
import type { HeldModule, HeldModules } from './held-modules.ts';

export interface Cell {
  mode: number;
  module: HeldModule;
  /** Place in the module's table. */
  index: number;
  guard: number;
  /** Virtual address of what it is for, or {@link ANYWHERE}. */
  pc: number;
}

/** A cell's address that is to be found out: no code is there. */
export const ANYWHERE = 1;
/** Cells that may wait whatever becomes of their modules. */
const FEW_CELLS = 4096;
/** Cells that are looked at in one go. */
const MOST_LOOKS = 64;

/** A function and who calls it through cells. */
export interface Callee {
  slot: number;
  guard: number;
  module: HeldModule;
  cells: Cell[];
}

export class LateLinks {
  /** By mode and address. */
  private waiting = [new Map<number, Cell[]>(), new Map<number, Cell[]>()];
  /** How many of them there are, and with how many those of modules that are gone are looked for. */
  private cells = 0;
  private most = FEW_CELLS;
  private unknown: Cell[] = [];
  private next = 0;

  /** @param tables the functions of each mode */
  constructor(
    private readonly map: CodeMap,
    private readonly tables: readonly WebAssembly.Table[],
    private readonly held: HeldModules,
  ) {}

  clear(): void {
    for (const waiting of this.waiting) waiting.clear();
    this.cells = 0;
    this.unknown = [];
  }

  /** Cells that wait for code at an address. */
  get size(): number {
    return this.cells;
  }

  /** A closed cell waits for what it is for. */
  wait(cell: Cell): void {
    if (cell.pc === ANYWHERE) {
      this.map.setSeen(cell.guard, ANYWHERE);
      this.unknown.push(cell);
      return;
    }
    if (++this.cells > this.most) this.forgetGone();
    const waiting = this.waiting[cell.mode]!;
    const others = waiting.get(cell.pc);
    if (others) others.push(cell);
    else waiting.set(cell.pc, [cell]);
  }

  /** Forgets the cells of modules that are gone. */
  private forgetGone(): void {
    this.cells = 1;
    for (const waiting of this.waiting) {
      for (const [pc, cells] of waiting) {
        const left = cells.filter(({ module }) => module.table);
        this.cells += left.length;
        if (left.length === 0) waiting.delete(pc);
        else if (left.length < cells.length) waiting.set(pc, left);
      }
    }
    this.most = Math.max(FEW_CELLS, 2 * this.cells);
  }

  /** There is code for the instruction at virtual and host address now. */
  installed(mode: number, pc: number, host: number, callee: Callee): void {
    const cells = this.waiting[mode]!.get(pc);
    if (!cells) return;
    this.waiting[mode]!.delete(pc);
    this.cells -= cells.length;
    for (const cell of cells) this.fill(cell, host, callee);
  }

  /** @param host address of what the callee is for */
  fill(cell: Cell, host: number, callee: Callee): void {
    const { table } = cell.module;
    if (!table) return;
    table.set(cell.index, this.tables[cell.mode]!.get(callee.slot) as CallableFunction);
    this.map.openGuard(cell.guard, host);
    callee.cells.push(cell);
  }

  /** The function is gone from its table. */
  dropped(callee: Callee): void {
    this.held.release(callee.module);
    for (const cell of callee.cells) {
      this.map.closeGuard(cell.guard);
      const { table } = cell.module;
      if (!table) continue;
      // The host would keep the function's module for it.
      table.set(cell.index, null);
      this.wait(cell);
    }
  }

  /**
   * Fills some of the cells for jumps through registers.
   * @param find the code at a virtual address of a mode, and its host address
   */
  look(find: (mode: number, pc: number) => { callee: Callee; host: number } | null): void {
    const { unknown } = this;
    for (let looks = Math.min(MOST_LOOKS, unknown.length); looks > 0; looks--) {
      this.next = this.next > 0 ? this.next - 1 : unknown.length - 1;
      if (this.next >= unknown.length) this.next = unknown.length - 1;
      const cell = unknown[this.next]!;
      const pc = cell.module.table ? this.map.seen(cell.guard) : ANYWHERE;
      const found = (pc & 3) === 0 ? find(cell.mode, pc) : null;
      if (found) this.fill(cell, found.host, found.callee);
      else if (cell.module.table) continue;
      const last = unknown.pop()!;
      if (this.next < unknown.length) unknown[this.next] = last;
    }
  }
}
