/**
 * The `kvm` machine's exits for moves from and to coprocessor 0 as WebAssembly: where the dispatcher's `trap` has counted
 * and recorded one, what the hypervisor does with the register is a load or a store. Exits that do more are the
 * dispatcher's `step`, or the hypervisor's own; see trap-paths.ts.
 */
import { Cp0, STATUS_ERL, STATUS_EXL, STATUS_UM } from '../cpu/cp0.ts';
import { SOFTWARE_INTERRUPTS } from '../kvm/exits.ts';
import { STATUS_FORCED_ZERO } from '../kvm/trap-emulate.ts';
import { CP0_AT, HYPERVISOR_AT } from '../memory.ts';
import { Local } from './integer-target.ts';
import { CAUSE_AT, KernelTarget, cp0Index, type KernelOptions } from './kernel-target.ts';
import { Field, Flow, Traits, traits } from './traits.ts';
import { Op, type ModuleWriter } from './wasm.ts';

/** Index of `trap`. */
export const TRAP = 3;

/** Registers whose reading is more than a load, */
const LIVE = new Set<number>([Cp0.Count, Cp0.ErrCtl]);
/** and whose writing does more than store, but for Status. */
const EFFECTIVE = new Set<number>([
  Cp0.Index,
  Cp0.HWREna,
  Cp0.Count,
  Cp0.EntryHi,
  Cp0.Compare,
  Cp0.Cause,
  Cp0.EBase,
  Cp0.Config5,
]);

/** As {@link traits}, for kernel mode of the `kvm` machine. */
export function trapTraits(word: number): Traits | null {
  const plain = traits(word);
  if (plain === null || plain.flow !== Flow.Step) return plain;
  const { instruction } = plain;
  if (instruction.name === 'mfc0' && !LIVE.has(cp0Index(word)))
    return new Traits(instruction, { kernel: true, writes: Field.Rt, faults: true });
  if (instruction.name === 'mtc0' && !EFFECTIVE.has(cp0Index(word)))
    return new Traits(instruction, { kernel: true, reads: Field.Rt, faults: true });
  return plain;
}

export interface TrapOptions extends KernelOptions {
  /** See CompilerOptions. */
  traps: boolean;
}

export abstract class TrapTarget extends KernelTarget {
  private readonly traps: boolean;
  /** Whether the instruction is in a delay slot. */
  protected abstract inSlot: boolean;
  /** Pushes the instruction's PC, and how many instructions are left after it. */
  protected abstract pushAfter(): void;

  constructor(out: ModuleWriter, options: TrapOptions) {
    super(out, options);
    this.traps = options.traps;
  }

  protected override kernel(name: string): void {
    if (!this.traps) return super.kernel(name);
    const { out, word } = this;
    const index = cp0Index(word);
    const at = CP0_AT + 4 * index;
    if (name === 'mfc0') {
      this.exitToHypervisor();
      this.pushCp0(at);
      return this.popRegister(this.field(16));
    }
    const isStatus = index === Cp0.Status;
    if (isStatus) this.testStatus();
    this.exitToHypervisor();
    out.constant(0);
    if (isStatus) out.op1(Op.LocalGet, Local.Scratch);
    else this.pushRegister(this.field(16));
    out.memory(Op.I32Store, at, 2);
  }

  /** Leaves where more is to be done than to count and record an exit. */
  private exitToHypervisor(): void {
    const { out } = this;
    // Whose PC is not the exit's.
    if (this.inSlot) out.constant(1);
    else {
      this.pushAfter();
      out.op1(Op.Call, TRAP);
    }
    this.exitIf();
  }

  /** Leaves where the new Status, then in Local.Scratch, is user mode's, or has an interrupt delivered. */
  private testStatus(): void {
    const { out } = this;
    this.pushRegister(this.field(16));
    out.constant(~STATUS_FORCED_ZERO);
    out.op(Op.I32And);
    out.op1(Op.LocalTee, Local.Scratch);
    out.constant(STATUS_EXL | STATUS_ERL | STATUS_UM);
    out.op(Op.I32And);
    out.constant(STATUS_UM);
    out.op(Op.I32Eq);
    this.pushTaken(Local.Scratch, () => {
      this.pushCp0(CAUSE_AT);
      out.constant(SOFTWARE_INTERRUPTS);
      out.op(Op.I32And);
      this.pushCp0(HYPERVISOR_AT.queued);
      out.op(Op.I32Or);
    });
    out.op(Op.I32Or);
    this.exitIf();
  }
}
