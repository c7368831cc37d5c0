/**
 * Two machines with the same guest, one on the interpreter and one with the translator, run in slices and compared after
 * each in everything a guest or a user could tell apart. What differs first is then looked for in ever smaller slices, in
 * a new run from the start.
 */
import { cp0Name } from './cpu/cp0.ts';
import { REGISTER_NAMES, disassemble } from './cpu/disassembler.ts';
import { hex, type TraceLine } from './debug/trace.ts';
import type { Machine, StopReason } from './machine.ts';
import { FCSR_AT, FLAT_TABLE_BYTES, FPRS_AT, HOST_TLB, LINKED_AT, RAM_AT } from './memory.ts';
import { KSEG0 } from './mmu/layout.ts';

/** The interpreter's machine, and the one compared with it. */
export interface Pair {
  interpreter: Machine;
  jit: Machine;
}

/** One thing that is not the same on both. */
export interface Difference {
  /** What it is, e.g. `a1` or `memory at 0x00001000`. */
  what: string;
  interpreter: string;
  jit: string;
}

/** Where two engines part. */
export interface Parting {
  /** Instructions after which both were last seen equal, and after which they were first seen not to be. */
  equalAt: number;
  differentAt: number;
  differences: Difference[];
  /** What the interpreter executed between the two, or the last of it: an address and an instruction each. */
  executed: string[];
}

/** What has been done to both machines since their start. */
type Step = { limit: number; skipUntil: number } | ((machine: Machine) => void);

/** More differences than this do not help. */
const MOST_DIFFERENCES = 12;
/** Instructions of a report. */
const MOST_LINES = 64;
/** A slice with a difference in it is run again in so many parts. */
const PARTS = 64;

export class Lockstep {
  private pair: Pair;
  private readonly steps: Step[] = [];
  private readonly lines: Record<keyof Pair, string[]> = { interpreter: [], jit: [] };
  /** Set at the first difference. */
  parting: Parting | null = null;

  /**
   * @param make gives both machines, ready to run; called once more for each look into a slice
   * @param traced whether their traces are compared; where nobody traces, generated code does more by itself
   */
  constructor(
    private readonly make: () => Pair,
    private readonly traced = true,
  ) {
    this.pair = this.start();
  }

  get interpreter(): Machine {
    return this.pair.interpreter;
  }
  get jit(): Machine {
    return this.pair.jit;
  }

  private start(): Pair {
    const pair = this.make();
    for (const engine of ['interpreter', 'jit'] as const) {
      const machine = pair[engine];
      const { trace } = machine;
      this.lines[engine] = [];
      if (!this.traced) continue;
      machine.trace = (line: TraceLine) => {
        trace?.(line);
        this.lines[engine].push(JSON.stringify(line));
      };
    }
    return pair;
  }

  /** Does something to both, such as console keys. */
  act(what: (machine: Machine) => void): void {
    this.apply(what);
  }

  /** Runs both as Machine.run does, and compares them. What differs is in {@link parting} then. */
  run(limit: number, skipUntil: number): StopReason {
    const equalAt = this.interpreter.clock.instructions();
    const stop = this.apply({ limit, skipUntil })!;
    const found = this.compare();
    if (found.length > 0) this.parting = this.locate(equalAt, found);
    return stop;
  }

  private apply(step: Step): StopReason | null {
    this.steps.push(step);
    const { interpreter, jit } = this.pair;
    const stop = perform(jit, step);
    perform(interpreter, step);
    return stop;
  }

  /** What differs now, the trace since the last look included. */
  private compare(): Difference[] {
    const found = differences(this.pair);
    const { interpreter, jit } = this.lines;
    const at = interpreter.findIndex((line, i) => line !== jit[i]);
    if (at >= 0 || jit.length > interpreter.length) {
      const index = at >= 0 ? at : interpreter.length;
      found.push({
        what: 'the trace',
        interpreter: interpreter[index] ?? 'no more events',
        jit: jit[index] ?? 'no more events',
      });
    }
    interpreter.length = jit.length = 0;
    return found;
  }

