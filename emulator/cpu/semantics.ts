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

/** What the CPU does out of line, with the instruction word as its argument. */
export type Helper = 'syscall' | 'breakpoint' | 'cop0' | 'cop1' | 'cop2' | 'cache' | 'rdhwr' | 'reserved';

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
  trap(condition: V): void;
  helper(name: Helper): void;
  nothing(): void;
}

export type Semantics = <V>(t: Target<V>) => void;
