/** The instruction table as a decoder: no word is two instructions, and what is none raises Reserved Instruction. */
import { describe, expect, it } from 'vitest';
import { Cp0 } from './cp0.ts';
import { ENCODINGS, decode } from './encoding.ts';
import { ExcCode } from './exceptions.ts';
import { Random, encode } from './random-program.ts';
import { BareMachine } from '../testing/bare-machine.ts';

/** Rows whose own code may refuse a word that the row matches: bad fields, or what the 24Kf lacks. */
const MAY_REFUSE = new Set(['ext', 'ins', 'cop0', 'deret', 'hypcall', 'rdhwr', 'eret']);

describe('the table', () => {
  it('has no two equally specific rows for one word', () => {
    const clashes = ENCODINGS.flatMap((a, i) =>
      ENCODINGS.slice(i + 1)
        .filter((b) => a.fixed === b.fixed && ((a.value ^ b.value) & a.mask & b.mask) === 0)
        .map((b) => `${a.instruction.name} and ${b.instruction.name}`),
    );
    expect(clashes).toEqual([]);
  });

  it.each(ENCODINGS.map((e) => [e.instruction.name, e] as const))('%s decodes to itself', (_, e) => {
    const random = new Random(e.value);
    let itself = 0;
    for (let i = 0; i < 200; i++) {
      const word = (encode(e.instruction, {}, random) | (random.next() & ~e.mask)) >>> 0;
      const found = decode(word)!;
      if (found === e.instruction) itself++;
      // Another row may take a word only by naming more of its bits.
      else expect(ENCODINGS.find((other) => other.instruction === found)!.fixed).toBeGreaterThan(e.fixed);
    }
    expect(itself).toBeGreaterThan(0);
  });
});

it('the interpreter refuses exactly the words that the table does not know', () => {
  const machine = new BareMachine();
  const random = new Random(5);
  const start = machine.cpu.pc;
  let unknown = 0;
  for (let i = 0; i < 20_000; i++) {
    // Every major opcode, function and REGIMM code comes up; shapes of SPECIAL2, SPECIAL3 and COP0 often.
    const major = random.pick([0, 0, 1, 16, 28, 28, 31, 31, random.below(64)]);
    const word = ((major << 26) | (random.next() >>> 6)) >>> 0;
    const row = decode(word);
    if (row && (MAY_REFUSE.has(row.name) || row.name === 'wait')) continue;
    machine.setCp0(Cp0.Status, 0);
    machine.cpu.r.fill(0);
    machine.cpu.pc = start;
    machine.cpu.delay = 0;
    machine.execute(word);
    const raised = (machine.system.cp0[Cp0.Status]! & 2) !== 0;
    const code = (machine.system.cp0[Cp0.Cause]! >>> 2) & 31;
    const refused = raised && code === ExcCode.RI;
    expect(refused, `${word.toString(16)} ${row?.name ?? 'unknown'}`).toBe(row === null);
    if (!row) unknown++;
  }
  expect(unknown).toBeGreaterThan(2000);
});
