/** Random instruction streams for tests: every row of the table, with operands under which a run stays on course. */
import { INSTRUCTIONS, type Instruction } from './instructions.ts';

/** Where the parts of a program lie, as kseg0 addresses. */
export const CODE = 0x80100000;
export const DATA = 0x80200000;
/** Length of the data area, in bytes; DATA is its middle. */
export const DATA_BYTES = 0x10000;

/** A register that always points at the data area, and one that points at pages only the TLB maps. */
const DATA_POINTER = 28;
const MAPPED_POINTER = 29;
const K0 = 26;
const K1 = 27;
/** First mapped address; entries for a few pages round it come and go. */
export const MAPPED = 0x00400000;

export class Random {
  constructor(private state: number) {}
  /** An unsigned 32-bit number. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }
  below(n: number): number {
    return this.next() % n;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
  /** Numbers that are more interesting than evenly spread ones. */
  value(): number {
    switch (this.below(6)) {
      case 0:
        return this.pick([0, 1, 0xffffffff, 0x7fffffff, 0x80000000, 0x80000001, 0xffff, 0x8000, 0xffff8000]);
      case 1:
        return this.next() >>> this.below(32);
      case 2:
        return ~(this.next() >>> this.below(32)) >>> 0;
      default:
        return this.next();
    }
  }
}

/** Puts operand fields into a row's pattern; letters without a value become random bits, `-` zeros. */
export function encode(row: Instruction, fields: Record<string, number>, random: Random): number {
  const left: Record<string, number> = { ...fields };
  let word = 0;
  for (let i = 31; i >= 0; i--) {
    const letter = row.bits[i]!;
    let bit: number;
    if (letter === '0' || letter === '1') bit = Number(letter);
    else if (letter === '-') bit = 0;
    else if (left[letter] === undefined) bit = random.below(2);
    else {
      bit = left[letter]! & 1;
      left[letter]! >>>= 1;
    }
    if (bit) word |= 1 << (31 - i);
  }
  return word >>> 0;
}

const byName = new Map(INSTRUCTIONS.map((row) => [row.name, row]));
const named = (name: string): Instruction => byName.get(name)!;

/** CP0 registers whose reads and writes any two implementations agree on, by register number and select. */
const CP0_STORAGE: [register: number, select: number][] = [
  [2, 0],
  [3, 0],
  [4, 0],
  [5, 0],
  [6, 0],
  [7, 0],
  [10, 0],
  [12, 1],
  [14, 0],
  [16, 0],
  [30, 0],
  [31, 0],
];
const CP0_READ_ONLY: [register: number, select: number][] = [
  [0, 0],
  [8, 0],
  [12, 0],
  [15, 0],
  [15, 1],
  [16, 1],
  [16, 2],
  [16, 3],
];

const BRANCHES = /^(b|bal|j|jal|jr|jalr)(eq|ne|lez|gtz|ltz|gez)?(al)?l?$/;
const MEMORY = /^(l[bhw]u?|lw[lr]|s[bhw]|sw[lr])$/;
/** Not in random streams: what depends on time or devices, or ends the stream. */
const LEFT_OUT = new Set(
  [
    'wait',
    'eret',
    'deret',
    'tlbwr',
    'hypcall',
    'cop0',
    'mfc0',
    'mtc0',
    'cache',
    'rdhwr',
    'll',
    'sc',
    'synci',
    'di',
    'ei',
  ]
    .concat(['cop1', 'cop1x', 'cop2', 'lwc1', 'ldc1', 'swc1', 'sdc1', 'lwc2', 'ldc2', 'swc2', 'sdc2', 'movci'])
    .concat(['rdpgpr', 'wrpgpr', 'tlbwi']),
);
const PLAIN = INSTRUCTIONS.filter(
  (row) => !row.alias && !LEFT_OUT.has(row.name) && !/^(j|jal|jr|jalr)$/.test(row.name),
);

