/**
 * Random instruction streams on the interpreter and on QEMU, an instruction at a time: every register and the CP0
 * registers that the stub shows are compared after each, the other CP0 registers through what the streams read.
 * KSEG_LOCKSTEP=N runs N streams of each byte order instead of a few.
 */
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Machine } from '../machine.ts';
import { tinyElf } from '../testing/elf.ts';
import { GDB, Qemu, haveQemu } from '../testing/qemu.ts';
import { Cp0, cp0Name } from './cp0.ts';
import { disassemble } from './disassembler.ts';
import { decode } from './encoding.ts';
import {
  CODE,
  DATA,
  DATA_BYTES,
  Random,
  exceptionHandler,
  prelude,
  randomProgram,
  randomRegisters,
} from './random-program.ts';

const STREAMS = Number(process.env['KSEG_LOCKSTEP'] ?? 6);
const LENGTH = 300;
const STEPS = 450;
/** Cause without the interrupts that hardware has pending. */
const CAUSE_COMPARED = ~0x4000fc00;
const MFC0_K1_CAUSE = 0x401b6800;
const VECTORS = [0x80000000, 0x80000180];
const RAM_MAPPED = 0x80300000;

if (!haveQemu()) console.log('qemu-lockstep: skipped, qemu-system-mips and qemu-system-mipsel are not installed');

describe.skipIf(!haveQemu()).each([
  ['little endian', false],
  ['big endian', true],
])('%s', (_, bigEndian) => {
  let qemu: Qemu;
  const folder = mkdtempSync(join(tmpdir(), 'kseg-lockstep-'));

  beforeAll(async () => {
    const kernel = join(folder, 'loop.elf');
    writeFileSync(kernel, tinyElf(bigEndian, CODE, [0x1000ffff, 0]));
    qemu = await Qemu.start(bigEndian, ['-kernel', kernel]);
  });
  afterAll(() => {
    qemu?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(Array.from({ length: STREAMS }, (_, i) => i + 1))('stream %i', { timeout: 120_000 }, async (seed) => {
    const random = new Random(seed * 2654435761 + Number(bigEndian));
    const code = [...prelude(), ...randomProgram(random, LENGTH, CODE + prelude().length * 4)];
    const handler = exceptionHandler(random);
    const data = Array.from({ length: DATA_BYTES / 4 }, () => random.next());
    const registers = randomRegisters(random);

    const machine = new Machine({
      kind: 'malta',
      bigEndian,
      memoryMiB: 64,
      tlbEntries: 16,
      nsPerInstruction: 4,
      seed: 1,
    });
    const areas: [number, number[]][] = [
      [CODE, code],
      [DATA - DATA_BYTES / 2, data],
      [RAM_MAPPED, data],
      ...VECTORS.map((v): [number, number[]] => [v, handler]),
    ];
    machine.boot({
      pc: CODE,
      registers: Object.fromEntries([...registers].map((v, i) => [i, v])),
      writes: areas.map(([at, words]) => ({ gpa: at & 0x1fffffff, bytes: wordsToBytes(words, bigEndian) })),
      rom: [],
      symbols: [],
      leavesReset: true,
    });
    for (const [at, words] of areas) await qemu.writeWords(at, words);
    const start = new Map<number, number>([...registers].map((v, i) => [i, v]));
    for (const i of [GDB.hi, GDB.lo, GDB.cause, GDB.badVAddr]) start.set(i, 0);
    start.set(GDB.status, 0x00400000).set(GDB.pc, CODE);
    await qemu.setRegisters(start);

    const history: string[] = [];
    for (let step = 0; step < STEPS; step++) {
      const pc = machine.cpu.pc >>> 0;
      const at = machine.mmu.ram(pc & 0x1fffffff);
      const word = at >= 0 ? machine.memory.words[at >> 2]! >>> 0 : 0;
      history.push(`${pc.toString(16)}: ${disassemble(word, pc)}`);
      // Branches may skip half of what prepares a jump; where it goes then is no code, or MIPS16e code.
      const jump = /^jal?r$/.test(decode(word)?.name ?? '') ? machine.cpu.r[(word >>> 21) & 31]! >>> 0 : CODE;
      if ((jump & 3) !== 0 || jump < CODE || jump >= CODE + code.length * 4) break;
      const before = machine.clock.instructions();
      machine.run(1, Infinity);
      // The stub stops once more before a delay slot that a branch likely annuls.
      const annulled = /l$/.test(decode(word)?.name ?? '') && machine.cpu.pc >>> 0 === pc + 8 ? 1 : 0;
      const executed = Math.max(machine.clock.instructions() - before, annulled * 2);
      let theirs = await qemu.registers();
      for (let i = 0; i < executed; i++) theirs = await stepOnce(qemu, theirs[GDB.pc]!);
      if (word === MFC0_K1_CAUSE)
        machine.cpu.r[27] = (machine.cpu.r[27]! & CAUSE_COMPARED) | (theirs[27]! & ~CAUSE_COMPARED);
      const differences = compare(machine, theirs, step < prelude().length + 2 * handler.length);
      expect(differences, `after\n${history.slice(-8).join('\n')}`).toEqual([]);
    }
    const memory = await qemu.readWords(DATA - DATA_BYTES / 2, DATA_BYTES / 4);
    const ours = machine.mmu.ram((DATA - DATA_BYTES / 2) & 0x1fffffff) >> 2;
    expect(memory).toEqual([...machine.memory.words.subarray(ours, ours + memory.length)].map((w) => w >>> 0));
  });
});

/**
 * The registers after one more instruction from `pc`. When the timer's interrupt line has just moved, the stub stops
 * without having stepped: at an instruction or between a branch and its delay slot. No instruction of these streams
 * leaves the pc where it is.
 */
async function stepOnce(qemu: Qemu, pc: number): Promise<Uint32Array> {
  for (let tries = 0; ; tries++) {
    await qemu.step();
    const registers = await qemu.registers();
    if (registers[GDB.pc] !== pc || tries === 3) return registers;
  }
}

function wordsToBytes(words: number[], bigEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((w, i) => view.setUint32(i * 4, w, !bigEndian));
  return bytes;
}

/** What differs, as `name: ours theirs`. */
function compare(machine: Machine, theirs: Uint32Array, inPrelude: boolean): string[] {
  const { cpu, system } = machine;
  const ours: [string, number, number][] = [];
  for (let i = 1; i < 32; i++) if (i !== 27 || !inPrelude) ours.push([`r${i}`, cpu.r[i]!, theirs[i]!]);
  ours.push(['hi', cpu.r[32]!, theirs[GDB.hi]!], ['lo', cpu.r[33]!, theirs[GDB.lo]!], ['pc', cpu.pc, theirs[GDB.pc]!]);
  if (!inPrelude) {
    ours.push([cp0Name(Cp0.Status), system.cp0[Cp0.Status]!, theirs[GDB.status]!]);
    ours.push([cp0Name(Cp0.BadVAddr), system.cp0[Cp0.BadVAddr]!, theirs[GDB.badVAddr]!]);
    ours.push([cp0Name(Cp0.Cause), system.cp0[Cp0.Cause]! & CAUSE_COMPARED, theirs[GDB.cause]! & CAUSE_COMPARED]);
  }
  return ours
    .filter(([, a, b]) => a >>> 0 !== b >>> 0)
    .map(([name, a, b]) => `${name}: ${(a >>> 0).toString(16)}, QEMU ${(b >>> 0).toString(16)}`);
}
