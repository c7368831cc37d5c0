/**
 * What there is no generated code for, interpreted by WebAssembly: the integer rows of the instruction table, and, in kernel
 * mode, what moves to and from CP0, as one function for each mode that decodes, executes, and counts how often blocks are
 * entered. Everything else, and every access that is not in the host TLB, is the interpreter's in TypeScript, an instruction at a time.
 *
 * A host compiles this function once, to the same code whatever it meets. The interpreter's loop in TypeScript it compiles
 * for the instructions met so far, and takes that back when another comes: for the first seconds, when most is cold, that
 * loop mostly runs without being compiled.
 */
import type { Cpu } from '../cpu/cpu.ts';
import { ENCODINGS, type Encoding } from '../cpu/encoding.ts';
import { interpret } from '../cpu/interpreter.generated.ts';
import { JIT_ADDRESS_AT, JIT_LEFT_AT, JIT_PC_AT, type LinearMemory } from '../memory.ts';
import { Ended, Entered, IN_SLOT, type ColdOptions } from './cold-loop.ts';
import { COLD_KERNEL, ColdTarget } from './cold-target.ts';
import { makeModule, type FixedModule, type ModuleMaker } from './make-module.ts';
import { Field, Flow, traits, type Traits } from './traits.ts';
import { I32, ModuleWriter } from './wasm.ts';

/** Bits of a row that no switch has looked at. */
const OPCODE = 0xfc000000;
const FUNCTION = 0x3f;
const RT = 0x1f0000;
/** Opcodes whose rows differ in the function field: SPECIAL, SPECIAL2, SPECIAL3; and REGIMM's, in rt. */
const BY_FUNCTION = new Set([0, 0x1c, 0x1f]);
const REGIMM = 1;

/** `(pc, left, when blocks are counted) -> ` why it ended, and in bit 2 whether PC is in a delay slot. */
export type ColdFunction = (pc: number, left: number, entered: Entered) => number;
/** In place of why it ended. */
export const NOT_RUN = -1;

export class ColdInterpreter {
  readonly made: FixedModule;
  /** By mode. */
  readonly functions: readonly ColdFunction[];
  private readonly words: Int32Array;

  /** @param modes what is different from mode to mode */
  constructor(
    private readonly cpu: Cpu,
    memory: LinearMemory,
    modes: readonly ColdOptions[],
    make: ModuleMaker = makeModule,
  ) {
    this.words = memory.words;
    const out = new ModuleWriter();
    out.begin([{ parameters: [I32, I32, I32], results: [I32] }], [{ module: 'k', name: 'memory', kind: 'memory' }]);
    out.functions(modes.map(() => 0));
    out.exports(
      modes.map((_, i) => String(i)),
      0,
    );
    out.bodies();
    for (const mode of modes) emitLoop(out, mode);
    const wire = out.end();
    const module = make(wire);
    const instance = new WebAssembly.Instance(module, { k: { memory: memory.memory } });
    const functions = modes.map((_, i) => instance.exports[String(i)] as ColdFunction);
    this.functions = functions;
    this.made = { wire, module, calls: functions };
  }

  /**
   * Runs from PC on, which is not in a delay slot, until the slice is over or the mode has changed. When it counts, also
   * until a block comes that there is code for, or whose count is one that the translator wants to be told of.
   * @param counts whether it counts how often blocks are entered, this one first
   * @param ended where one of the functions has just been called: why it ended
   * @returns whether it ended at a block that the translator wants to be told of
   */
  run(mode: number, counts: boolean, ended: number = NOT_RUN): boolean {
    const { cpu, words } = this;
    const { reads } = cpu;
    const go = this.functions[mode]!;
    let entered = counts ? Entered.Now : Entered.Never;
    while (ended !== NOT_RUN || (cpu.left > 0 && cpu.reads === reads && cpu.delay === 0)) {
      if (ended === NOT_RUN) ended = go(cpu.pc, cpu.left, entered);
      const pc = (cpu.pc = words[JIT_PC_AT >>> 2]!);
      cpu.left = words[JIT_LEFT_AT >>> 2]!;
      if (ended < Ended.Unknown) return ended === Ended.Told;
      if ((ended & IN_SLOT) !== 0) {
        cpu.delay = 1;
        cpu.next = words[JIT_ADDRESS_AT >>> 2]!;
      }
      interpret(cpu, Math.max(0, cpu.left - 1));
      ended = NOT_RUN;
      // In the middle of a block nothing has been entered.
      if (counts) entered = cpu.pc === ((pc + 4) | 0) ? Entered.Later : Entered.Now;
    }
    return false;
  }
}

interface Row {
  encoding: Encoding;
  /** Null when the row is left to the interpreter. */
  traits: Traits | null;
}

const ROWS: Row[] = ENCODINGS.filter(({ instruction }) => !instruction.alias).map((encoding) => {
  const found = traits(encoding.value)!;
  const known = !found.float && found.flow !== Flow.Step && found.flow !== Flow.Leave;
  return { encoding, traits: known && found.instruction === encoding.instruction ? found : null };
});

function emitLoop(out: ModuleWriter, options: ColdOptions): void {
  const target = new ColdTarget(out, options);
  /** Writes what the rows do that a word may be after `known` bits of it have been looked at. */
  const emitRows = (rows: readonly Row[], known: number) => {
    for (const { encoding, traits } of rows) {
      const rest = encoding.mask & ~known;
      if (rest !== 0) target.ifWord(rest, encoding.value & rest);
      const { name } = encoding.instruction;
      if (options.kernel && COLD_KERNEL.has(name)) {
        target.kernel(name);
        target.next();
      } else if (traits) emitRow(target, traits);
      else target.giveUp();
      if (rest === 0) return;
      target.close();
    }
    target.giveUp();
  };
  /** Writes a switch over the field that `mask` says; see {@link emitRows}. */
  const emitSwitch = (rows: readonly Row[], shift: number, mask: number, known: number, nested?: Set<number>) => {
    const all = known | mask;
    const groups: Row[][] = [];
    for (let value = 0; value <= mask >>> shift; value++) {
      const bits = value << shift;
      groups.push(rows.filter(({ encoding }) => ((encoding.value ^ bits) & encoding.mask & mask) === 0));
    }
    target.chooseByField(shift, groups, (group, value) => {
      if (nested?.has(value)) emitSwitch(group, 0, FUNCTION, all);
      else if (nested && value === REGIMM) emitSwitch(group, 16, RT, all);
      else emitRows(group, all);
    });
  };
  target.emitLoop(() => emitSwitch(ROWS, 26, OPCODE, 0, BY_FUNCTION));
}

function emitRow(target: ColdTarget, { instruction, flow, reads, writes }: Traits): void {
  const pair = ((reads | writes) & Field.HiLo) !== 0;
  if (flow !== Flow.None) target.refuseInSlot();
  if (pair) target.loadPair();
  instruction.does(target);
  if (pair) target.storePair();
  if (flow === Flow.None) target.next();
}
