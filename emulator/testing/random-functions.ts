/** The code of a random guest's functions. */
import { Cp0 } from '../cpu/cp0.ts';
import { INSTRUCTIONS } from '../cpu/instructions.ts';
import { encode, type Random } from '../cpu/random-program.ts';
import {
  CODE_AT,
  DATA_AT,
  STACK_AT,
  PAGED_AT,
  TARGET,
  COUNTER,
  DATA,
  SP,
  PAGED,
  RA,
  DEPTH,
  LOWEST_RESERVED,
  IE,
  ERL,
  SUPERVISOR_MODE,
  IM7,
  FR,
  CU0,
  CU1,
  rows,
  type RandomGuestOptions,
  type Fields,
  Code,
} from './random-guest-code.ts';

const FLOAT = /\.[sdwl](\.|$)|^[ls][wdu]x?c1$|^m[ft]h?c1$|^mov[ft]$|^prefx$/;
const BRANCH = /^b(c1[ft]|eq|ne|lez|gtz|ltz|gez)(al)?l?$/;
const MEMORY = /^(l[bhw]u?|lw[lr]|s[bhw]|sw[lr]|[ls][wd]c1)$/;
const LEFT_OUT =
  /^(j|jal|jr|jalr|eret|deret|wait|tlb.*|hypcall|[md][tf]c0|[de]i|cop.*|c[ft]c1|ll|sc|break|syscall|.*c2|cache|(rd|wr)pgpr)$/;
const INTEGER_ROWS = INSTRUCTIONS.filter(
  (row) => !row.alias && ![FLOAT, BRANCH, MEMORY, LEFT_OUT].some((pattern) => pattern.test(row.name)),
);
const QUIET_ROWS = INTEGER_ROWS.filter((row) => !/^(t(ge|lt|eq|ne)i?u?|add|addi|sub|rdhwr|ext|ins)$/.test(row.name));
const FLOAT_ROWS = INSTRUCTIONS.filter((row) => FLOAT.test(row.name) && !MEMORY.test(row.name));
const BRANCH_ROWS = INSTRUCTIONS.filter((row) => BRANCH.test(row.name) && !row.alias);
const MEMORY_ROWS = INSTRUCTIONS.filter((row) => MEMORY.test(row.name));

export class RandomFunctions {
  private readonly code: Code;
  private readonly length: number;
  private readonly starts: number[] = [];
  /** Functions of a few instructions that call nobody and only return. */
  private readonly leaves: number[] = [];
  /** Calls and patches, whose targets are known at the end. */
  private readonly fixups: (() => void)[] = [];
  /** Places that patches go to. */
  private readonly patchable: number[] = [];

  constructor(
    private readonly random: Random,
    private readonly options: RandomGuestOptions,
  ) {
    this.code = new Code(random, CODE_AT);
    this.length = options.length ?? 3000;
  }

  generate(): { words: number[]; functions: number[] } {
    const { code } = this;
    while (code.words.length < this.length) {
      this.function();
      for (let i = this.random.below(4); i > 0; i--) this.leaf();
    }
    // Whoever runs off the end starts over.
    code.emit('j', { j: CODE_AT >>> 2 });
    code.emit('nop');
    for (const fix of this.fixups) fix();
    return { words: code.words, functions: this.starts };
  }

  private destination(): number {
    return this.random.below(LOWEST_RESERVED);
  }
  private source(): number {
    return this.random.below(32);
  }

  private function(): void {
    const { code, random } = this;
    this.starts.push(code.here);
    this.prologue();
    const first = code.words.length;
    const blocks = 3 + random.below(8);
    const leaders: number[] = [];
    /** Branches to blocks of this function: where they are, and of what reach. */
    const branches: [at: number, block: number][] = [];
    for (let block = 0; block < blocks; block++) {
      leaders.push(code.words.length);
      const count = 1 + random.below(10);
      for (let i = 0; i < count; i++) this.instruction();
      // The last word of a page is a fine place for a branch.
      while (random.below(2) === 0 && (code.here & 0xfff) >= 0xfe0 && (code.here & 0xfff) !== 0xffc) code.emit('nop');
      branches.push([this.branch(), random.below(blocks)]);
    }
    leaders.push(code.words.length);
    for (const [at, block] of branches) {
      if (at >= 0) code.words[at] = (code.words[at]! & ~0xffff) | ((leaders[block]! - at - 1) & 0xffff);
    }
    if (code.words.length - first > 0) this.epilogue();
  }

