/** A machine without a guest, for tests: instructions are placed and stepped one by one, CP0 is set as MTC0 sets it. */
import { assemble } from '../boot/assemble.ts';
import { Cp0 } from '../cpu/cp0.ts';
import { INSTRUCTIONS } from '../cpu/instructions.ts';
import { encode, Random } from '../cpu/random-program.ts';
import { Machine } from '../machine.ts';
import type { MachineOptions } from '../machine-options.ts';

const rows = new Map(INSTRUCTIONS.map((row) => [row.name, row]));
const ZERO = { s: 0, t: 0, d: 0, a: 0, i: 0, j: 0, c: 0, e: 0, k: 0 };
const anything = new Random(1);

/** The word of an instruction; `fields` by the table's letters, absent ones are 0. */
export function op(name: string, fields: Partial<typeof ZERO> = {}): number {
  return encode(rows.get(name)!, { ...ZERO, ...fields }, anything);
}

const K1 = 27;
/** Register and select of an index in {@link Cp0}, as instruction fields. */
const cp0Fields = (index: number) => ({ d: index >>> 3, e: index & 7 });
export const mfc0 = (t: number, index: number) => op('mfc0', { t, ...cp0Fields(index) });
export const mtc0 = (t: number, index: number) => op('mtc0', { t, ...cp0Fields(index) });

export const OPTIONS: MachineOptions = {
  kind: 'malta',
  bigEndian: false,
  memoryMiB: 16,
  tlbEntries: 16,
  nsPerInstruction: 4,
  seed: 1,
};

export class BareMachine extends Machine {
  /** What the CPU would run first, in kseg0. */
  readonly start: number;

  constructor(options: Partial<MachineOptions> = {}, leavesReset = true) {
    super({ ...OPTIONS, ...options });
    this.start = (this.options.kind === 'kvm' ? 0x40000000 : 0x80000000) + 0x10000;
    this.boot({ pc: this.start, registers: {}, writes: [], rom: [], symbols: [], leavesReset });
  }

  /** Writes words to RAM at a physical address, or one that kseg0 maps. */
  place(address: number, ...words: number[]): void {
    this.writeRam(address & 0x1fffffff, assemble(words, this.options.bigEndian));
  }

  /** Places words at PC and executes as many instructions. */
  execute(...words: number[]): void {
    this.place(this.cpu.pc, ...words);
    this.run(words.length, Infinity);
  }

  /** Does what a privileged instruction does; PC stays. */
  privileged(word: number): void {
    const { pc } = this.cpu;
    this.system.cop0(word);
    this.cpu.pc = pc;
    this.cpu.delay = 0;
  }

  /** MTC0 and MFC0, as the kernel's instruction would. */
  setCp0(index: number, value: number): void {
    this.cpu.r[K1] = value;
    this.privileged(mtc0(K1, index));
  }
  getCp0(index: number): number {
    this.privileged(mfc0(K1, index));
    return this.cpu.r[K1]! >>> 0;
  }

  /** Writes a guest TLB entry by TLBWI, or one by TLBWR; EntryHi and what else it takes keep the new values. */
  writeEntry(index: number | 'random', entry: { hi: number; mask?: number; lo0?: number; lo1?: number }): void {
    if (index !== 'random') this.setCp0(Cp0.Index, index);
    this.setCp0(Cp0.PageMask, entry.mask ?? 0);
    this.setCp0(Cp0.EntryLo0, entry.lo0 ?? 0);
    this.setCp0(Cp0.EntryLo1, entry.lo1 ?? 0);
    this.setCp0(Cp0.EntryHi, entry.hi);
    this.privileged(op(index === 'random' ? 'tlbwr' : 'tlbwi'));
  }
}

/** An EntryLo image. @param flags of V, D, G */
export function entryLo(gpa: number, flags: string): number {
  const bits = (flags.includes('V') ? 2 : 0) | (flags.includes('D') ? 4 : 0) | (flags.includes('G') ? 1 : 0);
  return (((gpa >>> 12) << 6) | (3 << 3) | bits) >>> 0;
}
