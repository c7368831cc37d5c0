/**
 * One region as a WebAssembly function `(page base, instructions left, depth) -> (pc, instructions left)`.
 *
 * Registers are in locals, or most of them. Which of these memory does not have yet ("dirty") is known at every place, so
 * what leaves the region stores just those; and which of them will be needed decides what is loaded at the entry and after
 * a call. Instructions that cannot go on (a miss in the host TLB, an overflow) leave through an exit shared by all that
 * have the same registers to store; the interpreter then executes the instruction.
 *
 * Instructions are counted block by block. That there are enough left is tested at the entry, at loop heads and after
 * calls, for the longest way to the next test, so that a region never executes one too many.
 */
import { JIT_FLOAT_AT } from '../memory.ts';
import { STEP } from './call-target.ts';
import { exitCode } from './exit-target.ts';
import { NOWHERE, Reason } from './exits.ts';
import { FIXED_LOCALS, IN_MEMORY, Local } from './integer-target.ts';
import { chainedLoads } from './load-chains.ts';
import { nearAccesses, type Window } from './near-accesses.ts';
import { OrderTarget } from './order-target.ts';
import { RegisterFlow, chooseLocals, hasCode } from './register-flow.ts';
import { End, isSwitch, returnsToCaller, targetOf, type Block, type Instruction, type Region } from './region.ts';
import type { Item } from './structure.ts';
import { Flow } from './traits.ts';
import { F32, F64, I32, I64, Op } from './wasm.ts';

export class Generator extends OrderTarget {
  private base = 0;
  private flow!: RegisterFlow;
  private usesFloat = false;
  /** See {@link chooseLocals}. */
  private inLocals = 0;
  private chained: ReadonlySet<Instruction> = new Set();

  /** Writes the body of the region's function. @param base virtual address of the page, as it is mapped now */
  generate(region: Region, base: number): void {
    const { out } = this;
    const { blocks } = region;
    this.region = region;
    this.base = base;
    this.depth = 0;
    const items = this.order();
    this.inLocals = chooseLocals(region, items);
    this.flow = new RegisterFlow(region, this.heads, this.inLocals);
    const { exits } = this.flow;
    if (this.options.fromKseg0 !== 0) this.chained = chainedLoads(region, items);

    let used = 0;
    let float = false;
    for (let i = 0; i < blocks.length; i++) {
      const { body, slot } = blocks[i]!;
      if (slot) {
        used |= slot.reads | slot.writes;
        float ||= slot.traits.float;
      }
      for (let j = 0; j < body.length; j++) {
        used |= body[j]!.reads | body[j]!.writes;
        float ||= body[j]!.traits.float;
      }
    }
    let next: number = Local.Registers;
    used &= this.inLocals;
    for (let r = 1; r < 32; r++) this.locals[r] = (used & (1 << r)) !== 0 ? next++ : IN_MEMORY;
    const { i32, i64, f64, f32 } = FIXED_LOCALS;
    out.beginBody([
      [i32, I32],
      [i64, I64],
      [f64, F64],
      [f32, F32],
      [next - Local.Hi, I32],
    ]);
    this.testBudget(blocks[0]!.at);
    for (const exit of exits) {
      this.open(Op.Block);
      exit.label = this.depth;
    }
    this.loadRegisters(this.flow.ofBlock[0]!.liveIn);
    this.usesFloat = float;
    if (float) this.lookAtFloat(JIT_FLOAT_AT);
    this.setState(0);
    this.emitItems(items, false);
    out.op(Op.Unreachable);
    for (let i = exits.length - 1; i >= 0; i--) {
      this.close();
      this.emitExit(exits[i]!);
    }
    out.endBody();
  }
  protected emitBlock(index: number, following: Item | undefined): void {
    const { out } = this;
    const block = this.region.blocks[index]!;
    let dirty = this.flow.ofBlock[index]!.dirtyIn;
    if (this.heads[index] === 1) {
      this.pushBudgetShort();
      out.constant(exitCode(4 * block.at, 0, Reason.Budget));
      out.op1(Op.LocalSet, Local.Exit);
      out.op1(Op.BrIf, this.depth - this.flow.exitFor(dirty).label);
    }
    this.count(block.count);
    let next = 0;
    for (const window of nearAccesses(block.body, this.options.bigEndian)) {
      dirty = this.emitBody(block, next, window.first, dirty, following);
      dirty = this.emitWindow(block, window, dirty, following);
      next = window.last + 1;
    }
    dirty = this.emitBody(block, next, block.body.length, dirty, following);
    if (block.end === End.Step) return;
    this.emitEnd(block, dirty, following);
  }

