/**
 * What generated code goes to without the dispatcher although it was not there yet when that code was made: a module has
 * a table of its own with a cell for each such place, which is filled when code for the place comes.
 *
 * Where a jump goes by what it says, the cell waits for code at that address. Where it goes through a register, generated
 * code notes the address each time that it asks the dispatcher, and the cell is filled with what is found there some time
 * later. In either case the cell's guard says whether the cell holds what the guest means; see code-map.ts.
 */
import type { CodeMap } from './code-map.ts';

/** Gives up one of the uses that a module has. */
export function release({ module }: { module: CellModule }): void {
  if (--module.live === 0) module.table = null;
}

/** A module's cells, for as long as any function of it may be called. */
export interface CellModule {
  table: WebAssembly.Table | null;
  /** How many of its functions there are, in use or kept. */
  live: number;
  /** A function of it has been in use. */
  used: boolean;
  /** What the next run needs of it, if it is to be saved. */
  source: ModuleSource | null;
}

export interface ModuleSource {
  module: WebAssembly.Module;
  wire: Uint8Array<ArrayBuffer>;
  /** Guards of the functions that it imports. */
  imports: number[];
  cells: number[];
  firstCell: number;
  /** Runs before this one that it was not used in. */
  unused: number;
}

export interface Cell {
  mode: number;
  module: CellModule;
  /** Place in the module's table. */
  index: number;
  guard: number;
  /** Virtual address of what it is for, or {@link ANYWHERE}. */
  pc: number;
}

/** A cell's address that is to be found out: no code is there. */
export const ANYWHERE = 1;
/** Cells that are looked at in one go. */
const MOST_LOOKS = 64;

/** A function and who calls it through cells. */
export interface Callee {
  slot: number;
  guard: number;
  module: CellModule;
  cells: Cell[];
}

export class LateLinks {
  /** By mode and address. */
  private waiting = [new Map<number, Cell[]>(), new Map<number, Cell[]>()];
  private unknown: Cell[] = [];
  private next = 0;

  /** @param tables the functions of each mode */
  constructor(
    private readonly map: CodeMap,
    private readonly tables: readonly WebAssembly.Table[],
  ) {}

  clear(): void {
    for (const waiting of this.waiting) waiting.clear();
    this.unknown = [];
  }

  /** A closed cell waits for what it is for. */
  wait(cell: Cell): void {
    if (cell.pc === ANYWHERE) {
      this.map.setSeen(cell.guard, ANYWHERE);
      this.unknown.push(cell);
      return;
    }
    const waiting = this.waiting[cell.mode]!;
    const others = waiting.get(cell.pc);
    if (others) others.push(cell);
    else waiting.set(cell.pc, [cell]);
  }

  /** There is code for the instruction at virtual and host address now. */
  installed(mode: number, pc: number, host: number, callee: Callee): void {
    const cells = this.waiting[mode]!.get(pc);
    if (!cells) return;
    this.waiting[mode]!.delete(pc);
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
    release(callee);
    for (const cell of callee.cells) {
      this.map.closeGuard(cell.guard);
      if (cell.module.table) this.wait(cell);
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
