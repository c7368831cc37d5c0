/**
 * The FPU and QEMU's: each instruction of coprocessor 1 on many operands, rounding modes, FS and enables, in both modes
 * of Status.FR. A program runs on both and stores every result with FCSR and the exception, if any; all of it is
 * compared bit for bit. KSEG_FLOAT=N takes N times as many operands.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BareMachine, mfc0, mtc0, op } from '../testing/bare-machine.ts';
import { tinyElf } from '../testing/elf.ts';
import { GDB, Qemu, haveQemu } from '../testing/qemu.ts';
import { Cp0 } from './cp0.ts';
import { disassemble } from './disassembler.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { Random, encode } from './random-program.ts';

const SCALE = Number(process.env['KSEG_FLOAT'] ?? 1);
const RECORDS = 400 * SCALE;

const CODE = 0x80010000;
const HANDLER = 0x80000180;
const INPUT = 0x80100000;
const OUTPUT = 0x80800000;
/** An input record: fs, ft, fr, fd before, FCSR. An output record: fd, FCSR, Cause if an exception was raised. */
const INPUT_WORDS = 10;
const OUTPUT_WORDS = 4;

const [FS, FT, FR, FD] = [2, 4, 6, 8];
const [A0, A1, A2, T0, S0, S7, K0] = [4, 5, 6, 8, 16, 23, 26];
const STATUS = 0x20000000;
const STATUS_FR = 0x04000000;
const CAUSE_MASK = 0x3000007c;

const DOUBLES = [
  ...[0, Number.MIN_VALUE, 2 ** -1022, 2 ** -1022 - Number.MIN_VALUE, 2 ** -1021, 1.5 * 2 ** -1040, 2 ** -537],
  ...[2 ** -511, 2 ** -149, 2 ** -150, 2 ** -126, 2 ** -126 - 2 ** -150, 2 ** -126 - 2 ** -152, 1e-20, 0.1, 1 / 3],
  ...[0.49999999999999994, 0.5, 1 - 2 ** -53, 1, 1 + 2 ** -52, 1 + 2 ** -24, 1.5, 2, 2.5, 3, 3.5, Math.PI, 10, 1e10],
  ...[2 ** 31 - 1, 2 ** 31 - 0.5, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 52 - 0.5, 2 ** 53 - 1, 2 ** 53, 2 ** 62],
  ...[2 ** 63 - 1024, 2 ** 63, 2 ** 63 + 2048, 2 ** 64, 2 ** 127, 2 ** 128 * (1 - 2 ** -24), 2 ** 128 * (1 - 2 ** -25)],
  ...[2 ** 128, 2 ** 511, 2 ** 512, 2 ** 1023, Number.MAX_VALUE, Infinity],
];
/** Quiet, default, signalling; fractions that vanish in a single. */
const NANS = [0x7ff0000000000001n, 0x7ff7ffffffffffffn, 0x7ff4000012345678n, 0x7ff8000000000000n, 0x7fffffffffffffffn]
  .concat([0x7ff0000010000000n, 0x7ff0000020000000n, 0xfff3000000000001n])
  .concat([0xfff8000000000001n]);
const SINGLE_NANS = [0x7f800001, 0x7fbfffff, 0x7fa01234, 0x7fc00000, 0x7fffffff, 0xff900000, 0xffc00001];

const cell = new DataView(new ArrayBuffer(8));
function bitsOfDouble(value: number): bigint {
  cell.setFloat64(0, value);
  return cell.getBigUint64(0);
}
function bitsOfSingle(value: number): number {
  cell.setFloat32(0, value);
  return cell.getUint32(0);
}

const random = new Random(20);
const wide = () => (BigInt(random.next()) << 32n) | BigInt(random.next());

function doubleOperand(): bigint {
  switch (random.below(8)) {
    case 0:
      return wide();
    case 1:
      return random.pick(NANS);
    case 2:
      // Of ordinary size, so that sums round and cancel; a few low bits only, so that results are exact.
      return bitsOfDouble((random.below(64) - 32) / 2 ** random.below(8));
    case 3:
      return bitsOfDouble((random.next() - 2 ** 31) * 2 ** (random.below(60) - 30) + random.next() / 2 ** 20);
    case 4:
      // Near the edges of subnormal and overflow.
      return (wide() & 0x800fffffffffffffn) | (BigInt(random.pick([0, 0, 1, 2, 0x1ff, 0x3fe, 0x5ff, 0x7fe])) << 52n);
    default: {
      const bits = bitsOfDouble(random.pick(DOUBLES)) ^ (BigInt(random.below(2)) << 63n);
      return random.below(4) ? bits : BigInt.asUintN(64, bits + BigInt(random.below(5)) - 2n);
    }
  }
}

