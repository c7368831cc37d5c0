/**
 * A machine: CPU, MMU, privileged architecture and board put together, and the loop that runs it. Two kinds share all
 * but the privileged architecture and the segment layout: `malta`, a full system, and `kvm`, whose guest kernel runs
 * deprivileged under a trap-and-emulate hypervisor.
 */
import { Board } from './board/board.ts';
import type { BoardHost, SerialPort } from './board/device.ts';
import { VirtualClock } from './clock.ts';
import { collectStats, type Stats } from './counters.ts';
import { Cp0, STATUS_IE } from './cpu/cp0.ts';
import { Cpu } from './cpu/cpu.ts';
import { FullSystem } from './cpu/full-system.ts';
import { CPU_TRAITS } from './cpu/models.ts';
import { interpret } from './cpu/interpreter.generated.ts';
import { USER } from './cpu/guest-accesses.ts';
import { Breakpoints } from './debug/breakpoints.ts';
import { findKallsyms } from './debug/kallsyms.ts';
import { SymbolTable } from './debug/symbols.ts';
import { HostMemory } from './kvm/host-memory.ts';
import { TrapEmulate } from './kvm/trap-emulate.ts';
import { codeMapBytes } from './jit/code-map.ts';
import { BATCH, GATHER, REST, CACHE_LIMITS } from './jit/cache-options.ts';
import { Engine } from './jit/engine.ts';
import { LateEngine } from './jit/late-engine.ts';
import { DEFAULTS, type MachineOptions, type StartPlan } from './machine-options.ts';
import { LinearMemory, MMU_AT, RAM_AT } from './memory.ts';
import { LAYOUTS } from './mmu/layout.ts';
import { Mmu } from './mmu/mmu.ts';
import { ObservedMachine } from './observed-machine.ts';
import type { MachineKind } from './protocol.ts';
import { EventLog } from './timeline/event-log.ts';
import { RingPlace, ringBytes } from './timeline/ring-place.ts';

/** Frequencies of Count: KVM's default, and what the board's CPU makes of its clock. */
const COUNT_HZ: Record<MachineKind, number> = { kvm: 100_000_000, malta: 125_000_000 };

/** Where in RAM a kernel's image is looked for. */
const KERNEL_BYTES = 64 << 20;
const MOST_SYMBOL_SEARCHES = 5;

/** Why the machine will not run on. */
export interface End {
  reason: 'powerOff' | 'panic' | 'reset' | 'error';
  message: string;
}

/** Why {@link Machine.run} returned: the limit, a waiting guest, the end, a pause at a wanted event. */
export type StopReason = 'limit' | 'idle' | 'ended' | 'event';

export class Machine extends ObservedMachine {
  readonly memory: LinearMemory;
  readonly cpu: Cpu;
  readonly clock: VirtualClock;
  readonly mmu: Mmu;
  readonly board: Board;
  readonly system: FullSystem | TrapEmulate;
  private readonly lateEngine: LateEngine | null = null;
  /** The translator, where there is one, from when the guest has run for as long as it is not worth one. */
  get engine(): Engine | null {
    return this.lateEngine?.engine ?? null;
  }
  private knownSymbols = new SymbolTable();
  get symbols(): SymbolTable {
    if (this.mayHaveSymbols) this.searchSymbols();
    return this.knownSymbols;
  }
  set symbols(table: SymbolTable) {
    this.knownSymbols = table;
  }
  /** Instruction count at the last write of each guest TLB entry. */
  readonly tlbWrittenAt: Float64Array;
  /** 1 where that was a TLBWR. */
  readonly tlbWrittenRandom: Uint8Array;
  end: End | null = null;
  /** The host's side of guest memory. */
  readonly hostMemory: HostMemory;
  /** Called with every byte the guest sends to its console. */
  onConsole: (byte: number) => void = () => {};
  /** What happened lately, where the options ask for it. */
  readonly events: EventLog | null;
  readonly breakpoints: Breakpoints;
  /** Whether a soft reset restarts the machine, as on the board, or ends the run. */
  rebootAllowed = true;

  private plan: StartPlan | null = null;
  private resetRequested = false;
  private eventSeen = false;
  private consolePort: SerialPort = 'com1';

