/**
 * The translator: runs a CPU as `interpret` does, to the instruction, by turning what is executed often into WebAssembly.
 *
 * The interpreter runs what is cold and counts entries to blocks. A block entered often enough becomes the entry of a
 * region; its function is found through the {@link CodeMap}. Functions are dropped when their page's words change, which
 * the MMU tells through {@link WatchedPages}.
 */
import { Cp0 } from '../cpu/cp0.ts';
import { DEVICE, FAULT, FETCH, READ, WRITE, type Access, type Cpu } from '../cpu/cpu.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { interpret, interpretCold } from '../cpu/interpreter.generated.ts';
import {
  COUNTED_AT,
  CP0_AT,
  HOST_TLB,
  JIT_ADDRESS_AT,
  JIT_EXIT_AT,
  JIT_FLOAT_AT,
  JIT_LEFT_AT,
  JIT_MODE_AT,
  JIT_PC_AT,
  JIT_RECORD_AT,
  MOST_SPARES,
  PATHS_AT,
  RAM_AT,
  type LinearMemory,
} from '../memory.ts';
import type { Mmu } from '../mmu/mmu.ts';
import type { RingPlace } from '../timeline/event-ring.ts';
import { CodeMap, MODES, MOST_GUARDS, MOST_PAGES } from './code-map.ts';
import {
  DirectCompiler,
  REGION_LIMIT,
  type Batch,
  type Compiled,
  type CompiledRegion,
  type Compiler,
  type CompilerOptions,
  type Link,
} from './compiler.ts';
import { makeDispatcher, type Dispatcher } from './dispatcher.ts';
import { settleRecord } from './float-record.ts';
import { EXIT_ALIGNMENT, EXIT_REASON, EXIT_SLOT, EXIT_WRITE, Reason } from './exits.ts';
import { brokenInvariants } from './invariants.ts';
import { LateLinks, type Callee, type CellModule } from './late-links.ts';
import { PAGE_WORDS, SWITCH_FACTOR } from './region.ts';

/** What the code cache may hold before everything is dropped. */
export interface CacheLimits {
  /** Functions of one mode, one more than may be in use at once. */
  functions: number;
  /** Pages that something was executed in often, both modes together. */
  pages: number;
  /** Regions that are translated before everything is dropped. */
  guards: number;
}
export const CACHE_LIMITS: CacheLimits = { functions: 1 << 14, pages: MOST_PAGES, guards: MOST_GUARDS };
const ERET = 0x42000018;
const SYSCALL = 0x0c;
const SYSCALL_MASK = 0xfc00003f | 0;
const COP0 = 0x10;
/** COP1 and its rs for branches, as the upper bits of a word. */
const BC1 = 0x228;
const CAUSE = (CP0_AT >>> 2) + Cp0.Cause;
const BAD_VADDR = (CP0_AT >>> 2) + Cp0.BadVAddr;
/** Regions that are translated at a time: making a module costs much by itself. */
export const BATCH = 16;
/** Device accesses of an instruction after which it no longer leaves generated code. */
const DEVICE_ACCESSES = 16;
/** Entries, as a part of the threshold, after which a block is translated with others that are beside it. */
const WARM = 0.9;
/** Places, for each region, that it may leave to when there is code for them. */
const CELLS = 8;
/** How many times the threshold a block is entered before it is not left to wait for others. */
const URGENT = 8;

/** The machine round the engine. */
export interface EngineHost {
  /** Instructions executed since power-on. */
  instructions(): number;
  /** Whether nobody is to be told of exceptions, TLB writes and changes of mode as they happen, but for the ring. */
  readonly isQuiet: boolean;
  /** The guest ASID under which user mode was entered last. */
  readonly lastUserEntryAsid: number;
  /** Generated code has entered the other mode, with nothing to be done for it. */
  arrived(user: boolean): void;
  /**
   * It has changed the ASID so many times with nothing in the kernel table to be flushed, the last time from `old` to
   * `now`, `instructions` and `pc` being those after MTC0.
   */
  flushedNothing(count: number, old: number, now: number, instructions: number, pc: number): void;
  /** What generated code adds to after it has run. */
  readonly counters: { readonly exceptions: Float64Array; tlbRefills: number; tlbWrites: number; userEntries: number };
}