  /** Instructions of a block from one up to another. Returns what is dirty then. */
  private emitBody(block: Block, from: number, to: number, before: number, following: Item | undefined): number {
    let dirty = before;
    for (let i = from; i < to; i++) {
      const each = block.body[i]!;
      this.uncounted = block.count - i;
      if (each.traits.flow === Flow.Step) this.step(block, each, dirty, following);
      else this.emit(each, 4 * each.at, dirty);
      dirty |= each.writes & this.inLocals;
    }
    return dirty;
  }

  private emitWindow(block: Block, window: Window, before: number, following: Item | undefined): number {
    const { out } = this;
    const { first, last, chains } = window;
    for (const [i, chain] of chains.entries()) {
      this.pushNear(chain, Local.Near + i);
      if (i > 0) out.op(Op.I32Or);
    }
    out.op(Op.I32Eqz);
    this.open(Op.If);
    let dirty = before;
    for (let i = first; i <= last; i++) {
      const chain = chains.findIndex(({ members }) => members.includes(i));
      const offset = (block.body[i]!.word << 16) >> 16;
      this.near = chain < 0 ? null : { local: Local.Near + chain, offset: offset - chains[chain]!.from };
      dirty = this.emitBody(block, i, i + 1, dirty, following);
    }
    this.near = null;
    out.op(Op.Else);
    this.emitBody(block, first, last + 1, before, following);
    this.close();
    return dirty;
  }

  private emit(each: Instruction, exitOffset: number, dirty: number): void {
    this.exitOffset = exitOffset;
    if (each.traits.faults) this.exit = this.flow.exitFor(dirty);
    this.start(each.word, 4 * each.at);
    this.isChained = this.chained.has(each);
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
    const after = dirty | ((block.slot?.writes ?? 0) & this.inLocals);
    switch (block.end) {
      case End.Next:
        return this.leaveTo(block.next, after, following);
      case End.Leave:
      case End.Away:
        out.constant(exitCode(4 * block.next, 0, block.end === End.Leave ? block.why : Reason.None));
        out.op1(Op.LocalSet, Local.Exit);
        out.op1(Op.Br, this.depth - this.flow.exitFor(dirty).label);
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
      this.setState(index);
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
      if (!this.hasState(index)) indices.set(at, index);
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
      out.unsigned(index === undefined ? 0 : this.jumpDepth(index));
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
    if (hasCode(this.region, block.taken)) {
      const index = this.region.blockAt[block.taken]!;
      this.setState(index);
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
    if (!hasCode(this.region, at)) {
      this.storeRegisters(dirty);
      if (branch) return this.goTo(() => this.pushTarget(branch), this.targetOf(branch));
      return this.goTo(() => this.address(4 * at), (this.base + 4 * at) | 0);
    }
    const index = this.region.blockAt[at]!;
    this.setState(index);
    if (following === index && this.heads[index] === 0) return;
    this.jump(Op.Br, index);
  }

  private emitJump(block: Block, dirty: number, following: Item | undefined): void {
    const jump = block.body.at(-1)!;
    if (jump.traits.flow === Flow.Branch) {
      return this.leaveTo(block.taken, dirty, following, block);
    }
    if (hasCode(this.region, block.taken)) {
      // The jump stays in the page only where the page is mapped in its own 256 MiB.
      const index = this.region.blockAt[block.taken]!;
      this.setState(index);
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
    if (hasCode(this.region, block.next)) {
      // Somebody else then finds that so few are left.
      this.pushBudgetShort();
      out.op(Op.I32Or);
    }
    this.open(Op.If);
    out.op1(Op.LocalGet, Local.Target);
    out.op1(Op.LocalGet, Local.Left);
    out.op(Op.Return);
    this.close();
    this.resume(block, following);
  }

  /** Goes on after something that may have changed every register. */
  private resume(block: Block, following: Item | undefined): void {
    if (hasCode(this.region, block.next)) {
      this.loadRegisters(this.flow.ofBlock[this.region.blockAt[block.next]!]!.liveIn);
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
