/**
 * One region as a WebAssembly function `(page base, instructions left, depth) -> (pc, instructions left)`.
 *
 * Registers are in locals. Which of them memory does not have yet ("dirty") is known at every place, so what leaves the
 * region stores just those; and which of them will be needed decides what is loaded at the entry and after a call.
 * Instructions that cannot go on (a miss in the host TLB, an overflow) leave through an exit shared by all that have the
 * same registers to store; the interpreter then executes the instruction.
 *
 * Instructions are counted block by block. That there are enough left is tested at the entry, at loop heads and after
 * calls, for the longest way to the next test, so that a region never executes one too many.
 */
import { JIT_ADDRESS_AT, JIT_EXIT_AT, JIT_FLOAT_AT, REGISTERS_AT } from '../memory.ts';
import {
  EXIT_ALIGNMENT,
  EXIT_REASON,
  EXIT_SLOT,
  EXIT_WRITE,
  MOST_CALLS,
  REGION_TYPE,
  Reason,
  STEP_TYPE,
  TYPES,
} from './exits.ts';
import { FIXED_LOCALS, Local } from './integer-target.ts';
import { KernelTarget } from './kernel-target.ts';
import {
  End,
  PAGE_WORDS,
  isSwitch,
  returnsToCaller,
  targetOf,
  type Block,
  type Instruction,
  type Region,
} from './region.ts';
import type { Batch, Link } from './compiler.ts';
import { ANYWHERE } from './late-links.ts';
import { structure, type Item, type Loop } from './structure.ts';
import { Flow } from './traits.ts';
import { F32, F64, I32, I64, Op, VOID } from './wasm.ts';

/** Index of `enter`, which goes to the code for a PC, and of `step`, which has the interpreter execute one instruction. */
const ENTER = 0;
const STEP = 1;
/** Index of the first function of another module that is imported. */
const FIRST_LINK = 2;
/** A PC that no return address is equal to. */
const NOWHERE = 1;
/** More different sets of registers than this share exits. */
const MOST_EXITS = 6;
/** HI and LO as a bit of masks, and where they are behind the general registers. */
const PAIR = 1;
const HI = 32;
const LO = 33;

/** A function that can be called without `enter`, as long as its guard says so. */
interface Callee {
  /** Of the function, or of the cell of the module's table that has it. */
  index: number;
  inCell: boolean;
  guard: number;
}

interface Exit {
  registers: number;
  label: number;
}

/** What is known of a block's registers; masks as in traits.ts. */
interface Flows {
  dirtyIn: number;
  dirtyOut: number;
  liveIn: number;
}

export class Generator extends KernelTarget {
  private region!: Region;
  private base = 0;
  private flows: Flows[] = [];
  private exits: Exit[] = [];
  /** Nesting depth now, and the depth of each block's label. */
  private depth = 0;
  private labels = new Int32Array(0);
  private heads = new Uint8Array(0);
  /** For a head of a loop with several: its number. */
  private states = new Int32Array(0);
  /** The exit that {@link exitIf} takes, and what it takes back of the count. */
  private exit!: Exit;
  private uncounted = 0;
  private inSlot = false;
  private exitOffset = 0;

  /**
   * Begins a module of regions, which it exports as 0, 1 ...
   * @param links what is called of other modules
   * @param cells guards for what else is; `places` gets what each cell is for
   */
  begin(regions: readonly Link[], links: readonly Link[], cells: Batch['cells'], places: number[]): void {
    const { out } = this;
    const first = FIRST_LINK + links.length;
    this.callees = new Map();
    for (const [i, { pc, guard }] of [...links, ...regions].entries()) {
      this.callees.set(pc, { index: FIRST_LINK + i, inCell: false, guard });
    }
    this.cells = cells;
    this.places = places;
    // The functions' table is none of its imports: a host may keep a copy of it for each module that imports it.
    out.begin(TYPES, [
      { module: 'k', name: 'memory', kind: 'memory' },
      { module: 'k', name: 'enter', kind: 'function', type: REGION_TYPE },
      { module: 'k', name: 'step', kind: 'function', type: STEP_TYPE },
      ...links.map((_, i) => ({ module: 'k', name: `f${i}`, kind: 'function', type: REGION_TYPE }) as const),
    ]);
    out.functions(regions.map(() => REGION_TYPE));
    out.table();
    out.exports(
      regions.map((_, i) => String(i)),
      first,
      true,
    );
    out.bodies();
  }
  /** By virtual address, as the code was mapped when it was wanted. */
  private callees = new Map<number, Callee>();
  private cells!: Batch['cells'];
  private places: number[] = [];

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