export interface EngineOptions extends CompilerOptions {
  /** Where events are recorded, if they are. */
  ring: RingPlace | null;
  /** Of the machine's random numbers. */
  seed: number;
  /** Whole nanoseconds, and ticks of Count a second. */
  nsPerInstruction: number;
  countHz: number;
  /** Entries by the interpreter after which a block is translated. */
  threshold: number;
  limits: CacheLimits;
  /** Regions that are translated at a time. */
  batch: number;
  /** What makes the modules; absent: the engine itself, at once. */
  compiler?: Compiler | undefined;
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
interface Hot {
  mode: number;
  pc: number;
  host: number;
}

/** A page that blocks are translated of, and what it jumps to elsewhere: host addresses by virtual ones. */
interface NearPage {
  base: number;
  host: number;
  targets: ReadonlyMap<number, number>;
}

/** A batch that has been sent to the compiler. */
interface Sent extends Batch {
  /** By page of its blocks: a bit for each word that has changed since. */
  changed: Map<number, Uint8Array>;
  /** Table slots of the links, by guard. */
  linked: Map<number, number>;
}

/** The translations of one host page in one mode. */
interface PageCode {
  mode: number;
  host: number;
  /** Its functions, and where their entries are in the page. */
  slots: (Callee & { at: number })[];
  /** Bit for each word that a region holds. */
  covered: Uint8Array;
}

interface Mode {
  table: WebAssembly.Table;
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
    exits: [0, 0, 0, 0, 0, 0, 0, 0],
  };
  readonly map: CodeMap;
  private readonly words: Int32Array;
  private readonly modes: Mode[];
  private readonly late: LateLinks;
  private readonly dispatcher: Dispatcher;
  private readonly compiler: Compiler;
  private queue: Hot[] = [];
  /** Batches whose modules are not there yet, oldest first. */
  private sent: Sent[] = [];
  private batches = 0;
  /** How often an instruction has left generated code for a device, by word of host memory; */
  private readonly deviceAccesses = new Map<number, number>();
  /** and by page and mode, as in `pages`, the places of those that the interpreter executes from within it. */
  private readonly devices = new Map<number, Set<number>>();
  private readonly pages = new Map<number, PageCode>();
  /** More instructions than any region executes between two tests. */
  private readonly reach: number;
  private readonly hasPaths: boolean;
  /** Counts what makes code on the host's stack unfit to go on. */
  private epoch = 0;