  constructor(readonly options: MachineOptions) {
    super();
    const ramBytes = options.memoryMiB << 20;
    const hostBytes = RAM_AT + ramBytes;
    // A checker looks at every access, which generated code does not show it.
    const translates = options.engine === 'jit' && !options.check;
    const limits = { ...CACHE_LIMITS, ...options.cacheLimits };
    const mapBytes = (codeMapBytes(hostBytes, limits.pages, limits.guards) + 0xffff) & ~0xffff;
    const { timelineEvents } = options;
    const ringAt = hostBytes + (translates ? mapBytes : 0);
    this.memory = new LinearMemory(ringAt + ringBytes(timelineEvents ?? 0));
    const ring = timelineEvents ? new RingPlace(this.memory, ringAt, timelineEvents) : null;
    const layout = LAYOUTS[options.kind];
    this.cpu = new Cpu(this.memory, options.bigEndian, {
      read: (gpa, size) => this.board.read(gpa, size),
      write: (gpa, size, value) => this.board.write(gpa, size, value),
    });
    this.clock = new VirtualClock(this.cpu, options.nsPerInstruction);
    const { policy = 'lazy-user', hostCpus = 1, geometry = 'm32_4k', check = false, keepReplaced = false } = options;
    const { tlbEntries } = options;
    const mmuOptions = { ramSize: ramBytes, tlbEntries, geometry, policy, hostCpus, keepReplaced };
    this.mmu = new Mmu(this.memory, layout, mmuOptions, this);
    if (translates) {
      const { bigEndian, threshold = DEFAULTS.threshold, batch = BATCH, rest = REST, gather = GATHER } = options;
      const { statusMask } = CPU_TRAITS[options.cpu ?? '24Kf'];
      const [fullSystem, rewrites] = [options.kind === 'malta', options.dynamicTranslation ?? false];
      const traps = !fullSystem && Engine.goesByItself(this.mmu, rewrites);
      const compilerOptions = { fullSystem, traps, statusMask, bigEndian, threshold };
      const parts = Engine.make(this.cpu, this.mmu, this, this.memory, hostBytes, hostBytes, {
        ...compilerOptions,
        ring,
        rewrites,
        seed: options.seed,
        nsPerInstruction: options.nsPerInstruction,
        countHz: COUNT_HZ[options.kind],
        limits,
        batch,
        rest,
        gather,
        store: options.codeStore,
        compiler: options.makeCompiler?.(compilerOptions),
      });
      this.lateEngine = new LateEngine(parts, options.warmUp ?? 0);
      if (!options.warmUp) this.lateEngine.finish();
    }
    this.hostMemory = new HostMemory(this.mmu, this.memory.words);
    const { tlbWritten, tlbWrittenRandom } = MMU_AT;
    this.tlbWrittenAt = this.memory.doubles.subarray(tlbWritten >>> 3, (tlbWritten >>> 3) + options.tlbEntries);
    this.tlbWrittenRandom = this.memory.bytes.subarray(tlbWrittenRandom, tlbWrittenRandom + options.tlbEntries);
    const systemOptions = { ...options, check, countHz: COUNT_HZ[options.kind] };
    if (options.kind === 'kvm') {
      this.system = new TrapEmulate(this.cpu, this.mmu, this.clock, this, systemOptions);
      this.system.dynamicTranslation = options.dynamicTranslation ?? false;
    } else this.system = new FullSystem(this.cpu, this.mmu, this.clock, this, systemOptions);
    this.cpu.system = this.system;
    this.events = ring ? new EventLog(this.cpu, this.clock, layout, ring) : null;
    const host: BoardHost = {
      clock: this.clock,
      bigEndian: options.bigEndian,
      ramSize: ramBytes,
      setCpuInterrupt: (pin, level) => this.system.setPin(pin, level),
      dmaRead: (gpa, length) => this.readRam(gpa, length),
      dmaWrite: (gpa, bytes) => this.writeRam(gpa, bytes),
      transmit: (port, byte) => {
        this.consolePort = port;
        if (this.symbolSearches === 0) this.mayHaveSymbols = true;
        this.counters.consoleBytesOut++;
        this.events?.console(byte);
        this.onConsole(byte);
      },
      softReset: () => {
        this.resetRequested = true;
        this.clock.interrupt();
      },
      powerOff: () => this.finish({ reason: 'powerOff', message: 'The guest switched the power off.' }),
    };
    this.board = new Board(host, {
      disks: options.disks ?? [],
      seed: options.seed,
      virtioConsole: options.virtioConsole ?? false,
    });
    this.breakpoints = new Breakpoints(this);
    this.every(options.migrateEvery, () => this.mmu.migrate((this.mmu.cpus.current + 1) % this.mmu.cpus.count));
    this.every(options.hostUnmapEvery, () => this.hostMemory.unmap(0, ramBytes - 1));
    this.every(options.hostProtectEvery, () => this.hostMemory.writeProtect(0, ramBytes - 1));
  }