  /** Looks for the first difference of the last step, which began after `equalAt` instructions. */
  private locate(equalAt: number, found: Difference[]): Parting {
    const slice = this.steps.at(-1)!;
    const before = this.steps.slice(0, -1);
    const skipUntil = typeof slice === 'function' ? 0 : slice.skipUntil;
    const parting: Parting = {
      equalAt,
      differentAt: this.interpreter.clock.instructions(),
      differences: found,
      executed: [],
    };
    /** A new pair that has come as far as `before` says. */
    const again = () => {
      this.pair = this.start();
      for (const step of before) {
        perform(this.jit, step);
        perform(this.interpreter, step);
      }
      this.compare();
    };
    /** Runs the new pair on. Returns what differs then. */
    const runOn = (limit: number): Difference[] => {
      perform(this.jit, { limit, skipUntil });
      perform(this.interpreter, { limit, skipUntil });
      return this.compare();
    };
    /** Takes over that what lies between these two instruction counts ends in a difference. */
    const narrow = (from: number, to: number, differing: Difference[]) =>
      Object.assign(parting, { equalAt: from, differentAt: to, differences: differing });
    const length = () => parting.differentAt - parting.equalAt;
    // In ever smaller parts, as long as there is a difference: in small ones generated code may not come to run.
    for (let reproduced = true; reproduced && length() > PARTS;) {
      again();
      reproduced = false;
      const known = before.length;
      const limit = Math.floor(length() / PARTS);
      const { differentAt } = parting;
      for (let from = parting.equalAt; from < differentAt && !reproduced && !this.interpreter.end;) {
        const differing = runOn(limit);
        const to = this.interpreter.clock.instructions();
        reproduced = differing.length > 0;
        if (reproduced) narrow(from, to, differing);
        else if (to === from) break;
        else before.push({ limit, skipUntil });
        from = to;
      }
      if (!reproduced) before.length = known;
    }
    // Then by how far the last part must be run.
    const start = parting.equalAt;
    for (let [least, most] = [0, length()]; most - least > 1;) {
      const middle = (least + most) >>> 1;
      again();
      const differing = runOn(middle);
      const at = this.interpreter.clock.instructions();
      if (differing.length > 0) narrow(start + least, at, differing);
      else parting.equalAt = Math.min(at, parting.differentAt - 1);
      if (differing.length > 0) most = middle;
      else least = middle;
    }
    again();
    parting.executed = this.listing(parting, skipUntil);
    return parting;
  }

  /** Goes on to where the difference is, an instruction at a time, with the interpreter. */
  private listing({ differentAt, differences: found }: Parting, skipUntil: number): string[] {
    const { interpreter: machine } = this.pair;
    const { clock, cpu } = machine;
    const lines: string[] = [];
    /** Where each register that differs was last changed. */
    const changed = new Map<number, number>();
    const registers = found.map(({ what }) => REGISTER_NAMES.indexOf(what)).filter((r) => r > 0);
    while (clock.instructions() < differentAt && !machine.end) {
      const pc = cpu.pc >>> 0;
      const before = registers.map((r) => cpu.r[r]);
      const known = instructionAt(machine, pc);
      const at = clock.instructions();
      const stop = machine.run(1, skipUntil);
      // A page that was not in the host TLB may be there now.
      const line = (address: number) => `${hex(address)}  ${instructionAt(machine, address) ?? 'not in the host TLB'}`;
      lines.push(known ? `${hex(pc)}  ${known}` : line(pc));
      if (clock.instructions() > at + 1) lines.push(line(pc + 4));
      if (stop !== 'limit' || clock.instructions() === at) break;
      for (const [i, r] of registers.entries()) if (cpu.r[r] !== before[i]) changed.set(r, lines.length - 1);
    }
    for (const [r, i] of changed) lines[i] += `    # the last that changed ${REGISTER_NAMES[r]}`;
    return lines.slice(-MOST_LINES);
  }
}

function perform(machine: Machine, step: Step): StopReason | null {
  if (typeof step !== 'function') return machine.run(step.limit, step.skipUntil);
  step(machine);
  return null;
}

function instructionAt(machine: Machine, pc: number): string | null {
  const { cpu, memory, mmu } = machine;
  let at = memory.words[cpu.reads + (pc >>> 12)]! ^ pc;
  if (at < 0) at = mmu.layout.segmentOf[pc >>> 29] === KSEG0 ? mmu.ram(pc & 0x1fffffff) : -1;
  if (at < 0 || (pc & 3) !== 0) return null;
  return disassemble(memory.words[at >> 2]! >>> 0, pc);
}