  /** @param at byte offset of the code map */
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
    this.compiler = options.compiler ?? new DirectCompiler(options);
    this.reach = 2 * SWITCH_FACTOR * REGION_LIMIT + 2;
    const { functions, pages, guards } = options.limits;
    this.map = new CodeMap(memory, at, hostBytes, pages, guards);
    this.modes = [0, 1].map(() => ({
      table: new WebAssembly.Table({ element: 'anyfunc', initial: functions }),
      free: freeSlots(functions),
    }));
    this.late = new LateLinks(
      this.map,
      this.modes.map(({ table }) => table),
    );
    const readTables = [HOST_TLB.kernelRead, HOST_TLB.userRead];
    const tables = this.modes.map(({ table }, mode) => {
      return { table, readTable: readTables[mode]!, directory: this.map.directories[mode]! };
    });
    // Where a hypervisor or a table for each ASID is between guest and tables, there is more to do.
    this.hasPaths = options.fullSystem && mmu.isPlain;
    const addresses = { pgd: [mmu.kernel.gva.pgd, mmu.user.gva.pgd], gpa: mmu.gpa.table.pgd } as const;
    const { seed, nsPerInstruction, countHz, ring } = options;
    const nsPerTick = 1e9 % countHz === 0 ? 1e9 / countHz : 0;
    const paths = { ...addresses, tlbEntries: mmu.tlb.entries, seed, nsPerInstruction, nsPerTick, ring };
    this.dispatcher = makeDispatcher(memory, tables, this.handle, this.step, this.hasPaths ? paths : null);
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
    if (this.sent.length > 0) this.receive();
    words[PATHS_AT.open >>> 2] = this.hasPaths && this.host.isQuiet ? 1 : 0;
    this.late.look(this.find);
    while (cpu.left > 0 || cpu.delay !== 0) {
      const { mode } = this;
      if (mode < 0 || cpu.delay !== 0) {
        // Where no table is looked at, for some time; the rest of a branch, for its slot.
        interpret(cpu, Math.max(0, cpu.left - (cpu.delay !== 0 ? 0 : 64)));
        continue;
      }
      words[JIT_MODE_AT >>> 2] = mode;
      this.tell();
      const before = this.host.instructions();
      const reason = this.dispatcher.run(cpu.pc, cpu.left);
      this.follow();
      cpu.pc = words[JIT_PC_AT >>> 2]!;
      cpu.left = words[JIT_LEFT_AT >>> 2]!;
      counts.executed += this.host.instructions() - before;
      counts.exits[reason]!++;
      if (words[JIT_RECORD_AT >>> 2] !== 0) settleRecord(this.memory);
      if (reason === Reason.Budget) interpret(cpu);
      else if (reason === Reason.Cold) this.interpretCold();
    }
    if (this.hasPaths) this.takeCounts();
  }

  /** Tells generated code what it cannot see for itself. */
  private tell(): void {
    const { words, mmu } = this;
    const { fpuUsable, fpu } = this.cpu;
    words[JIT_FLOAT_AT >>> 2] = !fpuUsable ? 0 : fpu.odd === 1 ? 1 : 2;
    if (!this.hasPaths) return;
    const ready = mmu.userReady;
    words[PATHS_AT.userReady >>> 2] = ready === this.host.lastUserEntryAsid ? ready : -1;
    words[PATHS_AT.kernelReady >>> 2] = mmu.kernelReady ? 1 : 0;
    // A flush is recorded with all that it did.
    words[PATHS_AT.emptyFlushes >>> 2] = this.options.ring ? 0 : mmu.emptyFlushes;
    while (words[PATHS_AT.spares >>> 2]! < MOST_SPARES) {
      const table = mmu.spareTable();
      if (table === 0) break;
      words[(PATHS_AT.spare >>> 2) + words[PATHS_AT.spares >>> 2]!++] = table;
    }
  }

  /** Mode and flushes are those that generated code has come to. */
  private follow(): void {
    const { words, host } = this;
    const mode = words[JIT_MODE_AT >>> 2]!;
    if (mode !== this.mode) host.arrived(mode === 1);
    const flushed = words[PATHS_AT.flushed >>> 2]!;
    if (flushed === 0) return;
    words[PATHS_AT.flushed >>> 2] = 0;
    const word = (at: number) => words[at >>> 2]!;
    const { oldAsid, newAsid, flushedInstructions, flushedPc } = PATHS_AT;
    const instructions = this.memory.doubles[flushedInstructions >>> 3]!;
    host.flushedNothing(flushed, word(oldAsid), word(newAsid), instructions, word(flushedPc) >>> 0);
  }

  /** Adds what generated code has counted to what everybody counts in. */
  private takeCounts(): void {
    const { words, mmu } = this;
    const { counters } = this.host;
    const take = (at: number) => {
      const count = words[at >>> 2]!;
      words[at >>> 2] = 0;
      return count;
    };
    for (let code = 0; code < counters.exceptions.length; code++) {
      counters.exceptions[code]! += take(COUNTED_AT.exceptions + 4 * code);
    }
    for (let reason = 0; reason < this.counts.exits.length; reason++) {
      this.counts.exits[reason]! += take(COUNTED_AT.exits + 4 * reason);
    }
    counters.tlbRefills += take(COUNTED_AT.tlbRefills);
    counters.tlbWrites += take(COUNTED_AT.tlbWrites);
    counters.userEntries += take(COUNTED_AT.userEntries);
    mmu.hostRefills += take(COUNTED_AT.hostRefills);
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
      if (!this.options.fullSystem || (pc & 3) !== 0 || !this.look(pc, FETCH, false)) return Reason.Cold;
    } else if (why !== Reason.Miss) this.execute(pc);
    else if (!this.fill(exit)) this.interpretOne();
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
      this.retryMissed();
    } else if ((word & SYSCALL_MASK) === SYSCALL) {
      cpu.left--;
      cpu.syscall(word);
    } else this.interpretOne();
  }

  /** Does what the access that has missed asks of the MMU. False when the interpreter must execute the instruction. */
  private fill(exit: number): boolean {
    const { cpu, words } = this;
    const va = words[JIT_ADDRESS_AT >>> 2]!;
    const write = (exit & EXIT_WRITE) !== 0;
    // What is misaligned is another exception, and an access is an exit of the hypervisor's each time.
    if (!this.options.fullSystem || (va & ((exit >>> EXIT_ALIGNMENT) & 7)) !== 0) return false;
    // A store that is watched.
    if (write && (words[cpu.writes + (va >>> 12)]! & 1) !== 0) return false;
    return this.look(va, write ? WRITE : READ, (exit & EXIT_SLOT) !== 0);
  }

  /**
   * What an access of the instruction at PC, or of that in the delay slot behind it, does before anything is fetched,
   * loaded or stored. True when a fault has been delivered, or the host TLB has it now and the CPU is where it was.
   */
  private look(va: number, access: Access, inSlot: boolean): boolean {
    const { cpu, words } = this;
    const { pc } = cpu;
    // kseg1: mostly devices, and never in the host TLB.
    if (va >>> 29 === 5) return false;
    const counted = inSlot ? 2 : 1;
    cpu.left -= counted;
    if (inSlot) {
      cpu.pc = (pc + 4) | 0;
      cpu.delay = 1;
    }
    const host = cpu.system.resolve(va, access);
    if (host === FAULT) return true;
    cpu.pc = pc;
    // Somebody may have ended the slice meanwhile.
    cpu.left += counted;
    cpu.delay = 0;
    const table = access === WRITE ? cpu.writes : cpu.reads;
    return host !== DEVICE && (words[table + (va >>> 12)]! ^ va) >= 0;
  }

  /** After the ERET of a TLB handler: the access that missed is made again, and may as well be looked up at once. */
  private retryMissed(): void {
    const { cpu, words, mode } = this;
    const code = (words[CAUSE]! >>> 2) & 31;
    if (code !== ExcCode.TLBL && code !== ExcCode.TLBS) return;
    if (mode < 0 || cpu.left <= 2 || !this.options.fullSystem) return;
    const host = words[cpu.reads + (cpu.pc >>> 12)]! ^ cpu.pc;
    const va = words[BAD_VADDR]!;
    if ((host & 0x80000003) !== 0) {
      if (va === cpu.pc && (va & 3) === 0) this.look(va, FETCH, false);
      return;
    }
    const word = words[host >> 2]!;
    if (isAccess(word, code) && ((cpu.r[(word >>> 21) & 31]! + ((word << 16) >> 16)) | 0) === va) {
      this.look(va, code === ExcCode.TLBS ? WRITE : READ, false);
    }
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
    const at = host >>> 2;
    const seen = (this.deviceAccesses.get(at) ?? 0) + 1;
    this.deviceAccesses.set(at, seen);
    // More than once, since what is remembered goes with the page's code.
    if (seen % DEVICE_ACCESSES === 0) this.rememberDevice(mode, host);
  }

  private rememberDevice(mode: number, host: number): void {
    const key = (host >>> 12) * MODES + mode;
    const page = this.pages.get(key);
    if (!page) return;
    const places = this.devices.get(key) ?? new Set();
    places.add((host & 0xfff) >>> 2);
    this.drop(page);
    this.unwatch(page.host);
    this.devices.set(key, places);
    // All of it is wanted again, at once.
    for (const { at } of page.slots) this.map.setEntry(mode, page.host + 4 * at, this.cpu.threshold);
  }

  private interpretCold(): void {
    const { cpu, map, words, mode } = this;
    cpu.directory = map.directories[mode]! >>> 2;
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
    this.follow();
    const { reads } = cpu;
    const { epoch, removals } = this;
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
      this.epoch === epoch &&
      // The pages that are executed from, this one and those it was called from, are still where they were.
      this.removals === removals
    ) {
      this.tell();
      return cpu.left;
    }
    words[JIT_EXIT_AT >>> 2] = (this.handOver() || Reason.Stepped) << EXIT_REASON;
    return -1;
  };
  private get removals(): number {
    const { kernel, user } = this.mmu;
    return (this.cpu.reads === kernel.host.reads ? kernel : user).host.removals;
  }

  // Translation

  /** Has the block at `host` translated with the next batch. */
  private enqueue(mode: number, pc: number, host: number): void {
    // The commpage changes without being stored to.
    if (host < RAM_AT) return;
    this.queue.push({ mode, pc, host });
    if (this.queue.length >= this.options.batch) this.translateQueue();
  }

  /** Has what is queued translated, a module for each mode. */
  private translateQueue(): void {
    const started = performance.now();
    for (let mode = 0; mode < MODES; mode++) {
      const sent = this.awaited(mode);
      const hot = this.queue.filter((each) => {
        return each.mode === mode && this.map.entry(mode, each.host) <= 0 && !sent.has(each.host);
      });
      if (hot.length > 0) this.send(mode, hot);
    }
    this.queue = [];
    this.receive();
    this.counts.milliseconds += performance.now() - started;
  }

  private send(mode: number, wantedNow: readonly Hot[]): void {
    const { words, map, mmu } = this;
    let near = this.lookAround(mode, wantedNow);
    const warm = this.warmBeside(mode, wantedNow, near);
    const hot = [...wantedNow, ...warm];
    if (warm.length > 0) near = this.lookAround(mode, warm, near);
    const most = CELLS * hot.length;
    const guards = map.reserveGuards(hot.length + most);
    if (guards < 0) return this.evict();
    const cells = { at: guards + 4 * hot.length, most, toSeen: map.toSeen };
    const wanted = hot.map(({ pc, host }, i) => {
      const first = (host & ~0xfff) >>> 2;
      return {
        pc,
        host,
        page: words.subarray(first, first + PAGE_WORDS),
        entries: map.entries(mode, host),
        devices: [...(this.devices.get((host >>> 12) * MODES + mode) ?? [])],
        guard: guards + 4 * i,
      };
    });
    const linked = new Map<number, number>();
    const links = this.findLinks(mode, near, linked);
    const batch = { id: this.batches++, mode, odd: this.cpu.fpu.odd, wanted, links, cells };
    const pages = new Set(hot.map(({ host }) => host & ~0xfff));
    for (const host of pages) mmu.watch(host);
    this.sent.push({
      ...batch,
      linked,
      changed: new Map([...pages].map((host) => [host, new Uint8Array(PAGE_WORDS)])),
    });
    this.compiler.submit(batch);
  }

  /**
   * Code that is translated and that code in these pages may go to: in the same page, or where a jump of it goes.
   * @param linked gets their slots by guard
   */
  private findLinks(mode: number, pages: readonly NearPage[], linked: Map<number, number>): Link[] {
    const links = new Map<number, Link>();
    const add = (pc: number, { slot, guard }: PageCode['slots'][number]) => {
      links.set(pc, { pc, guard });
      linked.set(guard, slot);
    };
    for (const { base, host, targets } of pages) {
      for (const each of this.pages.get((host >>> 12) * MODES + mode)?.slots ?? []) add((base + 4 * each.at) | 0, each);
      for (const [pc, host] of targets) {
        const callee = links.has(pc) ? undefined : this.calleeAt(mode, host);
        if (callee) add(pc, callee);
      }
    }
    return [...links.values()];
  }

  private calleeAt(mode: number, host: number): PageCode['slots'][number] | undefined {
    if (this.map.entry(mode, host) <= 0) return undefined;
    const place = (host & 0xfff) >>> 2;
    return this.pages.get((host >>> 12) * MODES + mode)?.slots.find(({ at }) => at === place);
  }
  /** What is translated at a virtual address of a mode, as it is mapped now. */
  private readonly find = (mode: number, pc: number): { callee: Callee; host: number } | null => {
    const reads = (mode === 0 ? HOST_TLB.kernelRead : HOST_TLB.userRead) >>> 2;
    const host = this.words[reads + (pc >>> 12)]! ^ pc;
    const callee = host < 0 ? undefined : this.calleeAt(mode, host);
    return callee ? { callee, host } : null;
  };

  /** The pages of these blocks, and where their jumps and branches go in other pages, by virtual address. */
  private lookAround(mode: number, hot: readonly Hot[], known: readonly NearPage[] = []): NearPage[] {
    const { words } = this;
    const reads = (mode === 0 ? HOST_TLB.kernelRead : HOST_TLB.userRead) >>> 2;
    const pages = new Map(known.map((page) => [page.base, page]));
    for (const { pc, host } of hot) {
      const base = pc & ~0xfff;
      if (pages.has(base)) continue;
      const targets = new Map<number, number>();
      pages.set(base, { base, host: host & ~0xfff, targets });
      for (let at = 0; at <= PAGE_WORDS; at++) {
        const from = (base + 4 * at) | 0;
        const to = at === PAGE_WORDS ? from : jumpTarget(words[((host & ~0xfff) >>> 2) + at]!, from);
        if ((to & 3) !== 0 || ((to ^ base) & ~0xfff) === 0) continue;
        const callee = words[reads + (to >>> 12)]! ^ to;
        if (callee >= 0) targets.set(to, callee);
      }
    }
    return [...pages.values()];
  }

  /** Host addresses of the blocks whose modules are on their way. */
  private awaited(mode: number): Set<number> {
    return new Set(this.sent.flatMap((batch) => (batch.mode === mode ? batch.wanted.map(({ host }) => host) : [])));
  }

  /** Blocks that are nearly as hot as those wanted and beside them: what goes from one to the other is in one module. */
  private warmBeside(mode: number, hot: readonly Hot[], pages: readonly NearPage[]): Hot[] {
    const { map } = this;
    const warm = Math.floor(-WARM * this.options.threshold);
    const seen = this.awaited(mode);
    for (const { host } of hot) seen.add(host);
    const found: Hot[] = [];
    const add = (pc: number, host: number) => {
      if (map.entry(mode, host) > warm || map.entry(mode, host) > 0 || host < RAM_AT || seen.has(host)) return;
      if (found.length >= this.options.batch) return;
      seen.add(host);
      found.push({ mode, pc, host });
    };
    for (const { base, host, targets } of pages) {
      const entries = map.entries(mode, host);
      for (let at = 0; entries && at < PAGE_WORDS; at++)
        if (entries[at]! <= warm) add((base + 4 * at) | 0, host + 4 * at);
      for (const [pc, callee] of targets) add(pc, callee);
    }
    return found;
  }

  /** Takes what the compiler has ready. */
  private receive(): void {
    for (let made = this.compiler.receive(); made !== null; made = this.compiler.receive()) {
      const at = this.sent.findIndex(({ id }) => id === made!.id);
      // Everything has been dropped since it was sent.
      if (at < 0) continue;
      const [batch] = this.sent.splice(at, 1);
      const room = this.install(batch!, made);
      for (const host of batch!.changed.keys()) this.unwatch(host);
      if (!room) return this.evict();
    }
  }

  /** Makes a module's functions known. False when there is no room for them. */
  private install(batch: Sent, { module, regions, imports: links, cells, bytes }: Compiled): boolean {
    const { memory, counts, map } = this;
    const { at: firstCell, most } = batch.cells;
    map.returnGuards(firstCell + 4 * cells.length, firstCell + 4 * most);
    const { mode } = batch;
    const { table, free } = this.modes[mode]!;
    if (!module) return true;
    if (free.length < regions.length) return false;
    const { step, enter } = this.dispatcher;
    const imports: Record<string, WebAssembly.Memory | CallableFunction> = {
      memory: memory.memory,
      enter: enter[mode]!,
      step,
    };
    for (const [i, guard] of links.entries()) {
      // What has been dropped meanwhile is not called.
      imports[`f${i}`] = (map.isOpen(guard) ? table.get(batch.linked.get(guard)!) : enter[mode]!) as CallableFunction;
    }
    const instance = new WebAssembly.Instance(module, { k: imports });
    const own: CellModule = { table: instance.exports['table'] as WebAssembly.Table, live: 0 };
    for (const [i, region] of regions.entries()) {
      const { host } = region;
      if (map.entry(mode, host) > 0) continue;
      if (overlaps(region, batch.changed.get(host & ~0xfff)!)) {
        // It may be wanted again as it is now.
        map.setEntry(mode, host, 0);
        continue;
      }
      const slot = free.pop()!;
      table.set(slot, instance.exports[String(i)] as CallableFunction);
      map.setEntry(mode, host, slot);
      this.remember(mode, slot, own, region);
      counts.regions++;
    }
    for (const [index, pc] of cells.entries()) {
      this.late.wait({ mode, module: own, index, guard: firstCell + 4 * index, pc });
    }
    counts.modules++;
    counts.bytes += bytes;
    return true;
  }

  private remember(mode: number, slot: number, module: CellModule, { pc, host, guard, spans }: CompiledRegion): void {
    const key = (host >>> 12) * MODES + mode;
    let page = this.pages.get(key);
    if (!page) {
      page = { mode, host: host & ~0xfff, slots: [], covered: new Uint8Array(PAGE_WORDS) };
      this.pages.set(key, page);
    }
    const callee = { slot, at: (host & 0xfff) >>> 2, guard, module, cells: [] };
    page.slots.push(callee);
    module.live++;
    this.map.openGuard(guard, host);
    this.late.installed(mode, pc, host, callee);
    for (let i = 0; i < spans.length; i += 2) {
      page.covered.fill(1, spans[i], spans[i + 1]);
      this.counts.instructions += spans[i + 1]! - spans[i]!;
    }
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
    for (const sent of this.sent) sent.changed.get(host & ~0xfff)?.fill(1, first, last + 1);
    this.unwatch(host);
  }

  /** Nobody need know of changes to the page, if it has no code and none is on its way. */
  private unwatch(host: number): void {
    const page = host >>> 12;
    if (this.pages.has(page * MODES) || this.pages.has(page * MODES + 1)) return;
    if (!this.sent.some(({ changed }) => changed.has(host & ~0xfff))) this.mmu.watched.delete(host);
  }

  private drop(page: PageCode): void {
    const { table, free } = this.modes[page.mode]!;
    for (const callee of page.slots) {
      const { slot, at, guard } = callee;
      table.set(slot, null);
      free.push(slot);
      this.map.closeGuard(guard);
      this.late.dropped(callee);
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
    const awaited = new Set(this.sent.flatMap(({ changed }) => [...changed.keys()]));
    return brokenInvariants({ map, mmu, words, modes, pages: this.pages.values(), awaited });
  }

  /** Drops everything, for want of room. */
  evict(): void {
    this.counts.evictions++;
    const awaited = this.sent.flatMap(({ changed }) => [...changed.keys()]);
    this.sent = [];
    for (const host of awaited) this.unwatch(host);
    for (const page of [...this.pages.values()]) {
      this.drop(page);
      this.unwatch(page.host);
    }
    this.map.clear();
    this.late.clear();
    this.queue = [];
    this.deviceAccesses.clear();
  }
}

