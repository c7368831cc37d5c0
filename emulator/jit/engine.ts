/**
 * The translator: runs a CPU as `interpret` does, to the instruction, by turning what is executed often into WebAssembly.
 *
 * The interpreter runs what is cold and counts entries to blocks. A block entered often enough becomes the entry of a
 * region, which the {@link CodeCache} has translated and keeps; its function is found through the {@link CodeMap}.
 */
import type { Cpu } from '../cpu/cpu.ts';
import { interpret } from '../cpu/interpreter.generated.ts';
import {
  HOST_TLB,
  JIT_COLD_AT,
  JIT_EXIT_AT,
  JIT_FLOAT_AT,
  JIT_LEFT_AT,
  JIT_MODE_AT,
  JIT_PC_AT,
  JIT_RECORD_AT,
  type LinearMemory,
} from '../memory.ts';
import type { Mmu } from '../mmu/mmu.ts';
import type { RingPlace } from '../timeline/ring-place.ts';
import type { CacheCounts, CacheOptions } from './cache-options.ts';
import { CodeCache } from './code-cache.ts';
import { ColdInterpreter, NOT_RUN } from './cold-interpreter.ts';
import type { CodeMap } from './code-map.ts';
import type { ToSave } from './stored-code.ts';
import { REGION_LIMIT } from './compiler.ts';
import { makeDispatcher, type Dispatcher } from './dispatcher.ts';
import { settleRecord } from './float-record.ts';
import { EXIT_REASON, REASONS, Reason } from './exits.ts';
import { makeModule, type FixedModule, type ModuleMaker } from './make-module.ts';
import { Misses } from './misses.ts';
import { PathState, type PathHost } from './path-state.ts';
import { SWITCH_FACTOR } from './region.ts';

const ERET = 0x42000018;
const SYSCALL = 0x0c;
const SYSCALL_MASK = 0xfc00003f | 0;
const COP0 = 0x10;
/** Entries after which it is looked whether there was code for a block before, but at most a part of the threshold. */
const RECALL = 4;
const RECALL_PART = 4;

/** The machine round the engine. */
export interface EngineHost extends PathHost {
  /** Instructions executed since power-on. */
  instructions(): number;
  /** Generated code has entered the other mode, with nothing to be done for it. */
  arrived(user: boolean): void;
}

export interface EngineOptions extends CacheOptions {
  /** Where events are recorded, if they are. */
  ring: RingPlace | null;
  /** Whether the hypervisor replaces instructions that trap. */
  rewrites: boolean;
  /** Of the machine's random numbers. */
  seed: number;
  /** Whole nanoseconds, and ticks of Count a second. */
  nsPerInstruction: number;
  countHz: number;
}

export interface EngineCounts extends CacheCounts {
  /** Guest instructions that generated code has executed. */
  executed: number;
}

export class Engine {
  readonly counts: EngineCounts = {
    regions: 0,
    modules: 0,
    instructions: 0,
    bytes: 0,
    milliseconds: 0,
    longest: 0,
    recalled: 0,
    dropped: 0,
    evictions: 0,
    held: 0,
    letGo: 0,
    gathered: 0,
    executed: 0,
    exits: Array.from({ length: REASONS }, () => 0),
  };
  private readonly map: CodeMap;
  private readonly words: Int32Array;
  private readonly cache: CodeCache;
  private readonly misses: Misses;
  private dispatcher!: Dispatcher;
  private cold!: ColdInterpreter;
  /** More instructions than any region executes between two tests. */
  private readonly reach: number;
  private readonly paths: PathState | null;
  /** Entries of a block after which it is looked whether there was code for it before; see {@link RECALL}. */
  private readonly recall: number;

  /** Whether WebAssembly does anything without the host: with a table for each ASID, or where traps are rewritten, it does not. */
  static goesByItself(mmu: Mmu, rewrites: boolean): boolean {
    return mmu.isPlain && !rewrites;
  }

