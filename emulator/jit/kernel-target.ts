/**
 * Privileged instructions as WebAssembly, for kernel mode of the `malta` machine: those that only move words to and from
 * CP0, and those that do nothing in a machine without caches. The rest is the interpreter's; see full-system.ts.
 */
import { CAUSE_IP, Cp0, STATUS_CU1, STATUS_ERL, STATUS_EXL, STATUS_FR, STATUS_IE, STATUS_KSU } from '../cpu/cp0.ts';
import { CP0_WRITE_MASKS } from '../cpu/full-system.ts';
import { CP0_AT } from '../memory.ts';
import type { FloatOptions } from './float-register-target.ts';
import { FloatTarget } from './float-target.ts';
import { Local } from './integer-target.ts';
import { Field, Flow, Traits, traits } from './traits.ts';
import { Op, type ModuleWriter } from './wasm.ts';

/** Registers whose reading is more than a load. */
export const LIVE_CP0 = new Set<number>([Cp0.Count, Cp0.Random]);
/** Registers whose writing has no effect but to be read again. */
const INERT = new Set<number>([Cp0.EntryLo0, Cp0.EntryLo1, Cp0.Context, Cp0.EPC, Cp0.ErrorEPC]);

export function cp0Index(word: number): number {
  return ((word >>> 8) & 0xf8) | (word & 7);
}

/** CACHE operations on an address, which may miss in the TLB. */
function isHit(word: number): boolean {
  const operation = (word >>> 18) & 7;
  return operation >= 4 && operation <= 6;
}

/** As {@link traits}, for kernel mode. */
export function kernelTraits(word: number): Traits | null {
  const plain = traits(word);
  if (plain === null || plain.flow !== Flow.Step) return plain;
  const { instruction } = plain;
  switch (instruction.name) {
    case 'mfc0':
      if (LIVE_CP0.has(cp0Index(word))) return plain;
      return new Traits(instruction, { kernel: true, writes: Field.Rt });
    case 'mtc0':
      if (cp0Index(word) === Cp0.Status)
        return new Traits(instruction, { kernel: true, reads: Field.Rt, faults: true });
      if (!INERT.has(cp0Index(word))) return plain;
      return new Traits(instruction, { kernel: true, reads: Field.Rt });
    case 'di':
      return new Traits(instruction, { kernel: true, writes: Field.Rt });
    case 'ei':
      return new Traits(instruction, { kernel: true, writes: Field.Rt, faults: true });
    case 'cache':
      if (!isHit(word)) return new Traits(instruction, { kernel: true });
      return new Traits(instruction, { kernel: true, reads: Field.Rs, faults: true });
  }
  return plain;
}

const STATUS_AT = CP0_AT + 4 * Cp0.Status;
export const CAUSE_AT = CP0_AT + 4 * Cp0.Cause;

export interface KernelOptions extends FloatOptions {
  /** Bits of Status that MTC0 changes. */
  statusMask: number;
}

/** What a change of these changes for generated code: whether coprocessor 1 is as it expects, and how useg is mapped. */
const STATUS_FIXED = STATUS_CU1 | STATUS_FR | STATUS_ERL;

export abstract class KernelTarget extends FloatTarget {
  private readonly statusMask: number;

  constructor(out: ModuleWriter, options: KernelOptions) {
    super(out, options);
    this.statusMask = options.statusMask | 0;
  }

  protected pushCp0(at: number): void {
    this.out.constant(0);
    this.out.memory(Op.I32Load, at, 2);
  }