/** Where the instruction at `pc` goes to, if it is a jump or a branch; otherwise what is no multiple of 4. */
function jumpTarget(word: number, pc: number): number {
  if (word >>> 27 === 1) return ((pc + 4) & 0xf0000000) | ((word << 6) >>> 4);
  // REGIMM; BEQ to BGTZ and BEQL to BGTZL; BC1.
  const opcode = word >>> 26;
  const branches = opcode === 1 || (opcode & 0x2c) === 4 || word >>> 21 === BC1;
  return branches ? (pc + 4 + ((word << 16) >> 14)) | 0 : 1;
}

function freeSlots(functions: number): number[] {
  // Slot 0 would look like no entry.
  return Array.from({ length: functions - 1 }, (_, i) => functions - 1 - i);
}

/** Whether the word is a load or a store (the exception's code says which) with base and offset that does no more. */
function isAccess(word: number, code: ExcCode): boolean {
  const opcode = word >>> 26;
  return code === ExcCode.TLBS ? opcode >= 0x28 && opcode <= 0x2e : opcode >= 0x20 && opcode <= 0x26;
}

function overlaps({ spans }: CompiledRegion, changed: Uint8Array): boolean {
  for (let i = 0; i < spans.length; i += 2) {
    for (let at = spans[i]!; at < spans[i + 1]!; at++) if (changed[at] !== 0) return true;
  }
  return false;
}
