/**
 * FCSR.Cause of the last floating-point operation that generated code executed. It leaves what it did and to what in a
 * record; whether the result was inexact is found out only when somebody may look at FCSR.
 */
import { FCSR_AT, JIT_RECORD_AT, type LinearMemory } from '../memory.ts';
import {
  DOUBLE,
  INEXACT,
  NEAREST,
  SINGLE,
  add,
  div,
  mul,
  sqrt,
  sub,
  type FloatEnvironment,
} from '../cpu/soft-float.ts';

export type RecordedOperation = 'add' | 'sub' | 'mul' | 'div' | 'sqrt' | 'madd' | 'msub';

/** A record's kind is the place in this list, from 1; 0 is no record. */
export const RECORD_KINDS = (['add', 'sub', 'mul', 'div', 'sqrt', 'madd', 'msub'] as const).flatMap((operation) =>
  (['s', 'd'] as const).map((format): `${RecordedOperation}.${'s' | 'd'}` => `${operation}.${format}`),
);
/** Offset of the first operand in the record; they are eight bytes apart. */
export const RECORD_OPERANDS = 8;

const RECORD = JIT_RECORD_AT >>> 2;
const FCSR = FCSR_AT >>> 2;
const CAUSE = 0x0003f000;
const CAUSE_SHIFT = 12;

/** Brings FCSR.Cause up to date. */
export function settleRecord({ words }: LinearMemory): void {
  const kind = words[RECORD]!;
  if (kind === 0) return;
  words[RECORD] = 0;
  const [operation, format] = RECORD_KINDS[kind - 1]!.split('.') as [RecordedOperation, 's' | 'd'];
  const t = format === 's' ? SINGLE : DOUBLE;
  const operand = (i: number) => {
    const at = RECORD + ((RECORD_OPERANDS + 8 * i) >>> 2);
    const low = BigInt(words[at]! >>> 0);
    return format === 's' ? low : (BigInt(words[at + 1]! >>> 0) << 32n) | low;
  };
  const env: FloatEnvironment = { rounding: NEAREST, flush: false, flags: 0 };
  switch (operation) {
    case 'add':
      add(t, env, operand(0), operand(1));
      break;
    case 'sub':
      sub(t, env, operand(0), operand(1));
      break;
    case 'mul':
      mul(t, env, operand(0), operand(1));
      break;
    case 'div':
      div(t, env, operand(0), operand(1));
      break;
    case 'sqrt':
      sqrt(t, env, operand(0));
      break;
    case 'madd':
      add(t, env, mul(t, env, operand(0), operand(1)), operand(2));
      break;
    case 'msub':
      sub(t, env, mul(t, env, operand(0), operand(1)), operand(2));
      break;
  }
  words[FCSR] = (words[FCSR]! & ~CAUSE) | ((env.flags & INEXACT) << CAUSE_SHIFT);
}
