/**
 * The loop of the interpreter for cold code, in WebAssembly: from instruction to instruction, stretch to stretch and block
 * to block, and the ways in which an instruction ends. What instructions do is cold-target.ts's.
 */
import { JIT_ADDRESS_AT, JIT_LEFT_AT, JIT_PC_AT, REGISTERS_AT } from '../memory.ts';
import { FIXED_LOCALS, Local } from './integer-target.ts';
import { KernelTarget, type KernelOptions } from './kernel-target.ts';
import { F32, F64, I32, I64, Op, VOID, type ModuleWriter } from './wasm.ts';

export interface ColdOptions extends Omit<KernelOptions, 'odd' | 'fromKseg0'> {
  /** The code runs in kernel mode of the `malta` machine. */
  kernel: boolean;
  /** Byte offset of the directory's word for host page 0, and of the page of those that nobody visited; see code-map.ts. */
  directory: number;
  unvisited: number;
  /**
   * Counts of entries that the translator wants to be told of: when it may know the block from before, when it is wanted,
   * and each time that it has been entered so often again.
   */
  recall: number;
  threshold: number;
  again: number;
}

/** When a block's entry is counted. */
export const enum Entered {
  Never = 0,
  /** From the next block on. */
  Later = 1,
  Now = 2,
}

/**
 * Why it ended: no instructions are left; the translator must look at the block at PC; there is code for it; the
 * interpreter must execute this.
 */
export const enum Ended {
  Spent = 0,
  Told = 1,
  Found = 2,
  Unknown = 3,
}
export const IN_SLOT = 4;

/** {@link Local}, as it is used here. */
export const enum Own {
  Pc = Local.Base,
  Left = Local.Left,
  Entered = Local.Depth,
  /** 1 in a delay slot; then Next is where execution goes on after it. */
  Delay = Local.Exit,
  Next = Local.Target,
  Word = Local.State,
  Value = Local.FloatUsable,
  /** What the host address of an instruction is ahead of its own; and where the stretch ends, see beginStretch. */
  ToHost = Local.Registers,
  Stop = Local.Registers + 1,
}

/** No host address of an instruction: not mapped, or not aligned. */
const NOWHERE = 0x80000003;

export abstract class ColdLoop extends KernelTarget {
  private depth = 0;
  /** Nesting depths of the labels that go on. */
  private ofStop = 0;
  private ofStopWithin = 0;
  private ofBlock = 0;
  private ofStretch = 0;
  private ofInstruction = 0;
  private ofNext = 0;

  constructor(
    out: ModuleWriter,
    private readonly cold: ColdOptions,
  ) {
    // Of floating point there is nothing here, and no address is waited for.
    super(out, { ...cold, odd: 0, fromKseg0: 0 });
  }

  open(op: Op.If | Op.Block | Op.Loop): void {
    this.out.op(op);
    this.out.byte(VOID);
    this.depth++;
  }
  close(): void {
    this.out.op(Op.End);
    this.depth--;
  }
  private goTo(label: number, op: Op.Br | Op.BrIf = Op.Br): void {
    this.out.op1(op, this.depth - label);
  }
  protected get(local: number): void {
    this.out.op1(Op.LocalGet, local);
  }
  protected put(local: number): void {
    this.out.op1(Op.LocalSet, local);
  }
  /** Pushes a local's sum with a constant. */
  protected plus(local: number, value: number): void {
    this.get(local);
    this.out.constant(value);
    this.out.op(Op.I32Add);
  }

  // The loop

