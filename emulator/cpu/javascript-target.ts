/**
 * Semantics as JavaScript text, for the interpreter's loop; see cpu.ts for `c`, and the template in
 * generate-interpreter.ts for the other names.
 */
import type {
  Destination,
  FloatFormat,
  FloatOperation,
  FloatRegister,
  Helper,
  LoadKind,
  Rounding,
  StoreKind,
  Target,
} from './semantics.ts';

const RS = '((w >>> 21) & 31)';
export const RT = '((w >>> 16) & 31)';
export const RD = '((w >>> 11) & 31)';
export const SA = '((w >>> 6) & 31)';
export const FIELD: Record<FloatRegister, string> = { fd: SA, fs: RD, ft: RT, fr: RS };
export const SAVE = 'c.pc = pc; c.next = next; c.delay = delay; c.left = left;';
const HI = 32;
const LO = 33;

export class JavaScript implements Target<string> {
  readonly lines: string[] = [];
  /** Set when the text ends the turn of the loop itself. */
  leaves = false;

  readonly rs = `r[${RS}]!`;
  readonly rt = `r[${RT}]!`;
  readonly hi = `r[${HI}]!`;
  readonly lo = `r[${LO}]!`;
  readonly imm = '((w << 16) >> 16)';
  readonly uimm = '(w & 0xffff)';
  readonly sa = SA;
  readonly pc = 'pc';

  constant(value: number): string {
    return String(value);
  }
  add(a: string, b: string): string {
    return `((${a} + ${b}) | 0)`;
  }
  sub(a: string, b: string): string {
    return `((${a} - ${b}) | 0)`;
  }
  mul(a: string, b: string): string {
    return `Math.imul(${a}, ${b})`;
  }
  and(a: string, b: string): string {
    return `(${a} & ${b})`;
  }
  or(a: string, b: string): string {
    return `(${a} | ${b})`;
  }
  xor(a: string, b: string): string {
    return `(${a} ^ ${b})`;
  }
  not(a: string): string {
    return `(~${a})`;
  }
  shl(a: string, b: string): string {
    return `(${a} << ${b})`;
  }
  shr(a: string, b: string): string {
    return `(${a} >>> ${b})`;
  }
  sar(a: string, b: string): string {
    return `(${a} >> ${b})`;
  }
  rotr(a: string, b: string): string {
    return `((${a} >>> ${b}) | (${a} << -${b}))`;
  }
  lessSigned(a: string, b: string): string {
    return `(${a} < ${b} ? 1 : 0)`;
  }
  lessUnsigned(a: string, b: string): string {
    return `(${a} >>> 0 < ${b} >>> 0 ? 1 : 0)`;
  }
  equal(a: string, b: string): string {
    return `(${a} === ${b} ? 1 : 0)`;
  }
  notEqual(a: string, b: string): string {
    return `(${a} !== ${b} ? 1 : 0)`;
  }
  signExtend8(a: string): string {
    return `((${a} << 24) >> 24)`;
  }
  signExtend16(a: string): string {
    return `((${a} << 16) >> 16)`;
  }
  clz(a: string): string {
    return `Math.clz32(${a})`;
  }
  swapBytesInHalves(a: string): string {
    return `(((${a} & 0x00ff00ff) << 8) | ((${a} >>> 8) & 0x00ff00ff))`;
  }
  extractBits(source: string): string {
    this.reserveIf(`${this.sa} + ${RD} > 31`);
    return `((${source} >>> ${this.sa}) & (0xffffffff >>> (31 - ${RD})))`;
  }
  insertBits(into: string, source: string): string {
    this.reserveIf(`${this.sa} > ${RD}`);
    return `insertBits(${into}, ${source}, ${this.sa}, ${RD})`;
  }

  private reserveIf(condition: string): void {
    this.lines.push(`if (${condition}) { ${SAVE} c.reserved(w); continue turn; }`);
  }