  /** Writes the body of the region's function. @param base virtual address of the page, as it is mapped now */
  generate(region: Region, base: number): void {
    const { out } = this;
    const { blocks } = region;
    this.region = region;
    this.base = base;
    this.depth = 0;
    this.labels = new Int32Array(blocks.length);
    this.heads = new Uint8Array(blocks.length);
    this.states = new Int32Array(blocks.length).fill(-1);
    const items = structure(blocks.map((block) => block.successors));
    this.markHeads(items);
    this.analyse();

    let used = 0;
    let float = false;
    for (const block of blocks) {
      for (const each of block.slot ? [...block.body, block.slot] : block.body) {
        used |= each.reads | each.writes;
        float ||= each.traits.float;
      }
    }
    let next: number = Local.Registers;
    for (let r = 1; r < 32; r++) if ((used & (1 << r)) !== 0) this.locals[r] = next++;
    const { i32, i64, f64, f32 } = FIXED_LOCALS;
    out.beginBody([
      [i32, I32],
      [i64, I64],
      [f64, F64],
      [f32, F32],
      [next - Local.Hi, I32],
    ]);
    this.testBudget(blocks[0]!.at);
    for (const exit of this.exits) {
      this.open(Op.Block);
      exit.label = this.depth;
    }
    this.loadRegisters(this.flows[0]!.liveIn);
    this.usesFloat = float;
    if (float) this.lookAtFloat(JIT_FLOAT_AT);
    if (this.states[0]! >= 0) this.setState(0);
    this.emitItems(items, false);
    out.op(Op.Unreachable);
    for (let i = this.exits.length - 1; i >= 0; i--) {
      this.close();
      this.emitExit(this.exits[i]!);
    }
    out.endBody();
  }
  private usesFloat = false;

  private markHeads(items: readonly Item[]): void {
    for (const item of items) {
      if (typeof item === 'number') continue;
      for (const [i, head] of item.heads.entries()) {
        this.heads[head] = 1;
        if (item.heads.length > 1) this.states[head] = i;
      }
      this.markHeads(item.items);
    }
  }

  // Registers

  /** Everything a block's passing may have written, and whether what follows it finds all in memory. */
  private analyse(): void {
    const { blocks } = this.region;
    const flows: Flows[] = blocks.map(() => ({ dirtyIn: 0, dirtyOut: 0, liveIn: 0 }));
    this.flows = flows;
    const writes = blocks.map((block) => {
      let mask = block.slot?.writes ?? 0;
      for (const each of block.body) mask |= each.writes;
      return mask;
    });
    for (let changed = true; changed;) {
      changed = false;
      for (const [i, block] of blocks.entries()) {
        const flow = flows[i]!;
        flow.dirtyOut = flow.dirtyIn | writes[i]!;
        const passed = isSync(block) ? 0 : flow.dirtyOut;
        for (const to of block.successors) {
          const before = flows[to]!.dirtyIn;
          flows[to]!.dirtyIn |= passed;
          changed ||= flows[to]!.dirtyIn !== before;
        }
      }
    }
    this.collectExits();
    for (let changed = true; changed;) {
      changed = false;
      for (let i = blocks.length - 1; i >= 0; i--) {
        const live = this.liveBefore(i);
        changed ||= live !== flows[i]!.liveIn;
        flows[i]!.liveIn = live;
      }
    }
  }

