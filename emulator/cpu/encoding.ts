/** Fixed bits of an instruction's encoding, as mask and value, from the table's bit patterns. */
import { INSTRUCTIONS, type Instruction } from './instructions.ts';

export interface Encoding {
  instruction: Instruction;
  mask: number;
  value: number;
  /** How many bits are fixed: of two rows that match a word, the one with more wins. */
  fixed: number;
}

function encodingOf(instruction: Instruction): Encoding {
  if (instruction.bits.length !== 32) throw new Error(`${instruction.name}: pattern is not 32 bits long`);
  let mask = 0;
  let value = 0;
  let fixed = 0;
  for (const [i, letter] of [...instruction.bits].entries()) {
    if (letter !== '0' && letter !== '1') continue;
    const bit = (1 << (31 - i)) >>> 0;
    mask = (mask | bit) >>> 0;
    fixed++;
    if (letter === '1') value = (value | bit) >>> 0;
  }
  return { instruction, mask, value, fixed };
}

/** Every row of the table, the more specific first. */
export const ENCODINGS: readonly Encoding[] = INSTRUCTIONS.map(encodingOf).sort((a, b) => b.fixed - a.fixed);

const byOpcode: Encoding[][] = Array.from({ length: 64 }, (_, opcode) =>
  ENCODINGS.filter((e) => ((e.value ^ (opcode << 26)) & e.mask & 0xfc000000) === 0),
);

/** The row that a word matches, or null for a reserved instruction. */
export function decode(word: number): Instruction | null {
  for (const e of byOpcode[word >>> 26]!) if (((word ^ e.value) & e.mask) === 0) return e.instruction;
  return null;
}
