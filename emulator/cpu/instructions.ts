/**
 * The instruction table of MIPS32 release 2 (MIPS Architecture For Programmers, Volume II-A, MD00086): one row drives
 * the decoder, the interpreter and the disassembler.
 *
 * `bits` is the encoding in the manual's letters, most significant bit first: s, t, d = rs, rt, rd; a = sa; i = 16-bit
 * immediate; j = jump target; c = code or hint; e = select; k = FP condition code; `-` = ignored. FP instructions have
 * ft, fs, fd in the places of rt, rd, sa (t, d, a), fr in that of rs. Where the manual calls a field reserved but
 * cores ignore it, so does the table. Rows are tried by their fixed bits, the more specific first.
 */
import type { FloatOperation, Semantics } from './semantics.ts';

export interface Instruction {
  name: string;
  bits: string;
  /** Operands as the disassembler writes them. */
  asm: string;
  does: Semantics;
  /** A special case of a more general row, under a name of its own: for the disassembler alone. */
  alias: boolean;
}

const rows: Instruction[] = [];

function row(bits: string, name: string, asm: string, does: Semantics): void {
  rows.push({ name, bits: bits.replaceAll(' ', ''), asm, does, alias: false });
}

function alias(bits: string, name: string, asm: string, does: Semantics): void {
  rows.push({ name, bits: bits.replaceAll(' ', ''), asm, does, alias: true });
}

// Shifts
alias('000000 00000 00000 00000 00000 000000', 'nop', '', (t) => t.nothing());
alias('000000 00000 00000 00000 00001 000000', 'ssnop', '', (t) => t.nothing());
alias('000000 00000 00000 00000 00011 000000', 'ehb', '', (t) => t.nothing());
row('000000 ----- ttttt ddddd aaaaa 000000', 'sll', 'rd, rt, sa', (t) => t.set('rd', t.shl(t.rt, t.sa)));
row('000000 00000 ttttt ddddd aaaaa 000010', 'srl', 'rd, rt, sa', (t) => t.set('rd', t.shr(t.rt, t.sa)));
row('000000 00001 ttttt ddddd aaaaa 000010', 'rotr', 'rd, rt, sa', (t) => t.set('rd', t.rotr(t.rt, t.sa)));
row('000000 ----- ttttt ddddd aaaaa 000011', 'sra', 'rd, rt, sa', (t) => t.set('rd', t.sar(t.rt, t.sa)));
row('000000 sssss ttttt ddddd ----- 000100', 'sllv', 'rd, rt, rs', (t) => t.set('rd', t.shl(t.rt, t.rs)));
row('000000 sssss ttttt ddddd 00000 000110', 'srlv', 'rd, rt, rs', (t) => t.set('rd', t.shr(t.rt, t.rs)));
row('000000 sssss ttttt ddddd 00001 000110', 'rotrv', 'rd, rt, rs', (t) => t.set('rd', t.rotr(t.rt, t.rs)));
row('000000 sssss ttttt ddddd ----- 000111', 'srav', 'rd, rt, rs', (t) => t.set('rd', t.sar(t.rt, t.rs)));

// Jumps through registers, conditional moves
row('000000 sssss ----- ----- ccccc 001000', 'jr', 'rs', (t) => t.jumpRegister(t.rs));
alias('000000 sssss ----- ----- 1cccc 001000', 'jr.hb', 'rs', (t) => t.jumpRegister(t.rs));
row('000000 sssss ----- ddddd ccccc 001001', 'jalr', 'rd, rs', (t) => t.jumpRegister(t.rs, { link: true }));
alias('000000 sssss ----- ddddd 1cccc 001001', 'jalr.hb', 'rd, rs', (t) => t.jumpRegister(t.rs, { link: true }));
row('000000 sssss ttttt ddddd ----- 001010', 'movz', 'rd, rs, rt', (t) =>
  t.setIf(t.equal(t.rt, t.constant(0)), 'rd', t.rs),
);
row('000000 sssss ttttt ddddd ----- 001011', 'movn', 'rd, rs, rt', (t) =>
  t.setIf(t.notEqual(t.rt, t.constant(0)), 'rd', t.rs),
);
row('000000 sssss kkk-0 ddddd ----- 000001', 'movf', 'rd, rs, $fcc', (t) => {
  t.requireFloat();
  t.setIf(t.equal(t.floatCondition(18), t.constant(0)), 'rd', t.rs);
});
row('000000 sssss kkk-1 ddddd ----- 000001', 'movt', 'rd, rs, $fcc', (t) => {
  t.requireFloat();
  t.setIf(t.floatCondition(18), 'rd', t.rs);
});

