/**
 * Semantics as WebAssembly: integer instructions but for loads and stores. A value is on WebAssembly's stack: as rows name their
 * operands in the order in which a stack machine wants them, asking for a value is what pushes it.
 */
import type { Destination, Helper } from '../cpu/semantics.ts';
import { REGISTERS_AT } from '../memory.ts';
import { Op, type ModuleWriter } from './wasm.ts';

/** A value on WebAssembly's stack. */
export const PUSHED = 0;
export type Pushed = typeof PUSHED;

/** Numbers of a region function's parameters and locals that every region has. */
export const enum Local {
  /** Parameters: virtual address of the page, instructions left, depth of nested calls. */
  Base = 0,
  Left = 1,
  Depth = 2,
  /** Address of an access; its translation. */
  Address = 3,
  Translated = 4,
  /** Where and why the region is left; see {@link exitCode}. */
  Exit = 5,
  /** Condition of a branch, target of a jump; they live through the delay slot. */
  Condition = 6,
  Target = 7,
  /** Which head of a loop with several. */
  State = 8,
  Scratch = 9,
  /** On its way to a register in memory. */
  Value = 10,
  /** Coprocessor 1 is as the code expects; it rounds to nearest and nothing traps; and FCSR says Inexact already. */
  FloatUsable = 11,
  FloatNearest = 12,
  FloatFast = 13,
  /** Host addresses of a window's chains, MOST_CHAINS of them; see near-accesses.ts. */
  Near = 14,
  /** 64-bit integers, doubles, singles: */
  Wide = 17,
  DoubleA = 18,
  DoubleB = 19,
  DoubleR = 20,
  SingleA = 21,
  SingleB = 22,
  SingleR = 23,
  /** HI, LO, and as many registers as the region uses. */
  Hi = 24,
  Lo = 25,
  Registers = 26,
}

/** Instead of a local's number: the register is where the interpreter has it; see {@link chooseLocals}. */
export const IN_MEMORY = 0;

/** How many locals of each type come before HI and LO, beyond the parameters. */
export const FIXED_LOCALS = { i32: 14, i64: 1, f64: 3, f32: 3 } as const;

export interface TargetOptions {
  bigEndian: boolean;
  /** Byte offsets of the flat tables that accesses go through. */
  readTable: number;
  writeTable: number;
  /** From an address in kseg0 to where its byte is in linear memory; 0 where there are no such addresses. */
  fromKseg0: number;
}

export abstract class IntegerTarget {
  protected word = 0;
  /** Byte offset of the instruction in its page. */
  protected offset = 0;
  /** Local of each general register, or {@link IN_MEMORY}. */
  readonly locals = new Uint16Array(32);

  constructor(
    protected readonly out: ModuleWriter,
    protected readonly options: TargetOptions,
  ) {}

  /** Says which instruction is next. */
  start(word: number, offset: number): void {
    this.word = word;
    this.offset = offset;
  }

  /** Leaves the region for the interpreter when the value on the stack is not zero. */
  protected abstract exitIf(): void;

  protected field(at: 6 | 11 | 16 | 21): number {
    return (this.word >>> at) & 31;
  }

  pushRegister(register: number): Pushed {
    const { out, locals } = this;
    if (register === 0) out.constant(0);
    else if (locals[register] === IN_MEMORY) {
      out.constant(0);
      out.memory(Op.I32Load, REGISTERS_AT + 4 * register, 2);
    } else out.op1(Op.LocalGet, locals[register]!);
    return PUSHED;
  }
  protected popRegister(register: number): void {
    const { out, locals } = this;
    if (register === 0) out.op(Op.Drop);
    else if (locals[register] === IN_MEMORY) {
      out.op1(Op.LocalSet, Local.Value);
      out.constant(0);
      out.op1(Op.LocalGet, Local.Value);
      out.memory(Op.I32Store, REGISTERS_AT + 4 * register, 2);
    } else out.op1(Op.LocalSet, locals[register]!);
  }
  protected pop(destination: Destination): void {
    if (destination === 'hi') this.out.op1(Op.LocalSet, Local.Hi);
    else if (destination === 'lo') this.out.op1(Op.LocalSet, Local.Lo);
    else this.popRegister(this.destination(destination));
  }
  private destination(destination: 'rd' | 'rt' | 'ra'): number {
    return destination === 'ra' ? 31 : this.field(destination === 'rd' ? 11 : 16);
  }

