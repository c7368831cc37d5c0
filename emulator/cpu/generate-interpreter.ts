/**
 * Writes the interpreter's source from the instruction table: a switch on the raw word, each row's semantics turned
 * into JavaScript. `npm run generate` stores the result in interpreter.generated.ts; a test compares the two.
 */
import { ENCODINGS, type Encoding } from './encoding.ts';
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
const RT = '((w >>> 16) & 31)';
const RD = '((w >>> 11) & 31)';
const SA = '((w >>> 6) & 31)';
const FIELD: Record<FloatRegister, string> = { fd: SA, fs: RD, ft: RT, fr: RS };
const SAVE = 'c.pc = pc; c.next = next; c.delay = delay; c.left = left;';
const HI = 32;
const LO = 33;

/** Semantics as JavaScript text; see cpu.ts for `c`, and the template below for the other names. */
class JavaScript implements Target<string> {
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

const OUT_OF_LINE = `${SAVE} executeFloat(c, w); if (c.raised) continue turn;`;

/** Rows of coprocessor 1 as executeFloat has them. */
class FloatJavaScript extends JavaScript {
  /** @param functions by name: each small enough that its numbers stay unboxed */
  constructor(private readonly functions: Map<string, string>) {
    super();
  }

  /** Doubles are in even registers where FR is 0. 64-bit integers are not there at all. */
  private requireRegisters(format: FloatFormat, ...registers: FloatRegister[]): void {
    const shift = { fd: 6, fs: 11, ft: 16, fr: 21 };
    if (format === 'l') this.lines.push('if (f.odd !== 0) return c.reserved(w);');
    if (format !== 'd') return;
    const bits = registers.map((register) => `(w >>> ${shift[register]})`).join(' | ');
    this.lines.push(`if (((${bits}) & f.odd) !== 0) return c.reserved(w);`);
  }

