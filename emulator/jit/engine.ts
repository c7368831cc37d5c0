/**
 * The translator: runs a CPU as `interpret` does, to the instruction, by turning what is executed often into WebAssembly.
 *
 * The interpreter runs what is cold and counts entries to blocks. A block entered often enough becomes the entry of a
 * region; its function is found through the {@link CodeMap}. Functions are dropped when their page's words change, which
 * the MMU tells through {@link WatchedPages}.
 */
import { Cp0 } from '../cpu/cp0.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { interpret, interpretCold } from '../cpu/interpreter.generated.ts';
import {
  CP0_AT,
  HOST_TLB,
  JIT_FLOAT_AT,
  JIT_LEFT_AT,
  JIT_PC_AT,
  JIT_REASON_AT,
  JIT_RECORD_AT,
  RAM_AT,
  type LinearMemory,
} from '../memory.ts';
import type { Mmu } from '../mmu/mmu.ts';
import { CodeMap, MODES, MOST_PAGES } from './code-map.ts';
import { makeDispatcher, type DispatcherExports } from './dispatcher.ts';
import { settleRecord } from './float-record.ts';
import { FIRST_FUNCTION, Generator, IMPORTS, REGION_TYPE, Reason, TYPES } from './generate.ts';
import { brokenInvariants } from './invariants.ts';
import { End, PAGE_WORDS, SWITCH_FACTOR, buildRegion, type Region } from './region.ts';
import { ModuleWriter } from './wasm.ts';

/** What the code cache may hold before everything is dropped. */
export interface CacheLimits {
  /** Functions of one mode, one more than may be in use at once. */
  functions: number;
  /** Pages that something was executed in often, both modes together. */
  pages: number;
}
export const CACHE_LIMITS: CacheLimits = { functions: 1 << 14, pages: MOST_PAGES };
const ERET = 0x42000018;
const CAUSE = (CP0_AT >>> 2) + Cp0.Cause;
/** Instructions in a region. */
const REGION_LIMIT = 64;
/** Regions that are translated at a time: making a module costs much by itself. */
export const BATCH = 16;
/** Device accesses of an instruction after which it no longer leaves generated code. */
const DEVICE_ACCESSES = 16;
/** How many times the threshold a block is entered before it is not left to wait for others. */
const URGENT = 8;

export interface EngineOptions {
  bigEndian: boolean;
  /** Entries by the interpreter after which a block is translated. */
  threshold: number;
  /** The `malta` machine, whose privileged architecture is known to generated code. */
  fullSystem: boolean;
  limits: CacheLimits;
  /** Regions that are translated at a time. */
  batch: number;
}

export interface EngineCounts {
  /** Regions translated, modules they are in, guest instructions in them, bytes of WebAssembly, milliseconds it took. */
  regions: number;
  modules: number;
  instructions: number;
  bytes: number;
  milliseconds: number;
  /** Regions dropped because their code changed; times that everything was dropped for want of room. */
  dropped: number;
  evictions: number;
  /** Guest instructions that generated code has executed. */
  executed: number;
  /** Leavings of generated code, by {@link Reason}. */
  exits: number[];
}

/** A block that is entered often. */
interface Wanted {
  mode: number;
  pc: number;
  host: number;
}

/** The translations of one host page in one mode. */
interface PageCode {
  mode: number;
  host: number;
  /** Table slots, and where each function's entry is in the page. */
  slots: { slot: number; at: number }[];
  /** Bit for each word that a region holds. */
  covered: Uint8Array;
}

interface Mode {
  table: WebAssembly.Table;
  dispatcher: DispatcherExports;
  free: number[];
}

export class Engine {
  readonly counts: EngineCounts = {
    regions: 0,
    modules: 0,
    instructions: 0,
    bytes: 0,
    milliseconds: 0,
    dropped: 0,
    evictions: 0,
    executed: 0,
    exits: [0, 0, 0, 0, 0],
  };
  readonly map: CodeMap;
  private readonly words: Int32Array;
  private readonly modes: Mode[];
  private readonly writer = new ModuleWriter();
  private queue: Wanted[] = [];
  /** How often an instruction has left generated code for a device, by word of host memory; */
  private readonly deviceAccesses = new Map<number, number>();
  /** and by page and mode, as in `pages`, the places of those that the interpreter executes from within it. */
  private readonly devices = new Map<number, Set<number>>();
  private readonly pages = new Map<number, PageCode>();
  /** More instructions than any region executes between two tests. */
  private readonly reach: number;
  /** Counts what makes code on the host's stack unfit to go on. */
  private epoch = 0;

