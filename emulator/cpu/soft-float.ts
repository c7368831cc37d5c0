/**
 * IEEE 754 arithmetic on bit patterns, exact in every case: all rounding modes, subnormal numbers, NaNs in the encoding
 * of MIPS before 2008 (quiet bit 0; MIPS PRA, MD00083, 5.3). Slow, as it calculates in BigInt: fast-float.ts does what
 * is ordinary.
 */

export const INVALID = 16;
export const DIVIDE_BY_ZERO = 8;
export const OVERFLOW = 4;
export const UNDERFLOW = 2;
export const INEXACT = 1;

/** FCSR.RM. */
export const NEAREST = 0;
export const TO_ZERO = 1;
export const UP = 2;
export const DOWN = 3;

export interface FloatEnvironment {
  rounding: number;
  /** FCSR.FS: results that would be subnormal are zero instead. */
  flush: boolean;
  /** What operations have signalled; they add to it. */
  flags: number;
}

export class FloatType {
  readonly signBit: bigint;
  readonly infinity: bigint;
  readonly defaultNan: bigint;
  readonly quietBit: bigint;
  readonly fractionMask: bigint;
  readonly bias: number;

  constructor(
    bits: number,
    /** Bits of the fraction as stored. */
    readonly fraction: number,
  ) {
    const f = BigInt(fraction);
    this.signBit = 1n << BigInt(bits - 1);
    this.infinity = this.signBit - (1n << f);
    this.quietBit = 1n << (f - 1n);
    this.fractionMask = (1n << f) - 1n;
    this.defaultNan = this.infinity | (this.quietBit - 1n);
    this.bias = 2 ** (bits - fraction - 2) - 1;
  }

  isNan(a: bigint): boolean {
    return (a & ~this.signBit) > this.infinity;
  }
  isSignalling(a: bigint): boolean {
    return this.isNan(a) && (a & this.quietBit) !== 0n;
  }
  isInfinite(a: bigint): boolean {
    return (a & ~this.signBit) === this.infinity;
  }
  isZero(a: bigint): boolean {
    return (a & ~this.signBit) === 0n;
  }
}

export const SINGLE = new FloatType(32, 23);
export const DOUBLE = new FloatType(64, 52);

/** A finite number: (-1)^sign * m * 2^e. */
interface Exact {
  negative: boolean;
  m: bigint;
  e: number;
}

function unpack(t: FloatType, a: bigint): Exact {
  const exponent = Number((a & t.infinity) >> BigInt(t.fraction));
  const fraction = a & t.fractionMask;
  return {
    negative: (a & t.signBit) !== 0n,
    m: exponent === 0 ? fraction : fraction | (t.fractionMask + 1n),
    e: Math.max(exponent, 1) - t.bias - t.fraction,
  };
}

const lengthOf = (m: bigint) => m.toString(2).length;

/** m / 2^shift, rounded. */
function roundOff(env: FloatEnvironment, negative: boolean, m: bigint, shift: number): bigint {
  if (shift <= 0) return m << BigInt(-shift);
  const s = BigInt(shift);
  const kept = m >> s;
  const rest = m - (kept << s);
  if (rest === 0n) return kept;
  let up: boolean;
  switch (env.rounding) {
    case NEAREST: {
      const half = 1n << (s - 1n);
      up = rest > half || (rest === half && (kept & 1n) !== 0n);
      break;
    }
    case UP:
      up = !negative;
      break;
    case DOWN:
      up = negative;
      break;
    default:
      up = false;
  }
  return up ? kept + 1n : kept;
}

/** Rounds (-1)^negative * m * 2^e; a bit far below all that matters may stand for what m lacks. */
function pack(t: FloatType, env: FloatEnvironment, { negative, m, e }: Exact): bigint {
  const sign = negative ? t.signBit : 0n;
  if (m === 0n) return sign;
  const least = 1 - t.bias;
  const exponent = e + lengthOf(m) - 1;
  if (exponent < least && env.flush) return sign;
  const unit = Math.max(exponent, least) - t.fraction;
  const rounded = roundOff(env, negative, m, unit - e);
  const inexact = unit > e && rounded << BigInt(unit - e) !== m;
  // Tininess is detected after rounding, as if the exponent had no lower bound.
  if (inexact && exponent < least) {
    const free = roundOff(env, negative, m, exponent - t.fraction - e);
    if (exponent + lengthOf(free) - 1 - t.fraction < least) env.flags |= UNDERFLOW;
  }
  if (inexact) env.flags |= INEXACT;
  // The leading bit, or a carry, adds one to the exponent below it.
  const magnitude = (BigInt(unit + t.fraction + t.bias - 1) << BigInt(t.fraction)) + rounded;
  if (magnitude >= t.infinity) {
    env.flags |= OVERFLOW | INEXACT;
    const infinite = env.rounding === NEAREST || env.rounding === (negative ? DOWN : UP);
    return sign | (infinite ? t.infinity : t.infinity - 1n);
  }
  return sign | magnitude;
}

