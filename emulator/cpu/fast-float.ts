/**
 * Arithmetic that JavaScript's own does right: round to nearest, ordinary operands and results. Each function returns
 * the rounded result and notes in {@link exactness} whether it is inexact, or returns NaN where NaNs, infinities,
 * overflow, underflow or division by zero take part: then soft-float.ts has to do it.
 *
 * Rounding errors are computed exactly (Dekker 1971, Knuth 4.2.2). A result of 24 bits may be rounded twice, by way of
 * 53 bits: for these operations that gives what rounding once does, as 53 >= 2 * 24 + 2 (Figueroa 1995).
 */

/** Set when a result was not exact; never cleared here. */
export const exactness = { inexact: 0 };

const MIN_DOUBLE = 2 ** -1022;
const MIN_SINGLE = 2 ** -126;
/** Between these, neither a product's error underflows nor the splitting of a factor overflows. */
const TINY = 2 ** -900;
const HUGE = 2 ** 990;

/** a * b - p, where p is a * b rounded. */
function productError(a: number, b: number, p: number): number {
  const aTimes = 134217729 * a;
  const aHigh = aTimes - (aTimes - a);
  const aLow = a - aHigh;
  const bTimes = 134217729 * b;
  const bHigh = bTimes - (bTimes - b);
  const bLow = b - bHigh;
  return aLow * bLow - (p - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** a + b - s, where s is a + b rounded. */
function sumError(a: number, b: number, s: number): number {
  const bPart = s - a;
  return a - (s - bPart) + (b - bPart);
}

export function addDouble(a: number, b: number): number {
  const s = a + b;
  const m = Math.abs(s);
  if (m > MIN_DOUBLE && m < HUGE) {
    if (sumError(a, b, s) !== 0) exactness.inexact = 1;
    return s;
  }
  return s === 0 ? s : NaN;
}

export function mulDouble(a: number, b: number): number {
  const p = a * b;
  const m = Math.abs(p);
  if (m > TINY && m < HUGE && Math.abs(a) < HUGE && Math.abs(b) < HUGE) {
    if (productError(a, b, p) !== 0) exactness.inexact = 1;
    return p;
  }
  return a === 0 || b === 0 ? p : NaN;
}

export function divDouble(a: number, b: number): number {
  const q = a / b;
  const m = Math.abs(q);
  const dividend = Math.abs(a);
  if (m > TINY && m < HUGE && dividend > TINY && dividend < HUGE && Math.abs(b) < HUGE) {
    const p = q * b;
    if (p !== a || productError(q, b, p) !== 0) exactness.inexact = 1;
    return q;
  }
  return a === 0 ? q : NaN;
}

export function sqrtDouble(a: number): number {
  if (a > TINY && a < HUGE) {
    const root = Math.sqrt(a);
    const p = root * root;
    if (p !== a || productError(root, root, p) !== 0) exactness.inexact = 1;
    return root;
  }
  return a === 0 ? a : NaN;
}

/** `exact` is false when `value` itself has been rounded already. */
function toSingle(value: number, exact: boolean): number {
  const r = Math.fround(value);
  const m = Math.abs(r);
  if (m > MIN_SINGLE && m < Infinity) {
    if (r !== value || !exact) exactness.inexact = 1;
    return r;
  }
  return value === 0 ? value : NaN;
}

export function addSingle(a: number, b: number): number {
  const s = a + b;
  return toSingle(s, sumError(a, b, s) === 0);
}

export function mulSingle(a: number, b: number): number {
  return toSingle(a * b, true);
}

export function divSingle(a: number, b: number): number {
  const q = a / b;
  return toSingle(q, Math.fround(q) * b === a || a === 0);
}

export function sqrtSingle(a: number): number {
  if (a > MIN_SINGLE && a < Infinity) {
    const root = Math.sqrt(a);
    const r = Math.fround(root);
    return toSingle(root, r * r === a);
  }
  return a === 0 ? a : NaN;
}

export function roundToSingle(value: number): number {
  return toSingle(value, true);
}