  /** Loads what `plan` says and leaves the machine where firmware hands over, or at its reset vector. */
  boot(plan: StartPlan): void {
    this.plan = plan;
    this.symbols = new SymbolTable(plan.symbols);
    this.symbolSearches = 0;
    this.mayHaveSymbols = false;
    for (const { offset, bytes } of plan.rom) this.board.rom.load(offset, bytes);
    this.restart();
  }

  private restart(): void {
    const plan = this.plan!;
    this.mmu.reset();
    this.system.reset(plan.pc);
    this.lastUserEntryAsid = -1;
    this.board.reset();
    this.cpu.r.fill(0);
    for (const { gpa, bytes } of plan.writes) this.writeRam(gpa, bytes);
    for (const [register, value] of Object.entries(plan.registers)) this.cpu.setRegister(Number(register), value | 0);
    if (plan.leavesReset) this.system.leaveReset();
  }

  /**
   * A kernel that came without symbols may be Linux, which has a table of its own in memory once it runs. Looked for when
   * somebody asks for symbols after the guest has first printed, and again at growing intervals: it takes as long as a
   * tenth of a second.
   */
  private searchSymbols(): void {
    const { clock, memory, mmu, options } = this;
    this.mayHaveSymbols = false;
    if (this.plan!.symbols.length > 0 || this.symbolSearches++ >= MOST_SYMBOL_SEARCHES) return;
    const length = Math.min(mmu.ramSize, KERNEL_BYTES);
    let image = memory.bytes.subarray(RAM_AT, RAM_AT + length);
    if (options.bigEndian) image = image.map((_, i) => memory.bytes[RAM_AT + (i ^ 3)]!);
    const found = findKallsyms(image, options.bigEndian);
    if (found) this.knownSymbols = new SymbolTable(found);
    else clock.schedule(clock.now() + 1e9 * 2 ** this.symbolSearches, () => (this.mayHaveSymbols = true));
  }
  private symbolSearches = 0;
  private mayHaveSymbols = false;

  /** Has the host do something every so many instructions' time. */
  private every(instructions: number | undefined, act: () => void): void {
    if (!instructions) return;
    const { clock } = this;
    clock.schedule(clock.now() + instructions * this.options.nsPerInstruction, () => {
      act();
      this.system.reenter();
      this.every(instructions, act);
    });
  }

  /** Copies bytes in the guest's order to guest physical memory; what lies outside RAM is left out. */
  writeRam(gpa: number, bytes: Uint8Array): void {
    const swizzle = this.cpu.byteSwizzle;
    for (let done = 0; done < bytes.length;) {
      const at = this.mmu.ram(gpa + done);
      const length = Math.min(bytes.length - done, 0x1000 - ((gpa + done) & 0xfff));
      if (at >= 0) this.mmu.watched.changed(at, length);
      if (at >= 0 && swizzle === 0) this.memory.bytes.set(bytes.subarray(done, done + length), at);
      else if (at >= 0) for (let i = 0; i < length; i++) this.memory.bytes[(at + i) ^ swizzle] = bytes[done + i]!;
      done += length;
    }
  }