  /** @param at byte offset of the code map */
  constructor(
    private readonly cpu: Cpu,
    private readonly mmu: Mmu,
    private readonly clock: { instructions(): number },
    private readonly memory: LinearMemory,
    at: number,
    hostBytes: number,
    private readonly options: EngineOptions,
  ) {
    this.words = memory.words;
    this.reach = 2 * SWITCH_FACTOR * REGION_LIMIT + 2;
    const { functions, pages } = options.limits;
    this.map = new CodeMap(memory, at, hostBytes, pages);
    this.modes = [HOST_TLB.kernelRead, HOST_TLB.userRead].map((readTable, mode) => {
      const table = new WebAssembly.Table({ element: 'anyfunc', initial: functions });
      const dispatcher = makeDispatcher(memory, table, readTable, this.map.directories[mode]!);
      return { table, dispatcher, free: freeSlots(functions) };
    });
    cpu.unvisited = this.map.unvisited;
    cpu.threshold = 1 - options.threshold;
    cpu.urgent = 1 - URGENT * options.threshold;
    mmu.watched.onChange = (host, length) => this.changed(host, length);
  }

  private get mode(): number {
    const { reads } = this.cpu;
    return reads === HOST_TLB.kernelRead >>> 2 ? 0 : reads === HOST_TLB.userRead >>> 2 ? 1 : -1;
  }

  /** Runs as `interpret` does. */
  run(): void {
    const { cpu, words, counts } = this;
    while (cpu.left > 0 || cpu.delay !== 0) {
      const { mode } = this;
      if (mode < 0 || cpu.delay !== 0) {
        // Where no table is looked at, for some time; the rest of a branch, for its slot.
        interpret(cpu, Math.max(0, cpu.left - (cpu.delay !== 0 ? 0 : 64)));
        continue;
      }
      cpu.directory = this.map.directories[mode]! >>> 2;
      words[JIT_FLOAT_AT >>> 2] = !cpu.fpuUsable ? 0 : cpu.fpu.odd === 1 ? 1 : 2;
      const before = this.clock.instructions();
      const reason = this.modes[mode]!.dispatcher.run(cpu.pc, cpu.left);
      cpu.pc = words[JIT_PC_AT >>> 2]!;
      cpu.left = words[JIT_LEFT_AT >>> 2]!;
      counts.executed += this.clock.instructions() - before;
      counts.exits[reason]!++;
      if (words[JIT_RECORD_AT >>> 2] !== 0) settleRecord(this.memory);
      switch (reason) {
        case Reason.Interpret:
          this.interpretOne(mode);
          break;
        case Reason.Budget:
          interpret(cpu);
          break;
        case Reason.Cold:
          this.interpretCold(mode);
      }
    }
  }

  /** Executes what generated code could not. Loads and stores that reach devices again and again are remembered. */
  private interpretOne(mode: number): void {
    const { cpu } = this;
    const { pc } = cpu;
    const host = this.words[cpu.reads + (pc >>> 12)]! ^ pc;
    cpu.gpa = -1;
    interpret(cpu, Math.max(0, cpu.left - (this.returnsFromMiss(host) ? 2 : 1)));
    // A branch's slot stays what it is.
    if (cpu.gpa < 0 || cpu.pc !== ((pc + 4) | 0)) return;
    const at = host >>> 2;
    const seen = (this.deviceAccesses.get(at) ?? 0) + 1;
    this.deviceAccesses.set(at, seen);
    // More than once, since what is remembered goes with the page's code.
    if (seen % DEVICE_ACCESSES === 0) this.rememberDevice(mode, host);
  }

  /** An ERET from a TLB handler: what it returns to will miss in the host TLB, and may as well be interpreted at once. */
  private returnsFromMiss(host: number): boolean {
    if (this.words[host >>> 2] !== ERET) return false;
    const code = (this.words[CAUSE]! >>> 2) & 31;
    return code === ExcCode.TLBL || code === ExcCode.TLBS;
  }