  get rs(): Pushed {
    return this.pushRegister(this.field(21));
  }
  get rt(): Pushed {
    return this.pushRegister(this.field(16));
  }
  get hi(): Pushed {
    this.out.op1(Op.LocalGet, Local.Hi);
    return PUSHED;
  }
  get lo(): Pushed {
    this.out.op1(Op.LocalGet, Local.Lo);
    return PUSHED;
  }
  get imm(): Pushed {
    return this.constant((this.word << 16) >> 16);
  }
  get uimm(): Pushed {
    return this.constant(this.word & 0xffff);
  }
  get sa(): Pushed {
    return this.constant(this.field(6));
  }
  get pc(): Pushed {
    return this.address(this.offset);
  }
  /** Pushes the virtual address of an offset in the page. */
  address(offset: number): Pushed {
    this.out.op1(Op.LocalGet, Local.Base);
    if (offset !== 0) {
      this.out.constant(offset);
      this.out.op(Op.I32Add);
    }
    return PUSHED;
  }
  constant(value: number): Pushed {
    this.out.constant(value);
    return PUSHED;
  }

  protected op(op: Op): Pushed {
    this.out.op(op);
    return PUSHED;
  }
  add(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32Add);
  }
  sub(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32Sub);
  }
  mul(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32Mul);
  }
  and(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32And);
  }
  or(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32Or);
  }
  xor(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32Xor);
  }
  not(_a: Pushed): Pushed {
    this.out.constant(-1);
    return this.op(Op.I32Xor);
  }
  shl(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32Shl);
  }
  shr(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32ShrU);
  }
  sar(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32ShrS);
  }
  rotr(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32Rotr);
  }
  lessSigned(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32LtS);
  }
  lessUnsigned(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32LtU);
  }
  equal(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32Eq);
  }
  notEqual(_a: Pushed, _b: Pushed): Pushed {
    return this.op(Op.I32Ne);
  }
  signExtend8(_a: Pushed): Pushed {
    return this.op(Op.I32Extend8S);
  }
  signExtend16(_a: Pushed): Pushed {
    return this.op(Op.I32Extend16S);
  }
  clz(_a: Pushed): Pushed {
    return this.op(Op.I32Clz);
  }
  swapBytesInHalves(_a: Pushed): Pushed {
    const { out } = this;
    out.op1(Op.LocalTee, Local.Scratch);
    out.constant(8);
    out.op(Op.I32ShrU);
    out.constant(0x00ff00ff);
    out.op(Op.I32And);
    out.op1(Op.LocalGet, Local.Scratch);
    out.constant(0x00ff00ff);
    out.op(Op.I32And);
    out.constant(8);
    out.op(Op.I32Shl);
    return this.op(Op.I32Or);
  }
  extractBits(_source: Pushed): Pushed {
    const { out } = this;
    const lsb = this.field(6);
    const size = this.field(11) + 1;
    out.constant(lsb);
    out.op(Op.I32ShrU);
    out.constant(0xffffffff >>> (32 - size));
    return this.op(Op.I32And);
  }
  insertBits(_into: Pushed, _source: Pushed): Pushed {
    const { out } = this;
    const lsb = this.field(6);
    const msb = this.field(11);
    const mask = (0xffffffff >>> (31 - (msb - lsb))) << lsb;
    out.constant(lsb);
    out.op(Op.I32Shl);
    out.constant(mask);
    out.op(Op.I32And);
    out.op1(Op.LocalSet, Local.Scratch);
    out.constant(~mask);
    out.op(Op.I32And);
    out.op1(Op.LocalGet, Local.Scratch);
    return this.op(Op.I32Or);
  }
  /** For what is reserved by fields that no pattern of the table shows. */
  protected exitAlways(): void {
    this.out.constant(1);
    this.exitIf();
  }

  set(destination: Destination, _value: Pushed): void {
    this.pop(destination);
  }
  setIf(_condition: Pushed, destination: Destination, _value: Pushed): void {
    const { out } = this;
    const register = this.destination(destination as 'rd' | 'rt' | 'ra');
    // The stack has condition and value; select wants the condition last.
    out.op1(Op.LocalSet, Local.Scratch);
    out.op1(Op.LocalSet, Local.Address);
    out.op1(Op.LocalGet, Local.Scratch);
    this.pushRegister(register);
    out.op1(Op.LocalGet, Local.Address);
    out.op(Op.Select);
    this.popRegister(register);
  }

  multiply(_a: Pushed, _b: Pushed, signed: boolean, accumulate?: 'add' | 'subtract'): void {
    const { out } = this;
    const extend = signed ? Op.I64ExtendI32S : Op.I64ExtendI32U;
    out.op1(Op.LocalSet, Local.Scratch);
    out.op(extend);
    out.op1(Op.LocalGet, Local.Scratch);
    out.op(extend);
    out.op(Op.I64Mul);
    if (accumulate) {
      out.op1(Op.LocalSet, Local.Wide);
      out.op1(Op.LocalGet, Local.Hi);
      out.op(Op.I64ExtendI32U);
      this.wide(32);
      out.op(Op.I64Shl);
      out.op1(Op.LocalGet, Local.Lo);
      out.op(Op.I64ExtendI32U);
      out.op(Op.I64Or);
      out.op1(Op.LocalGet, Local.Wide);
      out.op(accumulate === 'add' ? Op.I64Add : Op.I64Sub);
    }
    out.op1(Op.LocalTee, Local.Wide);
    out.op(Op.I32WrapI64);
    out.op1(Op.LocalSet, Local.Lo);
    out.op1(Op.LocalGet, Local.Wide);
    this.wide(32);
    out.op(Op.I64ShrU);
    out.op(Op.I32WrapI64);
    out.op1(Op.LocalSet, Local.Hi);
  }
  protected wide(value: number): void {
    this.out.op(Op.I64Const);
    this.out.signed(value);
  }

  divide(_a: Pushed, _b: Pushed, signed: boolean): void {
    const { out } = this;
    const [a, b] = [Local.Address, Local.Scratch];
    out.op1(Op.LocalSet, b);
    out.op1(Op.LocalSet, a);
    const quotient = () => {
      for (const [op, to] of [
        [signed ? Op.I32DivS : Op.I32DivU, Local.Lo],
        [signed ? Op.I32RemS : Op.I32RemU, Local.Hi],
      ] as const) {
        out.op1(Op.LocalGet, a);
        out.op1(Op.LocalGet, b);
        out.op(op);
        out.op1(Op.LocalSet, to);
      }
    };
    const give = (lo: Local | null, hi: number) => {
      if (lo !== null) out.op1(Op.LocalGet, lo);
      else {
        out.constant(0);
        out.op1(Op.LocalGet, a);
        out.op(Op.I32Sub);
      }
      out.op1(Op.LocalSet, Local.Lo);
      out.constant(hi);
      out.op1(Op.LocalSet, Local.Hi);
    };
    out.op1(Op.LocalGet, b);
    out.op(Op.I32Eqz);
    this.open(Op.If);
    give(a, 0);
    out.op(Op.Else);
    if (signed) {
      // WebAssembly traps where the quotient overflows.
      out.op1(Op.LocalGet, b);
      out.constant(-1);
      out.op(Op.I32Eq);
      this.open(Op.If);
      give(null, 0);
      out.op(Op.Else);
      quotient();
      this.close();
    } else quotient();
    this.close();
  }
  /** Opens and closes a block without result, so that exits know how deep they are. */
  protected abstract open(op: Op.If | Op.Block | Op.Loop): void;
  protected abstract close(): void;

  addOrOverflow(destination: Destination, _a: Pushed, _b: Pushed): void {
    this.overflowing(destination, Op.I32Add, Op.I64Add);
  }
  subtractOrOverflow(destination: Destination, _a: Pushed, _b: Pushed): void {
    this.overflowing(destination, Op.I32Sub, Op.I64Sub);
  }
  private overflowing(destination: Destination, narrow: Op, wide: Op): void {
    const { out } = this;
    const [a, b] = [Local.Address, Local.Scratch];
    out.op1(Op.LocalSet, b);
    out.op1(Op.LocalSet, a);
    for (const local of [a, b]) {
      out.op1(Op.LocalGet, local);
      out.op(Op.I64ExtendI32S);
    }
    out.op(wide);
    for (const local of [a, b]) out.op1(Op.LocalGet, local);
    out.op(narrow);
    out.op1(Op.LocalTee, a);
    out.op(Op.I64ExtendI32S);
    out.op(Op.I64Ne);
    this.exitIf();
    out.op1(Op.LocalGet, a);
    this.pop(destination);
  }

  branch(_condition: Pushed, options: { likely?: boolean; link?: boolean } = {}): void {
    this.out.op1(Op.LocalSet, Local.Condition);
    if (options.link) this.link(31);
  }
  jumpRegion(options: { link?: boolean } = {}): void {
    if (options.link) this.link(31);
  }
  jumpRegister(_target: Pushed, options: { link?: boolean } = {}): void {
    this.out.op1(Op.LocalSet, Local.Target);
    if (options.link) this.link(this.field(11));
  }
  private link(register: number): void {
    this.address(this.offset + 8);
    this.popRegister(register);
  }

  trap(_condition: Pushed): void {
    this.exitIf();
  }
  helper(_name: Helper): void {
    throw new Error('Only the interpreter executes this.');
  }
  nothing(): void {}
}
