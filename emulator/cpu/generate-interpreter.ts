/**
 * Writes the interpreter's source from the instruction table: a switch on the raw word, each row's semantics turned
 * into JavaScript. `npm run generate` stores the result in interpreter.generated.ts; a test compares the two.
 */
import { ENCODINGS, type Encoding } from './encoding.ts';
import { FloatJavaScript } from './float-javascript-target.ts';
import { JavaScript, OUT_OF_LINE, SAVE } from './javascript-target.ts';

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
