/** Instruction words as assembly text, from the instruction table. */
import { cp0Name } from './cp0.ts';
import { decode } from './encoding.ts';

/** o32 register names (MIPS ABI). */
export const REGISTER_NAMES: readonly string[] = (
  'zero at v0 v1 a0 a1 a2 a3 t0 t1 t2 t3 t4 t5 t6 t7 ' + 's0 s1 s2 s3 s4 s5 s6 s7 t8 t9 k0 k1 gp sp fp ra'
).split(' ');

const hex = (value: number) => '0x' + (value >>> 0).toString(16);

const fcc = (n: number) => (n === 0 ? '' : `$fcc${n}`);

/**
 * @param word the instruction
 * @param address where it lies: branch targets are absolute
 */
export function disassemble(word: number, address: number): string {
  const row = decode(word);
  if (!row) return `.word ${hex(word)}`;
  const rs = REGISTER_NAMES[(word >>> 21) & 31]!;
  const rt = REGISTER_NAMES[(word >>> 16) & 31]!;
  const rd = REGISTER_NAMES[(word >>> 11) & 31]!;
  const sa = (word >>> 6) & 31;
  const imm = (word << 16) >> 16;
  const operands: Record<string, () => string> = {
    rs: () => rs,
    rt: () => rt,
    rd: () => rd,
    fr: () => `$f${(word >>> 21) & 31}`,
    ft: () => `$f${(word >>> 16) & 31}`,
    fs: () => `$f${(word >>> 11) & 31}`,
    fd: () => `$f${sa}`,
    $fs: () => `$${(word >>> 11) & 31}`,
    $fcc: () => `$fcc${(word >>> 18) & 7}`,
    // Condition 0 is left out where it may be.
    fcc: () => fcc((word >>> 18) & 7),
    fcc8: () => fcc((word >>> 8) & 7),
    'rt(rs)': () => `${rt}(${rs})`,
    sa: () => String(sa),
    imm: () => String(imm),
    uimm: () => hex(word & 0xffff),
    'imm(rs)': () => `${imm}(${rs})`,
    offset: () => hex(address + 4 + (imm << 2)),
    target: () => hex(((address + 4) & 0xf0000000) | ((word & 0x03ffffff) << 2)),
    code: () => hex((word >>> 6) & 0xfffff),
    c0: () => cp0Name(((word >>> 8) & 0xf8) | (word & 7)),
    hwr: () => `$${(word >>> 11) & 31}`,
    cacheop: () => hex((word >>> 16) & 31),
    hint: () => String((word >>> 16) & 31),
    hintx: () => String((word >>> 11) & 31),
    size: () => String(((word >>> 11) & 31) + 1),
    insize: () => String(((word >>> 11) & 31) - sa + 1),
  };
  const text = row.asm
    .split(', ')
    .filter((name) => name !== '')
    .map((name) => operands[name]!())
    .filter((operand) => operand !== '')
    .join(', ');
  return text === '' || (row.name === 'syscall' && text === '0x0') ? row.name : `${row.name} ${text}`;
}
