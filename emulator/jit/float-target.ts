/**
 * Semantics as WebAssembly: coprocessor 1's arithmetic. What is generated is what ordinary programs do, with ordinary
 * operands: rounding to nearest, no exception enabled, normal results. The rest leaves for the interpreter.
 *
 * FCSR must come out as if every operation had stored its Cause. When FCSR.Flags says Inexact already, whether one more
 * operation was inexact shows in Cause alone, and only until the next operation; so operations leave a record from which
 * Cause is made up when somebody may look. See float-record.ts.
 */
import type { FloatFormat, FloatOperation, FloatRegister, Rounding, Target } from '../cpu/semantics.ts';
import { FCSR_AT, JIT_RECORD_AT } from '../memory.ts';
import { RECORD_KINDS, RECORD_OPERANDS, type RecordedOperation } from './float-record.ts';
import { FloatRegisterTarget } from './float-register-target.ts';
import { Local, PUSHED, type Pushed } from './integer-target.ts';
import { Op } from './wasm.ts';

const CAUSE = 0x0003f000;
/** Cause.I and Flags.I. */
const INEXACT = 0x1004;

/** What differs between the formats. */
const FORMATS = {
  s: {
    a: Local.SingleA,
    b: Local.SingleB,
    r: Local.SingleR,
    load: Op.F32Load,
    store: Op.F32Store,
    align: 2,
    add: Op.F32Add,
    sub: Op.F32Sub,
    mul: Op.F32Mul,
    div: Op.F32Div,
    sqrt: Op.F32Sqrt,
    neg: Op.F32Neg,
    eq: Op.F32Eq,
    ne: Op.F32Ne,
    lt: Op.F32Lt,
  },
  d: {
    a: Local.DoubleA,
    b: Local.DoubleB,
    r: Local.DoubleR,
    load: Op.F64Load,
    store: Op.F64Store,
    align: 3,
    add: Op.F64Add,
    sub: Op.F64Sub,
    mul: Op.F64Mul,
    div: Op.F64Div,
    sqrt: Op.F64Sqrt,
    neg: Op.F64Neg,
    eq: Op.F64Eq,
    ne: Op.F64Ne,
    lt: Op.F64Lt,
  },
} as const;
type Real = keyof typeof FORMATS;

const ROUND: Record<Rounding, Op> = {
  cvt: Op.F64Nearest,
  round: Op.F64Nearest,
  trunc: Op.F64Trunc,
  ceil: Op.F64Ceil,
  floor: Op.F64Floor,
};

export abstract class FloatTarget extends FloatRegisterTarget implements Target<Pushed> {
  private at(format: Real, register: FloatRegister): number {
    return format === 's' ? this.low(register) : this.whole(register);
  }

  private pushFloat(format: Real, register: FloatRegister): void {
    const { load, align } = FORMATS[format];
    this.out.constant(0);
    this.out.memory(load, this.at(format, register), align);
  }
  /** Stores a local. */
  private storeAt(format: Real, local: Local, at: number): void {
    const { out } = this;
    const { store, align } = FORMATS[format];
    out.constant(0);
    out.op1(Op.LocalGet, local);
    out.memory(store, at, align);
  }
  private pushZero(format: Real): void {
    if (format === 'd') return this.out.double(0);
    this.out.op(Op.F32Const);
    for (let i = 0; i < 4; i++) this.out.byte(0);
  }

  /** Leaves unless the result is a normal number beyond the smallest, or a zero of which `zero` pushes that it is exact. */
  private requireNormal(format: Real, zero: () => void): void {
    const { out } = this;
    const { r } = FORMATS[format];
    out.op1(Op.LocalGet, r);
    if (format === 's') {
      out.op(Op.I32ReinterpretF32);
      out.constant(23);
      out.op(Op.I32ShrU);
      out.constant(0xff);
    } else {
      out.op(Op.I64ReinterpretF64);
      this.wide(52);
      out.op(Op.I64ShrU);
      out.op(Op.I32WrapI64);
      out.constant(0x7ff);
    }
    out.op(Op.I32And);
    out.constant(2);
    out.op(Op.I32Sub);
    out.constant(format === 's' ? 0xfd : 0x7fd);
    out.op(Op.I32GeU);
    this.open(Op.If);
    this.compareZero(format, r, FORMATS[format].eq);
    zero();
    out.op(Op.I32And);
    out.op(Op.I32Eqz);
    this.exitIf();
    this.close();
  }
  private compareZero(format: Real, local: Local, op: Op): void {
    this.out.op1(Op.LocalGet, local);
    this.pushZero(format);
    this.out.op(op);
  }