// System
row('000000 ccccc ccccc ccccc ccccc 001100', 'syscall', 'code', (t) => t.helper('syscall'));
row('000000 ccccc ccccc ccccc ccccc 001101', 'break', 'code', (t) => t.helper('breakpoint'));
row('000000 ----- ----- ----- ccccc 001111', 'sync', '', (t) => t.nothing());

// Multiply, divide, HI and LO
row('000000 ----- ----- ddddd ----- 010000', 'mfhi', 'rd', (t) => t.set('rd', t.hi));
row('000000 sssss ----- ----- ----- 010001', 'mthi', 'rs', (t) => t.set('hi', t.rs));
row('000000 ----- ----- ddddd ----- 010010', 'mflo', 'rd', (t) => t.set('rd', t.lo));
row('000000 sssss ----- ----- ----- 010011', 'mtlo', 'rs', (t) => t.set('lo', t.rs));
row('000000 sssss ttttt ----- 00000 011000', 'mult', 'rs, rt', (t) => t.multiply(t.rs, t.rt, true));
row('000000 sssss ttttt ----- 00000 011001', 'multu', 'rs, rt', (t) => t.multiply(t.rs, t.rt, false));
row('000000 sssss ttttt ----- ----- 011010', 'div', 'rs, rt', (t) => t.divide(t.rs, t.rt, true));
row('000000 sssss ttttt ----- ----- 011011', 'divu', 'rs, rt', (t) => t.divide(t.rs, t.rt, false));

// Arithmetic and logic
row('000000 sssss ttttt ddddd ----- 100000', 'add', 'rd, rs, rt', (t) => t.addOrOverflow('rd', t.rs, t.rt));
row('000000 sssss ttttt ddddd ----- 100001', 'addu', 'rd, rs, rt', (t) => t.set('rd', t.add(t.rs, t.rt)));
row('000000 sssss ttttt ddddd ----- 100010', 'sub', 'rd, rs, rt', (t) => t.subtractOrOverflow('rd', t.rs, t.rt));
row('000000 sssss ttttt ddddd ----- 100011', 'subu', 'rd, rs, rt', (t) => t.set('rd', t.sub(t.rs, t.rt)));
row('000000 sssss ttttt ddddd ----- 100100', 'and', 'rd, rs, rt', (t) => t.set('rd', t.and(t.rs, t.rt)));
row('000000 sssss ttttt ddddd ----- 100101', 'or', 'rd, rs, rt', (t) => t.set('rd', t.or(t.rs, t.rt)));
row('000000 sssss ttttt ddddd ----- 100110', 'xor', 'rd, rs, rt', (t) => t.set('rd', t.xor(t.rs, t.rt)));
row('000000 sssss ttttt ddddd ----- 100111', 'nor', 'rd, rs, rt', (t) => t.set('rd', t.not(t.or(t.rs, t.rt))));
row('000000 sssss ttttt ddddd ----- 101010', 'slt', 'rd, rs, rt', (t) => t.set('rd', t.lessSigned(t.rs, t.rt)));
row('000000 sssss ttttt ddddd ----- 101011', 'sltu', 'rd, rs, rt', (t) => t.set('rd', t.lessUnsigned(t.rs, t.rt)));

