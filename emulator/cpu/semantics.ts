/**
 * The language in which the instruction table says what an instruction does.
 *
 * An instruction's semantics are a function of a {@link Target}: the interpreter's generator implements Target over
 * JavaScript text, a translator implements it over another code form. `V` is a 32-bit value in that form; conditions
 * are values too, zero or not.
 */

/** A register an instruction may write: a field of its encoding, the link register, or HI/LO. */
export type Destination = 'rd' | 'rt' | 'ra' | 'hi' | 'lo';

export type LoadKind = 'lb' | 'lbu' | 'lh' | 'lhu' | 'lw' | 'll' | 'lwl' | 'lwr';
export type StoreKind = 'sb' | 'sh' | 'sw' | 'sc' | 'swl' | 'swr';

/** A field of an encoding that names a floating-point register. */
export type FloatRegister = 'fd' | 'fs' | 'ft' | 'fr';
/** Single, double, 32- and 64-bit integer. */
export type FloatFormat = 's' | 'd' | 'w' | 'l';
export type FloatOperation =
  ('add' | 'sub' | 'mul' | 'div' | 'sqrt' | 'recip' | 'rsqrt' | 'abs' | 'neg') | ('madd' | 'msub' | 'nmadd' | 'nmsub');
/** How a conversion rounds; `cvt` as FCSR says. */
export type Rounding = 'cvt' | 'round' | 'trunc' | 'ceil' | 'floor';

/** What the CPU does out of line, with the instruction word as its argument. */
export type Helper = 'syscall' | 'breakpoint' | 'cop0' | 'cop2' | 'cache' | 'rdhwr' | 'reserved';

export interface Target<V> {
  /** The registers that the fields rs, rt, rd name. */
  readonly rs: V;
  readonly rt: V;
  readonly hi: V;
  readonly lo: V;
  /** Sign- and zero-extended 16-bit immediate, the shift amount field, and the address of this instruction. */
  readonly imm: V;
  readonly uimm: V;
  readonly sa: V;
  readonly pc: V;
  constant(value: number): V;

  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  /** Low 32 bits of the product. */
  mul(a: V, b: V): V;
  and(a: V, b: V): V;
  or(a: V, b: V): V;
  xor(a: V, b: V): V;
  not(a: V): V;
  /** Shifts use the low five bits of `b`. */
  shl(a: V, b: V): V;
  shr(a: V, b: V): V;
  sar(a: V, b: V): V;
  rotr(a: V, b: V): V;
  lessSigned(a: V, b: V): V;
  lessUnsigned(a: V, b: V): V;
  equal(a: V, b: V): V;
  notEqual(a: V, b: V): V;
  signExtend8(a: V): V;
  signExtend16(a: V): V;
  /** Leading zeros; 32 for zero. */
  clz(a: V): V;
  /** Swaps the bytes within each halfword. */
  swapBytesInHalves(a: V): V;

  /**
   * EXT and INS: the sa field is the lsb, rd the size less one (EXT) or the msb (INS). Fields that run past the word,
   * which the PRA leaves unpredictable, are reserved instructions.
   */
  extractBits(source: V): V;
  insertBits(into: V, source: V): V;

  set(destination: Destination, value: V): void;
  setIf(condition: V, destination: Destination, value: V): void;
  /** HI:LO = a * b, or HI:LO +- a * b. */
  multiply(a: V, b: V, signed: boolean, accumulate?: 'add' | 'subtract'): void;
  /** LO = a / b, HI = a % b. Division by zero gives LO = a, HI = 0 (the PRA leaves it unpredictable). */
  divide(a: V, b: V, signed: boolean): void;
  /** Sets `destination` to a + b or a - b, or raises Integer Overflow. */
  addOrOverflow(destination: Destination, a: V, b: V): void;
  subtractOrOverflow(destination: Destination, a: V, b: V): void;

  /** PC-relative branch; `likely` annuls the delay slot when not taken; `link` writes pc + 8 to ra. */
  branch(condition: V, options?: { likely?: boolean; link?: boolean }): void;
  /** Jump within the 256 MiB region of the delay slot. */
  jumpRegion(options?: { link?: boolean }): void;
  /** Jump to a register's value; `link` writes pc + 8 to rd. */
  jumpRegister(target: V, options?: { link?: boolean }): void;

  load(kind: LoadKind, address: V): void;
  store(kind: StoreKind, address: V): void;

  // Coprocessor 1 (fpu.ts). Each of these raises Coprocessor Unusable first where there is no FPU or Status.CU1 is 0.

  /** For rows that use floating-point state through what follows here, and for what is reserved within coprocessor 1. */
  requireFloat(): void;
  reserveFloat(): void;
  /** Reserved Instruction under Status.FR = 0. */
  requireFr(): void;
  /** Reserved Instruction for an odd register under Status.FR = 0. */
  requireEven(register: FloatRegister): void;
  /** Condition bit of FCSR that the field at bit `at` of the word names. */
  floatCondition(at: 8 | 18): V;
  /** A register's lower word; `high`: the upper word of a double. */
  floatWord(register: FloatRegister, part: 'low' | 'high'): V;
  setFloatWord(register: FloatRegister, part: 'low' | 'high', value: V): void;
  loadFloat(format: 'w' | 'l', register: FloatRegister, address: V): void;
  storeFloat(format: 'w' | 'l', register: FloatRegister, address: V): void;
  /** rt = a control register, a control register = rt; the field rd names it. */
  floatControl(direction: 'from' | 'to'): void;
  /** fd = an operation on fs, ft and fr as it takes them, by FCSR; may raise Floating Point Exception. */
  float(operation: FloatOperation, format: FloatFormat): void;
  floatConvert(rounding: Rounding, to: FloatFormat, from: FloatFormat): void;
  /** Sets the condition that `cc` names to C.cond of fs and ft; `condition` is the field's four bits. */
  floatCompare(condition: number, format: FloatFormat): void;
  /** fd = fs, bit by bit. */
  floatMove(format: FloatFormat): void;
  floatMoveIf(condition: V, format: FloatFormat): void;

  trap(condition: V): void;
  helper(name: Helper): void;
  nothing(): void;
}

export type Semantics = <V>(t: Target<V>) => void;
