/**
 * The 24Kf's floating-point unit (MIPS32 24K Software User's Manual, MD00343, chapter 4; MIPS PRA, MD00083, chapter 5):
 * registers, control registers, and what the rows of coprocessor 1 do with them.
 *
 * Ordinary operations are done in JavaScript's doubles (fast-float.ts), everything else by soft-float.ts. Registers are
 * moved as words, as a NaN that passes through a JavaScript number may come out as another.
 */
import { FCSR_AT, FPRS_AT } from '../memory.ts';
import type { Cpu } from './cpu.ts';
import { ExcCode } from './exceptions.ts';
import { exactness, roundToSingle } from './fast-float.ts';
import type { FloatFormat, FloatOperation, Rounding } from './semantics.ts';
import {
  DOUBLE,
  DOWN,
  INEXACT,
  INVALID,
  NEAREST,
  SINGLE,
  TO_ZERO,
  UP,
  add,
  convert,
  div,
  fromInteger,
  mul,
  sqrt,
  sub,
  type FloatEnvironment,
  type FloatType,
} from './soft-float.ts';

/** Word indices in linear memory. */
export const FPR_WORDS = FPRS_AT >>> 2;
export const FCSR_WORD = FCSR_AT >>> 2;
const FPR_DOUBLES = FPRS_AT >>> 3;

const FIR = 0x00739300;
const FCSR_WRITABLE = 0xff83ffff;
const FCSR_CAUSE = 0x0003f000;
const FCSR_FS = 0x01000000;
/** Enable bit of Unimplemented Operation, which cannot be disabled, beside the enables of the field. */
const UNIMPLEMENTED = 0x20;

const TWO_32 = 4294967296;
const ROUNDING: Record<Exclude<Rounding, 'cvt'>, number> = { round: NEAREST, trunc: TO_ZERO, ceil: UP, floor: DOWN };

/** The nearest integer, ties to even. */
function nearestInteger(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest < 0.5) return below;
  return rest > 0.5 || below % 2 !== 0 ? below + 1 : below;
}

function toIntegral(value: number, rounding: number): number {
  switch (rounding) {
    case NEAREST:
      return nearestInteger(value);
    case TO_ZERO:
      return Math.trunc(value);
    case UP:
      return Math.ceil(value);
    default:
      return Math.floor(value);
  }
}

export class Fpu {
  /** Status.FR = 0: 1, and the lowest bit of doubles' register numbers does not count. FR = 1: 0. */
  odd = 1;
  /** Mask on the number of a double's register. */
  even = 30;
  private readonly words: Int32Array;
  private readonly floats: Float32Array;
  private readonly doubles: Float64Array;
  /** Under FR = 0: the registers' upper words, out of reach. */
  private readonly upper = new Int32Array(32);

  constructor(private readonly cpu: Cpu) {
    const { memory } = cpu;
    this.words = memory.words;
    this.floats = memory.floats;
    this.doubles = memory.doubles.subarray(FPR_DOUBLES, FPR_DOUBLES + 32);
  }

  reset(): void {
    this.words.fill(0, FPR_WORDS, FPR_WORDS + 64);
    this.upper.fill(0);
    this.words[FCSR_WORD] = 0;
  }

  /** Status.FR is `fr` now. Registers keep their lower words, and their upper words until FR is 1 again. */
  setMode(fr: boolean): void {
    if (fr === (this.odd === 0)) return;
    const { words, upper } = this;
    for (let i = 0; i < 32; i += 2) {
      const at = FPR_WORDS + 2 * i;
      if (fr) {
        words[at + 2] = words[at + 1]!;
        words[at + 1] = upper[i]!;
        words[at + 3] = upper[i + 1]!;
      } else {
        upper[i] = words[at + 1]!;
        upper[i + 1] = words[at + 3]!;
        words[at + 1] = words[at + 2]!;
      }
    }
    this.odd = fr ? 0 : 1;
    this.even = fr ? 31 : 30;
  }

  // Registers

  /** Index of a register's lower word. */
  low(n: number): number {
    return FPR_WORDS + 2 * n - (n & this.odd);
  }
  /** Index of the upper word of a double's register. */
  high(n: number): number {
    return FPR_WORDS + 1 + 2 * (n & this.even);
  }
  single(n: number): number {
    return this.floats[this.low(n)]!;
  }
  double(n: number): number {
    return this.doubles[n & this.even]!;
  }
  private pattern(t: FloatType, n: number): bigint {
    if (t === SINGLE) return BigInt(this.words[this.low(n)]! >>> 0);
    const high = BigInt(this.words[this.high(n)]! >>> 0);
    return (high << 32n) | BigInt(this.words[this.high(n) - 1]! >>> 0);
  }
  private setPattern(t: FloatType, n: number, value: bigint): void {
    if (t === SINGLE) this.words[this.low(n)] = Number(value);
    else this.setLong(n, Number(value >> 32n), Number(value & 0xffffffffn));
  }
  private setLong(n: number, high: number, low: number): void {
    const at = this.high(n);
    this.words[at] = high;
    this.words[at - 1] = low;
  }