  private rememberDevice(mode: number, host: number): void {
    const key = (host >>> 12) * MODES + mode;
    const page = this.pages.get(key);
    if (!page) return;
    const places = this.devices.get(key) ?? new Set();
    places.add((host & 0xfff) >>> 2);
    this.drop(page);
    if (!this.has(page.host)) this.mmu.watched.delete(page.host);
    this.devices.set(key, places);
    // All of it is wanted again, at once.
    for (const { at } of page.slots) this.map.setEntry(mode, page.host + 4 * at, this.cpu.threshold);
  }

  private interpretCold(mode: number): void {
    const { cpu, map, words } = this;
    interpretCold(cpu);
    if (this.mode !== mode || cpu.delay !== 0) return;
    const host = words[cpu.reads + (cpu.pc >>> 12)]! ^ cpu.pc;
    if ((host & 0x80000003) !== 0) return;
    if (words[cpu.directory + (host >>> 12)] === map.unvisited) {
      if (!map.visit(mode, host)) this.evict();
      return;
    }
    const entry = map.entry(mode, host);
    if (entry === cpu.threshold - 1) this.enqueue(mode, cpu.pc, host);
    else if (entry === cpu.urgent - 1) this.translateQueue();
  }

  // Within generated code

  /** Executes one instruction for generated code. Returns how many are left, or -1 when it cannot go on. */
  private readonly step = (pc: number, left: number): number => {
    const { cpu, words } = this;
    if (words[JIT_RECORD_AT >>> 2] !== 0) settleRecord(this.memory);
    const { reads } = cpu;
    const { epoch, removals } = this;
    cpu.pc = pc;
    cpu.left = left;
    interpret(cpu, left - 1);
    if (
      cpu.pc === ((pc + 4) | 0) &&
      // The next event may have come nearer; as long as it is beyond the region's next test, the code can go on.
      (cpu.left === left - 1 || cpu.left > this.reach) &&
      cpu.reads === reads &&
      this.epoch === epoch &&
      // The pages that are executed from, this one and those it was called from, are still where they were.
      this.removals === removals
    ) {
      words[JIT_FLOAT_AT >>> 2] = !cpu.fpuUsable ? 0 : cpu.fpu.odd === 1 ? 1 : 2;
      return cpu.left;
    }
    words[JIT_PC_AT >>> 2] = cpu.pc;
    words[JIT_LEFT_AT >>> 2] = cpu.left;
    words[JIT_REASON_AT >>> 2] = Reason.Stepped;
    return -1;
  };
  private get removals(): number {
    return this.mmu.kernel.host.removals + this.mmu.user.host.removals;
  }

  // Translation

  /** Has the block at `host` translated with the next batch. */
  private enqueue(mode: number, pc: number, host: number): void {
    // The commpage changes without being stored to.
    if (host < RAM_AT) return;
    this.queue.push({ mode, pc, host });
    if (this.queue.length >= this.options.batch) this.translateQueue();
  }

  /** Translates what is queued, a module for each mode. */
  private translateQueue(): void {
    const started = performance.now();
    for (let mode = 0; mode < MODES; mode++) {
      const wanted = this.queue.filter((each) => each.mode === mode && this.map.entry(mode, each.host) <= 0);
      if (wanted.length > 0 && !this.translate(mode, wanted)) {
        this.evict();
        break;
      }
    }
    this.queue = [];
    this.counts.milliseconds += performance.now() - started;
  }

