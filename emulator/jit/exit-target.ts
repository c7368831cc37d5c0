/**
 * Leaving a region where an instruction cannot go on or too few instructions are left: through an exit that stores what
 * memory does not have yet.
 */
import { JIT_ADDRESS_AT, REGISTERS_AT } from '../memory.ts';
import { EXIT_ALIGNMENT, EXIT_REASON, EXIT_SLOT, EXIT_WRITE, Reason } from './exits.ts';
import { Local } from './integer-target.ts';
import { PAIR, type Exit } from './register-flow.ts';
import type { Region } from './region.ts';
import { TrapTarget } from './trap-target.ts';
import { Op, VOID } from './wasm.ts';

/** Index of `enter`, which goes to the code for a PC, and of `resume`, which does what an exit asks for and goes on. */
export const ENTER = 0;
export const RESUME = 2;

/** Where HI and LO are behind the general registers. */
const HI = 32;
const LO = 33;

export abstract class ExitTarget extends TrapTarget {
  protected region!: Region;
  /** Nesting depth of labels now. */
  protected depth = 0;
  /** The exit that {@link exitIf} takes, and what it takes back of the count; */
  protected exit!: Exit;
  protected uncounted = 0;
  /** whether the instruction is in a delay slot, and the byte offset in the page that execution goes on at. */
  protected inSlot = false;
  protected exitOffset = 0;
  /** Index of the function of {@link emitLeave}. */
  protected leaveIndex = 0;

  protected loadRegisters(mask: number): void {
    for (let rest = mask & ~PAIR; rest !== 0; rest &= rest - 1) {
      const r = 31 - Math.clz32(rest & -rest);
      this.loadRegister(r, this.locals[r]!);
    }
    if ((mask & PAIR) !== 0) {
      this.loadRegister(HI, Local.Hi);
      this.loadRegister(LO, Local.Lo);
    }
  }
  private loadRegister(at: number, local: number): void {
    const { out } = this;
    out.constant(0);
    out.memory(Op.I32Load, REGISTERS_AT + 4 * at, 2);
    out.op1(Op.LocalSet, local);
  }
  protected storeRegisters(mask: number): void {
    for (let rest = mask & ~PAIR; rest !== 0; rest &= rest - 1) {
      const r = 31 - Math.clz32(rest & -rest);
      this.storeRegister(r, this.locals[r]!);
    }
    if ((mask & PAIR) !== 0) {
      this.storeRegister(HI, Local.Hi);
      this.storeRegister(LO, Local.Lo);
    }
  }
  private storeRegister(at: number, local: number): void {
    const { out } = this;
    out.constant(0);
    out.op1(Op.LocalGet, local);
    out.memory(Op.I32Store, REGISTERS_AT + 4 * at, 2);
  }

  protected open(op: Op.If | Op.Block | Op.Loop): void {
    this.out.op(op);
    this.out.byte(VOID);
    this.depth++;
  }
  protected close(): void {
    this.out.op(Op.End);
    this.depth--;
  }

  protected pushAfter(): void {
    const { out } = this;
    out.op1(Op.LocalGet, Local.Base);
    out.constant(this.exitOffset);
    out.op(Op.I32Add);
    out.op1(Op.LocalGet, Local.Left);
    out.constant(this.uncounted - 1);
    out.op(Op.I32Add);
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

  /**
   * Writes the body of what all exits of a module end in: `leave(exit, address, page base, instructions left, depth)`
   * returns what a region does. It is one function, as an exit of a region is seldom taken, and there are five of them in
   * each. Without a reason, it goes on at the exit's place.
   */
  protected emitLeave(): void {
    const [exit, address, base, left, depth] = [0, 1, 2, 3, 4];
    const { out } = this;
    out.beginBody([]);
    out.op1(Op.LocalGet, exit);
    out.constant(0x1000);
    out.op(Op.I32LtU);
    this.open(Op.If);
    out.op1(Op.LocalGet, base);
    out.op1(Op.LocalGet, exit);
    out.op(Op.I32Add);
    out.op1(Op.LocalGet, left);
    out.op1(Op.LocalGet, depth);
    out.op1(Op.ReturnCall, ENTER);
    this.close();
    out.constant(0);
    out.op1(Op.LocalGet, address);
    out.memory(Op.I32Store, JIT_ADDRESS_AT, 2);
    out.op1(Op.LocalGet, exit);
    out.op1(Op.LocalGet, exit);
    out.constant(0xfff);
    out.op(Op.I32And);
    out.op1(Op.LocalGet, base);
    out.op(Op.I32Add);
    out.op1(Op.LocalGet, left);
    out.op1(Op.LocalGet, exit);
    out.constant(12);
    out.op(Op.I32ShrU);
    out.constant(0x3ff);
    out.op(Op.I32And);
    out.op(Op.I32Add);
    out.op1(Op.LocalGet, depth);
    out.op1(Op.ReturnCall, RESUME);
    out.endBody();
  }

  protected emitExit({ registers }: Exit): void {
    const { out } = this;
    this.storeRegisters(registers);
    out.op1(Op.LocalGet, Local.Exit);
    this.leave();
  }
  /** Leaves the region for the exit code on the stack; all is in memory. */
  private leave(): void {
    const { out } = this;
    out.op1(Op.LocalGet, Local.Address);
    out.op1(Op.LocalGet, Local.Base);
    out.op1(Op.LocalGet, Local.Left);
    out.op1(Op.LocalGet, Local.Depth);
    out.op1(Op.ReturnCall, this.leaveIndex);
  }

  /** At the entry, before anything is in a local. */
  protected testBudget(at: number): void {
    const { out } = this;
    this.pushBudgetShort();
    this.open(Op.If);
    out.constant(exitCode(4 * at, 0, Reason.Budget));
    this.leave();
    this.close();
  }
  protected pushBudgetShort(): void {
    this.out.op1(Op.LocalGet, Local.Left);
    this.out.constant(this.region.longest);
    this.out.op(Op.I32LtS);
  }

  protected count(instructions: number): void {
    if (instructions === 0) return;
    const { out } = this;
    out.op1(Op.LocalGet, Local.Left);
    out.constant(-instructions);
    out.op(Op.I32Add);
    out.op1(Op.LocalSet, Local.Left);
  }
}

/** What an exit needs to know: offset in the page, instructions counted too many, and why. */
export function exitCode(offset: number, uncounted: number, reason: Reason): number {
  return offset | (uncounted << 12) | (reason << EXIT_REASON);
}