  /** Makes an engine, a part at a time; each takes some milliseconds. Takes what the constructor takes. */
  static *make(...host: ConstructorParameters<typeof Engine>): Generator<void, Engine> {
    const engine = new Engine(...host);
    yield;
    engine.makeColdInterpreter();
    yield;
    engine.makeDispatcher();
    return engine;
  }

  /**
   * What {@link make} makes the rest of.
   * @param at byte offset of the code map
   */
  constructor(
    private readonly cpu: Cpu,
    private readonly mmu: Mmu,
    private readonly host: EngineHost,
    private readonly memory: LinearMemory,
    at: number,
    hostBytes: number,
    private readonly options: EngineOptions,
  ) {
    this.words = memory.words;
    this.reach = 2 * SWITCH_FACTOR * REGION_LIMIT + 2;
    this.cache = new CodeCache(cpu, mmu, memory, at, hostBytes, options, this.counts);
    this.map = this.cache.map;
    this.misses = new Misses(cpu, options.fullSystem);
    this.recall = Math.min(RECALL, Math.ceil(options.threshold / RECALL_PART));
    this.paths = Engine.goesByItself(mmu, options.rewrites) ? new PathState(memory, mmu, host, options.ring) : null;
  }

  private readonly makeModule: ModuleMaker = (wire) => this.options.store?.fixed(wire) ?? makeModule(wire);

  private makeDispatcher(): void {
    const { mmu, memory, options } = this;
    const tables = this.cache.modes.map(({ table }, mode) => {
      return { table, readTable: HOST_TLB.reads[mode]!, directory: this.map.directories[mode]! };
    });
    const addresses = { pgd: [mmu.kernel.gva.pgd, mmu.user.gva.pgd], gpa: mmu.gpa.table.pgd } as const;
    const { seed, nsPerInstruction, countHz, ring } = options;
    const nsPerTick = 1e9 % countHz === 0 ? 1e9 / countHz : 0;
    const { layout } = mmu;
    const flushes = mmu.policy === 'lazy-user';
    const paths = {
      ...addresses,
      layout,
      flushes,
      keepsReplaced: mmu.kept !== null,
      tlbEntries: mmu.tlb.entries,
      seed,
      nsPerInstruction,
      nsPerTick,
      ring,
    };
    this.dispatcher = makeDispatcher(
      memory,
      tables,
      this.handle,
      this.step,
      this.cold.functions,
      this.paths && paths,
      this.prepareEvent,
      this.makeModule,
    );
    this.cache.connect(this.dispatcher);
  }

  private makeColdInterpreter(): void {
    const { options } = this;
    const { unvisited, directories } = this.map;
    // At least every other time: what has been told of is entered once more to be executed.
    const again = Math.max(2, options.threshold);
    const cold = { ...options, unvisited, recall: this.recall, again };
    this.cold = new ColdInterpreter(
      this.cpu,
      this.memory,
      directories.map((directory, mode) => {
        const kernel = mode === 0 && options.fullSystem;
        return { ...cold, kernel, directory, readTable: HOST_TLB.reads[mode]!, writeTable: HOST_TLB.writes[mode]! };
      }),
      this.makeModule,
    );
  }

  private get mode(): number {
    const { reads } = this.cpu;
    return reads === HOST_TLB.reads[0] >>> 2 ? 0 : reads === HOST_TLB.reads[1] >>> 2 ? 1 : -1;
  }