// Traps
row('000000 sssss ttttt ccccc ccccc 110000', 'tge', 'rs, rt', (t) =>
  t.trap(t.equal(t.lessSigned(t.rs, t.rt), t.constant(0))),
);
row('000000 sssss ttttt ccccc ccccc 110001', 'tgeu', 'rs, rt', (t) =>
  t.trap(t.equal(t.lessUnsigned(t.rs, t.rt), t.constant(0))),
);
row('000000 sssss ttttt ccccc ccccc 110010', 'tlt', 'rs, rt', (t) => t.trap(t.lessSigned(t.rs, t.rt)));
row('000000 sssss ttttt ccccc ccccc 110011', 'tltu', 'rs, rt', (t) => t.trap(t.lessUnsigned(t.rs, t.rt)));
row('000000 sssss ttttt ccccc ccccc 110100', 'teq', 'rs, rt', (t) => t.trap(t.equal(t.rs, t.rt)));
row('000000 sssss ttttt ccccc ccccc 110110', 'tne', 'rs, rt', (t) => t.trap(t.notEqual(t.rs, t.rt)));

// REGIMM
row('000001 sssss 00000 iiiii iiiii iiiiii', 'bltz', 'rs, offset', (t) => t.branch(t.lessSigned(t.rs, t.constant(0))));
row('000001 sssss 00001 iiiii iiiii iiiiii', 'bgez', 'rs, offset', (t) => t.branch(t.lessSigned(t.constant(-1), t.rs)));
row('000001 sssss 00010 iiiii iiiii iiiiii', 'bltzl', 'rs, offset', (t) =>
  t.branch(t.lessSigned(t.rs, t.constant(0)), { likely: true }),
);
row('000001 sssss 00011 iiiii iiiii iiiiii', 'bgezl', 'rs, offset', (t) =>
  t.branch(t.lessSigned(t.constant(-1), t.rs), { likely: true }),
);
row('000001 sssss 01000 iiiii iiiii iiiiii', 'tgei', 'rs, imm', (t) =>
  t.trap(t.equal(t.lessSigned(t.rs, t.imm), t.constant(0))),
);
row('000001 sssss 01001 iiiii iiiii iiiiii', 'tgeiu', 'rs, imm', (t) =>
  t.trap(t.equal(t.lessUnsigned(t.rs, t.imm), t.constant(0))),
);
row('000001 sssss 01010 iiiii iiiii iiiiii', 'tlti', 'rs, imm', (t) => t.trap(t.lessSigned(t.rs, t.imm)));
row('000001 sssss 01011 iiiii iiiii iiiiii', 'tltiu', 'rs, imm', (t) => t.trap(t.lessUnsigned(t.rs, t.imm)));
row('000001 sssss 01100 iiiii iiiii iiiiii', 'teqi', 'rs, imm', (t) => t.trap(t.equal(t.rs, t.imm)));
row('000001 sssss 01110 iiiii iiiii iiiiii', 'tnei', 'rs, imm', (t) => t.trap(t.notEqual(t.rs, t.imm)));
row('000001 sssss 10000 iiiii iiiii iiiiii', 'bltzal', 'rs, offset', (t) =>
  t.branch(t.lessSigned(t.rs, t.constant(0)), { link: true }),
);
row('000001 sssss 10001 iiiii iiiii iiiiii', 'bgezal', 'rs, offset', (t) =>
  t.branch(t.lessSigned(t.constant(-1), t.rs), { link: true }),
);
row('000001 sssss 10010 iiiii iiiii iiiiii', 'bltzall', 'rs, offset', (t) =>
  t.branch(t.lessSigned(t.rs, t.constant(0)), { likely: true, link: true }),
);
row('000001 sssss 10011 iiiii iiiii iiiiii', 'bgezall', 'rs, offset', (t) =>
  t.branch(t.lessSigned(t.constant(-1), t.rs), { likely: true, link: true }),
);
row('000001 sssss 11111 iiiii iiiii iiiiii', 'synci', 'imm(rs)', (t) => t.nothing());

