/**
 * WebAssembly functions written by hand: a value is a number, or what pushes it; statements are written in order.
 * Everything is an i32 but where a name says otherwise.
 */
import { I32, Op, Simd, VOID, type ModuleWriter } from './wasm.ts';

export type Value = number | (() => void);
/** A local of the present function; as a value, what it holds. */
export interface Local {
  (): void;
  readonly index: number;
}

/** Locals of a function beyond its parameters. */
const LOCALS = 40;

export class Expressions {
  private taken = 0;
  private parameters = 0;
  private depth = 0;

  constructor(readonly out: ModuleWriter) {}

  /** Writes the next function's body. @param parameters how many, all i32 */
  body(parameters: number, write: (...parameters: Local[]) => void): void {
    this.parameters = parameters;
    this.taken = this.depth = 0;
    this.out.beginBody([[LOCALS, I32]]);
    write(...Array.from({ length: parameters }, (_, i) => this.at(i)));
    this.out.endBody();
  }

  private at(index: number): Local {
    return Object.assign(() => this.out.op1(Op.LocalGet, index), { index });
  }

  /** A local that holds `value`. */
  local(value: Value): Local {
    if (this.taken === LOCALS) throw new Error('expressions: too many locals');
    const local = this.at(this.parameters + this.taken++);
    this.set(local, value);
    return local;
  }

  push(value: Value): void {
    if (typeof value === 'number') this.out.constant(value);
    else value();
  }

  private binary(op: Op, a: Value, b: Value): Value {
    return () => {
      this.push(a);
      this.push(b);
      this.out.op(op);
    };
  }

  // Values

  add = (a: Value, b: Value): Value => this.binary(Op.I32Add, a, b);
  sub = (a: Value, b: Value): Value => this.binary(Op.I32Sub, a, b);
  and = (a: Value, b: Value): Value => this.binary(Op.I32And, a, b);
  or = (a: Value, b: Value): Value => this.binary(Op.I32Or, a, b);
  xor = (a: Value, b: Value): Value => this.binary(Op.I32Xor, a, b);
  shl = (a: Value, b: Value): Value => this.binary(Op.I32Shl, a, b);
  shr = (a: Value, b: Value): Value => this.binary(Op.I32ShrU, a, b);
  mul = (a: Value, b: Value): Value => this.binary(Op.I32Mul, a, b);
  remainder = (a: Value, b: Value): Value => this.binary(Op.I32RemU, a, b);
  is = (a: Value, b: Value): Value => this.binary(Op.I32Eq, a, b);
  isNot = (a: Value, b: Value): Value => this.binary(Op.I32Ne, a, b);
  isLess = (a: Value, b: Value): Value => this.binary(Op.I32LtS, a, b);
  isBelow = (a: Value, b: Value): Value => this.binary(Op.I32LtU, a, b);

  not = (a: Value): Value => {
    return () => {
      this.push(a);
      this.out.op(Op.I32Eqz);
    };
  };

  clz = (a: Value): Value => {
    return () => {
      this.push(a);
      this.out.op(Op.I32Clz);
    };
  };

  /** Number of zeros below the lowest one. */
  ctz = (a: Value): Value => {
    return () => {
      this.push(a);
      this.out.op(Op.I32Ctz);
    };
  };

  /** `condition` ? a : b; both are evaluated. */
  select = (condition: Value, a: Value, b: Value): Value => {
    return () => {
      this.push(a);
      this.push(b);
      this.push(condition);
      this.out.op(Op.Select);
    };
  };

  load = (address: Value, offset = 0): Value => this.loadBy(Op.I32Load, 2, address, offset);
  load8 = (address: Value, offset = 0): Value => this.loadBy(Op.I32Load8U, 0, address, offset);
  private loadBy(op: Op, align: number, address: Value, offset: number): () => void {
    return () => {
      this.push(address);
      this.out.memory(op, offset, align);
    };
  }

  /** The low 32 bits of a double, a whole number, that `push` pushes. */
  low = (push: () => void): Value => {
    return () => {
      push();
      this.out.op(Op.I64TruncF64S);
      this.out.op(Op.I32WrapI64);
    };
  };