  /** Runs as `interpret` does. */
  run(): void {
    const { cpu, words, counts } = this;
    this.cache.catchUp(this.host.instructions());
    this.paths?.open();
    while (cpu.left > 0 || cpu.delay !== 0) {
      const { mode } = this;
      if (mode < 0 || cpu.delay !== 0) {
        // Where no table is looked at, for some time; the rest of a branch, for its slot.
        interpret(cpu, Math.max(0, cpu.left - (cpu.delay !== 0 ? 0 : 64)));
        continue;
      }
      words[JIT_MODE_AT >>> 2] = mode;
      words[JIT_COLD_AT.waits >>> 2] = this.cache.isWaiting ? 1 : 0;
      words[JIT_COLD_AT.ended >>> 2] = NOT_RUN;
      this.tell();
      const before = this.host.instructions();
      const reason = this.dispatcher.run(cpu.pc, cpu.left);
      this.follow();
      cpu.pc = words[JIT_PC_AT >>> 2]!;
      cpu.left = words[JIT_LEFT_AT >>> 2]!;
      counts.executed += this.host.instructions() - before - this.takeWord(JIT_COLD_AT.executed);
      counts.exits[reason]!++;
      if (words[JIT_RECORD_AT >>> 2] !== 0) settleRecord(this.memory);
      if (reason === Reason.Budget) this.cold.run(this.mode, false);
      else if (reason === Reason.Cold) this.interpretCold(words[JIT_COLD_AT.ended >>> 2]!);
    }
    this.takeCounts();
  }

  /** Counts are those of this instant, for whoever reads them in the middle of a run. */
  takeCounts(): void {
    this.counts.exits[Reason.Cold]! += this.takeWord(JIT_COLD_AT.found);
    this.counts.held = this.cache.held.bytes;
    this.paths?.takeCounts(this.counts.exits);
  }

  private takeWord(at: number): number {
    const { words } = this;
    const count = words[at >>> 2]!;
    words[at >>> 2] = 0;
    return count;
  }

  /** Tells generated code what it cannot see for itself. */
  private tell(): void {
    const { fpuUsable, fpu } = this.cpu;
    this.words[JIT_FLOAT_AT >>> 2] = !fpuUsable ? 0 : fpu.odd === 1 ? 1 : 2;
    this.paths?.tell();
  }

  /** Mode, events and flushes are those that generated code has come to. */
  private follow(): void {
    const mode = this.words[JIT_MODE_AT >>> 2]!;
    this.paths?.takeEvents();
    if (mode !== this.mode) this.host.arrived(mode === 1);
  }

  /** Executes what generated code could not; see {@link makeDispatcher}. */
  private readonly handle = (exit: number): number => {
    const { cpu, words, counts } = this;
    this.follow();
    const pc = words[JIT_PC_AT >>> 2]!;
    cpu.pc = pc;
    cpu.left = words[JIT_LEFT_AT >>> 2]!;
    const why: Reason = exit >>> EXIT_REASON;
    counts.exits[why]!++;
    if (why === Reason.Fetch) {
      // Where there is no host TLB entry to be had, the interpreter goes on for longer than one instruction.
      if (!this.misses.fetch(pc)) return Reason.Cold;
    } else if (why !== Reason.Miss) this.execute(pc);
    else if (!this.misses.fill(exit)) this.interpretOne();
    return this.handOver();
  };

  /** Tells generated code where to go on. {@link Reason.Stopped} when it cannot, otherwise {@link Reason.None}. */
  private handOver(): Reason {
    const { cpu, words, mode } = this;
    words[JIT_PC_AT >>> 2] = cpu.pc;
    words[JIT_LEFT_AT >>> 2] = cpu.left;
    words[JIT_MODE_AT >>> 2] = mode;
    this.tell();
    return mode < 0 || cpu.delay !== 0 || cpu.left <= 0 ? Reason.Stopped : Reason.None;
  }

  /** Executes the instruction at PC, which is not in a delay slot. */
  private execute(pc: number): void {
    const { cpu, words } = this;
    const word = words[(words[cpu.reads + (pc >>> 12)]! ^ pc) >> 2]!;
    if (word === ERET) {
      cpu.left--;
      cpu.cop0(word);
      if (this.mode >= 0) this.misses.retry();
    } else if ((word & SYSCALL_MASK) === SYSCALL) {
      cpu.left--;
      cpu.syscall(word);
    } else this.interpretOne();
  }