function singleOperand(): number {
  switch (random.below(8)) {
    case 0:
      return random.next();
    case 1:
      return random.pick(SINGLE_NANS);
    case 2:
      return bitsOfSingle((random.below(64) - 32) / 2 ** random.below(8));
    case 3:
      return bitsOfSingle((random.next() - 2 ** 31) * 2 ** (random.below(40) - 20));
    case 4:
      return (random.next() & 0x807fffff) | (random.pick([0, 0, 1, 2, 0x3f, 0x7e, 0xbf, 0xfe]) << 23);
    default: {
      const bits = bitsOfSingle(random.pick(DOUBLES)) ^ (random.below(2) << 31);
      return random.below(4) ? bits : bits + random.below(5) - 2;
    }
  }
}

const low = (bits: bigint) => Number(bits & 0xffffffffn);
const high = (bits: bigint) => Number(bits >> 32n);

/** A doubleword as two words in the order of memory. */
const inOrder = (bits: bigint, bigEndian: boolean) => (bigEndian ? [high(bits), low(bits)] : [low(bits), high(bits)]);

function operand(format: string): bigint {
  if (format === 's') return (BigInt(random.next()) << 32n) | BigInt(singleOperand() >>> 0);
  if (format === 'd') return doubleOperand();
  if (random.below(3) === 0) return wide();
  // Integers round the edges of the formats they go to.
  const edge = 1n << BigInt(random.pick([0, 1, 8, 23, 24, 25, 30, 31, 32, 52, 53, 54, 62, 63]));
  return BigInt.asUintN(64, (random.below(2) ? edge : -edge) + BigInt(random.below(5)) - 2n);
}

function fcsr(): number {
  const rounding = random.below(3) === 0 ? 0 : random.below(4);
  const enables = random.below(3) === 0 ? random.below(32) << 7 : 0;
  const flush = random.below(3) === 0 ? 0x01000000 : 0;
  return ((random.next() & 0xfe80007c) | rounding | enables | flush) >>> 0;
}

function inputs(format: string, bigEndian: boolean): number[] {
  const words: number[] = [];
  for (let i = 0; i < RECORDS; i++) {
    const fs = operand(format);
    const others = [operand(format), operand(format), wide()];
    // Equal operands, opposite ones.
    if (random.below(16) === 0) others[0] = fs ^ (BigInt(random.below(2)) << (format === 's' ? 31n : 63n));
    for (const bits of [fs, ...others]) words.push(...inOrder(bits, bigEndian));
    words.push(fcsr(), 0);
  }
  return words;
}

/** Runs each instruction on all records, one instruction after the other; ends at the last but one word. */
function program(instructions: number[], records: number): number[] {
  const words: number[] = [];
  const load = (t: number, value: number) => {
    words.push(op('lui', { t, i: value >>> 16 }), op('ori', { s: t, t, i: value & 0xffff }));
  };
  // Only under FR = 1 are odd registers not loaded below.
  for (const d of [FS, FT, FR, FD]) words.push(op('mtc1', { d: d + 1 }), op('mthc1', { d: d + 1 }));
  load(S7, CAUSE_MASK);
  load(A1, OUTPUT);
  for (const instruction of instructions) {
    load(A0, INPUT);
    load(A2, INPUT + records * INPUT_WORDS * 4);
    const body = [
      ...[FS, FT, FR, FD].map((t, i) => op('ldc1', { s: A0, t, i: 8 * i })),
      op('lw', { s: A0, t: T0, i: 32 }),
      op('ctc1', { t: T0, d: 31 }),
      op('or', { d: S0 }),
      instruction,
      op('sdc1', { s: A1, t: FD, i: 0 }),
      op('cfc1', { t: T0, d: 31 }),
      op('sw', { s: A1, t: T0, i: 8 }),
      op('sw', { s: A1, t: S0, i: 12 }),
      op('addiu', { s: A0, t: A0, i: INPUT_WORDS * 4 }),
    ];
    words.push(...body, op('bne', { s: A0, t: A2, i: -(body.length + 1) & 0xffff }));
    words.push(op('addiu', { s: A1, t: A1, i: OUTPUT_WORDS * 4 }));
  }
  return [...words, op('beq', { i: 0xffff }), 0];
}

