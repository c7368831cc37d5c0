/** Words as GNU as 2.40 assembled them (-mips32r2, at 0x80100000), and the text they came from. */
import { describe, expect, it } from 'vitest';
import { disassemble } from './disassembler.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { Random, encode } from './random-program.ts';

const AT = 0x80100000;

const GOLDEN: [word: number, text: string][] = [
  [0x00000000, 'nop'],
  [0x00000040, 'ssnop'],
  [0x000000c0, 'ehb'],
  [0x00094100, 'sll t0, t1, 4'],
  [0x002947c2, 'rotr t0, t1, 31'],
  [0x02518007, 'srav s0, s1, s2'],
  [0x00a41046, 'rotrv v0, a0, a1'],
  [0x03e00008, 'jr ra'],
  [0x03e00408, 'jr.hb ra'],
  [0x0320f809, 'jalr ra, t9'],
  [0x03201409, 'jalr.hb v0, t9'],
  [0x00a6200a, 'movz a0, a1, a2'],
  [0x0000000c, 'syscall'],
  [0x0000014c, 'syscall 0x5'],
  [0x0001008d, 'break 0x402'],
  [0x0000000f, 'sync'],
  [0x00004010, 'mfhi t0'],
  [0x03400013, 'mtlo k0'],
  [0x01090018, 'mult t0, t1'],
  [0x0109001b, 'divu t0, t1'],
  [0x00011021, 'addu v0, zero, at'],
  [0x03bee023, 'subu gp, sp, fp'],
  [0x033bc027, 'nor t8, t9, k1'],
  [0x00850034, 'teq a0, a1'],
  [0x048efffe, 'tnei a0, -2'],
  [0x0480ffff, 'bltz a0, 0x80100000'],
  [0x04b30007, 'bgezall a1, 0x80100020'],
  [0x051f0010, 'synci 16(t0)'],
  [0x08040000, 'j 0x80100000'],
  [0x0c040100, 'jal 0x80100400'],
  [0x10000001, 'b 0x80100008'],
  [0x1109fffe, 'beq t0, t1, 0x800ffffc'],
  [0x5bc00002, 'blezl fp, 0x8010000c'],
  [0x27bdffe0, 'addiu sp, sp, -32'],
  [0x2d28ffff, 'sltiu t0, t1, -1'],
  [0x3128ff00, 'andi t0, t1, 0xff00'],
  [0x3c1c8010, 'lui gp, 0x8010'],
  [0x401a7000, 'mfc0 k0, EPC'],
  [0x401a8001, 'mfc0 k0, Config1'],
  [0x40885000, 'mtc0 t0, EntryHi'],
  [0x41606000, 'di zero'],
  [0x41686020, 'ei t0'],
  [0x42000001, 'tlbr'],
  [0x42000002, 'tlbwi'],
  [0x42000006, 'tlbwr'],
  [0x42000008, 'tlbp'],
  [0x42000018, 'eret'],
  [0x42000020, 'wait'],
  [0x71090000, 'madd t0, t1'],
  [0x712a4002, 'mul t0, t1, t2'],
  [0x71284020, 'clz t0, t1'],
  [0x71284021, 'clo t0, t1'],
  [0x7d284940, 'ext t0, t1, 5, 10'],
  [0x7d28fa04, 'ins t0, t1, 8, 24'],
  [0x7c0940a0, 'wsbh t0, t1'],
  [0x7c094420, 'seb t0, t1'],
  [0x7c03e83b, 'rdhwr v1, $29'],
  [0x8128ffff, 'lb t0, -1(t1)'],
  [0x89280003, 'lwl t0, 3(t1)'],
  [0xafbf001c, 'sw ra, 28(sp)'],
  [0xb9280000, 'swr t0, 0(t1)'],
  [0xbc950000, 'cache 0x15, 0(a0)'],
  [0xc0a80000, 'll t0, 0(a1)'],
  [0xe0a80000, 'sc t0, 0(a1)'],
  [0xcc9e0080, 'pref 30, 128(a0)'],
  [0xc4840008, 'lwc1 $f4, 8(a0)'],
  [0xf7b4fff8, 'sdc1 $f20, -8(sp)'],
  [0x46041000, 'add.s $f0, $f2, $f4'],
  [0x462a4181, 'sub.d $f6, $f8, $f10'],
  [0x46051842, 'mul.s $f1, $f3, $f5'],
  [0x462e6003, 'div.d $f0, $f12, $f14'],
  [0x46202084, 'sqrt.d $f2, $f4'],
  [0x46002085, 'abs.s $f2, $f4'],
  [0x46200506, 'mov.d $f20, $f0'],
  [0x4620f087, 'neg.d $f2, $f30'],
  [0x46002088, 'round.l.s $f2, $f4'],
  [0x4620208d, 'trunc.w.d $f2, $f4'],
  [0x4600208e, 'ceil.w.s $f2, $f4'],
  [0x4620208b, 'floor.l.d $f2, $f4'],
  [0x462c2091, 'movf.d $f2, $f4, $fcc3'],
  [0x46012091, 'movt.s $f2, $f4, $fcc0'],
  [0x46282092, 'movz.d $f2, $f4, t0'],
  [0x46092093, 'movn.s $f2, $f4, t1'],
  [0x46202095, 'recip.d $f2, $f4'],
  [0x46002096, 'rsqrt.s $f2, $f4'],
  [0x462020a0, 'cvt.s.d $f2, $f4'],
  [0x468020a1, 'cvt.d.w $f2, $f4'],
  [0x460020a4, 'cvt.w.s $f2, $f4'],
  [0x462020a5, 'cvt.l.d $f2, $f4'],
  [0x46a020a0, 'cvt.s.l $f2, $f4'],
  [0x46041030, 'c.f.s $f2, $f4'],
  [0x4624113c, 'c.lt.d $fcc1, $f2, $f4'],
  [0x4604173f, 'c.ngt.s $fcc7, $f2, $f4'],
  [0x46241032, 'c.eq.d $f2, $f4'],
  [0x4c462020, 'madd.s $f0, $f2, $f4, $f6'],
  [0x4c462029, 'msub.d $f0, $f2, $f4, $f6'],
  [0x4c462031, 'nmadd.d $f0, $f2, $f4, $f6'],
  [0x4c462038, 'nmsub.s $f0, $f2, $f4, $f6'],
  [0x4c880080, 'lwxc1 $f2, t0(a0)'],
  [0x4c880081, 'ldxc1 $f2, t0(a0)'],
  [0x4c881008, 'swxc1 $f2, t0(a0)'],
  [0x4c881009, 'sdxc1 $f2, t0(a0)'],
  [0x4c880085, 'luxc1 $f2, t0(a0)'],
  [0x4c88100d, 'suxc1 $f2, t0(a0)'],
  [0x4c88200f, 'prefx 4, t0(a0)'],
  [0x44081000, 'mfc1 t0, $f2'],
  [0x44881800, 'mtc1 t0, $f3'],
  [0x44681000, 'mfhc1 t0, $f2'],
  [0x44e81000, 'mthc1 t0, $f2'],
  [0x4448f800, 'cfc1 t0, $31'],
  [0x44c8c800, 'ctc1 t0, $25'],
  [0x01204001, 'movf t0, t1, $fcc0'],
  [0x01314001, 'movt t0, t1, $fcc4'],
  [0x45000007, 'bc1f 0x80100020'],
  [0x45090005, 'bc1t $fcc2, 0x80100018'],
  [0x45060003, 'bc1fl $fcc1, 0x80100010'],
  [0x45030001, 'bc1tl 0x80100008'],
];

describe('what an assembler made', () => {
  it.each(GOLDEN.map(([word, text]) => [text, word] as const))('%s', (text, word) => {
    expect(disassemble(word, AT)).toBe(text);
  });
});

it('a reserved word is data', () => {
  expect(disassemble(0xffffffff, AT)).toBe('.word 0xffffffff');
});

it('jumps stay in the 256 MiB region of their delay slot', () => {
  expect(disassemble(0x08000000, 0x8ffffffc)).toBe('j 0x90000000');
});

it.each(INSTRUCTIONS.map((row) => [row.name, row] as const))('%s has text for every word', (_, row) => {
  const random = new Random(3);
  for (let i = 0; i < 50; i++) expect(disassemble(encode(row, {}, random), AT)).not.toMatch(/undefined|NaN/);
});