  private leaf(): void {
    const { code, random, options } = this;
    this.leaves.push(code.here);
    for (let i = random.below(6); i > 0; i--) this.simple();
    if (options.flavour !== 'quiet' && random.below(3) === 0) this.writeFcsr();
    if (random.below(4) === 0) {
      // Runs down the instructions that are left.
      code.emit('addiu', { s: 0, t: 22, i: 1 + random.below(20) });
      code.emit('bgtz', { s: 22, i: 0xffff });
      code.emit('addiu', { s: 22, t: 22, i: -1 });
    }
    code.emit('jr', { s: RA });
    this.simple();
  }

  /** Pointers in the segment that the code runs in, a frame, and sometimes a loop counter. */
  private prologue(): void {
    const { code } = this;
    code.emit('addu', { s: RA, t: 0, d: TARGET });
    // RA = here; its upper bits are the segment.
    code.emit('bgezal', { s: 0, i: 1 });
    code.emit('lui', { t: COUNTER, i: 0xe000 });
    code.emit('and', { s: RA, t: COUNTER, d: COUNTER });
    code.emit('addu', { s: TARGET, t: 0, d: RA });
    code.emit('lui', { t: DATA, i: DATA_AT >>> 16 });
    code.emit('ori', { s: DATA, t: DATA, i: DATA_AT & 0xffff });
    code.emit('or', { s: DATA, t: COUNTER, d: DATA });
    code.emit('lui', { t: PAGED, i: (PAGED_AT >>> 16) + this.random.below(8) });
    // A stack pointer that has gone astray is put right.
    code.emit('andi', { s: SP, t: SP, i: 0xfff8 });
    code.emit('lui', { t: TARGET, i: STACK_AT >>> 16 });
    code.emit('or', { s: SP, t: TARGET, d: SP });
    code.emit('or', { s: SP, t: COUNTER, d: SP });
    code.emit('addiu', { s: SP, t: SP, i: -8 });
    code.emit('sw', { s: SP, t: RA, i: 0 });
    code.emit('addiu', { s: 0, t: COUNTER, i: 1 + this.random.below(60) });
  }

  private epilogue(): void {
    const { code, random } = this;
    code.emit('lw', { s: SP, t: RA, i: 0 });
    switch (random.below(16)) {
      case 0:
        // Returns elsewhere: past where it was called from, or to the caller's caller.
        code.emit('addiu', { s: RA, t: RA, i: 4 * (random.below(8) - 2) });
        break;
      case 1:
        code.emit('addiu', { s: SP, t: SP, i: 8 });
        code.emit('lw', { s: SP, t: RA, i: 0 });
        break;
    }
    if (random.below(6) === 0) {
      code.emit('addu', { s: RA, t: 0, d: TARGET });
      code.emit('jr', { s: TARGET });
    } else code.emit('jr', { s: RA });
    if (random.below(3) === 0) this.slot();
    else code.emit('addiu', { s: SP, t: SP, i: 8 });
  }

  /** What is in a delay slot: nearly anything. */
  private slot(): void {
    const { random, code } = this;
    if (random.below(60) === 0) {
      const row = random.pick(BRANCH_ROWS);
      return code.row(row, { i: random.below(4) });
    }
    if (random.below(12) === 0) return this.privileged(true);
    this.simple();
  }

  /** A branch at the end of a block. Returns its index for its offset, or -1 when it has one. */
  private branch(): number {
    const { code, random, options } = this;
    const calls = options.flavour === 'calls' || options.flavour === 'quiet' ? 6 : 2;
    const kind = random.below(10 + calls);
    let at = code.words.length;
    if (kind < 4) {
      // Counts down.
      code.emit('addiu', { s: COUNTER, t: COUNTER, i: -1 });
      at = code.words.length;
      code.emit(random.pick(['bgtz', 'bgtzl', 'bgtz']), { s: COUNTER });
    } else if (kind < 8) {
      const row = random.pick(BRANCH_ROWS);
      const fields: Fields = { s: this.source(), t: row.name.endsWith('z') ? 0 : this.source(), i: 0 };
      // What links may spoil the return address; the frame has it.
      code.row(row, fields);
    } else if (kind === 8) {
      const j = random.below(3) === 0 ? 'beq' : 'j';
      if (j === 'beq') code.emit('beq', { s: 5, t: 5 });
      else {
        const from = at;
        code.emit('j', {});
        this.fixups.push(() => {
          const to =
            random.below(6) === 0 ? random.pick(this.starts) : CODE_AT + 4 * Math.max(0, from - random.below(20));
          code.words[from]! |= (to >>> 2) & 0x3ffffff;
        });
        this.slot();
        return -1;
      }
    } else if (kind === 9) return -1;
    else {
      this.call();
      return -1;
    }
    this.slot();
    return at;
  }