// Jumps and branches
row('000010 jjjjj jjjjj jjjjj jjjjj jjjjjj', 'j', 'target', (t) => t.jumpRegion());
row('000011 jjjjj jjjjj jjjjj jjjjj jjjjjj', 'jal', 'target', (t) => t.jumpRegion({ link: true }));
alias('000100 00000 00000 iiiii iiiii iiiiii', 'b', 'offset', (t) => t.branch(t.constant(1)));
row('000100 sssss ttttt iiiii iiiii iiiiii', 'beq', 'rs, rt, offset', (t) => t.branch(t.equal(t.rs, t.rt)));
row('000101 sssss ttttt iiiii iiiii iiiiii', 'bne', 'rs, rt, offset', (t) => t.branch(t.notEqual(t.rs, t.rt)));
row('000110 sssss ----- iiiii iiiii iiiiii', 'blez', 'rs, offset', (t) => t.branch(t.lessSigned(t.rs, t.constant(1))));
row('000111 sssss ----- iiiii iiiii iiiiii', 'bgtz', 'rs, offset', (t) => t.branch(t.lessSigned(t.constant(0), t.rs)));
row('010100 sssss ttttt iiiii iiiii iiiiii', 'beql', 'rs, rt, offset', (t) =>
  t.branch(t.equal(t.rs, t.rt), { likely: true }),
);
row('010101 sssss ttttt iiiii iiiii iiiiii', 'bnel', 'rs, rt, offset', (t) =>
  t.branch(t.notEqual(t.rs, t.rt), { likely: true }),
);
row('010110 sssss ----- iiiii iiiii iiiiii', 'blezl', 'rs, offset', (t) =>
  t.branch(t.lessSigned(t.rs, t.constant(1)), { likely: true }),
);
row('010111 sssss ----- iiiii iiiii iiiiii', 'bgtzl', 'rs, offset', (t) =>
  t.branch(t.lessSigned(t.constant(0), t.rs), { likely: true }),
);

// Immediates
row('001000 sssss ttttt iiiii iiiii iiiiii', 'addi', 'rt, rs, imm', (t) => t.addOrOverflow('rt', t.rs, t.imm));
row('001001 sssss ttttt iiiii iiiii iiiiii', 'addiu', 'rt, rs, imm', (t) => t.set('rt', t.add(t.rs, t.imm)));
row('001010 sssss ttttt iiiii iiiii iiiiii', 'slti', 'rt, rs, imm', (t) => t.set('rt', t.lessSigned(t.rs, t.imm)));
row('001011 sssss ttttt iiiii iiiii iiiiii', 'sltiu', 'rt, rs, imm', (t) => t.set('rt', t.lessUnsigned(t.rs, t.imm)));
row('001100 sssss ttttt iiiii iiiii iiiiii', 'andi', 'rt, rs, uimm', (t) => t.set('rt', t.and(t.rs, t.uimm)));
row('001101 sssss ttttt iiiii iiiii iiiiii', 'ori', 'rt, rs, uimm', (t) => t.set('rt', t.or(t.rs, t.uimm)));
row('001110 sssss ttttt iiiii iiiii iiiiii', 'xori', 'rt, rs, uimm', (t) => t.set('rt', t.xor(t.rs, t.uimm)));
row('001111 ----- ttttt iiiii iiiii iiiiii', 'lui', 'rt, uimm', (t) => t.set('rt', t.shl(t.uimm, t.constant(16))));