  /** Writes the function. @param choose writes what executes Own.Word, each way ending in one of those below */
  emitLoop(choose: () => void): void {
    const { out } = this;
    const { i32, i64, f64, f32 } = FIXED_LOCALS;
    // Behind the fixed ones are HI, LO, and two of Own.
    out.beginBody([
      [i32, I32],
      [i64, I64],
      [f64, F64],
      [f32, F32],
      [4, I32],
    ]);
    this.open(Op.Block);
    this.ofStop = this.depth;
    this.open(Op.Block);
    this.ofStopWithin = this.depth;
    this.open(Op.Loop);
    this.ofBlock = this.depth;
    this.visit();
    this.open(Op.Loop);
    this.ofStretch = this.depth;
    this.beginStretch();
    this.open(Op.Loop);
    this.ofInstruction = this.depth;
    this.get(Own.Pc);
    this.get(Own.ToHost);
    out.op(Op.I32Add);
    out.memory(Op.I32Load, 0, 2);
    this.put(Own.Word);
    this.open(Op.Block);
    this.ofNext = this.depth;
    choose();
    this.close();
    this.clearZero();
    this.plus(Own.Pc, 4);
    out.op1(Op.LocalTee, Own.Pc);
    this.get(Own.Stop);
    out.op(Op.I32Ne);
    this.goTo(this.ofInstruction, Op.BrIf);
    this.close();
    this.get(Own.Delay);
    out.op(Op.I32Eqz);
    this.goTo(this.ofStretch, Op.BrIf);
    this.get(Own.Next);
    this.put(Own.Pc);
    out.constant(0);
    this.put(Own.Delay);
    // From here on, if not before.
    out.constant(Entered.Now);
    out.constant(Entered.Never);
    this.get(Own.Entered);
    out.op(Op.Select);
    this.put(Own.Entered);
    this.goTo(this.ofBlock);
    this.close();
    this.close();
    this.close();
    this.leaveStretch();
    this.close();
    this.end(() => {
      out.constant(IN_SLOT);
      out.constant(0);
      this.get(Own.Delay);
      out.op(Op.Select);
      out.constant(Ended.Unknown);
      out.op(Op.I32Or);
    });
    out.endBody();
  }

  /**
   * From PC on up to {@link Own.Stop} there is nothing to look at but the instructions: up to the end of the page, or as
   * many as are left, or the one in the delay slot. Own.Left is what is left behind them.
   */
  private beginStretch(): void {
    const { out } = this;
    const [words, most] = [Local.Scratch, Own.Value];
    this.get(Own.Left);
    out.constant(0);
    out.op(Op.I32GtS);
    this.get(Own.Delay);
    out.op(Op.I32Or);
    out.op(Op.I32Eqz);
    this.open(Op.If);
    this.end(() => out.constant(Ended.Spent));
    this.close();
    this.translateFetch();
    this.goTo(this.ofStop, Op.BrIf);
    this.get(Local.Translated);
    this.get(Own.Pc);
    out.op(Op.I32Sub);
    this.put(Own.ToHost);
    out.constant(0x1000);
    this.get(Own.Pc);
    out.constant(0xfff);
    out.op(Op.I32And);
    out.op(Op.I32Sub);
    out.constant(2);
    out.op(Op.I32ShrU);
    this.put(words);
    out.constant(1);
    this.get(Own.Left);
    this.get(Own.Delay);
    out.op(Op.Select);
    out.op1(Op.LocalTee, most);
    this.get(words);
    this.get(most);
    this.get(words);
    out.op(Op.I32LtS);
    out.op(Op.Select);
    out.op1(Op.LocalTee, words);
    out.constant(2);
    out.op(Op.I32Shl);
    this.get(Own.Pc);
    out.op(Op.I32Add);
    this.put(Own.Stop);
    this.get(Own.Left);
    this.get(words);
    out.op(Op.I32Sub);
    this.put(Own.Left);
  }
  /** Own.Left is what is left from PC on, before the end of the stretch. */
  private leaveStretch(): void {
    const { out } = this;
    this.get(Own.Left);
    this.get(Own.Stop);
    this.get(Own.Pc);
    out.op(Op.I32Sub);
    out.constant(2);
    out.op(Op.I32ShrS);
    out.op(Op.I32Add);
    this.put(Own.Left);
  }

  /** Local.Translated is the host address of the instruction at PC; pushes what is not zero when there is none. */
  private translateFetch(): void {
    const { out } = this;
    this.pushPage(Own.Pc);
    out.memory(Op.I32Load, this.options.readTable, 2);
    this.get(Own.Pc);
    out.op(Op.I32Xor);
    out.op1(Op.LocalTee, Local.Translated);
    out.constant(NOWHERE);
    out.op(Op.I32And);
  }
  /** Four times the number of the page of the address in a local. */
  private pushPage(local: number): void {
    const { out } = this;
    this.get(local);
    out.constant(10);
    out.op(Op.I32ShrU);
    out.constant(0x3ffffc);
    out.op(Op.I32And);
  }