  private call(): void {
    const { code, random } = this;
    const own = this.starts.at(-1)!;
    const target = () =>
      random.below(2) === 0 && this.leaves.length > 0
        ? random.pick(this.leaves)
        : random.below(4) === 0
          ? own
          : random.pick(this.starts);
    const at = code.words.length;
    switch (random.below(4)) {
      case 0:
        // Recursion, to a depth.
        code.emit('addiu', { s: DEPTH, t: DEPTH, i: -1 });
        code.emit('blezl', { s: DEPTH, i: 3 });
        code.emit('addiu', { s: 0, t: DEPTH, i: random.pick([3, 20, 200, 400]) });
        code.emit('jal', { j: own >>> 2 });
        break;
      case 1: {
        // Through a register, in the segment that SP is in.
        code.emit('lui', { t: TARGET, i: 0 });
        code.emit('ori', { s: TARGET, t: TARGET });
        code.emit('lui', { t: 22, i: 0xe000 });
        code.emit('and', { s: 22, t: SP, d: 22 });
        code.emit('or', { s: 22, t: TARGET, d: TARGET });
        this.fixups.push(() => {
          const to = target();
          code.words[at]! |= to >>> 16;
          code.words[at + 1]! |= to & 0xffff;
        });
        code.emit('jalr', { s: TARGET, d: random.pick([RA, RA, RA, 21]) });
        break;
      }
      default:
        code.emit('jal', {});
        this.fixups.push(() => (code.words[at]! |= (target() >>> 2) & 0x3ffffff));
    }
    this.slot();
  }

  private instruction(): void {
    const { random, options } = this;
    if (options.flavour === 'quiet' && random.below(100) > 0) return this.simple();
    const privileged = { privileged: 4, integer: 100, float: 40 }[options.flavour as string] ?? 25;
    if (random.below(privileged) === 0) return this.privileged(false);
    if (random.below(options.flavour === 'patching' ? 5 : 60) === 0) return this.patch();
    if (random.below(24) === 0) return this.frame();
    if (random.below(8) === 0) this.patchable.push(this.code.here);
    this.simple();
  }

  /** Accesses off one register or two, to a frame or a structure that may lie in two pages, of what may lie between. */
  private frame(): void {
    const { code, random } = this;
    const bases = [DATA, PAGED];
    if (random.below(2) === 0) {
      // Of a register of its own, which need not be aligned, and which an access may overwrite.
      bases.push(20);
      const i = random.pick([0, 0x20, 0xfc0, 0xff0, -0x40, random.below(0x1000)]) & (random.below(8) > 0 ? -8 : -1);
      code.emit('addiu', { s: random.pick(bases.slice(0, 2)), t: 20, i: i & 0xffff });
    }
    const base = random.pick(bases);
    const store = random.below(2);
    const reach = random.pick([16, 64, 0x400]);
    for (let left = 3 + random.below(7); left > 0; left--) {
      if (random.below(4) === 0) this.simple();
      const other = random.below(5) === 0;
      const row = rows.get(
        random.pick(other || store ? ['sw', 'sw', 'sh', 'sb'] : ['lw', 'lw', 'lhu', 'lb', 'lbu', 'lh']),
      )!;
      const size = row.name === 'sw' || row.name === 'lw' ? 4 : /h/.test(row.name) ? 2 : 1;
      const i = (random.below(2 * reach) - reach) & (random.below(16) > 0 ? -size : -1);
      const t = row.name.startsWith('s') ? this.source() : this.destination();
      code.row(row, { s: other ? random.pick(bases) : base, t, i: i & 0xffff });
    }
  }