  private register(destination: Destination): string {
    return { rd: `r[${RD}]`, rt: `r[${RT}]`, ra: 'r[31]', hi: `r[${HI}]`, lo: `r[${LO}]` }[destination];
  }
  set(destination: Destination, value: string): void {
    this.lines.push(`${this.register(destination)} = ${value};`);
  }
  setIf(condition: string, destination: Destination, value: string): void {
    this.lines.push(`if (${truth(condition)}) ${this.register(destination)} = ${value};`);
  }
  multiply(a: string, b: string, signed: boolean, accumulate?: 'add' | 'subtract'): void {
    const u = signed ? '' : ' >>> 0';
    this.lines.push(
      `{ const a = ${a}${u}, b = ${b}${u}, low = Math.imul(a, b) >>> 0;`,
      // The double's rounding error is far below 2^32, so rounding the quotient gives the exact upper half.
      `let high = Math.round((a * b - low) / 4294967296);`,
    );
    if (accumulate === 'add') {
      this.lines.push(
        `const sum = low + (r[${LO}]! >>> 0); high = (r[${HI}]! + high + (sum > 0xffffffff ? 1 : 0)) | 0;`,
        `r[${LO}] = sum; r[${HI}] = high; }`,
      );
    } else if (accumulate === 'subtract') {
      this.lines.push(
        `const difference = (r[${LO}]! >>> 0) - low; high = (r[${HI}]! - high - (difference < 0 ? 1 : 0)) | 0;`,
        `r[${LO}] = difference; r[${HI}] = high; }`,
      );
    } else this.lines.push(`r[${LO}] = low; r[${HI}] = high; }`);
  }
  divide(a: string, b: string, signed: boolean): void {
    const u = signed ? '' : ' >>> 0';
    this.lines.push(
      `{ const a = ${a}${u}, b = ${b}${u};`,
      `if (b === 0) { r[${LO}] = a; r[${HI}] = 0; } else { r[${LO}] = a / b; r[${HI}] = a % b; } }`,
    );
  }
  addOrOverflow(destination: Destination, a: string, b: string): void {
    this.overflowing(destination, `${a} + ${b}`);
  }
  subtractOrOverflow(destination: Destination, a: string, b: string): void {
    this.overflowing(destination, `${a} - ${b}`);
  }
  private overflowing(destination: Destination, expression: string): void {
    this.lines.push(
      `{ const v = ${expression}; if ((v | 0) !== v) { ${SAVE} c.raise(OVERFLOW); continue turn; }`,
      `${this.register(destination)} = v; }`,
    );
  }

  branch(condition: string, options: { likely?: boolean; link?: boolean } = {}): void {
    this.forbidInDelaySlot();
    this.lines.push(`const taken = ${truth(condition)};`);
    if (options.link) this.lines.push('r[31] = pc + 8;');
    if (options.likely) this.lines.push('if (!taken) { pc = (pc + 8) | 0; continue; }');
    this.lines.push(`next = (pc + (taken ? 4 + (${this.imm} << 2) : 8)) | 0;`);
    this.enterDelaySlot();
  }
  jumpRegion(options: { link?: boolean } = {}): void {
    this.forbidInDelaySlot();
    if (options.link) this.lines.push('r[31] = pc + 8;');
    this.lines.push('next = ((pc + 4) & 0xf0000000) | ((w << 6) >>> 4);');
    this.enterDelaySlot();
  }
  jumpRegister(target: string, options: { link?: boolean } = {}): void {
    this.forbidInDelaySlot();
    this.lines.push(`next = ${target};`);
    if (options.link) this.lines.push(`r[${RD}] = pc + 8; r[0] = 0;`);
    this.enterDelaySlot();
  }
  private forbidInDelaySlot(): void {
    this.reserveIf('delay !== 0');
  }
  private enterDelaySlot(): void {
    this.lines.push('delay = 1; pc = (pc + 4) | 0; continue;');
    this.leaves = true;
  }