// Coprocessors
row('010000 00000 ttttt ddddd ----- ---eee', 'mfc0', 'rt, c0', (t) => t.helper('cop0'));
row('010000 00100 ttttt ddddd ----- ---eee', 'mtc0', 'rt, c0', (t) => t.helper('cop0'));
row('010000 01010 ttttt ddddd ----- ------', 'rdpgpr', 'rd, rt', (t) => t.helper('cop0'));
row('010000 01110 ttttt ddddd ----- ------', 'wrpgpr', 'rd, rt', (t) => t.helper('cop0'));
row('010000 01011 ttttt 01100 00000 000000', 'di', 'rt', (t) => t.helper('cop0'));
row('010000 01011 ttttt 01100 00000 100000', 'ei', 'rt', (t) => t.helper('cop0'));
row('010000 1---- ----- ----- ----- 000001', 'tlbr', '', (t) => t.helper('cop0'));
row('010000 1---- ----- ----- ----- 000010', 'tlbwi', '', (t) => t.helper('cop0'));
row('010000 1---- ----- ----- ----- 000110', 'tlbwr', '', (t) => t.helper('cop0'));
row('010000 1---- ----- ----- ----- 001000', 'tlbp', '', (t) => t.helper('cop0'));
row('010000 1---- ----- ----- ----- 011000', 'eret', '', (t) => t.helper('cop0'));
row('010000 1---- ----- ----- ----- 011111', 'deret', '', (t) => t.helper('cop0'));
row('010000 1---- ----- ----- ----- 100000', 'wait', '', (t) => t.helper('cop0'));
row('010000 1---- ----- ----- ----- 101000', 'hypcall', '', (t) => t.helper('cop0'));
row('010000 ----- ----- ----- ----- ------', 'cop0', '', (t) => t.helper('cop0'));
row('010010 ----- ----- ----- ----- ------', 'cop2', '', (t) => t.helper('cop2'));
row('110010 sssss ttttt iiiii iiiii iiiiii', 'lwc2', 'rt, imm(rs)', (t) => t.helper('cop2'));
row('110110 sssss ttttt iiiii iiiii iiiiii', 'ldc2', 'rt, imm(rs)', (t) => t.helper('cop2'));
row('111010 sssss ttttt iiiii iiiii iiiiii', 'swc2', 'rt, imm(rs)', (t) => t.helper('cop2'));
row('111110 sssss ttttt iiiii iiiii iiiiii', 'sdc2', 'rt, imm(rs)', (t) => t.helper('cop2'));

// SPECIAL2
row('011100 sssss ttttt ----- 00000 000000', 'madd', 'rs, rt', (t) => t.multiply(t.rs, t.rt, true, 'add'));
row('011100 sssss ttttt ----- 00000 000001', 'maddu', 'rs, rt', (t) => t.multiply(t.rs, t.rt, false, 'add'));
row('011100 sssss ttttt ddddd ----- 000010', 'mul', 'rd, rs, rt', (t) => t.set('rd', t.mul(t.rs, t.rt)));
row('011100 sssss ttttt ----- 00000 000100', 'msub', 'rs, rt', (t) => t.multiply(t.rs, t.rt, true, 'subtract'));
row('011100 sssss ttttt ----- 00000 000101', 'msubu', 'rs, rt', (t) => t.multiply(t.rs, t.rt, false, 'subtract'));
row('011100 sssss ----- ddddd ----- 100000', 'clz', 'rd, rs', (t) => t.set('rd', t.clz(t.rs)));
row('011100 sssss ----- ddddd ----- 100001', 'clo', 'rd, rs', (t) => t.set('rd', t.clz(t.not(t.rs))));

// SPECIAL3
row('011111 sssss ttttt ddddd aaaaa 000000', 'ext', 'rt, rs, sa, size', (t) => t.set('rt', t.extractBits(t.rs)));
row('011111 sssss ttttt ddddd aaaaa 000100', 'ins', 'rt, rs, sa, insize', (t) => t.set('rt', t.insertBits(t.rt, t.rs)));
row('011111 ----- ttttt ddddd 00010 100000', 'wsbh', 'rd, rt', (t) => t.set('rd', t.swapBytesInHalves(t.rt)));
row('011111 ----- ttttt ddddd 10000 100000', 'seb', 'rd, rt', (t) => t.set('rd', t.signExtend8(t.rt)));
row('011111 ----- ttttt ddddd 11000 100000', 'seh', 'rd, rt', (t) => t.set('rd', t.signExtend16(t.rt)));
row('011111 ----- ttttt ddddd ----- 111011', 'rdhwr', 'rt, hwr', (t) => t.helper('rdhwr'));

