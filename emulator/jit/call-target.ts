/**
 * From one region to another: what a module imports and exports, and calls and jumps with the dispatcher or without.
 * Where the place is known, generated code compares its guard and goes to its function itself; see code-map.ts.
 */
import type { Batch, Link } from './compiler.ts';
import { ENTER, ExitTarget } from './exit-target.ts';
import { LEAVE_TYPE, MOST_CALLS, REGION_TYPE, RESUME_TYPE, STEP_TYPE, TYPES } from './exits.ts';
import { Local } from './integer-target.ts';
import { ANYWHERE } from './late-links.ts';
import { Op } from './wasm.ts';

/** Index of `step`, which has the interpreter execute one instruction. */
export const STEP = 1;
/** Index of the first function of another module that is imported. */
const FIRST_LINK = 4;

/** A function that can be called without `enter`, as long as its guard says so. */
interface Callee {
  /** Of the function, or of the cell of the module's table that has it. */
  index: number;
  inCell: boolean;
  guard: number;
}

export abstract class CallTarget extends ExitTarget {
  /** By virtual address, as the code was mapped when it was wanted. */
  private callees = new Map<number, Callee>();
  private cells!: Batch['cells'];
  private places: number[] = [];

  /**
   * Begins a module of regions, which it exports as 0, 1 ...
   * @param links what is called of other modules
   * @param cells guards for what else is; `places` gets what each cell is for
   */
  begin(regions: readonly Link[], links: readonly Link[], cells: Batch['cells'], places: number[]): void {
    const { out } = this;
    this.leaveIndex = FIRST_LINK + links.length;
    const first = this.leaveIndex + 1;
    this.callees = new Map();
    for (const [i, { pc, guard }] of links.entries())
      this.callees.set(pc, { index: FIRST_LINK + i, inCell: false, guard });
    for (const [i, { pc, guard }] of regions.entries())
      this.callees.set(pc, { index: first + i, inCell: false, guard });
    this.cells = cells;
    this.places = places;
    // The functions' table is none of its imports: a host may keep a copy of it for each module that imports it.
    out.begin(TYPES, [
      { module: 'k', name: 'memory', kind: 'memory' },
      { module: 'k', name: 'enter', kind: 'function', type: REGION_TYPE },
      { module: 'k', name: 'step', kind: 'function', type: STEP_TYPE },
      { module: 'k', name: 'resume', kind: 'function', type: RESUME_TYPE },
      { module: 'k', name: 'trap', kind: 'function', type: STEP_TYPE },
      ...links.map((_, i) => ({ module: 'k', name: `f${i}`, kind: 'function', type: REGION_TYPE }) as const),
    ]);
    out.functions([LEAVE_TYPE, ...regions.map(() => REGION_TYPE)]);
    out.table();
    out.exports(
      regions.map((_, i) => String(i)),
      first,
      true,
    );
    out.bodies();
    this.emitLeave();
  }

  /** @param to an address, or absent for that of a jump through a register */
  private calleeAt(to = ANYWHERE): Callee | undefined {
    const { cells, places } = this;
    const known = this.callees.get(to);
    if (known || places.length === cells.most) return known;
    const index = places.push(to) - 1;
    const callee = { index, inCell: true, guard: cells.at + 4 * index };
    if (to !== ANYWHERE) this.callees.set(to, callee);
    return callee;
  }

  /**
   * Goes to the code for the PC that `push` pushes; all is in memory.
   * @param to that PC, where the page is mapped as it was, if it is always the same
   */
  protected goTo(push: () => void, to?: number): void {
    const { out } = this;
    const callee = this.calleeAt(to);
    push();
    if (callee) {
      out.op1(Op.LocalSet, Local.Target);
      this.pushIsElsewhere(callee, 0);
      out.op(Op.I32Eqz);
      this.open(Op.If);
      this.pushArguments(true, 0);
      if (callee.inCell) {
        out.constant(callee.index);
        out.op1(Op.ReturnCallIndirect, REGION_TYPE);
        out.unsigned(0);
      } else out.op1(Op.ReturnCall, callee.index);
      this.close();
      if (to === undefined) this.noteTarget(callee);
      out.op1(Op.LocalGet, Local.Target);
    }
    this.pushCounts(0);
    out.op1(Op.ReturnCall, ENTER);
  }

  /** Calls the code for Local.Target. It returns where it has come to there, and the count in Local.Left. */
  protected callTarget(to?: number): void {
    const { out } = this;
    const callee = this.calleeAt(to);
    const take = () => {
      out.op1(Op.LocalSet, Local.Left);
      out.op1(Op.LocalSet, Local.Target);
    };
    if (callee) {
      this.pushIsElsewhere(callee, 1);
      this.open(Op.If);
      if (to === undefined) this.noteTarget(callee);
    }
    this.pushArguments(false, 1);
    out.op1(Op.Call, ENTER);
    take();
    if (!callee) return;
    out.op(Op.Else);
    this.pushArguments(true, 1);
    if (callee.inCell) {
      out.constant(callee.index);
      out.op1(Op.CallIndirect, REGION_TYPE);
      out.unsigned(0);
    } else out.op1(Op.Call, callee.index);
    take();
    this.close();
  }

  /** Lets the host know where a jump through a register goes. */
  private noteTarget({ guard }: Callee): void {
    const { out } = this;
    out.constant(0);
    out.op1(Op.LocalGet, Local.Target);
    out.memory(Op.I32Store, guard + this.cells.toSeen, 2);
  }

  /** Zero when the code at Local.Target is the callee's, and may be called: one deeper, or in the caller's place. */
  private pushIsElsewhere({ guard }: Callee, deeper: 0 | 1): void {
    const { out } = this;
    out.op1(Op.LocalGet, Local.Target);
    out.constant(10);
    out.op(Op.I32ShrU);
    out.constant(0x3ffffc);
    out.op(Op.I32And);
    out.memory(Op.I32Load, this.options.readTable, 2);
    out.op1(Op.LocalGet, Local.Target);
    out.op(Op.I32Xor);
    out.constant(0);
    out.memory(Op.I32Load, guard, 2);
    out.op(Op.I32Xor);
    if (deeper === 0) return;
    out.op1(Op.LocalGet, Local.Depth);
    out.constant(MOST_CALLS - deeper);
    out.op(Op.I32GtS);
    out.op(Op.I32Or);
  }

  /** Local.Target or its page, and the rest of a region's or of `enter`'s arguments. */
  private pushArguments(page: boolean, deeper: 0 | 1): void {
    const { out } = this;
    out.op1(Op.LocalGet, Local.Target);
    if (page) {
      out.constant(-4096);
      out.op(Op.I32And);
    }
    this.pushCounts(deeper);
  }
  private pushCounts(deeper: 0 | 1): void {
    const { out } = this;
    out.op1(Op.LocalGet, Local.Left);
    out.op1(Op.LocalGet, Local.Depth);
    if (deeper === 0) return;
    out.constant(deeper);
    out.op(Op.I32Add);
  }
}