  /** Has the interpreter execute an instruction. Loads and stores that reach devices again and again are remembered. */
  private interpretOne(): void {
    const { cpu, words, mode } = this;
    const { pc } = cpu;
    const host = words[cpu.reads + (pc >>> 12)]! ^ pc;
    if (words[JIT_RECORD_AT >>> 2] !== 0) settleRecord(this.memory);
    cpu.gpa = -1;
    interpret(cpu, Math.max(0, cpu.left - 1));
    // A branch's slot stays what it is.
    if (cpu.gpa < 0 || cpu.pc !== ((pc + 4) | 0)) return;
    this.cache.noteDevice(mode, host);
  }

  /** @param ended why the interpreter for cold code has ended already, or {@link NOT_RUN} */
  private interpretCold(ended: number): void {
    const { cpu, map, words, mode } = this;
    this.cache.goOn(this.host.instructions());
    if (!this.cold.run(mode, true, ended)) return;
    const host = words[cpu.reads + (cpu.pc >>> 12)]! ^ cpu.pc;
    if (!map.isVisited(mode, host)) {
      if (!map.visit(mode, host)) this.cache.evict();
      return;
    }
    const { threshold } = this.options;
    const entries = -map.entry(mode, host);
    if (entries === this.recall && this.cache.recall(mode, cpu.pc, host, this.host.instructions())) return;
    if (entries > threshold) this.cache.waits(mode, host);
    else if (entries === threshold && !this.cache.recall(mode, cpu.pc, host, Infinity))
      this.cache.enqueue(mode, cpu.pc, host);
  }

  // Within generated code

  /** Executes one instruction for generated code. Returns how many are left, or -1 when it cannot go on. */
  private readonly step = (pc: number, left: number): number => {
    const { cpu, words } = this;
    this.follow();
    const { reads } = cpu;
    const { removals } = this;
    const { epoch } = this.cache;
    cpu.pc = pc;
    cpu.left = left;
    const word = words[(words[reads + (pc >>> 12)]! ^ pc) >> 2]!;
    if (word >>> 26 === COP0) {
      cpu.left = left - 1;
      cpu.cop0(word);
    } else {
      if (words[JIT_RECORD_AT >>> 2] !== 0) settleRecord(this.memory);
      interpret(cpu, left - 1);
    }
    if (
      cpu.pc === ((pc + 4) | 0) &&
      // The next event may have come nearer; as long as it is beyond the region's next test, the code can go on.
      (cpu.left === left - 1 || cpu.left > this.reach) &&
      cpu.reads === reads &&
      this.cache.epoch === epoch &&
      // The pages that are executed from, this one and those it was called from, are still where they were.
      this.removals === removals
    ) {
      this.tell();
      return cpu.left;
    }
    words[JIT_EXIT_AT >>> 2] = (this.handOver() || Reason.Stepped) << EXIT_REASON;
    return -1;
  };
  /** Generated code is about to record an event, at JIT_LEFT, that the ring must be prepared for. */
  private readonly prepareEvent = (meta: number): void => {
    this.cpu.left = this.words[JIT_LEFT_AT >>> 2]!;
    this.paths!.prepareEvent(meta);
  };
  private get removals(): number {
    const { kernel, user } = this.mmu;
    return (this.cpu.reads === kernel.host.reads ? kernel : user).host.removals;
  }

  /** What the next run of the guest can use, to be compiled before it is saved; see CodeStore. */
  toSave(): { guards: number; modules: ToSave[]; fixed: FixedModule[] } {
    const fixed = [this.dispatcher.made, this.cold.made];
    return { guards: this.map.reserved, modules: this.cache.toSave(), fixed };
  }

  /** What is wrong with the code cache, a sentence each; nothing, if all is well. Looks at everything, so it is slow. */
  verify(): string[] {
    return [...this.cache.verify(), ...(this.paths?.verify() ?? [])];
  }
}