const handler = [
  mfc0(S0, Cp0.Cause),
  op('and', { s: S0, t: S7, d: S0 }),
  mfc0(K0, Cp0.EPC),
  op('addiu', { s: K0, t: K0, i: 4 }),
  mtc0(K0, Cp0.EPC),
  op('eret'),
];

/** The words to compare for operands of `format`: every row of the table, and what no row knows. */
function instructionsOf(format: string): number[] {
  const fields = { d: FS, t: FT, s: FR, a: FD };
  const rows = INSTRUCTIONS.filter((row) => new RegExp(`^[a-z.0-9]+\\.${format}$`).test(row.name)).filter((row) =>
    row.bits.startsWith('01001'),
  );
  const words = rows.flatMap((row) => {
    const codes = row.bits.includes('k') ? [0, 1 + random.below(7)] : [0];
    return codes.map((k) => encode(row, { ...fields, k }, random));
  });
  const fmt = { s: 16, d: 17, w: 20, l: 21 }[format]!;
  for (let f = 0; f < 64; f++) {
    words.push(((0x11 << 26) | (fmt << 21) | (FT << 16) | (FS << 11) | (FD << 6) | f) >>> 0);
    // Odd registers, of which FR = 0 has no doubles.
    words.push(((0x11 << 26) | (fmt << 21) | (FT << 16) | ((FS + 1) << 11) | (FD << 6) | f) >>> 0);
    words.push(((0x11 << 26) | (fmt << 21) | (FT << 16) | (FS << 11) | ((FD + 1) << 6) | f) >>> 0);
    words.push(((0x11 << 26) | (fmt << 21) | ((FT + 1) << 16) | (FS << 11) | (FD << 6) | f) >>> 0);
  }
  // CABS.cond, RECIP1 and so on of MIPS-3D, which QEMU executes although FIR says that it is not there.
  return words.filter((word) => word >>> 26 !== 0x11 || ((word & 0x70) !== 0x70 && (word & 0x3c) !== 0x1c));
}

/** Data that random streams load and store, and the registers that point at its middle and hold an index. */
const DATA = 0x80400000;
const DATA_WORDS = 64;
const [GP, V0, T1] = [28, 2, 9];

const STATE_ROWS = INSTRUCTIONS.filter(
  (row) => /^(01000[01]|010011|11.101|000000 ?.{20}000001)/.test(row.bits) && !/^(cop|bc1|mfc0|mtc0)/.test(row.name),
).filter((row) => !row.alias && !row.bits.startsWith('010000'));

/**
 * A random stream of whatever touches the FPU's state: after each instruction the GPR it may have written and the
 * exception, if any, are stored; at the end all registers.
 */