/** The instruction words of a random stream of about `length`, to be placed at kseg0 address `base`. */
export function randomProgram(random: Random, length: number, base: number): number[] {
  const words: number[] = [];
  const emit = (name: string, fields: Record<string, number>) => words.push(encode(named(name), fields, random));
  /** Any register but those the streams rely on. */
  const destination = () => random.below(26);
  const source = () => random.below(30);
  const loadConstant = (register: number, value: number) => {
    emit('lui', { t: register, i: value >>> 16 });
    emit('ori', { s: register, t: register, i: value & 0xffff });
  };
  while (words.length < length) {
    const kind = random.below(20);
    if (kind === 0) {
      // A TLB entry for one of a few page pairs, at a random index.
      const ram = () => ((0x300 + random.below(64)) << 6) | (random.below(8) << 3) | random.below(8);
      loadConstant(K1, (MAPPED & 0xffffe000) + (random.below(4) << 13) + random.below(3));
      emit('mtc0', { t: K1, d: 10, e: 0 });
      for (const register of [2, 3]) {
        loadConstant(K1, ram());
        emit('mtc0', { t: K1, d: register, e: 0 });
      }
      loadConstant(K1, random.pick([0, 0, 0, 0x6000]));
      emit('mtc0', { t: K1, d: 5, e: 0 });
      loadConstant(K1, random.below(16));
      emit('mtc0', { t: K1, d: 0, e: 0 });
      emit('tlbwi', {});
    } else if (kind === 1) {
      // Another ASID, and perhaps a look at the TLB.
      loadConstant(K1, (MAPPED & 0xffffe000) + (random.below(4) << 13) + random.below(3));
      emit('mtc0', { t: K1, d: 10, e: 0 });
      if (random.below(2)) emit(random.pick(['tlbp', 'tlbr']), {});
    } else if (kind === 2) {
      const [d, e] = random.pick([...CP0_STORAGE, ...CP0_READ_ONLY]);
      emit('mfc0', { t: destination(), d, e });
    } else if (kind === 3) {
      const [d, e] = random.pick(CP0_STORAGE);
      emit('mtc0', { t: source(), d, e });
    } else if (kind === 4) {
      const i = random.below(64) * 4;
      emit('ll', { s: DATA_POINTER, t: destination(), i });
      if (random.below(3) === 0) emit('addiu', { s: source(), t: destination() });
      emit('sc', { s: DATA_POINTER, t: destination(), i: random.below(4) ? i : i + 4 });
    } else if (kind === 5) {
      emit('jal', { j: ((base & 0x0fffffff) >>> 2) + words.length + 2 + random.below(4) });
      emit('addu', { s: source(), t: source(), d: destination() });
    } else if (kind === 6) {
      const register = 1 + random.below(25);
      const target = base + (words.length + 4 + random.below(3)) * 4;
      loadConstant(register, target);
      emit('jalr', { s: register, d: destination(), c: 0 });
      emit('xor', { s: source(), t: source(), d: destination() });
    } else if (kind === 7) {
      emit('cache', { s: DATA_POINTER, c: random.pick([0x00, 0x01, 0x10, 0x15]), i: random.below(256) });
    } else if (kind === 8) emit(random.pick(['lwc1', 'ei', 'di', 'rdpgpr']), { t: destination(), d: destination() });
    else {
      const row = random.pick(PLAIN);
      const fields: Record<string, number> = { s: source(), t: destination(), d: destination() };
      if (BRANCHES.test(row.name)) {
        fields['i'] = 1 + random.below(6);
        // A branch that can never be taken is no branch to QEMU, and what follows it no delay slot.
        fields['s'] = 1 + random.below(12);
        fields['t'] = 13 + random.below(12);
      }
      if (MEMORY.test(row.name)) {
        const mapped = random.below(2) === 0;
        const size = /[hH]/.test(row.name) ? 2 : /w$/.test(row.name) ? 4 : 1;
        const aligned = random.below(8) > 0 ? ~(size - 1) : ~0;
        fields['s'] = mapped ? MAPPED_POINTER : DATA_POINTER;
        fields['i'] = mapped ? random.below(0x8000) & aligned : random.next() & 0xffff & aligned;
        if (row.name.startsWith('s')) fields['t'] = source();
      } else if (row.name === 'cache') continue;
      words.push(encode(row, fields, random));
    }
  }
  // Branches near the end land here; the stream ends in a loop.
  for (let i = 0; i < 8; i++) words.push(0);
  words.push(0x1000ffff, 0);
  return words;
}

/** The handler for every vector: reads what an exception sets, and goes on after the instruction that raised it. */
export function exceptionHandler(random: Random): number[] {
  const words: number[] = [];
  const emit = (name: string, fields: Record<string, number>) => words.push(encode(named(name), fields, random));
  for (const [d, e] of [
    [8, 0],
    [10, 0],
    [4, 0],
    [13, 0],
  ]) {
    emit('mfc0', { t: K1, d: d!, e: e! });
  }
  // Cause's pending interrupts are not the stream's doing.
  loadHalf(emit, K0, 0xbfff, 0x03ff);
  emit('and', { s: K1, t: K0, d: K1 });
  emit('mfc0', { t: K0, d: 14, e: 0 });
  emit('addiu', { s: K0, t: K0, i: 4 });
  emit('mtc0', { t: K0, d: 14, e: 0 });
  emit('eret', {});
  return words;
}

function loadHalf(
  emit: (name: string, fields: Record<string, number>) => void,
  register: number,
  high: number,
  low: number,
): void {
  emit('lui', { t: register, i: high });
  emit('ori', { s: register, t: register, i: low });
}

/** Values of r1 to r31 that a stream starts with. */
export function randomRegisters(random: Random): Uint32Array {
  const r = new Uint32Array(32);
  for (let i = 1; i < 32; i++) r[i] = random.value();
  r[DATA_POINTER] = DATA;
  r[MAPPED_POINTER] = MAPPED;
  return r;
}

/** Clears CP0 and the TLB, which streams before may have left in any state. */
export function prelude(): number[] {
  const words: number[] = [];
  const mtc0 = (rt: number, rd: number, sel = 0) => words.push((0x40800000 | (rt << 16) | (rd << 11) | sel) >>> 0);
  for (const [rd, sel] of [
    [12, 0],
    [13, 0],
    [2, 0],
    [3, 0],
    [4, 0],
    [5, 0],
    [6, 0],
    [7, 0],
    [12, 1],
    [14, 0],
    [16, 0],
    [30, 0],
    [31, 0],
  ]) {
    mtc0(0, rd!, sel);
  }
  for (let i = 0; i < 16; i++) {
    // li k0, i; mtc0 k0, Index; lui k0, 0x8000 | ...: entries that match nothing
    words.push(0x241a0000 | i);
    mtc0(26, 0);
    words.push(0x3c1a9000 + i * 2);
    mtc0(26, 10);
    words.push(0x42000002);
  }
  words.push(0x3c1a0000 | (MAPPED >>> 16));
  mtc0(26, 10);
  mtc0(0, 0);
  words.push(0x42000008);
  // A TLB refill and a coprocessor 1 instruction: leave every field of Context and Cause known.
  words.push(0x8f400000, 0xc4000000);
  return words;
}