  private record(kind: RecordedOperation, format: Real, ...operands: Local[]): void {
    const { out } = this;
    for (const [i, local] of operands.entries()) this.storeAt(format, local, JIT_RECORD_AT + RECORD_OPERANDS + 8 * i);
    out.constant(0);
    out.constant(RECORD_KINDS.indexOf(`${kind}.${format}`) + 1);
    out.memory(Op.I32Store, JIT_RECORD_AT, 2);
  }

  float(operation: FloatOperation, format: FloatFormat): void {
    if (format !== 's' && format !== 'd') return this.exitAlways();
    const { out } = this;
    const f = FORMATS[format];
    switch (operation) {
      case 'abs':
      case 'neg':
        return this.changeSign(operation, format);
      case 'recip':
      case 'rsqrt':
        return this.exitAlways();
      case 'madd':
      case 'msub':
      case 'nmadd':
      case 'nmsub':
        return this.multiplyAdd(operation, format);
    }
    this.require(Local.FloatFast);
    const unary = operation === 'sqrt';
    this.requireRegisters(format, 'fd', 'fs', ...(unary ? [] : (['ft'] as const)));
    this.pushFloat(format, 'fs');
    out.op1(Op.LocalTee, f.a);
    if (!unary) {
      this.pushFloat(format, 'ft');
      out.op1(Op.LocalTee, f.b);
    }
    out.op(f[operation]);
    out.op1(Op.LocalSet, f.r);
    this.requireNormal(format, () => {
      if (operation === 'mul') {
        this.compareZero(format, f.a, f.eq);
        this.compareZero(format, f.b, f.eq);
        out.op(Op.I32Or);
      } else if (operation === 'div') this.compareZero(format, f.a, f.eq);
      else out.constant(1);
    });
    this.record(operation, format, f.a, ...(unary ? [] : [f.b]));
    this.storeAt(format, f.r, this.at(format, 'fd'));
  }

  private multiplyAdd(operation: 'madd' | 'msub' | 'nmadd' | 'nmsub', format: Real): void {
    const { out } = this;
    const f = FORMATS[format];
    const adds = operation.endsWith('add');
    this.require(Local.FloatFast);
    this.requireRegisters(format, 'fd', 'fs', 'ft', 'fr');
    this.pushFloat(format, 'fs');
    out.op1(Op.LocalTee, f.a);
    this.pushFloat(format, 'ft');
    out.op1(Op.LocalTee, f.b);
    out.op(f.mul);
    out.op1(Op.LocalSet, f.r);
    this.requireNormal(format, () => {
      this.compareZero(format, f.a, f.eq);
      this.compareZero(format, f.b, f.eq);
      out.op(Op.I32Or);
    });
    this.record(adds ? 'madd' : 'msub', format, f.a, f.b);
    out.op1(Op.LocalGet, f.r);
    this.pushFloat(format, 'fr');
    out.op1(Op.LocalTee, f.a);
    out.op(adds ? f.add : f.sub);
    out.op1(Op.LocalSet, f.r);
    this.requireNormal(format, () => out.constant(1));
    this.storeAt(format, f.a, JIT_RECORD_AT + RECORD_OPERANDS + 16);
    if (operation.startsWith('n')) {
      out.op1(Op.LocalGet, f.r);
      out.op(f.neg);
      out.op1(Op.LocalSet, f.r);
    }
    this.storeAt(format, f.r, this.at(format, 'fd'));
  }

  /** ABS, NEG: as bits, since NaNs must keep theirs. */
  private changeSign(operation: 'abs' | 'neg', format: Real): void {
    const { out } = this;
    this.requireFloat();
    this.requireRegisters(format, 'fd', 'fs');
    const to = this.at(format, 'fd') + (format === 'd' ? 4 : 0);
    const from = this.at(format, 'fs') + (format === 'd' ? 4 : 0);
    if (format === 'd') this.copyWord(from - 4, to - 4);
    out.constant(0);
    out.constant(0);
    out.memory(Op.I32Load, from, 2);
    out.constant(operation === 'abs' ? 0x7fffffff : 0x80000000);
    out.op(operation === 'abs' ? Op.I32And : Op.I32Xor);
    out.memory(Op.I32Store, to, 2);
  }

  /** FCSR as after an operation that was inexact if the value on the stack is 1. */
  private settle(): void {
    const { out } = this;
    out.constant(INEXACT);
    out.op(Op.I32Mul);
    out.op1(Op.LocalSet, Local.Scratch);
    out.constant(0);
    this.pushFcsr();
    out.constant(~CAUSE);
    out.op(Op.I32And);
    out.op1(Op.LocalGet, Local.Scratch);
    out.op(Op.I32Or);
    out.memory(Op.I32Store, FCSR_AT, 2);
    this.forgetRecord();
  }
  private forgetRecord(): void {
    this.out.constant(0);
    this.out.constant(0);
    this.out.memory(Op.I32Store, JIT_RECORD_AT, 2);
  }