  /** Finds the sets of dirty registers that exits must store. */
  private collectExits(): void {
    const counts = new Map<number, number>();
    const add = (mask: number) => counts.set(mask, (counts.get(mask) ?? 0) + 1);
    for (const [i, block] of this.region.blocks.entries()) {
      let dirty = this.flows[i]!.dirtyIn;
      if (this.heads[i] === 1) add(dirty);
      for (const each of block.body) {
        if (each.traits.faults) add(dirty);
        dirty |= each.writes;
      }
      if (block.slot?.traits.faults || block.end === End.Leave) add(dirty);
    }
    const sets = [...counts].sort((a, b) => b[1] - a[1]).map(([mask]) => mask);
    this.exits = sets.slice(0, MOST_EXITS).map((registers) => ({ registers, label: 0 }));
    let rest = 0;
    for (const mask of sets.slice(MOST_EXITS)) rest |= mask;
    if (sets.length > MOST_EXITS) this.exits.push({ registers: rest, label: 0 });
    this.shared = this.exits.at(-1);
    this.byRegisters = new Map(this.exits.map((exit) => [exit.registers, exit]));
  }
  private shared: Exit | undefined;
  private byRegisters = new Map<number, Exit>();

  private exitFor(dirty: number): Exit {
    return this.byRegisters.get(dirty) ?? this.shared!;
  }

  private liveBefore(index: number): number {
    const block = this.region.blocks[index]!;
    const flow = this.flows[index]!;
    let live = 0;
    const dirtyAt: number[] = [];
    let dirty = flow.dirtyIn;
    for (const each of block.body) {
      dirtyAt.push(dirty);
      dirty |= each.writes;
    }
    if (isSync(block)) live |= flow.dirtyOut;
    else {
      for (const to of block.successors) live |= this.flows[to]!.liveIn;
      // Leaving for another region stores what is dirty.
      if (this.leavesRegion(block)) live |= flow.dirtyOut;
      if (block.end === End.Leave) live |= this.exitFor(dirty).registers;
    }
    if (block.slot) {
      const likely = block.body.at(-1)!.traits.likely;
      live = likely ? live | block.slot.reads : (live & ~block.slot.writes) | block.slot.reads;
      if (block.slot.traits.faults) live |= this.exitFor(dirty).registers;
    }
    for (let i = block.body.length - 1; i >= 0; i--) {
      const each = block.body[i]!;
      live = (live & ~each.writes) | each.reads;
      if (each.traits.faults) live |= this.exitFor(dirtyAt[i]!).registers;
      // The interpreter executes it, on what memory has.
      if (each.traits.flow === Flow.Step) live |= dirtyAt[i]!;
    }
    if (this.heads[index] === 1) live |= this.exitFor(flow.dirtyIn).registers;
    return live;
  }

  private leavesRegion(block: Block): boolean {
    if (block.end === End.Branch) return !this.has(block.taken) || !this.has(block.next);
    if (block.end === End.LocalCall || block.end === End.Register) return true;
    // An absolute jump depends on where the page is mapped.
    if (block.end === End.Jump) return !this.has(block.taken) || block.body.at(-1)!.traits.flow === Flow.Jump;
    return block.end === End.Next && !this.has(block.next);
  }
  private has(at: number): boolean {
    return at >= 0 && at < PAGE_WORDS && this.region.blockAt[at]! >= 0;
  }