  /** One word, of what user mode may do. */
  private simple(): void {
    const { code, random, options } = this;
    const quiet = options.flavour === 'quiet';
    const float = options.flavour === 'float' ? 7 : quiet || options.flavour === 'integer' ? 0 : 2;
    const kind = quiet && random.below(100) > 0 ? 9 : random.below(10);
    if (kind < float) {
      if (random.below(24) === 0)
        return code.emit('cfc1', { t: this.destination(), d: random.pick([31, 31, 25, 26, 28, 0]) });
      const row = random.pick(FLOAT_ROWS);
      const fields: Fields = { s: random.below(32), t: random.below(32), d: random.below(32), a: random.below(32) };
      if (random.below(2) === 0) for (const letter of 'std') fields[letter]! &= 30;
      if (random.below(2) === 0) fields['a']! &= 30;
      // Registers that are general ones.
      if (/x[ls]?c1$|^prefx/.test(row.name)) Object.assign(fields, { s: random.pick([DATA, PAGED]), t: 0 });
      if (/^mf/.test(row.name)) fields['t'] = this.destination();
      if (/^mov[ft]$/.test(row.name)) fields['d'] = this.destination();
      return code.row(row, fields);
    }
    if (kind < float + 3) return this.memory();
    const row = random.pick(quiet ? QUIET_ROWS : INTEGER_ROWS);
    const fields: Fields = { s: this.source(), t: this.source(), d: this.destination() };
    if (/i{2}|imm/.test(row.bits + row.asm) && !/^t/.test(row.name)) fields['t'] = this.destination();
    if (row.name === 'ext' || row.name === 'ins' || row.name === 'rdhwr') {
      fields['t'] = this.destination();
      fields['d'] = random.below(row.name === 'rdhwr' ? 5 : 32);
      // Mostly within the word.
      fields['a'] = row.name === 'ext' ? random.below(34 - fields['d']) & 31 : random.below(fields['d'] + 2) & 31;
    }
    // Traps that nearly never happen: of a register with itself.
    if (/^t(ge|lt|eq|ne)u?$/.test(row.name) && random.below(3) > 0) fields['t'] = fields['s']!;
    code.row(row, fields);
  }

  private memory(): void {
    const { code, random } = this;
    const row = random.pick(MEMORY_ROWS);
    const size = /^.dc1/.test(row.name) ? 8 : /h/.test(row.name) ? 2 : /^[ls]w(c1)?$/.test(row.name) ? 4 : 1;
    const paged = random.below(3) === 0;
    const near = random.below(2) === 0 ? 64 : 0x8000;
    const aligned = random.below(12) > 0 ? ~(size - 1) : ~0;
    const i = (paged ? random.below(0x8000) : random.below(2 * near) - near) & aligned;
    const store = row.name.startsWith('s');
    const t = /c1/.test(row.name) ? random.below(32) : store ? this.source() : this.destination();
    code.row(row, { s: paged ? PAGED : DATA, t, i: i & 0xffff });
  }

  /** What changes modes and tables, or leaves for the kernel. */
  private privileged(one: boolean): void {
    const { code, random, options } = this;
    const status = IM7 | IE | random.pick([CU1, CU1, CU1 | FR, CU1 | CU0, 0]);
    switch (random.below(one ? 7 : 15)) {
      case 0:
        return code.emit(random.pick(['syscall', 'break', 'syscall']), { c: random.below(1024) });
      case 1:
        return code.mfc0(
          this.destination(),
          random.pick([Cp0.Status, Cp0.Cause, Cp0.EPC, Cp0.EntryHi, Cp0.BadVAddr, Cp0.PRId, Cp0.Count, Cp0.Random]),
        );
      case 2:
        return code.emit('ctc1', { t: random.pick([0, 0, this.source()]), d: random.pick([31, 25, 26, 28]) });
      case 3:
        return code.emit(random.pick(['ei', 'tlbp', 'tlbr', 'tlbwi', 'tlbwr']), { t: this.destination() });
      case 4:
        return code.emit(random.pick(['ll', 'sc', 'll']), { s: DATA, t: this.destination(), i: 4 * random.below(4) });
      case 5:
        return code.emit('cache', {
          s: random.pick([DATA, PAGED]),
          c: random.pick([0, 1, 0x10, 0x15]),
          i: random.below(0x4000),
        });
      case 6:
        return code.emit('cfc1', { t: this.destination(), d: 31 });
      case 7:
      case 8:
        return this.writeFcsr();
      case 9:
        code.emit('addiu', { s: 0, t: 22, i: random.below(4) });
        return code.mtc0(22, Cp0.EntryHi);
      case 10:
        if (random.below(3) > 0) return this.writeEntry();
        code.li(22, status | (options.kind === 'malta' ? random.pick([ERL, SUPERVISOR_MODE, 0]) : 0));
        code.mtc0(22, Cp0.Status);
        for (let i = random.below(6); i > 0; i--) this.simple();
        code.li(22, status);
        return code.mtc0(22, Cp0.Status);
      case 11:
        code.li(22, status);
        return code.mtc0(22, Cp0.Status);
      case 12:
      case 13: {
        const i = 4 * random.below(8);
        code.emit('ll', { s: DATA, t: this.destination(), i });
        if (random.below(2) === 0) this.simple();
        code.emit('sc', { s: DATA, t: this.destination(), i: random.below(5) ? i : i ^ 4 });
        // The link is gone.
        if (random.below(2) === 0) code.emit('sc', { s: DATA, t: this.destination(), i });
        return;
      }
      default:
        code.mfc0(22, Cp0.Count);
        code.emit('addiu', { s: 22, t: 22, i: 20 + random.below(200) });
        return code.mtc0(22, Cp0.Compare);
    }
  }