  loadDouble = (address: Value, offset = 0): (() => void) => this.loadBy(Op.F64Load, 3, address, offset);
  /** Of doubles. */
  double = (op: Op, a: () => void, b: () => void): (() => void) => {
    return () => {
      a();
      b();
      this.out.op(op);
    };
  };

  call = (index: number, ...values: Value[]): Value => {
    return () => {
      for (const value of values) this.push(value);
      this.out.op1(Op.Call, index);
    };
  };

  // Statements

  set(local: Local, value: Value): void {
    this.push(value);
    this.out.op1(Op.LocalSet, local.index);
  }
  /** A local for each result of a call. */
  setAll(locals: readonly Local[], call: Value): void {
    this.push(call);
    for (const { index } of locals.toReversed()) this.out.op1(Op.LocalSet, index);
  }

  store(address: Value, offset: number, value: Value): void {
    this.push(address);
    this.push(value);
    this.out.memory(Op.I32Store, offset, 2);
  }
  store8(address: Value, offset: number, value: Value): void {
    this.push(address);
    this.push(value);
    this.out.memory(Op.I32Store8, offset, 0);
  }

  store16(address: Value, offset: number, value: Value): void {
    this.push(address);
    this.push(value);
    this.out.memory(Op.I32Store16, offset, 1);
  }

  /** Writes the two words that `push` pushes as one. */
  storePair(address: Value, offset: number, push: () => void): void {
    this.push(address);
    push();
    this.out.memory(Op.I64Store, offset, 3);
  }

  /** Writes four words of zeros. @param offset a multiple of 16, as the address is */
  storeZeros(address: Value, offset: number): void {
    this.push(address);
    this.push(0);
    this.out.simd(Simd.I32x4Splat);
    this.out.storeVector(offset);
  }

  /** Adds to the word at an address. */
  increase(address: Value, offset: number, by: Value): void {
    this.store(address, offset, this.add(this.load(address, offset), by));
  }

  /** Adds `by`, a signed number, to the double at an address. */
  increaseDouble(address: Value, offset: number, by: Value): void {
    this.push(address);
    this.push(address);
    this.out.memory(Op.F64Load, offset, 3);
    if (typeof by === 'number') this.out.double(by);
    else {
      by();
      this.out.op(Op.F64ConvertI32S);
    }
    this.out.op(Op.F64Add);
    this.out.memory(Op.F64Store, offset, 3);
  }

  /** Writes the double that `push` pushes. */
  storeDouble(address: Value, offset: number, push: () => void): void {
    this.push(address);
    push();
    this.out.memory(Op.F64Store, offset, 3);
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    this.push(condition);
    this.out.op(Op.If);
    this.out.byte(VOID);
    this.depth++;
    then();
    if (otherwise) {
      this.out.op(Op.Else);
      otherwise();
    }
    this.out.op(Op.End);
    this.depth--;
  }

  /** `write` is given what goes back to its start, if a condition holds or in any case. */
  loop(write: (again: (condition?: Value) => void) => void): void {
    this.out.op(Op.Loop);
    this.out.byte(VOID);
    const depth = ++this.depth;
    write((condition) => {
      if (condition !== undefined) this.push(condition);
      this.out.op1(condition === undefined ? Op.Br : Op.BrIf, this.depth - depth);
    });
    this.out.op(Op.End);
    this.depth--;
  }

  /** Ends the function with a call of one that the table has, of the same type. */
  returnCall(type: number, table: number, callee: Value, ...values: Value[]): void {
    for (const value of [...values, callee]) this.push(value);
    this.out.op1(Op.ReturnCallIndirect, type);
    this.out.unsigned(table);
  }

  /** Ends the function with a call of another. */
  returnDirect(index: number, ...values: Value[]): void {
    for (const value of values) this.push(value);
    this.out.op1(Op.ReturnCall, index);
  }

  return(...values: Value[]): void {
    for (const value of values) this.push(value);
    this.out.op(Op.Return);
  }

  returnIf(condition: Value, ...values: Value[]): void {
    this.if(condition, () => this.return(...values));
  }

  /** Has `value` done, a call without a result. */
  do(value: Value): void {
    this.push(value);
  }
  /** Does `value`, and forgets its result. */
  drop(value: Value): void {
    this.push(value);
    this.out.op(Op.Drop);
  }
}
