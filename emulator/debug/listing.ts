/** Disassembly as a listing: labels, targets by name, delay slots, what of it cannot be read. */
import { decode } from '../cpu/encoding.ts';
import { disassemble } from '../cpu/disassembler.ts';
import type { CodeLine } from '../protocol.ts';
import { hex } from './trace.ts';
import { peekValue } from './peek.ts';
import type { DebugTarget } from './target.ts';

/** The operand names of rows that go somewhere (instructions.ts). */
const BRANCH = /\boffset\b/;
const JUMP = /\btarget\b/;
const MEMORY = /\bimm\(rs\)/;
const STORE = /^(s[bhwc]|sw[lr]|s[wd]c1)$/;
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

/** Instructions after LUI within which the lower half of the address follows, as compilers put it. */
const NEAR = 4;

/** The upper halves of addresses that the lines before have put into registers. */
class Uppers {
  private readonly at = new Map<number, { value: number; left: number }>();

  /** @returns the address that an instruction makes or accesses with one of them, or null */
  follow(word: number): number | null {
    const row = decode(word);
    const [s, t, d] = [(word >>> 21) & 31, (word >>> 16) & 31, (word >>> 11) & 31];
    const immediate = (word << 16) >> 16;
    const known = this.at.get(s);
    const uses = row !== null && (MEMORY.test(row.asm) || row.name === 'addiu' || row.name === 'ori');
    const address =
      known && uses ? (row.name === 'ori' ? known.value | (immediate & 0xffff) : known.value + immediate) >>> 0 : null;
    for (const [register, upper] of this.at) if (--upper.left <= 0) this.at.delete(register);
    // Whichever of the two fields is the destination.
    if (!MEMORY.test(row?.asm ?? '') || !STORE.test(row?.name ?? '')) this.at.delete(t);
    if (word >>> 26 === 0 || word >>> 26 === 0x1c || word >>> 26 === 0x1f) this.at.delete(d);
    if (row?.name === 'lui') this.at.set(t, { value: immediate << 16, left: NEAR });
    return address;
  }

  forget(): void {
    this.at.clear();
  }
}

/** Of the instruction that is next: the address it accesses or jumps to, as registers are now; or null. */
function addressNow({ cpu }: DebugTarget, word: number): number | null {
  const row = decode(word);
  const base = cpu.r[(word >>> 21) & 31]!;
  if (row && MEMORY.test(row.asm)) return (base + ((word << 16) >> 16)) >>> 0;
  return row && REGISTER_JUMPS.has(row.name) ? base >>> 0 : null;
}

/** @param start address of the first line, a multiple of 4 */
export function listing(target: DebugTarget, start: number, count: number): CodeLine[] {
  const lines: CodeLine[] = [];
  const { symbols } = target;
  const read = (address: number) => peekValue(target, address >>> 0, 4);
  const pc = target.cpu.pc >>> 0;
  const uppers = new Uppers();
  let before = read(start - 4);
  for (let i = 0; i < count; i++) {
    const address = (start + 4 * i) >>> 0;
    const word = read(address);
    const name = symbols.describe(address);
    const to = word === null ? null : targetOf(word, address);
    const made = word === null ? null : uppers.follow(word);
    const now = word === null || address !== pc ? null : addressNow(target, word);
    const delaySlot = before !== null && hasDelaySlot(before);
    if (delaySlot || word === null) uppers.forget();
    const leads = to ?? made;
    const note =
      now !== null ? `${hex(now)} ${symbols.describe(now)}`.trimEnd() : leads === null ? '' : symbols.describe(leads);
    lines.push({
      address,
      word,
      text: word === null ? 'not mapped' : disassemble(word, address),
      label: name !== '' && !name.includes('+0x') ? name : '',
      note,
      delaySlot,
    });
    before = word;
  }
  return lines;
}