  /** FCSR: mostly as generated code likes it. */
  private writeFcsr(): void {
    const { code, random } = this;
    const likely = [4, 4, 4, 0, 5, 6, 7, 0x01000004, 0x84, 0xf80, 0x7c, 0x1f000, random.next()];
    code.li(22, random.pick(likely));
    code.emit('ctc1', { t: 22, d: 31 });
  }

  /** A TLB entry for a pair of pages that come and go, or, to be replaced soon, for one with code. */
  private writeEntry(): void {
    const { code, random } = this;
    code.mtc0(0, Cp0.PageMask);
    const page = random.below(4) === 0 ? CODE_AT + random.below(2) * 0x2000 : PAGED_AT + random.below(16) * 0x2000;
    code.li(22, page + random.below(4));
    code.mtc0(22, Cp0.EntryHi);
    for (const index of [Cp0.EntryLo0, Cp0.EntryLo1]) {
      const frame =
        page < DATA_AT ? page + (index === Cp0.EntryLo1 ? 0x1000 : 0) : PAGED_AT + random.below(64) * 0x1000;
      const flags = page < DATA_AT ? random.pick([7, 6, 2]) : random.below(8);
      code.li(22, (frame >>> 6) | 0x18 | flags);
      code.mtc0(22, index);
    }
    code.emit(random.pick(['tlbwi', 'tlbwr']));
  }

  /** Stores an instruction over another, or a byte of its immediate, somewhere in the code. */
  private patch(): void {
    const { code, random } = this;
    const at = code.words.length;
    code.emit('lui', { t: 21, i: 0 });
    code.emit('ori', { s: 21, t: 21 });
    code.emit('lui', { t: 22, i: 0xe000 });
    // Through the own segment's addresses or useg's.
    code.emit('and', { s: 22, t: random.pick([SP, SP, 0]), d: 22 });
    code.emit('or', { s: 21, t: 22, d: 21 });
    const row = random.pick(['addiu', 'xori', 'slti', 'andi', 'sltiu']);
    const word = encode(
      rows.get(row)!,
      { s: random.below(20), t: random.below(20), i: random.next() & 0xffff },
      random,
    );
    code.li(22, word);
    const kind = random.below(4);
    if (kind === 0) code.emit('sb', { s: 21, t: 22, i: this.options.bigEndian ? 3 : 0 });
    else if (kind === 1) code.emit('sh', { s: 21, t: 22, i: this.options.bigEndian ? 2 : 0 });
    else code.emit('sw', { s: 21, t: 22 });
    this.fixups.push(() => {
      const near = this.patchable.filter((place) => Math.abs(place - (CODE_AT + 4 * at)) < 400);
      const places = random.below(2) === 0 && near.length > 0 ? near : this.patchable;
      if (places.length === 0) return;
      // A whole word may go anywhere but where pointers are made; parts only over what they fit.
      const to = random.pick(places);
      code.words[at]! |= to >>> 16;
      code.words[at + 1]! |= to & 0xffff;
    });
  }
}