  floatConvert(rounding: Rounding, to: FloatFormat, from: FloatFormat): void {
    if (to === 'l' || from === 'l') return this.exitAlways();
    const { out } = this;
    this.require(to === 'd' ? Local.FloatUsable : Local.FloatNearest);
    this.requireRegisters(to, 'fd');
    this.requireRegisters(from, 'fs');
    if (from === 'w') {
      out.constant(0);
      out.memory(Op.I32Load, this.low('fs'), 2);
      out.op(Op.F64ConvertI32S);
    } else {
      this.pushFloat(from, 'fs');
      if (from === 's') out.op(Op.F64PromoteF32);
    }
    out.op1(Op.LocalSet, Local.DoubleA);
    if (to === 'd') {
      // Exact, but for what is no number.
      out.op1(Op.LocalGet, Local.DoubleA);
      out.op1(Op.LocalGet, Local.DoubleA);
      out.op(Op.F64Sub);
      out.double(0);
      out.op(Op.F64Ne);
      this.exitIf();
      out.constant(0);
      this.settle();
      return this.storeAt('d', Local.DoubleA, this.whole('fd'));
    }
    if (to === 's') {
      out.op1(Op.LocalGet, Local.DoubleA);
      out.op(Op.F32DemoteF64);
      out.op1(Op.LocalSet, Local.SingleR);
      this.requireNormal('s', () => this.compareZero('d', Local.DoubleA, Op.F64Eq));
      out.op1(Op.LocalGet, Local.SingleR);
      out.op(Op.F64PromoteF32);
      out.op1(Op.LocalGet, Local.DoubleA);
      out.op(Op.F64Ne);
      this.settle();
      return this.storeAt('s', Local.SingleR, this.low('fd'));
    }
    out.op1(Op.LocalGet, Local.DoubleA);
    out.op(ROUND[rounding]);
    out.op1(Op.LocalTee, Local.DoubleR);
    out.op(Op.F64Abs);
    out.double(2147483648);
    out.op(Op.F64Lt);
    out.op(Op.I32Eqz);
    this.exitIf();
    out.op1(Op.LocalGet, Local.DoubleR);
    out.op1(Op.LocalGet, Local.DoubleA);
    out.op(Op.F64Ne);
    this.settle();
    out.constant(0);
    out.op1(Op.LocalGet, Local.DoubleR);
    out.op(Op.I32TruncF64S);
    out.memory(Op.I32Store, this.low('fd'), 2);
  }

  floatCondition(at: 8 | 18): Pushed {
    const { out } = this;
    this.pushFcsr();
    out.constant(conditionBit((this.word >>> at) & 7));
    out.op(Op.I32ShrU);
    out.constant(1);
    out.op(Op.I32And);
    return PUSHED;
  }
  floatCompare(_condition: number, format: FloatFormat): void {
    if (format !== 's' && format !== 'd') return this.exitAlways();
    const { out } = this;
    const f = FORMATS[format];
    const condition = this.word & 15;
    const bit = conditionBit((this.word >>> 8) & 7);
    this.requireFloat();
    this.requireRegisters(format, 'fs', 'ft');
    this.pushFloat(format, 'fs');
    out.op1(Op.LocalSet, f.a);
    this.pushFloat(format, 'ft');
    out.op1(Op.LocalSet, f.b);
    for (const local of [f.a, f.b]) {
      out.op1(Op.LocalGet, local);
      out.op1(Op.LocalGet, local);
      out.op(f.ne);
    }
    out.op(Op.I32Or);
    this.exitIf();
    const push = (op: Op) => {
      out.op1(Op.LocalGet, f.a);
      out.op1(Op.LocalGet, f.b);
      out.op(op);
    };
    if ((condition & 4) !== 0) push(f.lt);
    if ((condition & 2) !== 0) push(f.eq);
    if ((condition & 6) === 6) out.op(Op.I32Or);
    if ((condition & 6) === 0) out.constant(0);
    out.constant(bit);
    out.op(Op.I32Shl);
    out.op1(Op.LocalSet, Local.Scratch);
    out.constant(0);
    this.pushFcsr();
    out.constant(~(CAUSE | (1 << bit)));
    out.op(Op.I32And);
    out.op1(Op.LocalGet, Local.Scratch);
    out.op(Op.I32Or);
    out.memory(Op.I32Store, FCSR_AT, 2);
    this.forgetRecord();
  }
}

/** Position in FCSR of condition `cc`. */
function conditionBit(cc: number): number {
  return cc === 0 ? 23 : 24 + cc;
}
