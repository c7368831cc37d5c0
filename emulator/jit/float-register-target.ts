/**
 * Semantics as WebAssembly: coprocessor 1's registers, which stay in memory. Whether they may be used, where they are, and
 * what moves them bit by bit: loads, stores, moves.
 */
import type { FloatFormat, FloatRegister } from '../cpu/semantics.ts';
import { FCSR_AT, FPRS_AT } from '../memory.ts';
import { AccessTarget } from './access-target.ts';
import { Local, PUSHED, type Pushed, type TargetOptions } from './integer-target.ts';
import { Op, type ModuleWriter } from './wasm.ts';

export interface FloatOptions extends TargetOptions {
  /** Status.FR = 0: 1; see fpu.ts. */
  odd: number;
}

const SHIFTS = { fd: 6, fs: 11, ft: 16, fr: 21 } as const;

export abstract class FloatRegisterTarget extends AccessTarget {
  private readonly odd: number;
  private readonly even: number;

  constructor(out: ModuleWriter, options: FloatOptions) {
    super(out, options);
    this.odd = options.odd;
    this.even = options.odd === 1 ? 30 : 31;
  }

  /** Computes the three locals that say how coprocessor 1 is. */
  protected lookAtFloat(stateAt: number): void {
    const { out } = this;
    out.constant(0);
    out.memory(Op.I32Load, stateAt, 2);
    out.constant(this.odd === 1 ? 1 : 2);
    out.op(Op.I32Eq);
    out.op1(Op.LocalTee, Local.FloatUsable);
    this.pushFcsr();
    out.constant(0xf83);
    out.op(Op.I32And);
    out.op(Op.I32Eqz);
    out.op(Op.I32And);
    out.op1(Op.LocalTee, Local.FloatNearest);
    this.pushFcsr();
    out.constant(2);
    out.op(Op.I32ShrU);
    out.op(Op.I32And);
    out.op1(Op.LocalSet, Local.FloatFast);
  }
  protected pushFcsr(): void {
    this.out.constant(0);
    this.out.memory(Op.I32Load, FCSR_AT, 2);
  }

  protected require(flag: Local): void {
    this.out.op1(Op.LocalGet, flag);
    this.out.op(Op.I32Eqz);
    this.exitIf();
  }
  requireFloat(): void {
    this.require(Local.FloatUsable);
  }
  reserveFloat(): void {
    this.exitAlways();
  }
  requireFr(): void {
    this.requireFloat();
    if (this.odd === 1) this.exitAlways();
  }
  requireEven(register: FloatRegister): void {
    this.requireFloat();
    if ((this.number(register) & this.odd) !== 0) this.exitAlways();
  }
  private number(register: FloatRegister): number {
    return this.field(SHIFTS[register]);
  }
  protected requireRegisters(format: FloatFormat, ...list: FloatRegister[]): void {
    if (format === 'l' && this.odd === 1) this.exitAlways();
    if (format === 'd' && list.some((register) => (this.number(register) & this.odd) !== 0)) this.exitAlways();
  }

  /** Byte offset of a register's lower word; of the whole of a double's. */
  protected low(register: FloatRegister): number {
    const n = this.number(register);
    return FPRS_AT + 8 * n - 4 * (n & this.odd);
  }
  protected whole(register: FloatRegister): number {
    return FPRS_AT + 8 * (this.number(register) & this.even);
  }

  private wordAt(register: FloatRegister, part: 'low' | 'high'): number {
    return part === 'low' ? this.low(register) : this.whole(register) + 4;
  }
  floatWord(register: FloatRegister, part: 'low' | 'high'): Pushed {
    this.out.constant(0);
    this.out.memory(Op.I32Load, this.wordAt(register, part), 2);
    return PUSHED;
  }
  setFloatWord(register: FloatRegister, part: 'low' | 'high', _value: Pushed): void {
    const { out } = this;
    out.op1(Op.LocalSet, Local.Scratch);
    out.constant(0);
    out.op1(Op.LocalGet, Local.Scratch);
    out.memory(Op.I32Store, this.wordAt(register, part), 2);
  }

  loadFloat(format: 'w' | 'l', register: FloatRegister, _address: Pushed): void {
    const { out } = this;
    this.requireFloat();
    this.translate(false, format === 'w' ? 4 : 8);
    out.constant(0);
    out.op1(Op.LocalGet, Local.Translated);
    if (format === 'w') {
      out.memory(Op.I32Load, 0, 2);
      out.memory(Op.I32Store, this.low(register), 2);
    } else {
      out.memory(Op.I64Load, 0, 3);
      this.swapWords();
      out.memory(Op.I64Store, this.whole(register), 3);
    }
  }
  storeFloat(format: 'w' | 'l', register: FloatRegister, _address: Pushed): void {
    const { out } = this;
    this.requireFloat();
    this.translate(true, format === 'w' ? 4 : 8);
    out.op1(Op.LocalGet, Local.Translated);
    out.constant(0);
    if (format === 'w') {
      out.memory(Op.I32Load, this.low(register), 2);
      out.memory(Op.I32Store, 0, 2);
    } else {
      out.memory(Op.I64Load, this.whole(register), 3);
      this.swapWords();
      out.memory(Op.I64Store, 0, 3);
    }
  }
  /** A register has its lower word first; a big-endian guest's memory has not. */
  private swapWords(): void {
    if (!this.options.bigEndian) return;
    this.wide(32);
    this.out.op(Op.I64Rotl);
  }

  floatControl(_direction: 'from' | 'to'): void {
    throw new Error('Only the interpreter executes this.');
  }

  protected copyWord(from: number, to: number): void {
    const { out } = this;
    out.constant(0);
    out.constant(0);
    out.memory(Op.I32Load, from, 2);
    out.memory(Op.I32Store, to, 2);
  }

  floatMove(format: FloatFormat): void {
    this.requireFloat();
    this.requireRegisters(format, 'fd', 'fs');
    this.move(format);
  }
  private move(format: FloatFormat): void {
    const { out } = this;
    if (format === 's') return this.copyWord(this.low('fs'), this.low('fd'));
    out.constant(0);
    out.constant(0);
    out.memory(Op.I64Load, this.whole('fs'), 3);
    out.memory(Op.I64Store, this.whole('fd'), 3);
  }
  floatMoveIf(_condition: Pushed, format: FloatFormat): void {
    this.requireFloat();
    this.open(Op.If);
    this.move(format);
    this.close();
  }
}