// Loads and stores
row('100000 sssss ttttt iiiii iiiii iiiiii', 'lb', 'rt, imm(rs)', (t) => t.load('lb', t.add(t.rs, t.imm)));
row('100001 sssss ttttt iiiii iiiii iiiiii', 'lh', 'rt, imm(rs)', (t) => t.load('lh', t.add(t.rs, t.imm)));
row('100010 sssss ttttt iiiii iiiii iiiiii', 'lwl', 'rt, imm(rs)', (t) => t.load('lwl', t.add(t.rs, t.imm)));
row('100011 sssss ttttt iiiii iiiii iiiiii', 'lw', 'rt, imm(rs)', (t) => t.load('lw', t.add(t.rs, t.imm)));
row('100100 sssss ttttt iiiii iiiii iiiiii', 'lbu', 'rt, imm(rs)', (t) => t.load('lbu', t.add(t.rs, t.imm)));
row('100101 sssss ttttt iiiii iiiii iiiiii', 'lhu', 'rt, imm(rs)', (t) => t.load('lhu', t.add(t.rs, t.imm)));
row('100110 sssss ttttt iiiii iiiii iiiiii', 'lwr', 'rt, imm(rs)', (t) => t.load('lwr', t.add(t.rs, t.imm)));
row('101000 sssss ttttt iiiii iiiii iiiiii', 'sb', 'rt, imm(rs)', (t) => t.store('sb', t.add(t.rs, t.imm)));
row('101001 sssss ttttt iiiii iiiii iiiiii', 'sh', 'rt, imm(rs)', (t) => t.store('sh', t.add(t.rs, t.imm)));
row('101010 sssss ttttt iiiii iiiii iiiiii', 'swl', 'rt, imm(rs)', (t) => t.store('swl', t.add(t.rs, t.imm)));
row('101011 sssss ttttt iiiii iiiii iiiiii', 'sw', 'rt, imm(rs)', (t) => t.store('sw', t.add(t.rs, t.imm)));
row('101110 sssss ttttt iiiii iiiii iiiiii', 'swr', 'rt, imm(rs)', (t) => t.store('swr', t.add(t.rs, t.imm)));
row('101111 sssss ccccc iiiii iiiii iiiiii', 'cache', 'cacheop, imm(rs)', (t) => t.helper('cache'));
row('110000 sssss ttttt iiiii iiiii iiiiii', 'll', 'rt, imm(rs)', (t) => t.load('ll', t.add(t.rs, t.imm)));
row('110011 sssss ccccc iiiii iiiii iiiiii', 'pref', 'hint, imm(rs)', (t) => t.nothing());
row('111000 sssss ttttt iiiii iiiii iiiiii', 'sc', 'rt, imm(rs)', (t) => t.store('sc', t.add(t.rs, t.imm)));