  /** False when there is no room. */
  private translate(mode: number, wanted: Wanted[]): boolean {
    const { writer, memory, counts, words } = this;
    const { table, free, dispatcher } = this.modes[mode]!;
    if (free.length < wanted.length) return false;
    const ready: { host: number; region: Region }[] = [];
    for (const { host, pc } of wanted) {
      const entry = (host & 0xfff) >>> 2;
      const region = buildRegion(words, (host & ~0xfff) >>> 2, pc & ~0xfff, entry, {
        limit: REGION_LIMIT,
        kernel: mode === 0 && this.options.fullSystem,
        entries: this.map.entries(mode, host),
        devices: this.devices.get((host >>> 12) * MODES + mode),
      });
      const [first] = region.blocks;
      if (first!.body.length > 0 || first!.end !== End.Leave) ready.push({ host, region });
    }
    if (ready.length === 0) return true;
    writer.begin(TYPES, IMPORTS);
    writer.functions(
      ready.map(() => REGION_TYPE),
      FIRST_FUNCTION,
    );
    const generator = this.generator(mode);
    for (const { region } of ready) generator.generate(region);
    const bytes = writer.end();
    const imports = { k: { memory: memory.memory, enter: dispatcher.enter, step: this.step } };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
    for (const [i, { host, region }] of ready.entries()) {
      const slot = free.pop()!;
      table.set(slot, instance.exports[String(i)] as CallableFunction);
      this.map.setEntry(mode, host, slot);
      this.remember(mode, host, slot, region);
    }
    counts.regions += ready.length;
    counts.modules++;
    counts.bytes += bytes.length;
    return true;
  }

  private generator(mode: number): Generator {
    const { bigEndian } = this.options;
    return new Generator(this.writer, {
      bigEndian,
      readTable: mode === 0 ? HOST_TLB.kernelRead : HOST_TLB.userRead,
      writeTable: mode === 0 ? HOST_TLB.kernelWrite : HOST_TLB.userWrite,
      odd: this.cpu.fpu.odd,
    });
  }

  private remember(mode: number, host: number, slot: number, region: Region): void {
    const key = (host >>> 12) * MODES + mode;
    let page = this.pages.get(key);
    if (!page) {
      page = { mode, host: host & ~0xfff, slots: [], covered: new Uint8Array(PAGE_WORDS) };
      this.pages.set(key, page);
    }
    page.slots.push({ slot, at: (host & 0xfff) >>> 2 });
    for (const block of region.blocks) {
      // A branch that was left to the interpreter was looked at as well, with its slot.
      const end = Math.min(PAGE_WORDS, block.next + (block.end === End.Leave ? 2 : 0));
      page.covered.fill(1, block.at, end);
      this.counts.instructions += block.next - block.at;
    }
    this.mmu.watch(host);
  }

  // Changes

  /** Bytes of a watched page change: translations of any of them go. */
  private changed(host: number, length: number): void {
    const first = (host & 0xfff) >>> 2;
    const last = ((host & 0xfff) + length - 1) >>> 2;
    for (let mode = 0; mode < MODES; mode++) {
      const page = this.pages.get((host >>> 12) * MODES + mode);
      if (!page) continue;
      for (let i = first; i <= last; i++) {
        if (page.covered[i] === 0) continue;
        this.drop(page);
        break;
      }
    }
    if (!this.has(host)) this.mmu.watched.delete(host);
  }
  private has(host: number): boolean {
    return this.pages.has((host >>> 12) * MODES) || this.pages.has((host >>> 12) * MODES + 1);
  }

  private drop(page: PageCode): void {
    const { table, free } = this.modes[page.mode]!;
    for (const { slot, at } of page.slots) {
      table.set(slot, null);
      free.push(slot);
      this.map.setEntry(page.mode, page.host + 4 * at, 0);
    }
    this.counts.dropped += page.slots.length;
    const key = (page.host >>> 12) * MODES + page.mode;
    this.pages.delete(key);
    this.devices.delete(key);
    this.epoch++;
  }

  /** What is wrong with the code cache, a sentence each; nothing, if all is well. Looks at everything, so it is slow. */
  verify(): string[] {
    const { map, mmu, words, modes } = this;
    return brokenInvariants({ map, mmu, words, modes, pages: this.pages.values() });
  }

  /** Drops everything, for want of room. */
  evict(): void {
    this.counts.evictions++;
    for (const page of [...this.pages.values()]) {
      this.drop(page);
      this.mmu.watched.delete(page.host);
    }
    this.map.clear();
    this.queue = [];
    this.deviceAccesses.clear();
  }
}

function freeSlots(functions: number): number[] {
  // Slot 0 would look like no entry.
  return Array.from({ length: functions - 1 }, (_, i) => functions - 1 - i);
}