  private loadRegisters(mask: number): void {
    const { out } = this;
    const load = (at: number, local: number) => {
      out.constant(0);
      out.memory(Op.I32Load, REGISTERS_AT + 4 * at, 2);
      out.op1(Op.LocalSet, local);
    };
    for (let r = 1; r < 32; r++) if ((mask & (1 << r)) !== 0) load(r, this.locals[r]!);
    if ((mask & PAIR) !== 0) {
      load(HI, Local.Hi);
      load(LO, Local.Lo);
    }
  }
  private storeRegisters(mask: number): void {
    const { out } = this;
    const store = (at: number, local: number) => {
      out.constant(0);
      out.op1(Op.LocalGet, local);
      out.memory(Op.I32Store, REGISTERS_AT + 4 * at, 2);
    };
    for (let r = 1; r < 32; r++) if ((mask & (1 << r)) !== 0) store(r, this.locals[r]!);
    if ((mask & PAIR) !== 0) {
      store(HI, Local.Hi);
      store(LO, Local.Lo);
    }
  }

  // Leaving

  protected open(op: Op.If | Op.Block | Op.Loop): void {
    this.out.op(op);
    this.out.byte(VOID);
    this.depth++;
  }
  protected close(): void {
    this.out.op(Op.End);
    this.depth--;
  }

  protected exitIf(): void {
    this.exitWith(exitCode(this.exitOffset, this.uncounted, Reason.Interpret));
  }
  protected missIf(write: boolean, alignment: number): void {
    const how = ((alignment - 1) << EXIT_ALIGNMENT) | (write ? EXIT_WRITE : 0) | (this.inSlot ? EXIT_SLOT : 0);
    this.exitWith(exitCode(this.exitOffset, this.uncounted, Reason.Miss) | how);
  }
  private exitWith(code: number): void {
    const { out } = this;
    out.constant(code);
    out.op1(Op.LocalSet, Local.Exit);
    out.op1(Op.BrIf, this.depth - this.exit.label);
  }

  private emitExit({ registers }: Exit): void {
    const { out } = this;
    this.storeRegisters(registers);
    out.constant(0);
    out.op1(Op.LocalGet, Local.Exit);
    out.memory(Op.I32Store, JIT_EXIT_AT, 2);
    out.constant(0);
    out.op1(Op.LocalGet, Local.Address);
    out.memory(Op.I32Store, JIT_ADDRESS_AT, 2);
    out.op1(Op.LocalGet, Local.Exit);
    out.constant(0xfff);
    out.op(Op.I32And);
    out.op1(Op.LocalGet, Local.Base);
    out.op(Op.I32Add);
    out.op1(Op.LocalGet, Local.Left);
    out.op1(Op.LocalGet, Local.Exit);
    out.constant(12);
    out.op(Op.I32ShrU);
    out.constant(0x3ff);
    out.op(Op.I32And);
    out.op(Op.I32Add);
    out.op(Op.Return);
  }

  private setReason(reason: Reason): void {
    this.out.constant(0);
    this.out.constant(reason << EXIT_REASON);
    this.out.memory(Op.I32Store, JIT_EXIT_AT, 2);
  }

  /** At the entry, before anything is in a local. */
  private testBudget(at: number): void {
    const { out } = this;
    this.pushBudgetShort();
    this.open(Op.If);
    this.setReason(Reason.Budget);
    this.address(4 * at);
    out.op1(Op.LocalGet, Local.Left);
    out.op(Op.Return);
    this.close();
  }
  private pushBudgetShort(): void {
    this.out.op1(Op.LocalGet, Local.Left);
    this.out.constant(this.region.longest);
    this.out.op(Op.I32LtS);
  }

  private count(instructions: number): void {
    if (instructions === 0) return;
    const { out } = this;
    out.op1(Op.LocalGet, Local.Left);
    out.constant(-instructions);
    out.op(Op.I32Add);
    out.op1(Op.LocalSet, Local.Left);
  }