function stateProgram(length: number): number[] {
  const words: number[] = [];
  const load = (t: number, value: number) => {
    words.push(op('lui', { t, i: value >>> 16 }), op('ori', { s: t, t, i: value & 0xffff }));
  };
  const mode = (status: number) => {
    load(K0, status);
    words.push(mtc0(K0, Cp0.Status), op('ehb'));
  };
  const store = () => {
    words.push(op('sw', { s: A1, t: V0 }), op('sw', { s: A1, t: S0, i: 4 }), op('addiu', { s: A1, t: A1, i: 8 }));
  };
  load(S7, CAUSE_MASK);
  load(A1, OUTPUT);
  load(GP, DATA + DATA_WORDS * 2);
  // Leaves Cause.CE known.
  mode(0);
  words.push(op('mtc1'));
  mode(0x24000000);
  for (let d = 0; d < 32; d++) words.push(op('mtc1', { d }), op('mthc1', { d }));
  words.push(op('ctc1', { d: 31 }), op('or', { d: V0 }));
  const register = () => random.below(8);
  // Not UFR, UNFR and FRE of later releases.
  const control = () => random.pick([0, 2, 3, 6 + random.below(26), 25, 26, 28, 31, 31]);
  let usable = true;
  for (let i = 0; i < length; i++) {
    if (random.below(12) === 0) {
      const status = random.pick([0x20000000, 0x24000000, 0x24000000, 0x20000000, 0, 0x04000000]);
      usable = (status & 0x20000000) !== 0;
      mode(status);
    }
    words.push(op('or', { d: S0 }));
    load(T1, random.below(3) ? random.next() : random.below(64));
    const kind = random.below(10);
    if (kind === 0) {
      const name = random.pick(['bc1f', 'bc1t', 'bc1fl', 'bc1tl']);
      words.push(op('c.lt.s', { d: register(), t: register(), k: random.below(8) }));
      words.push(op(name, { k: random.below(8), i: 2 }), op('addiu', { s: V0, t: V0, i: 1 }));
      words.push(op('addiu', { s: V0, t: V0, i: 256 }));
    } else if (kind === 1) {
      // No row knows these. Without CU1, QEMU calls them reserved where the PRA would have them unusable.
      if (!usable) continue;
      const rs = random.pick([1, 5, 10, 11, 12, 15, 18, 19, 22, 23, 24, 30].filter((n) => n !== 10));
      if (random.below(2)) words.push(((0x11 << 26) | (rs << 21) | (random.next() & 0x001fffff)) >>> 0);
      else
        words.push(((0x13 << 26) | (random.next() & 0x03ffffc0) | random.pick([2, 3, 4, 6, 7, 10, 12, 14, 16])) >>> 0);
    } else if (kind === 2) {
      const d = control();
      const value = random.below(2) ? random.next() & 0x01ff : random.next();
      load(T1, random.below(4) ? value & ~0x3ff00 : value);
      words.push(op('ctc1', { d, t: T1 }), op('cfc1', { d: control(), t: V0 }));
    } else {
      const row = random.pick(STATE_ROWS);
      const fields: Record<string, number> = { d: register(), t: register(), s: register(), a: register() };
      const indexed = /xc1$/.test(row.name);
      if (row.asm.includes('imm(rs)') || indexed || row.name === 'prefx') fields['s'] = GP;
      const aligned = random.below(6) ? ~7 : ~0;
      fields['i'] = (random.below(DATA_WORDS * 4 - 8) - DATA_WORDS * 2) & aligned & 0xffff;
      if (indexed) {
        load(T1, (random.below(DATA_WORDS * 4 - 8) - DATA_WORDS * 2) & aligned);
        fields['t'] = T1;
      }
      if (row.asm.startsWith('rt,') && /^m[ft]h?c1$/.test(row.name)) fields['t'] = row.name.startsWith('mf') ? V0 : T1;
      if (/^mov[zn]\./.test(row.name)) fields['t'] = random.pick([0, T1]);
      if (/^mov[ft]$/.test(row.name)) Object.assign(fields, { s: T1, d: V0 });
      if (/^c[ft]c1$/.test(row.name)) continue;
      words.push(encode(row, fields, random));
    }
    store();
  }
  mode(0x24000000);
  words.push(op('cfc1', { t: V0, d: 31 }));
  store();
  for (let t = 0; t < 32; t++) words.push(op('sdc1', { s: A1, t, i: 8 * t }));
  return [...words, op('beq', { i: 0xffff }), 0];
}

const hex = (words: ArrayLike<number>) => [...Array.from(words)].map((w) => (w >>> 0).toString(16).padStart(8, '0'));

/** Boots `machine` into a program. */
function start(machine: BareMachine, areas: [number, number[]][], status: number, end: number): void {
  for (const [at, contents] of areas) {
    for (let i = 0; i < contents.length; i += 10_000) machine.place(at + i * 4, ...contents.slice(i, i + 10_000));
  }
  machine.setCp0(Cp0.Status, status);
  machine.cpu.pc = CODE | 0;
  while (machine.cpu.pc >>> 0 !== end && machine.cpu.pc >>> 0 !== end + 4) machine.run(1_000_000, Infinity);
}

async function startQemu(qemu: Qemu, areas: [number, number[]][], status: number, end: number): Promise<void> {
  for (const [at, contents] of areas) await qemu.writeWords(at, contents);
  await qemu.setRegisters(
    new Map([
      [GDB.pc, CODE],
      [GDB.status, status],
      [GDB.cause, 0],
    ]),
  );
  await qemu.runTo(end);
}

/** The part of a random stream whose outcome is the output's word `index`. */
function explain(code: number[], index: number, ours: number[], theirs: number[]): string {
  const stores = code.flatMap((word, i) => (word === op('sw', { s: A1, t: S0, i: 4 }) ? [i] : []));
  const at = stores[Math.min(index >> 1, stores.length - 1)]!;
  const text = code.slice(Math.max(0, at - 12), at).map((word) => disassemble(word, 0));
  return `${hex([ours[index]!]).join()}, QEMU ${hex([theirs[index]!]).join()} after\n${text.join('\n')}`;
}