/** Everything that is not the same on both machines, the first few of it. */
export function differences({ interpreter, jit }: Pair): Difference[] {
  const found: Difference[] = [];
  const note = (what: string, a: string, b: string) => {
    if (a !== b && found.length < MOST_DIFFERENCES) found.push({ what, interpreter: a, jit: b });
  };
  const number = (what: string, a: number, b: number) => a !== b && note(what, hex(a), hex(b));
  const [a, b] = [interpreter, jit];
  note('the instruction count', String(a.clock.instructions()), String(b.clock.instructions()));
  note('the time in ns', String(a.clock.now()), String(b.clock.now()));
  number('PC', a.cpu.pc, b.cpu.pc);
  number('the delay slot state', a.cpu.delay, b.cpu.delay);
  if (a.cpu.delay !== 0) number('the pending branch target', a.cpu.next, b.cpu.next);
  for (let i = 0; i < 34; i++) {
    number(i < 32 ? REGISTER_NAMES[i]! : i === 32 ? 'HI' : 'LO', a.cpu.r[i]!, b.cpu.r[i]!);
  }
  const word = (what: string, at: number) => number(what, a.memory.words[at >> 2]!, b.memory.words[at >> 2]!);
  for (let i = 0; i < 64; i++) word(`f${i >> 1}'s ${i & 1 ? 'upper' : 'lower'} word`, FPRS_AT + 4 * i);
  word('FCSR', FCSR_AT);
  note('LL, a link', String(a.cpu.linked), String(b.cpu.linked));
  if (a.cpu.linked) word("the link's address", LINKED_AT + 4);
  for (let i = 0; i < 256; i++) number(cp0Name(i), a.system.cp0[i]!, b.system.cp0[i]!);
  note('the mode', a.mode, b.mode);
  note('waiting', String(a.system.waiting), String(b.system.waiting));
  for (const field of ['hi', 'mask', 'lo0', 'lo1'] as const) {
    for (let i = 0; i < a.mmu.tlb.entries; i++) {
      number(`${field} of guest TLB entry ${i}`, a.mmu.tlb[field][i]!, b.mmu.tlb[field][i]!);
    }
  }
  for (let i = 0; i < a.mmu.tlb.entries; i++) {
    const written = ({ tlbWrittenAt, tlbWrittenRandom }: Machine) => `${tlbWrittenAt[i]}, ${tlbWrittenRandom[i]}`;
    note(`when, and if by TLBWR, guest TLB entry ${i} was written`, written(a), written(b));
  }
  const kept = ({ mmu }: Machine) => mmu.kept?.list().join(' ') ?? 'nothing';
  note('what is kept of replaced guest TLB entries', kept(a), kept(b));
  for (const table of ['kernel', 'user'] as const) {
    const flush = ({ mmu }: Machine) => {
      const { last } = mmu[table];
      const { serial, kind, oldAsid, newAsid, pages, tablesFreed, entriesCleared, freedSlots, freedSlotCount } = last;
      const bySegment = [...last.pagesBySegment, ...last.tablesBySegment, ...last.keptBySegment];
      const slots = freedSlots.subarray(0, freedSlotCount).join(',');
      const sums = [serial, kind, oldAsid, newAsid, pages, tablesFreed, entriesCleared];
      return [...sums, ...bySegment, slots, hex(last.pc)].join(' ');
    };
    note(`the last flush of the ${table} table`, flush(a), flush(b));
    const flushedAt = ({ mmu }: Machine) => String(mmu[table].last.instructions);
    note(`when the ${table} table was flushed`, flushedAt(a), flushedAt(b));
    const contexts = ({ mmu }: Machine) => mmu[table].contexts.join(' ');
    note(`the ${table} table's host ASIDs`, contexts(a), contexts(b));
  }
  const events = ({ events }: Machine) => events?.ring.contents() ?? [];
  for (const [what, one, other] of events(a).map(([name, value], i) => [name, value, events(b)[i]![1]] as const)) {
    note(`of the timeline's ring ${what}`, one, other);
  }
  note('the end', a.end?.message ?? 'none', b.end?.message ?? 'none');
  statistics(a.stats(), b.stats(), '', note);
  for (const [name, at] of [
    ['kernel', HOST_TLB.reads[0]],
    ['user', HOST_TLB.reads[1]],
  ] as const) {
    region(a, b, at, FLAT_TABLE_BYTES, (offset) => {
      const page = offset / 4;
      number(`the host TLB's ${name} entry for ${hex(page << 12)}`, word32(a, at + offset), word32(b, at + offset));
    });
  }
  region(a, b, RAM_AT, a.mmu.ramSize, (offset) => {
    number(`memory at ${hex(offset)}`, word32(a, RAM_AT + offset), word32(b, RAM_AT + offset));
  });
  return found;
}

const word32 = (machine: Machine, at: number) => machine.memory.words[at >> 2]!;

function statistics(a: object, b: object, path: string, note: (what: string, a: string, b: string) => void): void {
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [x, y] = [a, b].map((of) => (of as Record<string, unknown>)[key]);
    if (typeof x === 'object' && typeof y === 'object' && x && y) statistics(x, y, `${path}${key}.`, note);
    else note(`the statistic ${path}${key}`, String(x ?? 0), String(y ?? 0));
  }
}

/** Calls `differs` with the offset of each word of a range that is not the same, the first few of them. */
function region(a: Machine, b: Machine, at: number, length: number, differs: (offset: number) => void): void {
  const bytes = (machine: Machine) => Buffer.from(machine.memory.bytes.buffer, at, length);
  if (bytes(a).equals(bytes(b))) return;
  for (let i = 0, seen = 0; i < length && seen < MOST_DIFFERENCES; i += 4) {
    if (word32(a, at + i) === word32(b, at + i)) continue;
    differs(i);
    seen++;
  }
}

/** A parting for people: one sentence, what else differs, and what was executed. */
export function describeParting({ equalAt, differentAt, differences: found, executed }: Parting): string {
  const [first, ...rest] = found;
  const one = ({ what, interpreter, jit }: Difference) =>
    `${what} is ${interpreter} on the interpreter and ${jit} with the translator`;
  return [
    `the engines differ after ${differentAt} instructions, where they were equal after ${equalAt}: ${one(first!)}.`,
    ...rest.map((each) => `  ${one(each)}`),
    `  What the interpreter executed up to there:`,
    ...executed.map((line) => `    ${line}`),
  ].join('\n');
}