  /**
   * Goes to the code for the PC that `push` pushes; all is in memory.
   * @param to that PC, where the page is mapped as it was, if it is always the same
   */
  private goTo(push: () => void, to?: number): void {
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
  private callTarget(to?: number): void {
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

  // Order

  /** @param all whether the first item can be jumped to as well */
  private emitItems(items: readonly Item[], all: boolean): void {
    const first = all ? 0 : 1;
    for (let i = items.length - 1; i >= first; i--) {
      this.open(Op.Block);
      for (const index of entriesOf(items[i]!)) this.labels[index] = this.depth;
    }
    if (all) this.dispatch(items);
    for (const [i, item] of items.entries()) {
      if (i >= first) this.close();
      if (typeof item === 'number') this.emitBlock(item, items[i + 1]);
      else this.emitLoop(item);
    }
  }

  private emitLoop(loop: Loop): void {
    this.open(Op.Loop);
    this.dispatching = loop.heads.length > 1 ? loop : null;
    const label = this.depth;
    if (!this.dispatching) for (const head of loop.heads) this.labels[head] = label;
    this.loopLabel = label;
    this.emitItems(loop.items, this.dispatching !== null);
    this.close();
  }
  private dispatching: Loop | null = null;
  private loopLabel = 0;

  /** At the start of a loop with several heads: goes to the one that Local.State names. */
  private dispatch(items: readonly Item[]): void {
    const { out } = this;
    const loop = this.dispatching!;
    out.op1(Op.LocalGet, Local.State);
    out.op(Op.BrTable);
    out.unsigned(loop.heads.length - 1);
    for (const head of loop.heads) {
      const item = items.findIndex((each) => each === head);
      // Labels were opened from the last item to the first.
      out.unsigned(item);
    }
    for (const head of loop.heads) this.labels[head] = this.loopLabel;
  }

  private setState(index: number): void {
    const { out } = this;
    out.constant(this.states[index]!);
    out.op1(Op.LocalSet, Local.State);
  }

  private jump(op: Op.Br | Op.BrIf, index: number): void {
    this.out.op1(op, this.depth - this.labels[index]!);
  }

  // Blocks

  private emitBlock(index: number, following: Item | undefined): void {
    const { out } = this;
    const block = this.region.blocks[index]!;
    let dirty = this.flows[index]!.dirtyIn;
    if (this.heads[index] === 1) {
      this.pushBudgetShort();
      out.constant(exitCode(4 * block.at, 0, Reason.Budget));
      out.op1(Op.LocalSet, Local.Exit);
      out.op1(Op.BrIf, this.depth - this.exitFor(dirty).label);
    }
    this.count(block.count);
    for (const [i, each] of block.body.entries()) {
      this.uncounted = block.count - i;
      if (each.traits.flow === Flow.Step) this.step(block, each, dirty, following);
      else this.emit(each, 4 * each.at, dirty);
      dirty |= each.writes;
    }
    if (block.end === End.Step) return;
    this.emitEnd(block, dirty, following);
  }

  private emit(each: Instruction, exitOffset: number, dirty: number): void {
    this.exitOffset = exitOffset;
    if (each.traits.faults) this.exit = this.exitFor(dirty);
    this.start(each.word, 4 * each.at);
    if (each.traits.kernel) this.kernel(each.traits.instruction.name);
    else each.traits.instruction.does(this);
  }

  private emitSlot(block: Block, dirty: number): void {
    const branch = block.body.at(-1)!;
    this.uncounted = 2;
    this.inSlot = true;
    this.emit(block.slot!, 4 * branch.at, dirty);
    this.inSlot = false;
  }

  private emitEnd(block: Block, dirty: number, following: Item | undefined): void {
    const { out } = this;
    const likely = block.slot !== null && block.body.at(-1)!.traits.likely;
    if (block.slot && !likely) this.emitSlot(block, dirty);
    const after = dirty | (block.slot?.writes ?? 0);
    switch (block.end) {
      case End.Next:
        return this.leaveTo(block.next, after, following);
      case End.Leave:
        out.constant(exitCode(4 * block.next, 0, Reason.Interpret));
        out.op1(Op.LocalSet, Local.Exit);
        out.op1(Op.Br, this.depth - this.exitFor(dirty).label);
        return;
      case End.Branch:
        if (likely) {
          out.op1(Op.LocalGet, Local.Condition);
          this.open(Op.If);
          this.count(1);
          this.emitSlot(block, dirty);
          this.leaveTo(block.taken, after, undefined, block);
          this.close();
        } else this.branchTo(block, after);
        return this.leaveTo(block.next, after, following);
      case End.Jump:
      case End.LocalCall:
        return this.emitJump(block, after, following);
      case End.Call:
        this.pushTarget(block);
        out.op1(Op.LocalSet, Local.Target);
        return this.call(block, after, following, this.targetOf(block));
      case End.CallRegister:
        return this.call(block, after, following);
      case End.Register:
        if (returnsToCaller(block)) this.returnLocally();
        else if (isSwitch(block.body.at(-1)!)) this.switchLocally();
        this.storeRegisters(after);
        if (!returnsToCaller(block)) return this.goTo(() => out.op1(Op.LocalGet, Local.Target));
        out.op1(Op.LocalGet, Local.Target);
        out.op1(Op.LocalGet, Local.Left);
        out.op(Op.Return);
    }
  }

  /** Goes on behind the call of this region that Local.Target says. */
  private returnLocally(): void {
    const { out } = this;
    for (const at of this.region.returns) {
      const index = this.region.blockAt[at]!;
      if (this.states[index]! >= 0) this.setState(index);
      out.op1(Op.LocalGet, Local.Target);
      this.address(4 * at);
      out.op(Op.I32Eq);
      this.jump(Op.BrIf, index);
    }
  }

  /** Goes on at the place of this region that Local.Target is, if it is one of those seen before. */
  private switchLocally(): void {
    const { out } = this;
    const indices = new Map<number, number>();
    for (const at of this.region.targets) {
      const index = this.region.blockAt[at]!;
      if (this.states[index]! < 0) indices.set(at, index);
    }
    if (indices.size === 0) return;
    const places = [...indices.keys()];
    const first = places[0]!;
    const last = places.at(-1)!;
    this.open(Op.Block);
    out.op1(Op.LocalGet, Local.Target);
    this.address(4 * first);
    out.op(Op.I32Sub);
    // What is not a multiple of 4 becomes a large number.
    out.constant(2);
    out.op(Op.I32Rotr);
    out.op(Op.BrTable);
    out.unsigned(last - first + 1);
    for (let at = first; at <= last; at++) {
      const index = indices.get(at);
      out.unsigned(index === undefined ? 0 : this.depth - this.labels[index]!);
    }
    out.unsigned(0);
    this.close();
  }

  /** Byte offset from the page's start, perhaps outside of it, that a branch goes to. */
  private targetOf(block: Block): number {
    return targetOf(block.body.at(-1)!, this.base);
  }
  private targetOffset(block: Block): number {
    const { at, word } = block.body.at(-1)!;
    return 4 * (at + 1 + ((word << 16) >> 16));
  }

  /** Jumps when Local.Condition holds. */
  private branchTo(block: Block, dirty: number): void {
    const { out } = this;
    if (this.has(block.taken)) {
      const index = this.region.blockAt[block.taken]!;
      if (this.states[index]! >= 0) this.setState(index);
      out.op1(Op.LocalGet, Local.Condition);
      this.jump(Op.BrIf, index);
      return;
    }
    out.op1(Op.LocalGet, Local.Condition);
    this.open(Op.If);
    this.storeRegisters(dirty);
    this.goTo(() => this.pushTarget(block), this.targetOf(block));
    this.close();
  }

  /**
   * Goes on at a place in the page, in this region or another.
   * @param branch the block whose branch goes there; the place may be out of the page then
   */
  private leaveTo(at: number, dirty: number, following: Item | undefined, branch?: Block): void {
    if (!this.has(at)) {
      this.storeRegisters(dirty);
      if (branch) return this.goTo(() => this.pushTarget(branch), this.targetOf(branch));
      return this.goTo(() => this.address(4 * at), (this.base + 4 * at) | 0);
    }
    const index = this.region.blockAt[at]!;
    if (this.states[index]! >= 0) this.setState(index);
    if (following === index && this.heads[index] === 0) return;
    this.jump(Op.Br, index);
  }

  private emitJump(block: Block, dirty: number, following: Item | undefined): void {
    const jump = block.body.at(-1)!;
    if (jump.traits.flow === Flow.Branch) {
      return this.leaveTo(block.taken, dirty, following, block);
    }
    if (this.has(block.taken)) {
      // The jump stays in the page only where the page is mapped in its own 256 MiB.
      const index = this.region.blockAt[block.taken]!;
      if (this.states[index]! >= 0) this.setState(index);
      this.pushJumpTarget(jump);
      this.address(4 * block.taken);
      this.out.op(Op.I32Eq);
      this.jump(Op.BrIf, index);
    }
    this.storeRegisters(dirty);
    this.goTo(() => this.pushJumpTarget(jump), this.targetOf(block));
  }

  /** The address that a branch or an absolute jump goes to. */
  private pushTarget(block: Block): void {
    const jump = block.body.at(-1)!;
    if (jump.traits.flow === Flow.Branch) this.address(this.targetOffset(block));
    else this.pushJumpTarget(jump);
  }

  private pushJumpTarget({ at, word }: Instruction): void {
    const { out } = this;
    this.address(4 * at + 4);
    out.constant(0xf0000000);
    out.op(Op.I32And);
    out.constant((word << 6) >>> 4);
    out.op(Op.I32Or);
  }

  /** Calls the code for Local.Target and goes on where it returns to. @param to as in {@link goTo} */
  private call(block: Block, dirty: number, following: Item | undefined, to?: number): void {
    const { out } = this;
    this.storeRegisters(dirty);
    this.callTarget(to);
    out.op1(Op.LocalGet, Local.Target);
    this.address(4 * block.next);
    out.op(Op.I32Ne);
    this.open(Op.If);
    out.op1(Op.LocalGet, Local.Target);
    out.op1(Op.LocalGet, Local.Left);
    out.op(Op.Return);
    this.close();
    if (this.has(block.next)) this.testBudget(block.next);
    this.resume(block, following);
  }

  /** Goes on after something that may have changed every register. */
  private resume(block: Block, following: Item | undefined): void {
    if (this.has(block.next)) {
      this.loadRegisters(this.flows[this.region.blockAt[block.next]!]!.liveIn);
      if (this.usesFloat) this.lookAtFloat(JIT_FLOAT_AT);
    }
    this.leaveTo(block.next, 0, following);
  }

  private step(block: Block, each: Instruction, dirty: number, following: Item | undefined): void {
    const { out } = this;
    this.storeRegisters(dirty);
    this.address(4 * each.at);
    out.op1(Op.LocalGet, Local.Left);
    out.constant(1);
    out.op(Op.I32Add);
    out.op1(Op.Call, STEP);
    out.op1(Op.LocalTee, Local.Left);
    out.constant(0);
    out.op(Op.I32LtS);
    this.open(Op.If);
    out.constant(NOWHERE);
    out.constant(0);
    out.op(Op.Return);
    this.close();
    this.resume(block, following);
  }
}

/** What an exit needs to know: offset in the page, instructions counted too many, and why. */
function exitCode(offset: number, uncounted: number, reason: Reason): number {
  return offset | (uncounted << 12) | (reason << EXIT_REASON);
}

/** After these nothing is known of the registers but what memory has. */
function isSync(block: Block): boolean {
  return block.end === End.Call || block.end === End.CallRegister || block.end === End.Step;
}

/** Blocks of an item that others jump to. */
function entriesOf(item: Item): number[] {
  return typeof item === 'number' ? [item] : item.heads;
}