  override reserveFloat(): void {
    this.lines.push('return c.reserved(w);');
    this.leaves = true;
  }
  override floatControl(direction: 'from' | 'to'): void {
    this.lines.push(
      direction === 'from' ? `c.setRegister(${RT}, f.readControl(${RD}));` : `f.writeControl(${RD}, ${this.rt});`,
    );
  }
  override float(operation: FloatOperation, format: FloatFormat): void {
    const kind = format === 's' ? 'Single' : 'Double';
    const read = (register: FloatRegister) => `f.${kind.toLowerCase()}(${FIELD[register]})`;
    const call = (name: string, ...values: string[]) => `${name}${kind}(${values.join(', ')})`;
    const [fs, ft, fr] = [read('fs'), read('ft'), read('fr')];
    const product = call('mul', fs, ft);
    const unary: FloatRegister[] = ['fd', 'fs'];
    const binary: FloatRegister[] = ['fd', 'fs', 'ft'];
    const ternary: FloatRegister[] = ['fd', 'fs', 'ft', 'fr'];
    const operations: Record<FloatOperation, [value: string, registers: FloatRegister[]]> = {
      add: [call('add', fs, ft), binary],
      sub: [call('add', fs, '-' + ft), binary],
      mul: [product, binary],
      div: [call('div', fs, ft), binary],
      sqrt: [call('sqrt', fs), unary],
      recip: [call('div', '1', fs), unary],
      rsqrt: [call('div', '1', call('sqrt', fs)), unary],
      madd: [call('add', product, fr), ternary],
      msub: [call('add', product, '-' + fr), ternary],
      nmadd: ['-' + call('add', product, fr), ternary],
      nmsub: ['-' + call('add', product, '-' + fr), ternary],
      abs: ['', unary],
      neg: ['', unary],
    };
    const [value, registers] = operations[operation];
    this.requireRegisters(format, ...registers);
    if (value === '') {
      this.lines.push(`f.changeSign('${operation}', '${format}', ${SA}, ${RD});`);
      return;
    }
    const name = operation + kind + 'Registers';
    this.functions.set(
      name,
      `function ${name}(f: Fpu, w: number): void {
  const v = f.nearest ? ${value} : NaN;
  if (v === v) f.set${kind}(${SA}, v);
  else f.calculate('${operation}', '${format}', w);
}`,
    );
    this.lines.push(`${name}(f, w);`);
  }
  override floatConvert(rounding: Rounding, to: FloatFormat, from: FloatFormat): void {
    this.requireRegisters(to, 'fd');
    this.requireRegisters(from, 'fs');
    this.lines.push(
      to === 'w' || to === 'l'
        ? `f.toInteger('${rounding}', '${to}', '${from}', ${SA}, ${RD});`
        : `f.toFloat('${to}', '${from}', ${SA}, ${RD});`,
    );
  }
  override floatCompare(_condition: number, format: FloatFormat): void {
    this.requireRegisters(format, 'fs', 'ft');
    this.lines.push(`f.compare(w & 15, '${format}', (w >>> 8) & 7, ${RD}, ${RT});`);
  }
  override floatMove(format: FloatFormat): void {
    this.requireRegisters(format, 'fd', 'fs');
    this.lines.push(`f.move('${format}', ${SA}, ${RD});`);
  }
  override floatMoveIf(condition: string, format: FloatFormat): void {
    this.lines.push(`if (${truth(condition)}) f.move('${format}', ${SA}, ${RD});`);
  }
}

/** `(a < b ? 1 : 0)` as a condition is `a < b`. */
function truth(value: string): string {
  const comparison = /^\((.*) \? 1 : 0\)$/.exec(value);
  if (comparison && !comparison[1]!.includes('?')) return comparison[1]!;
  // A negated comparison, written `(x ? 1 : 0) === 0`.
  const negated = /^\(\((.*) \? 1 : 0\) === 0 \? 1 : 0\)$/.exec(value);
  return negated ? `!(${negated[1]!})` : `${value} !== 0`;
}

interface Dialect {
  body(e: Encoding): string;
  reserved: string;
}

const INTERPRETER: Dialect = {
  body(e) {
    const target = new JavaScript();
    e.instruction.does(target);
    return target.text();
  },
  reserved: `${SAVE} c.reserved(w); continue turn;`,
};

function floatDialect(functions: Map<string, string>): Dialect {
  return {
    body(e) {
      const target = new FloatJavaScript(functions);
      e.instruction.does(target);
      return target.text();
    },
    reserved: 'return c.reserved(w);',
  };
}

/** Bit fields that a switch may be made on: shift and width. */
const FIELDS: [shift: number, width: number][] = [
  [26, 6],
  [0, 6],
  [16, 5],
  [21, 5],
  [6, 5],
];

function emit(rows: Encoding[], known: number, dialect: Dialect): string {
  if (rows.length === 0) return dialect.reserved;
  const bodyOf = (e: Encoding) => dialect.body(e);
  const bodies = new Set(rows.map(bodyOf));
  const last = rows.at(-1)!;
  const lastIsCertain = (last.mask & ~known) === 0;
  if (lastIsCertain && bodies.size === 1) return bodyOf(last);
  const field = FIELDS.map(([shift, width]) => {
    const bits = (((1 << width) - 1) << shift) >>> 0;
    const on = (known & bits) === 0 ? rows.filter((e) => (e.mask & bits) >>> 0 === bits).length : 0;
    return { shift, bits, on };
  }).reduce((best, f) => (f.on > best.on ? f : best));
  if (field.on >= 2) {
    const { shift, bits } = field;
    const fits = (e: Encoding, v: number) => ((e.value ^ (v << shift)) & e.mask & bits) === 0;
    const cases = new Map<string, number[]>();
    const values = new Set(rows.filter((e) => (e.mask & bits) >>> 0 === bits).map((e) => (e.value & bits) >>> shift));
    for (const v of [...values].sort((a, b) => a - b)) {
      const text = emit(
        rows.filter((e) => fits(e, v)),
        known | bits,
        dialect,
      );
      cases.set(text, [...(cases.get(text) ?? []), v]);
    }
    const others = emit(
      rows.filter((e) => (e.mask & bits) === 0),
      known | bits,
      dialect,
    );
    const mask = bits >>> shift;
    const text = [...cases].map(([body, vs]) => `${vs.map((v) => `case ${v}:`).join(' ')} { ${body} }`).join('\n');
    // An inner `break` leaves only the inner switch; the outer one is left right after it.
    return `switch ((w >>> ${shift}) & ${mask}) {\n${text}\ndefault: { ${others} }\n} break;`;
  }
  // Nothing gets past the first row that every word here matches.
  const certain = rows.findIndex((e) => (e.mask & ~known) === 0);
  return (
    (certain < 0 ? rows : rows.slice(0, certain + 1))
      .map((e) => {
        const rest = (e.mask & ~known) >>> 0;
        return rest === 0 ? bodyOf(e) : `if ((w & ${rest | 0}) === ${(e.value & rest) | 0}) { ${bodyOf(e)} }`;
      })
      .join('\n') + (certain < 0 ? `\n${dialect.reserved}` : '')
  );
}

/** The interpreter's loop. */
function loop(): string {
  const rows = ENCODINGS.filter((e) => !e.instruction.alias);
  return `/**
 * Runs until no more than \`floor\` of \`c.left\` instructions are left, between branch and delay slot one fewer.
 * Every instruction counts one, also one that raises an exception.
 */
export function interpret(c: Cpu, floor = 0): void {
  const m32 = c.memory.words, m16 = c.memory.halves, m8 = c.memory.bytes, r = c.r, f = c.fpu;
  const e8 = c.byteSwizzle, e16 = c.byteSwizzle & 2;
  turn: for (;;) {
    let pc = c.pc, next = c.next, delay = c.delay, left = c.left;
    const reads = c.reads, writes = c.writes;
    c.raised = false;
    for (;;) {
      if (left <= floor && delay === 0) {
        c.pc = pc; c.next = next; c.delay = delay; c.left = left;
        return;
      }
      left--;
      let w: number;
      const x = m32[reads + (pc >>> 12)]! ^ pc;
      if ((x & 0x80000003) === 0) w = m32[x >> 2]!;
      else { ${SAVE} w = c.fetch(pc); if (c.raised) continue turn; left = c.left; }
      ${emit(rows, 0, INTERPRETER).replace(/ break;$/, '')}
      r[0] = 0;
      if (delay === 0) pc = (pc + 4) | 0;
      else { pc = next; delay = 0; }
    }
  }
}`;
}

/** The whole source text of interpreter.generated.ts. */
export function generateInterpreter(): string {
  const rows = ENCODINGS.filter((e) => !e.instruction.alias);
  const floats = rows.filter((e) => INTERPRETER.body(e).startsWith(OUT_OF_LINE));
  const functions = new Map<string, string>();
  const floatSwitch = emit(floats, 0, floatDialect(functions)).replace(/ break;$/, '');
  return `// Generated from instructions.ts by generate-interpreter.ts (npm run generate). Do not edit.
import type { Cpu } from './cpu.ts';
import type { Fpu } from './fpu.ts';
import { insertBits, loadLeft, loadRight, storeLeft, storeRight } from './bits.ts';
import { ExcCode } from './exceptions.ts';
import {
  addDouble, addSingle, divDouble, divSingle, mulDouble, mulSingle, sqrtDouble, sqrtSingle,
} from './fast-float.ts';

const OVERFLOW = ExcCode.Ov;
const TRAP = ExcCode.Tr;

${loop()}

${[...functions.values()].join('\n')}

/** Arithmetic and control of coprocessor 1. Does not advance the CPU; \`c.raised\` is set when it raises. */
function executeFloat(c: Cpu, w: number): void {
  if (!c.fpuUsable) return c.unusable(1);
  const f = c.fpu, r = c.r;
  ${floatSwitch}
}
`;
}