// Coprocessor 1: moves, loads and stores
row('010001 ----- ----- ----- ----- ------', 'cop1', '', (t) => t.reserveFloat());
row('010001 00000 ttttt ddddd ----- ------', 'mfc1', 'rt, fs', (t) => {
  t.requireFloat();
  t.set('rt', t.floatWord('fs', 'low'));
});
row('010001 00010 ttttt ddddd ----- ------', 'cfc1', 'rt, $fs', (t) => t.floatControl('from'));
row('010001 00011 ttttt ddddd ----- ------', 'mfhc1', 'rt, fs', (t) => {
  t.requireFloat();
  t.set('rt', t.floatWord('fs', 'high'));
});
row('010001 00100 ttttt ddddd ----- ------', 'mtc1', 'rt, fs', (t) => {
  t.requireFloat();
  t.setFloatWord('fs', 'low', t.rt);
});
row('010001 00110 ttttt ddddd ----- ------', 'ctc1', 'rt, $fs', (t) => t.floatControl('to'));
row('010001 00111 ttttt ddddd ----- ------', 'mthc1', 'rt, fs', (t) => {
  t.requireFloat();
  t.setFloatWord('fs', 'high', t.rt);
});
for (const likely of [false, true]) {
  const [bit, l] = likely ? ['1', 'l'] : ['0', ''];
  row(`010001 01000 kkk${bit}0 iiiii iiiii iiiiii`, `bc1f${l}`, 'fcc, offset', (t) => {
    t.requireFloat();
    t.branch(t.equal(t.floatCondition(18), t.constant(0)), { likely });
  });
  row(`010001 01000 kkk${bit}1 iiiii iiiii iiiiii`, `bc1t${l}`, 'fcc, offset', (t) => {
    t.requireFloat();
    t.branch(t.notEqual(t.floatCondition(18), t.constant(0)), { likely });
  });
}
row('110001 sssss ttttt iiiii iiiii iiiiii', 'lwc1', 'ft, imm(rs)', (t) => t.loadFloat('w', 'ft', t.add(t.rs, t.imm)));
row('110101 sssss ttttt iiiii iiiii iiiiii', 'ldc1', 'ft, imm(rs)', (t) => t.loadFloat('l', 'ft', t.add(t.rs, t.imm)));
row('111001 sssss ttttt iiiii iiiii iiiiii', 'swc1', 'ft, imm(rs)', (t) => t.storeFloat('w', 'ft', t.add(t.rs, t.imm)));
row('111101 sssss ttttt iiiii iiiii iiiiii', 'sdc1', 'ft, imm(rs)', (t) => t.storeFloat('l', 'ft', t.add(t.rs, t.imm)));
row('010011 ----- ----- ----- ----- ------', 'cop1x', '', (t) => t.reserveFloat());
row('010011 sssss ttttt ----- aaaaa 000000', 'lwxc1', 'fd, rt(rs)', (t) => t.loadFloat('w', 'fd', t.add(t.rs, t.rt)));
row('010011 sssss ttttt ----- aaaaa 000001', 'ldxc1', 'fd, rt(rs)', (t) => {
  t.requireEven('fd');
  t.loadFloat('l', 'fd', t.add(t.rs, t.rt));
});
row('010011 sssss ttttt ddddd ----- 001000', 'swxc1', 'fs, rt(rs)', (t) => t.storeFloat('w', 'fs', t.add(t.rs, t.rt)));
row('010011 sssss ttttt ddddd ----- 001001', 'sdxc1', 'fs, rt(rs)', (t) => {
  t.requireEven('fs');
  t.storeFloat('l', 'fs', t.add(t.rs, t.rt));
});
row('010011 sssss ttttt ----- aaaaa 000101', 'luxc1', 'fd, rt(rs)', (t) => {
  t.requireFr();
  t.loadFloat('l', 'fd', t.and(t.add(t.rs, t.rt), t.constant(-8)));
});
row('010011 sssss ttttt ddddd ----- 001101', 'suxc1', 'fs, rt(rs)', (t) => {
  t.requireFr();
  t.storeFloat('l', 'fs', t.and(t.add(t.rs, t.rt), t.constant(-8)));
});
row('010011 sssss ttttt ccccc ----- 001111', 'prefx', 'hintx, rt(rs)', (t) => t.requireFloat());