  load(kind: LoadKind, address: string): void {
    if (kind === 'll') return this.outOfLine(`c.loadLinked(w, ${address});`);
    const [mask, inline, slow] = {
      lb: [0x80000000, '(m8[x ^ e8]! << 24) >> 24', '(c.load8(a) << 24) >> 24'],
      lbu: [0x80000000, 'm8[x ^ e8]!', 'c.load8(a)'],
      lh: [0x80000001, '(m16[(x ^ e16) >> 1]! << 16) >> 16', '(c.load16(a) << 16) >> 16'],
      lhu: [0x80000001, 'm16[(x ^ e16) >> 1]!', 'c.load16(a)'],
      lw: [0x80000003, 'm32[x >> 2]!', 'c.load32(a)'],
      lwl: [0x80000000, 'loadLeft(T, m32[x >> 2]!, (a ^ e8) & 3)', 'loadLeft(T, c.loadPart(a), (a ^ e8) & 3)'],
      lwr: [0x80000000, 'loadRight(T, m32[x >> 2]!, (a ^ e8) & 3)', 'loadRight(T, c.loadPart(a), (a ^ e8) & 3)'],
    }[kind].map((text) => String(text).replaceAll('T', this.rt));
    this.lines.push(
      `{ const a = ${address}, x = m32[reads + (a >>> 12)]! ^ a;`,
      `if ((x & ${mask}) === 0) r[${RT}] = ${inline};`,
      `else { ${SAVE} const v = ${slow}; if (c.raised) continue turn; left = c.left; r[${RT}] = v; } }`,
    );
  }
  store(kind: StoreKind, address: string): void {
    if (kind === 'sc') return this.outOfLine(`c.storeConditional(w, ${address});`);
    const [mask, inline, slow] = {
      sb: [0x80000000, 'm8[x ^ e8] = T', 'c.store8(a, T)'],
      sh: [0x80000001, 'm16[(x ^ e16) >> 1] = T', 'c.store16(a, T)'],
      sw: [0x80000003, 'm32[x >> 2] = T', 'c.store32(a, T)'],
      swl: [0x80000000, 'm32[x >> 2] = storeLeft(T, m32[x >> 2]!, (a ^ e8) & 3)', 'c.storeLeft(a, T)'],
      swr: [0x80000000, 'm32[x >> 2] = storeRight(T, m32[x >> 2]!, (a ^ e8) & 3)', 'c.storeRight(a, T)'],
    }[kind].map((text) => String(text).replaceAll('T', this.rt));
    this.lines.push(
      `{ const a = ${address}, x = m32[writes + (a >>> 12)]! ^ a;`,
      `if ((x & ${mask}) === 0) ${inline};`,
      `else { ${SAVE} ${slow}; if (c.raised) continue turn; left = c.left; } }`,
    );
  }