/** An operation on `operands`, one of which is a NaN. MIPS before 2008 need not carry a NaN's payload on, and does not. */
function nan(t: FloatType, env: FloatEnvironment, ...operands: bigint[]): bigint {
  if (operands.some((a) => t.isSignalling(a))) env.flags |= INVALID;
  return t.defaultNan;
}

function invalid(t: FloatType, env: FloatEnvironment): bigint {
  env.flags |= INVALID;
  return t.defaultNan;
}

export function add(t: FloatType, env: FloatEnvironment, a: bigint, b: bigint): bigint {
  if (t.isNan(a) || t.isNan(b)) return nan(t, env, a, b);
  if (t.isInfinite(a)) return t.isInfinite(b) && a !== b ? invalid(t, env) : a;
  if (t.isInfinite(b)) return b;
  const x = unpack(t, a);
  const y = unpack(t, b);
  const e = Math.min(x.e, y.e);
  const aligned = (v: Exact) => (v.negative ? -v.m : v.m) << BigInt(v.e - e);
  const sum = aligned(x) + aligned(y);
  if (sum === 0n) {
    const negative = x.negative === y.negative ? x.negative : env.rounding === DOWN;
    return negative ? t.signBit : 0n;
  }
  return pack(t, env, { negative: sum < 0n, m: sum < 0n ? -sum : sum, e });
}

export function sub(t: FloatType, env: FloatEnvironment, a: bigint, b: bigint): bigint {
  return add(t, env, a, t.isNan(b) ? b : b ^ t.signBit);
}

export function mul(t: FloatType, env: FloatEnvironment, a: bigint, b: bigint): bigint {
  if (t.isNan(a) || t.isNan(b)) return nan(t, env, a, b);
  const sign = (a ^ b) & t.signBit;
  if (t.isInfinite(a) || t.isInfinite(b)) {
    return t.isZero(a) || t.isZero(b) ? invalid(t, env) : sign | t.infinity;
  }
  const x = unpack(t, a);
  const y = unpack(t, b);
  return pack(t, env, { negative: sign !== 0n, m: x.m * y.m, e: x.e + y.e });
}

export function div(t: FloatType, env: FloatEnvironment, a: bigint, b: bigint): bigint {
  if (t.isNan(a) || t.isNan(b)) return nan(t, env, a, b);
  const sign = (a ^ b) & t.signBit;
  if (t.isInfinite(a)) return t.isInfinite(b) ? invalid(t, env) : sign | t.infinity;
  if (t.isInfinite(b)) return sign;
  if (t.isZero(b)) {
    if (t.isZero(a)) return invalid(t, env);
    env.flags |= DIVIDE_BY_ZERO;
    return sign | t.infinity;
  }
  const x = unpack(t, a);
  const y = unpack(t, b);
  // Enough bits that the quotient has two more than the fraction; what is left of the dividend adds one below.
  const shift = 2 * t.fraction + 4;
  const dividend = x.m << BigInt(shift);
  const quotient = ((dividend / y.m) << 1n) | (dividend % y.m === 0n ? 0n : 1n);
  return pack(t, env, { negative: sign !== 0n, m: quotient, e: x.e - y.e - shift - 1 });
}

export function sqrt(t: FloatType, env: FloatEnvironment, a: bigint): bigint {
  if (t.isNan(a)) return nan(t, env, a);
  if (t.isZero(a)) return a;
  if ((a & t.signBit) !== 0n) return invalid(t, env);
  if (t.isInfinite(a)) return a;
  const x = unpack(t, a);
  const shift = 2 * t.fraction + 4 + (x.e & 1);
  const square = x.m << BigInt(shift);
  const root = integerRoot(square);
  const m = (root << 1n) | (root * root === square ? 0n : 1n);
  return pack(t, env, { negative: false, m, e: (x.e - shift) / 2 - 1 });
}

/** The largest integer whose square is at most n > 0. */
function integerRoot(n: bigint): bigint {
  let root = 1n << BigInt((lengthOf(n) + 1) >> 1);
  for (;;) {
    const better = (root + n / root) >> 1n;
    if (better >= root) return root;
    root = better;
  }
}

/** From one format to the other. */
export function convert(to: FloatType, from: FloatType, env: FloatEnvironment, a: bigint): bigint {
  const sign = (a & from.signBit) !== 0n ? to.signBit : 0n;
  if (from.isNan(a)) {
    if (from.isSignalling(a)) env.flags |= INVALID;
    return to.defaultNan;
  }
  if (from.isInfinite(a)) return sign | to.infinity;
  return pack(to, env, unpack(from, a));
}

export function fromInteger(t: FloatType, env: FloatEnvironment, value: bigint): bigint {
  return pack(t, env, { negative: value < 0n, m: value < 0n ? -value : value, e: 0 });
}