  /** Generates what {@link kernelTraits} says is generated here. */
  protected kernel(name: string): void {
    const { out, word } = this;
    const at = CP0_AT + 4 * cp0Index(word);
    switch (name) {
      case 'mfc0':
        this.pushCp0(at);
        return this.popRegister(this.field(16));
      case 'mtc0': {
        if (cp0Index(word) === Cp0.Status) return this.setStatus();
        const mask = CP0_WRITE_MASKS.get(cp0Index(word))! | 0;
        out.constant(0);
        this.pushRegister(this.field(16));
        if (mask !== -1) {
          out.constant(mask);
          out.op(Op.I32And);
          this.pushCp0(at);
          out.constant(~mask);
          out.op(Op.I32And);
          out.op(Op.I32Or);
        }
        return out.memory(Op.I32Store, at, 2);
      }
      case 'di':
      case 'ei':
        return this.enableInterrupts(name === 'ei');
      case 'cache':
        if (!isHit(word)) return;
        this.add(this.rs, this.imm);
        return this.translate(false, 1);
    }
  }

  protected enableInterrupts(enable: boolean): void {
    const { out } = this;
    this.pushCp0(STATUS_AT);
    out.op1(Op.LocalSet, Local.Address);
    if (enable) {
      // Leaves where an interrupt is to be taken.
      out.op1(Op.LocalGet, Local.Address);
      out.constant(STATUS_EXL | STATUS_ERL);
      out.op(Op.I32And);
      out.op(Op.I32Eqz);
      out.op1(Op.LocalGet, Local.Address);
      this.pushCp0(CAUSE_AT);
      out.op(Op.I32And);
      out.constant(CAUSE_IP);
      out.op(Op.I32And);
      out.constant(0);
      out.op(Op.I32Ne);
      out.op(Op.I32And);
      this.exitIf();
    }
    out.constant(0);
    out.op1(Op.LocalGet, Local.Address);
    out.constant(enable ? STATUS_IE : ~STATUS_IE);
    out.op(enable ? Op.I32Or : Op.I32And);
    out.memory(Op.I32Store, STATUS_AT, 2);
    out.op1(Op.LocalGet, Local.Address);
    this.popRegister(this.field(16));
  }

  /** MTC0 to Status where the mode stays the kernel's; leaves where it does not, or an interrupt is to be taken. */
  protected setStatus(): void {
    const { out, statusMask } = this;
    const [old, status] = [Local.Address, Local.Scratch];
    this.pushCp0(STATUS_AT);
    out.op1(Op.LocalTee, old);
    out.constant(~statusMask);
    out.op(Op.I32And);
    this.pushRegister(this.field(16));
    out.constant(statusMask);
    out.op(Op.I32And);
    out.op(Op.I32Or);
    out.op1(Op.LocalTee, status);
    out.op1(Op.LocalGet, old);
    out.op(Op.I32Xor);
    out.constant(STATUS_FIXED);
    out.op(Op.I32And);
    // Without EXL, KSU says the mode.
    out.op1(Op.LocalGet, status);
    out.constant(STATUS_KSU);
    out.op(Op.I32And);
    out.constant(0);
    out.op1(Op.LocalGet, status);
    out.constant(STATUS_EXL);
    out.op(Op.I32And);
    out.op(Op.I32Eqz);
    out.op(Op.I32Sub);
    out.op(Op.I32And);
    out.op(Op.I32Or);
    this.pushTaken(status, () => this.pushCp0(CAUSE_AT));
    out.op(Op.I32Or);
    this.exitIf();
    out.constant(0);
    out.op1(Op.LocalGet, status);
    out.memory(Op.I32Store, STATUS_AT, 2);
  }

  /** Pushes whether an interrupt is taken under Status in a local. @param pushWaiting pushes those that wait, as in Cause */
  protected pushTaken(status: Local, pushWaiting: () => void): void {
    const { out } = this;
    out.op1(Op.LocalGet, status);
    out.constant(STATUS_IE | STATUS_EXL | STATUS_ERL);
    out.op(Op.I32And);
    out.constant(STATUS_IE);
    out.op(Op.I32Eq);
    out.op1(Op.LocalGet, status);
    pushWaiting();
    out.op(Op.I32And);
    out.constant(CAUSE_IP);
    out.op(Op.I32And);
    out.constant(0);
    out.op(Op.I32Ne);
    out.op(Op.I32And);
  }
}