if (!haveQemu()) console.log('fpu-qemu: skipped, qemu-system-mips and qemu-system-mipsel are not installed');

describe.skipIf(!haveQemu()).each([
  ['little endian', false],
  ['big endian', true],
])('%s', (_, bigEndian) => {
  let qemu: Qemu;
  const folder = mkdtempSync(join(tmpdir(), 'kseg-fpu-'));

  beforeAll(async () => {
    const kernel = join(folder, 'loop.elf');
    writeFileSync(kernel, tinyElf(bigEndian, CODE, [0x1000ffff, 0]));
    qemu = await Qemu.start(bigEndian, ['-kernel', kernel]);
  });
  afterAll(() => {
    qemu?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(
    ['s', 'd', 'w', 'l'].flatMap((format) => [
      [format, 0],
      [format, 1],
    ]) as [string, number][],
  )('operands of format %s, FR = %i', { timeout: 600_000 }, async (format, fr) => {
    const words = instructionsOf(format);
    const code = program(words, RECORDS);
    const records = inputs(format, bigEndian);
    const status = STATUS | (fr ? STATUS_FR : 0);
    const end = CODE + (code.length - 2) * 4;
    const areas: [number, number[]][] = [
      [CODE, code],
      [HANDLER, handler],
      [INPUT, records],
    ];

    const machine = new BareMachine({ bigEndian, memoryMiB: 64 });
    start(machine, areas, status, end);
    await startQemu(qemu, areas, status, end);

    const count = words.length * RECORDS * OUTPUT_WORDS;
    const theirs = await qemu.readWords(OUTPUT, count);
    const at = machine.mmu.ram(OUTPUT & 0x1fffffff) >> 2;
    const ours = machine.memory.words.subarray(at, at + count);
    const differences: string[] = [];
    const differing = new Map<number, number>();
    let different = 0;
    for (let i = 0; i < count; i += OUTPUT_WORDS) {
      if ([0, 1, 2, 3].every((j) => ours[i + j]! >>> 0 === theirs[i + j])) continue;
      different++;
      const record = (i / OUTPUT_WORDS) % RECORDS;
      const word = words[Math.floor(i / OUTPUT_WORDS / RECORDS)]!;
      differing.set(word, (differing.get(word) ?? 0) + 1);
      if (differing.get(word)! > 3) continue;
      const input = hex(records.slice(record * INPUT_WORDS, record * INPUT_WORDS + 9)).join(' ');
      const [us, them] = [ours.subarray(i, i + OUTPUT_WORDS), theirs.slice(i, i + OUTPUT_WORDS)].map(hex);
      differences.push(
        `${disassemble(word, 0)} (${hex([word])[0]!}) of ${input}: ${us!.join(' ')}, QEMU ${them!.join(' ')}`,
      );
    }
    expect(differences, `${different} of ${count / OUTPUT_WORDS}`).toEqual([]);
  });

  it.each(Array.from({ length: 4 * SCALE }, (_, i) => i + 1))('registers and control, stream %i', async () => {
    const steps = 2000;
    const code = stateProgram(steps);
    const data = Array.from({ length: DATA_WORDS }, () => random.next());
    const end = CODE + (code.length - 2) * 4;
    const areas: [number, number[]][] = [
      [CODE, code],
      [HANDLER, handler],
      [DATA, data],
      [OUTPUT, Array.from({ length: steps * 2 + 80 }, () => 0)],
    ];
    const machine = new BareMachine({ bigEndian, memoryMiB: 64 });
    start(machine, areas, STATUS, end);
    await startQemu(qemu, areas, STATUS, end);
    for (const [at, count] of [
      [OUTPUT, steps * 2 + 80],
      [DATA, DATA_WORDS],
    ] as const) {
      const theirs = await qemu.readWords(at, count);
      const from = machine.mmu.ram(at & 0x1fffffff) >> 2;
      const ours = [...machine.memory.words.subarray(from, from + count)].map((w) => w >>> 0);
      const first = ours.findIndex((w, i) => w !== theirs[i]);
      expect(first < 0 ? '' : `${first}: ${explain(code, first, ours, theirs)}`).toBe('');
    }
  });
});