  // Control registers

  condition(cc: number): number {
    return (this.words[FCSR_WORD]! >>> (cc === 0 ? 23 : 24 + cc)) & 1;
  }

  private setCondition(cc: number, value: boolean): void {
    const bit = 1 << (cc === 0 ? 23 : 24 + cc);
    if (value) this.words[FCSR_WORD]! |= bit;
    else this.words[FCSR_WORD]! &= ~bit;
  }

  /** FCSR.RM is round to nearest. */
  get nearest(): boolean {
    return (this.words[FCSR_WORD]! & 3) === NEAREST;
  }

  /** CFC1. */
  readControl(register: number): number {
    const fcsr = this.words[FCSR_WORD]!;
    switch (register) {
      case 0:
        return FIR;
      case 1:
        return 0;
      case 25:
        return ((fcsr >>> 24) & 0xfe) | ((fcsr >>> 23) & 1);
      case 26:
        return fcsr & 0x0003f07c;
      case 28:
        return (fcsr & 0x00000f83) | ((fcsr >>> 22) & 4);
      default:
        return fcsr;
    }
  }

  /** CTC1; raises Floating Point Exception when FCSR then has a cause that is enabled. */
  writeControl(register: number, value: number): void {
    const fcsr = this.words[FCSR_WORD]!;
    let written: number;
    switch (register) {
      case 25:
        if ((value & 0xffffff00) !== 0) return;
        written = (fcsr & 0x017fffff) | ((value & 0xfe) << 24) | ((value & 1) << 23);
        break;
      case 26:
        if ((value & 0x007c0000) !== 0) return;
        written = (fcsr & ~0x0003f07c) | (value & 0x0003f07c);
        break;
      case 28:
        if ((value & 0x007c0000) !== 0) return;
        written = (fcsr & ~0x01000f83) | (value & 0x00000f83) | ((value & 4) << 22);
        break;
      case 31:
        written = (fcsr & ~FCSR_WRITABLE) | (value & FCSR_WRITABLE);
        break;
      default:
        return;
    }
    this.words[FCSR_WORD] = written;
    const enables = ((written >>> 7) & 31) | UNIMPLEMENTED;
    if (((written >>> 12) & enables) !== 0) this.cpu.raise(ExcCode.FPE);
  }

  /** Ends an operation that signalled `flags`: false when one of them is enabled, and raised. */
  private settle(flags: number): boolean {
    const fcsr = (this.words[FCSR_WORD]! & ~FCSR_CAUSE) | (flags << 12);
    if ((fcsr & (flags << 7)) !== 0) {
      this.words[FCSR_WORD] = fcsr;
      this.cpu.raise(ExcCode.FPE);
      return false;
    }
    this.words[FCSR_WORD] = fcsr | (flags << 2);
    return true;
  }

  private environment(rounding = this.words[FCSR_WORD]! & 3): FloatEnvironment {
    return { rounding, flush: (this.words[FCSR_WORD]! & FCSR_FS) !== 0, flags: 0 };
  }

  // Operations. Numbers name registers.

  /** Stores what fast-float.ts has made. */
  setSingle(fd: number, value: number): void {
    const { inexact } = exactness;
    exactness.inexact = 0;
    if (this.settle(inexact)) this.floats[this.low(fd)] = value;
  }
  setDouble(fd: number, value: number): void {
    const { inexact } = exactness;
    exactness.inexact = 0;
    if (this.settle(inexact)) this.doubles[fd & this.even] = value;
  }

  move(format: FloatFormat, fd: number, fs: number): void {
    if (format === 's') this.words[this.low(fd)] = this.words[this.low(fs)]!;
    else this.setLong(fd, this.words[this.high(fs)]!, this.words[this.high(fs) - 1]!);
  }

