/**
 * Semantics as a part of an interpreter in WebAssembly: registers are in memory, and the fields of the instruction are
 * taken out of its word when it is executed; see cold-interpreter.ts.
 */
import { Cp0 } from '../cpu/cp0.ts';
import { CP0_AT, REGISTERS_AT } from '../memory.ts';
import { ColdLoop, Own } from './cold-loop.ts';
import { Local, PUSHED, type Pushed } from './integer-target.ts';
import { LIVE_CP0 } from './kernel-target.ts';
import { Op } from './wasm.ts';

/** Register numbers from here on stand for a field of the word: its lowest bit is the rest. */
const FIELDS = 32;
const [HI, LO, RA] = [REGISTERS_AT + 4 * 32, REGISTERS_AT + 4 * 33, 31];

/** Privileged rows that are done here, in kernel mode of `malta`. */
export const COLD_KERNEL = new Set(['mfc0', 'mtc0', 'di', 'ei', 'cache']);

export class ColdTarget extends ColdLoop {
  // Registers and fields

  protected override field(at: 6 | 11 | 16 | 21): number {
    return FIELDS + at;
  }
  private pushField(at: number): Pushed {
    const { out } = this;
    this.get(Own.Word);
    out.constant(at);
    out.op(Op.I32ShrU);
    return this.and(PUSHED, this.constant(31));
  }
  private pushRegisterAddress(register: number): void {
    const { out } = this;
    if (register < FIELDS) {
      out.constant(4 * register);
      return;
    }
    this.get(Own.Word);
    out.constant(register - FIELDS - 2);
    out.op(Op.I32ShrU);
    out.constant(31 << 2);
    out.op(Op.I32And);
  }
  override pushRegister(register: number): Pushed {
    this.pushRegisterAddress(register);
    this.out.memory(Op.I32Load, REGISTERS_AT, 2);
    return PUSHED;
  }
  protected override popRegister(register: number): void {
    this.put(Own.Value);
    this.pushRegisterAddress(register);
    this.get(Own.Value);
    this.out.memory(Op.I32Store, REGISTERS_AT, 2);
  }

  loadPair(): void {
    const { out } = this;
    for (const [at, local] of PAIR) {
      out.constant(0);
      out.memory(Op.I32Load, at, 2);
      this.put(local);
    }
  }
  storePair(): void {
    const { out } = this;
    for (const [at, local] of PAIR) {
      out.constant(0);
      this.get(local);
      out.memory(Op.I32Store, at, 2);
    }
  }

  override get imm(): Pushed {
    this.get(Own.Word);
    return this.signExtend16(PUSHED);
  }
  override get uimm(): Pushed {
    this.get(Own.Word);
    return this.and(PUSHED, this.constant(0xffff));
  }
  override get sa(): Pushed {
    return this.pushField(6);
  }

  override extractBits(_source: Pushed): Pushed {
    const { out } = this;
    // Beyond the word it is reserved.
    this.add(this.pushField(6), this.pushField(11));
    out.constant(31);
    out.op(Op.I32GtU);
    this.exitIf();
    this.shr(PUSHED, this.pushField(6));
    out.constant(-1);
    this.sub(this.constant(31), this.pushField(11));
    out.op(Op.I32ShrU);
    return this.op(Op.I32And);
  }
  override insertBits(_into: Pushed, _source: Pushed): Pushed {
    const { out } = this;
    const mask = Local.Address;
    this.lessUnsigned(this.pushField(11), this.pushField(6));
    this.exitIf();
    this.shl(PUSHED, this.pushField(6));
    this.put(Local.Scratch);
    out.constant(-1);
    this.sub(this.constant(31), this.sub(this.pushField(11), this.pushField(6)));
    out.op(Op.I32ShrU);
    this.shl(PUSHED, this.pushField(6));
    this.put(mask);
    this.get(mask);
    this.not(PUSHED);
    out.op(Op.I32And);
    this.get(Local.Scratch);
    this.get(mask);
    out.op(Op.I32And);
    return this.op(Op.I32Or);
  }

  // Kernel mode

  /** Rows of {@link COLD_KERNEL}. */
  override kernel(name: string): void {
    const { out } = this;
    switch (name) {
      case 'mfc0':
        this.pushCp0Offset();
        this.put(Local.Address);
        for (const live of LIVE_CP0) {
          this.get(Local.Address);
          out.constant(4 * live);
          out.op(Op.I32Eq);
          this.exitIf();
        }
        this.get(Local.Address);
        out.memory(Op.I32Load, CP0_AT, 2);
        return this.popRegister(this.field(16));
      case 'mtc0':
        this.pushCp0Offset();
        out.constant(4 * Cp0.Status);
        out.op(Op.I32Ne);
        this.exitIf();
        return this.setStatus();
      case 'di':
      case 'ei':
        return this.enableInterrupts(name === 'ei');
      case 'cache':
        // Operations 4 to 6 are on an address, which may miss in the TLB.
        this.get(Own.Word);
        out.constant(18);
        out.op(Op.I32ShrU);
        this.and(PUSHED, this.constant(7));
        this.lessUnsigned(this.sub(PUSHED, this.constant(4)), this.constant(3));
        this.open(Op.If);
        this.add(this.rs, this.imm);
        this.translate(false, 1);
        this.close();
    }
  }
  /** Four times the number of the CP0 register that the word names. */
  private pushCp0Offset(): void {
    const { out } = this;
    this.get(Own.Word);
    out.constant(6);
    out.op(Op.I32ShrU);
    out.constant(0x3e0);
    out.op(Op.I32And);
    this.get(Own.Word);
    out.constant(2);
    out.op(Op.I32Shl);
    out.constant(0x1c);
    out.op(Op.I32And);
    out.op(Op.I32Or);
  }

  // Jumps

  private linkTo(register: number): void {
    this.address(8);
    this.popRegister(register);
  }

  override branch(_condition: Pushed, options: { likely?: boolean; link?: boolean } = {}): void {
    const { out } = this;
    this.put(Local.Condition);
    if (options.link) this.linkTo(RA);
    if (options.likely) {
      this.get(Local.Condition);
      out.op(Op.I32Eqz);
      this.open(Op.If);
      this.skipSlot();
      this.close();
    }
    this.get(Own.Pc);
    this.shl(this.imm, this.constant(2));
    out.constant(4);
    out.op(Op.I32Add);
    out.constant(8);
    this.get(Local.Condition);
    out.op(Op.Select);
    out.op(Op.I32Add);
    this.put(Own.Next);
    this.jumped();
  }
  override jumpRegion(options: { link?: boolean } = {}): void {
    const { out } = this;
    if (options.link) this.linkTo(RA);
    this.plus(Own.Pc, 4);
    out.constant(0xf0000000);
    out.op(Op.I32And);
    this.get(Own.Word);
    out.constant(6);
    out.op(Op.I32Shl);
    out.constant(4);
    out.op(Op.I32ShrU);
    out.op(Op.I32Or);
    this.put(Own.Next);
    this.jumped();
  }
  override jumpRegister(_target: Pushed, options: { link?: boolean } = {}): void {
    this.put(Own.Next);
    if (options.link) this.linkTo(this.field(11));
    this.jumped();
  }
}

const PAIR = [
  [HI, Local.Hi],
  [LO, Local.Lo],
] as const;