// Coprocessor 1: arithmetic
const CONDITIONS = 'f un eq ueq olt ult ole ule sf ngle seq ngl lt nge le ngt'.split(' ');
for (const format of ['s', 'd'] as const) {
  const fmt = format === 's' ? '10000' : '10001';
  const other = format === 's' ? 'd' : 's';
  const dyadic = (code: string, operation: FloatOperation) =>
    row(`010001 ${fmt} ttttt ddddd aaaaa ${code}`, `${operation}.${format}`, 'fd, fs, ft', (t) =>
      t.float(operation, format),
    );
  dyadic('000000', 'add');
  dyadic('000001', 'sub');
  dyadic('000010', 'mul');
  dyadic('000011', 'div');
  const monadic = (code: string, operation: FloatOperation) =>
    row(`010001 ${fmt} ----- ddddd aaaaa ${code}`, `${operation}.${format}`, 'fd, fs', (t) =>
      t.float(operation, format),
    );
  monadic('000100', 'sqrt');
  monadic('000101', 'abs');
  monadic('000111', 'neg');
  monadic('010101', 'recip');
  monadic('010110', 'rsqrt');
  row(`010001 ${fmt} ----- ddddd aaaaa 000110`, `mov.${format}`, 'fd, fs', (t) => t.floatMove(format));
  for (const [code, rounding] of [
    ['00', 'round'],
    ['01', 'trunc'],
    ['10', 'ceil'],
    ['11', 'floor'],
  ] as const) {
    row(`010001 ${fmt} ----- ddddd aaaaa 0010${code}`, `${rounding}.l.${format}`, 'fd, fs', (t) =>
      t.floatConvert(rounding, 'l', format),
    );
    row(`010001 ${fmt} ----- ddddd aaaaa 0011${code}`, `${rounding}.w.${format}`, 'fd, fs', (t) =>
      t.floatConvert(rounding, 'w', format),
    );
  }
  row(`010001 ${fmt} kkk-0 ddddd aaaaa 010001`, `movf.${format}`, 'fd, fs, $fcc', (t) =>
    t.floatMoveIf(t.equal(t.floatCondition(18), t.constant(0)), format),
  );
  row(`010001 ${fmt} kkk-1 ddddd aaaaa 010001`, `movt.${format}`, 'fd, fs, $fcc', (t) =>
    t.floatMoveIf(t.floatCondition(18), format),
  );
  row(`010001 ${fmt} ttttt ddddd aaaaa 010010`, `movz.${format}`, 'fd, fs, rt', (t) =>
    t.floatMoveIf(t.equal(t.rt, t.constant(0)), format),
  );
  row(`010001 ${fmt} ttttt ddddd aaaaa 010011`, `movn.${format}`, 'fd, fs, rt', (t) =>
    t.floatMoveIf(t.notEqual(t.rt, t.constant(0)), format),
  );
  for (const [code, to] of [
    [format === 's' ? '100001' : '100000', other],
    ['100100', 'w'],
    ['100101', 'l'],
  ] as const) {
    row(`010001 ${fmt} ----- ddddd aaaaa ${code}`, `cvt.${to}.${format}`, 'fd, fs', (t) =>
      t.floatConvert('cvt', to, format),
    );
  }
  for (const [fmtInteger, from] of [
    ['10100', 'w'],
    ['10101', 'l'],
  ] as const) {
    row(
      `010001 ${fmtInteger} ----- ddddd aaaaa ${format === 's' ? '100000' : '100001'}`,
      `cvt.${format}.${from}`,
      'fd, fs',
      (t) => t.floatConvert('cvt', format, from),
    );
  }
  for (const [condition, name] of CONDITIONS.entries()) {
    const bits = condition.toString(2).padStart(4, '0');
    row(`010001 ${fmt} ttttt ddddd kkk-0 11${bits}`, `c.${name}.${format}`, 'fcc8, fs, ft', (t) =>
      t.floatCompare(condition, format),
    );
  }
  for (const [code, operation] of [
    ['100', 'madd'],
    ['101', 'msub'],
    ['110', 'nmadd'],
    ['111', 'nmsub'],
  ] as const) {
    row(
      `010011 sssss ttttt ddddd aaaaa ${code}00${format === 's' ? '0' : '1'}`,
      `${operation}.${format}`,
      'fd, fr, fs, ft',
      (t) => t.float(operation, format),
    );
  }
}

export const INSTRUCTIONS: readonly Instruction[] = rows;