  /** An operation that fast-float.ts does not do; `word` is the instruction. */
  calculate(operation: FloatOperation, format: FloatFormat, word: number): void {
    exactness.inexact = 0;
    const t = format === 's' ? SINGLE : DOUBLE;
    const env = this.environment();
    const fs = this.pattern(t, (word >>> 11) & 31);
    const ft = () => this.pattern(t, (word >>> 16) & 31);
    const fr = () => this.pattern(t, (word >>> 21) & 31);
    const one = BigInt(t.bias) << BigInt(t.fraction);
    let result: bigint;
    switch (operation) {
      case 'add':
        result = add(t, env, fs, ft());
        break;
      case 'sub':
        result = sub(t, env, fs, ft());
        break;
      case 'mul':
        result = mul(t, env, fs, ft());
        break;
      case 'div':
        result = div(t, env, fs, ft());
        break;
      case 'sqrt':
        result = sqrt(t, env, fs);
        break;
      case 'recip':
        result = div(t, env, one, fs);
        break;
      case 'rsqrt':
        result = div(t, env, one, sqrt(t, env, fs));
        break;
      // Not fused: the product is rounded too.
      case 'madd':
        result = add(t, env, mul(t, env, fs, ft()), fr());
        break;
      case 'msub':
        result = sub(t, env, mul(t, env, fs, ft()), fr());
        break;
      case 'nmadd':
        result = add(t, env, mul(t, env, fs, ft()), fr()) ^ t.signBit;
        break;
      case 'nmsub':
        result = sub(t, env, mul(t, env, fs, ft()), fr()) ^ t.signBit;
        break;
      default:
        return this.cpu.reserved(word);
    }
    if (this.settle(env.flags)) this.setPattern(t, (word >>> 6) & 31, result);
  }

  /** ABS.fmt, NEG.fmt: they look at nothing but the sign. */
  changeSign(operation: 'abs' | 'neg', format: FloatFormat, fd: number, fs: number): void {
    const from = format === 's' ? this.low(fs) : this.high(fs);
    const value = operation === 'abs' ? this.words[from]! & 0x7fffffff : this.words[from]! ^ 0x80000000;
    if (format === 's') this.words[this.low(fd)] = value;
    else this.setLong(fd, value, this.words[from - 1]!);
  }

  /** Conversions between single and double, and from integers to either. */
  toFloat(to: 's' | 'd', from: FloatFormat, fd: number, fs: number): void {
    const t = to === 's' ? SINGLE : DOUBLE;
    if (from === 'w' || from === 'l') {
      const integer =
        from === 'w'
          ? this.words[this.low(fs)]!
          : this.words[this.high(fs)]! * TWO_32 + (this.words[this.high(fs) - 1]! >>> 0);
      if (Math.abs(integer) <= Number.MAX_SAFE_INTEGER) {
        if (to === 'd') return this.setDouble(fd, integer);
        if (this.nearest) return this.setSingle(fd, roundToSingle(integer));
      }
      const env = this.environment();
      const exact = from === 'w' ? BigInt(integer) : BigInt.asIntN(64, this.pattern(DOUBLE, fs));
      const result = fromInteger(t, env, exact);
      if (this.settle(env.flags)) this.setPattern(t, fd, result);
      return;
    }
    if (to === 'd') {
      const value = this.single(fs);
      if (value - value === 0) return this.setDouble(fd, value);
    } else if (this.nearest) {
      const value = roundToSingle(this.double(fs));
      if (value === value) return this.setSingle(fd, value);
      exactness.inexact = 0;
    }
    const env = this.environment();
    const source = from === 's' ? SINGLE : DOUBLE;
    const result = convert(t, source, env, this.pattern(source, fs));
    if (this.settle(env.flags)) this.setPattern(t, fd, result);
  }

  /** Conversions to integers. What does not fit gives the largest integer and Invalid Operation. */
  toInteger(rounding: Rounding, to: 'w' | 'l', from: 's' | 'd', fd: number, fs: number): void {
    const value = from === 's' ? this.single(fs) : this.double(fs);
    const mode = rounding === 'cvt' ? this.words[FCSR_WORD]! & 3 : ROUNDING[rounding];
    const integer = toIntegral(value, mode);
    const limit = to === 'w' ? 2 ** 31 : 2 ** 63;
    const fits = integer >= -limit && integer < limit;
    if (!this.settle(!fits ? INVALID : integer === value ? 0 : INEXACT)) return;
    if (to === 'w') this.words[this.low(fd)] = fits ? integer : 0x7fffffff;
    else if (!fits) this.setLong(fd, 0x7fffffff, -1);
    else {
      const high = Math.floor(integer / TWO_32);
      this.setLong(fd, high, integer - high * TWO_32);
    }
  }

  /** C.cond.fmt. The condition's bits: signal Invalid Operation for every NaN, less, equal, unordered. */
  compare(condition: number, format: FloatFormat, cc: number, fs: number, ft: number): void {
    const a = format === 's' ? this.single(fs) : this.double(fs);
    const b = format === 's' ? this.single(ft) : this.double(ft);
    let holds: boolean;
    let flags = 0;
    if (a !== a || b !== b) {
      const t = format === 's' ? SINGLE : DOUBLE;
      const signals = t.isSignalling(this.pattern(t, fs)) || t.isSignalling(this.pattern(t, ft));
      if (signals || (condition & 8) !== 0) flags = INVALID;
      holds = (condition & 1) !== 0;
    } else holds = ((condition & 4) !== 0 && a < b) || ((condition & 2) !== 0 && a === b);
    if (this.settle(flags)) this.setCondition(cc, holds);
  }
}
