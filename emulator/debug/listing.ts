/** Disassembly as a listing: labels, targets by name, delay slots, what of it cannot be read. */
import { decode } from '../cpu/encoding.ts';
import { disassemble } from '../cpu/disassembler.ts';
import type { CodeLine } from '../protocol.ts';
import { peekValue } from './peek.ts';
import type { DebugTarget } from './target.ts';

/** The operand names of rows that go somewhere (instructions.ts). */
const BRANCH = /\boffset\b/;
const JUMP = /\btarget\b/;
const REGISTER_JUMPS = new Set(['jr', 'jr.hb', 'jalr', 'jalr.hb']);

/** Whether an instruction has a delay slot. */
export function hasDelaySlot(word: number): boolean {
  const row = decode(word);
  return row !== null && (BRANCH.test(row.asm) || JUMP.test(row.asm) || REGISTER_JUMPS.has(row.name));
}

/** Whether an instruction is a call: it leaves the address behind its delay slot in a register. */
export function isCall(word: number): boolean {
  const name = decode(word)?.name ?? '';
  return name === 'jal' || name.startsWith('jalr') || name === 'bal' || /^b\w+al(l)?$/.test(name);
}

/** Where a branch or jump of fixed target goes, or null. */
function targetOf(word: number, address: number): number | null {
  const row = decode(word);
  if (!row) return null;
  if (BRANCH.test(row.asm)) return (address + 4 + (((word << 16) >> 16) << 2)) >>> 0;
  return JUMP.test(row.asm) ? (((address + 4) & 0xf0000000) | ((word & 0x03ffffff) << 2)) >>> 0 : null;
}

/** @param start address of the first line, a multiple of 4 */
export function listing(target: DebugTarget, start: number, count: number): CodeLine[] {
  const lines: CodeLine[] = [];
  const { symbols } = target;
  const read = (address: number) => peekValue(target, address >>> 0, 4);
  let before = read(start - 4);
  for (let i = 0; i < count; i++) {
    const address = (start + 4 * i) >>> 0;
    const word = read(address);
    const name = symbols.describe(address);
    const to = word === null ? null : targetOf(word, address);
    const at = to === null ? '' : symbols.describe(to);
    lines.push({
      address,
      word,
      text: word === null ? 'not mapped' : disassemble(word, address),
      label: name !== '' && !name.includes('+0x') ? name : '',
      note: at,
      delaySlot: before !== null && hasDelaySlot(before),
    });
    before = word;
  }
  return lines;
}