  /** Counts the block at PC, and ends where the translator wants to be told of it. */
  private visit(): void {
    const { out, cold } = this;
    const [page, entry] = [Local.Address, Own.Value];
    this.get(Own.Entered);
    out.constant(Entered.Now);
    out.op(Op.I32Eq);
    this.open(Op.If);
    this.translateFetch();
    out.op(Op.I32Eqz);
    this.open(Op.If);
    this.pushPage(Local.Translated);
    out.memory(Op.I32Load, cold.directory, 2);
    out.op1(Op.LocalTee, page);
    out.constant(cold.unvisited);
    out.op(Op.I32Eq);
    this.endIf(Ended.Told);
    this.get(page);
    this.get(Local.Translated);
    out.constant(0xffc);
    out.op(Op.I32And);
    out.op(Op.I32Add);
    out.op1(Op.LocalTee, page);
    out.memory(Op.I32Load, 0, 2);
    out.op1(Op.LocalTee, entry);
    out.constant(0);
    out.op(Op.I32GtS);
    this.endIf(Ended.Found);
    this.get(page);
    this.plus(entry, -1);
    out.memory(Op.I32Store, 0, 2);
    // The map counts downwards, and has a block's count of before this time.
    this.get(entry);
    out.constant(1 - cold.recall);
    out.op(Op.I32Eq);
    this.endIf(Ended.Told);
    this.get(entry);
    out.constant(1 - cold.threshold);
    out.op(Op.I32LeS);
    this.open(Op.If);
    out.constant(1 - cold.threshold);
    this.get(entry);
    out.op(Op.I32Sub);
    out.constant(cold.again);
    out.op(Op.I32RemU);
    out.op(Op.I32Eqz);
    this.endIf(Ended.Told);
    this.close();
    this.close();
    this.close();
  }
  private endIf(why: Ended): void {
    this.open(Op.If);
    this.end(() => this.out.constant(why));
    this.close();
  }
  private end(pushWhy: () => void): void {
    const { out } = this;
    for (const [local, at] of [
      [Own.Pc, JIT_PC_AT],
      [Own.Left, JIT_LEFT_AT],
      [Own.Next, JIT_ADDRESS_AT],
    ] as const) {
      out.constant(0);
      this.get(local);
      out.memory(Op.I32Store, at, 2);
    }
    pushWhy();
    out.op(Op.Return);
  }

  // Which row it is

  /** Writes one arm for each value of the field of Own.Word that starts at a bit; neighbours that are equal share one. */
  chooseByField<T>(
    shift: number,
    groups: readonly (readonly T[])[],
    arm: (group: readonly T[], value: number) => void,
  ) {
    const { out } = this;
    for (let i = 0; i < groups.length; i++) this.open(Op.Block);
    this.get(Own.Word);
    out.constant(shift);
    out.op(Op.I32ShrU);
    // A power of two of them.
    out.constant(groups.length - 1);
    out.op(Op.I32And);
    out.op(Op.BrTable);
    out.unsigned(groups.length - 1);
    for (let i = 0; i < groups.length; i++) out.unsigned(i);
    for (const [value, group] of groups.entries()) {
      this.close();
      arm(group, value);
    }
  }
  /** Opens what is for words with these bits only. */
  ifWord(mask: number, bits: number): void {
    const { out } = this;
    this.get(Own.Word);
    out.constant(mask);
    out.op(Op.I32And);
    out.constant(bits);
    out.op(Op.I32Eq);
    this.open(Op.If);
  }

  // How an instruction ends

  /** It has been executed, and is none that jumps. */
  next(): void {
    this.goTo(this.ofNext);
  }
  /** It is the interpreter's. */
  giveUp(): void {
    this.goTo(this.ofStopWithin);
  }
  protected exitIf(): void {
    this.goTo(this.ofStopWithin, Op.BrIf);
  }
  protected missIf(): void {
    this.exitIf();
  }
  /** Branches in delay slots are the interpreter's. */
  refuseInSlot(): void {
    this.get(Own.Delay);
    this.exitIf();
  }
  /** A jump to Own.Next, the link of which has been set. */
  protected jumped(): void {
    const { out } = this;
    this.clearZero();
    out.constant(1);
    this.put(Own.Delay);
    this.plus(Own.Pc, 4);
    out.op1(Op.LocalTee, Own.Pc);
    out.constant(0xfff);
    out.op(Op.I32And);
    out.op(Op.I32Eqz);
    // There the stretch has ended.
    this.goTo(this.ofStretch, Op.BrIf);
    this.leaveStretch();
    this.plus(Own.Left, -1);
    this.put(Own.Left);
    this.plus(Own.Pc, 4);
    this.put(Own.Stop);
    this.goTo(this.ofInstruction);
  }
  /** A branch that is not taken, and its slot not executed. */
  protected skipSlot(): void {
    this.plus(Own.Pc, 4);
    this.put(Own.Pc);
    this.leaveStretch();
    this.plus(Own.Pc, 4);
    this.put(Own.Pc);
    this.goTo(this.ofStretch);
  }
  private clearZero(): void {
    this.out.constant(0);
    this.out.constant(0);
    this.out.memory(Op.I32Store, REGISTERS_AT, 2);
  }
}