  /** Bytes of guest physical memory in the guest's order; ones where there is no RAM. */
  readRam(gpa: number, length: number): Uint8Array {
    const swizzle = this.cpu.byteSwizzle;
    const bytes = new Uint8Array(length).fill(0xff);
    for (let done = 0; done < length;) {
      const at = this.mmu.ram(gpa + done);
      const piece = Math.min(length - done, 0x1000 - ((gpa + done) & 0xfff));
      if (at >= 0 && swizzle === 0) bytes.set(this.memory.bytes.subarray(at, at + piece), done);
      else if (at >= 0) for (let i = 0; i < piece; i++) bytes[done + i] = this.memory.bytes[(at + i) ^ swizzle]!;
      done += piece;
    }
    return bytes;
  }

  /** Console keys, now. */
  input(bytes: Uint8Array): void {
    this.counters.consoleBytesIn += bytes.length;
    this.events?.input(bytes.length);
    this.record({ event: 'input', bytes: bytes.length });
    this.board.receive(this.consolePort, bytes);
  }

  /** Restarts the machine as its reset button does. */
  reset(): void {
    if (!this.plan) return;
    this.end = null;
    this.counters.resets++;
    this.events?.reset();
    this.record({ event: 'reset' });
    this.restart();
  }

  /**
   * Runs at most `limit` instructions (one more when the last is a branch).
   * @param skipUntil virtual time in ns up to which a waiting guest's time is skipped; beyond it 'idle' is returned
   */
  run(limit: number, skipUntil: number): StopReason {
    const { clock, cpu, system } = this;
    const last = clock.instructions() + limit;
    this.eventSeen = false;
    this.breakpoints.prepare();
    // The host may have changed what guest memory is while the guest stood still.
    system.reenter();
    while (!this.end) {
      clock.fireDue();
      if (this.resetRequested) {
        this.resetRequested = false;
        if (this.rebootAllowed) this.reset();
        else this.finish({ reason: 'reset', message: 'The guest reset the machine.' });
        continue;
      }
      if (system.waiting) {
        if (!this.endWait(skipUntil)) return this.end ? 'ended' : this.eventSeen ? 'event' : 'idle';
        continue;
      }
      if (system.interruptPending()) system.takeInterrupt();
      if (this.eventSeen) return 'event';
      const now = clock.instructions();
      const left = last - now;
      if (left <= 0) return 'limit';
      clock.startSlice(Math.min(left, this.lateEngine?.goOn(now) ?? left));
      const { engine } = this;
      // The translator looks at no access by itself.
      if (engine && !this.needsStepping) engine.run();
      else interpret(cpu);
      // Before an interrupt could move the machine from where a breakpoint has stopped it.
      if (this.eventSeen && this.breakpoints.report) return 'event';
    }
    return 'ended';
  }

  /** Lets time pass up to `skipUntil` for a waiting guest. True when it no longer waits. */
  private endWait(skipUntil: number): boolean {
    const { clock, system } = this;
    while (!this.end && !this.resetRequested && !system.wakes()) {
      if ((system.cp0[Cp0.Status]! & STATUS_IE) === 0 && this.board.fpga.asciiDisplay.startsWith('PANIC')) {
        this.finish({ reason: 'panic', message: 'The guest kernel panicked; its console says why.' });
        return false;
      }
      const next = clock.nextEvent();
      clock.skipTo(Math.min(next, skipUntil));
      if (next > skipUntil) return false;
      clock.fireDue();
    }
    system.waiting = false;
    return true;
  }

  /** Whether a run must look at every access, for breakpoints on addresses and data: the interpreter alone does. */
  get needsStepping(): boolean {
    return this.breakpoints.needsStepping;
  }

  /** Makes {@link run} return after the present instruction. */
  stop(): void {
    this.eventSeen = true;
    this.clock.interrupt();
  }

  /** Stops for good (until a reset). */
  finish(end: End): void {
    if (this.end) return;
    this.end = end;
    this.events?.end(end.message);
    if (end.reason === 'error') this.record({ event: 'stopped', message: end.message });
    else this.record({ event: end.reason });
    this.clock.interrupt();
  }

  fatal(message: string): void {
    this.finish({ reason: 'error', message });
  }

  stats(): Stats {
    const { clock } = this;
    return collectStats(this.options, clock.instructions(), clock.now(), this.counters, this.mmu, this.system);
  }

  get kind(): MachineKind {
    return this.options.kind;
  }

  get mode(): 'kernel' | 'user' {
    return this.system.mode === USER ? 'user' : 'kernel';
  }
}