  requireFloat(): void {
    this.lines.push(`if (!c.fpuUsable) { ${SAVE} c.unusable(1); continue turn; }`);
  }
  requireFr(): void {
    this.requireFloat();
    this.reserveIf('f.odd !== 0');
  }
  requireEven(register: FloatRegister): void {
    this.requireFloat();
    this.reserveIf(`(${FIELD[register]} & f.odd) !== 0`);
  }
  floatCondition(at: 8 | 18): string {
    return `f.condition((w >>> ${at}) & 7)`;
  }
  floatWord(register: FloatRegister, part: 'low' | 'high'): string {
    return `m32[f.${part}(${FIELD[register]})]!`;
  }
  setFloatWord(register: FloatRegister, part: 'low' | 'high', value: string): void {
    this.lines.push(`m32[f.${part}(${FIELD[register]})] = ${value};`);
  }
  loadFloat(format: 'w' | 'l', register: FloatRegister, address: string): void {
    this.requireFloat();
    const n = FIELD[register];
    this.lines.push(`{ const a = ${address}, x = m32[reads + (a >>> 12)]! ^ a;`);
    if (format === 'w') {
      this.lines.push(
        `if ((x & 0x80000003) === 0) m32[f.low(${n})] = m32[x >> 2]!;`,
        `else { ${SAVE} const v = c.load32(a); if (c.raised) continue turn; left = c.left; m32[f.low(${n})] = v; } }`,
      );
    } else {
      this.lines.push(
        `const to = f.high(${n}) - 1;`,
        `if ((x & 0x80000007) === 0) { const i = (x >> 2) ^ (e8 & 1); m32[to] = m32[i]!; m32[to + 1] = m32[i ^ 1]!; }`,
        `else { ${SAVE} c.loadDouble(a, to); if (c.raised) continue turn; left = c.left; } }`,
      );
    }
  }
  storeFloat(format: 'w' | 'l', register: FloatRegister, address: string): void {
    this.requireFloat();
    const n = FIELD[register];
    this.lines.push(`{ const a = ${address}, x = m32[writes + (a >>> 12)]! ^ a;`);
    if (format === 'w') {
      this.lines.push(
        `if ((x & 0x80000003) === 0) m32[x >> 2] = m32[f.low(${n})]!;`,
        `else { ${SAVE} c.store32(a, m32[f.low(${n})]!); if (c.raised) continue turn; left = c.left; } }`,
      );
    } else {
      this.lines.push(
        `const from = f.high(${n}) - 1;`,
        `if ((x & 0x80000007) === 0) { const i = (x >> 2) ^ (e8 & 1); m32[i] = m32[from]!; m32[i ^ 1] = m32[from + 1]!; }`,
        `else { ${SAVE} c.storeDouble(a, from); if (c.raised) continue turn; left = c.left; } }`,
      );
    }
  }
  // What follows is in executeFloat, as the interpreter's loop must not grow too large to be optimised.
  reserveFloat(): void {
    this.lines.push(OUT_OF_LINE);
  }
  floatControl(_direction: 'from' | 'to'): void {
    this.lines.push(OUT_OF_LINE);
  }
  float(_operation: FloatOperation, _format: FloatFormat): void {
    this.lines.push(OUT_OF_LINE);
  }
  floatConvert(_rounding: Rounding, _to: FloatFormat, _from: FloatFormat): void {
    this.lines.push(OUT_OF_LINE);
  }
  floatCompare(_condition: number, _format: FloatFormat): void {
    this.lines.push(OUT_OF_LINE);
  }
  floatMove(_format: FloatFormat): void {
    this.lines.push(OUT_OF_LINE);
  }
  floatMoveIf(_condition: string, _format: FloatFormat): void {
    this.lines.push(OUT_OF_LINE);
  }

  trap(condition: string): void {
    this.lines.push(`if (${truth(condition)}) { ${SAVE} c.raise(TRAP); continue turn; }`);
  }
  helper(name: Helper): void {
    this.outOfLine(`c.${name}(w);`);
  }
  nothing(): void {}

  private outOfLine(call: string): void {
    this.lines.push(SAVE, call, 'continue turn;');
    this.leaves = true;
  }

  text(): string {
    return this.lines.join(' ') + (this.leaves ? '' : ' break;');
  }
}

export const OUT_OF_LINE = `${SAVE} executeFloat(c, w); if (c.raised) continue turn;`;

/** `(a < b ? 1 : 0)` as a condition is `a < b`. */
export function truth(value: string): string {
  const comparison = /^\((.*) \? 1 : 0\)$/.exec(value);
  if (comparison && !comparison[1]!.includes('?')) return comparison[1]!;
  // A negated comparison, written `(x ? 1 : 0) === 0`.
  const negated = /^\(\((.*) \? 1 : 0\) === 0 \? 1 : 0\)$/.exec(value);
  return negated ? `!(${negated[1]!})` : `${value} !== 0`;
}
