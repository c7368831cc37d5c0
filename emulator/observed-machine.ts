/**
 * What the parts of a machine report as it happens: counted, and passed on to whoever wants to know of it, which are
 * breakpoints, the timeline and the trace.
 */
import type { VirtualClock } from './clock.ts';
import { Counters } from './counters.ts';
import { Cp0, cp0Name } from './cpu/cp0.ts';
import type { Access, Cpu } from './cpu/cpu.ts';
import { EXCEPTION_NAMES, ExcCode } from './cpu/exceptions.ts';
import type { FullSystem } from './cpu/full-system.ts';
import type { Breakpoints } from './debug/breakpoints.ts';
import type { SymbolTable } from './debug/symbols.ts';
import { hex, type TraceEvent, type TraceSink } from './debug/trace.ts';
import type { EngineHost } from './jit/engine.ts';
import type { HypervisorObserver } from './kvm/exits.ts';
import { EXIT_REASONS } from './kvm/statistics.ts';
import { TrapEmulate } from './kvm/trap-emulate.ts';
import type { MachineOptions } from './machine-options.ts';
import { MMU_AT, RAM_AT, type LinearMemory } from './memory.ts';
import type { AddressSpace, Mmu, MmuObserver } from './mmu/mmu.ts';
import type { EventLog } from './timeline/event-log.ts';

export abstract class ObservedMachine implements MmuObserver, HypervisorObserver, EngineHost {
  abstract readonly options: MachineOptions;
  abstract readonly memory: LinearMemory;
  abstract readonly cpu: Cpu;
  abstract readonly clock: VirtualClock;
  abstract readonly mmu: Mmu;
  abstract readonly system: FullSystem | TrapEmulate;
  abstract readonly symbols: SymbolTable;
  abstract readonly breakpoints: Breakpoints;
  abstract readonly events: EventLog | null;
  abstract readonly tlbWrittenAt: Float64Array;
  abstract readonly tlbWrittenRandom: Uint8Array;

  readonly counters = new Counters();
  trace: TraceSink | null = null;
  /** Ends a run at the next change of ASID. */
  stopAtAsidChange = false;
  protected get lastUserEntryAsid(): number {
    return this.memory.words[MMU_AT.lastUserEntryAsid >>> 2]!;
  }
  protected set lastUserEntryAsid(asid: number) {
    this.memory.words[MMU_AT.lastUserEntryAsid >>> 2] = asid;
  }

  abstract stop(): void;
  abstract fatal(message: string): void;

  protected record(event: TraceEvent): void {
    if (!this.trace) return;
    const pc = this.cpu.pc >>> 0;
    this.trace({
      instructions: this.clock.instructions(),
      pc: hex(pc),
      symbol: this.symbols.describe(pc),
      ...event,
    });
  }

  // What the engine asks

  instructions(): number {
    return this.clock.instructions();
  }
  get isQuiet(): boolean {
    return !this.trace && !this.stopAtAsidChange && !this.breakpoints.eventsWanted;
  }
  arrived(user: boolean): void {
    this.system.arrived(user);
    this.events?.arrived(user);
  }
  prepareEvent(meta: number): void {
    this.events!.ring.prepare(meta);
  }

  exited(reason: number, count: number): void {
    this.counters.exits[reason]! += count;
    if (this.system instanceof TrapEmulate) this.system.exited(reason, count);
  }

  // What MMU and system report

  flushed(space: AddressSpace): void {
    space.last.happened(this.clock.instructions(), this.cpu.pc);
    if (this.breakpoints.eventsWanted) this.breakpoints.flushed(space);
    this.events?.flushed(space);
    if (!this.trace) return;
    const { last } = space;
    this.record({
      event: 'flush',
      table: space.name,
      kind: last.kind,
      old: hex(last.oldAsid, 2),
      new: hex(last.newAsid, 2),
      ranges: last.ranges.map(([start, end]) => [hex(start), hex(end)]),
      pages: last.pages,
      tablesFreed: last.tablesFreed,
      entriesCleared: last.entriesCleared,
    });
  }

  tlbWritten(index: number, random: boolean): void {
    this.counters.tlbWrites++;
    this.tlbWrittenAt[index] = this.clock.instructions();
    if (this.breakpoints.eventsWanted) this.breakpoints.tlbWritten(index, random);
    this.tlbWrittenRandom[index] = random ? 1 : 0;
    const { tlb } = this.mmu;
    this.events?.tlbWritten(index, random, tlb);
    if (!this.trace) return;
    this.record({
      event: 'tlbWrite',
      index,
      random,
      entryHi: hex(tlb.hi[index]!),
      pageMask: hex(tlb.mask[index]!),
      lo0: hex(tlb.lo0[index]!),
      lo1: hex(tlb.lo1[index]!),
    });
  }

  exception(code: ExcCode, refill: boolean): void {
    this.counters.exceptions[code]!++;
    if (refill) this.counters.tlbRefills++;
    if (this.breakpoints.eventsWanted) this.breakpoints.exception(code, refill);
    this.events?.exception(code, refill);
    if (!this.trace) return;
    const address = code >= ExcCode.Mod && code <= ExcCode.AdES;
    this.record({
      event: 'exception',
      exception: EXCEPTION_NAMES[code]!,
      ...(refill ? { refill } : {}),
      ...(address ? { badVAddr: hex(this.system.cp0[Cp0.BadVAddr]!) } : {}),
    });
  }

  exit(reason: number, va: number): void {
    this.counters.exits[reason]!++;
    if (this.breakpoints.eventsWanted) this.breakpoints.exit(reason);
    this.events?.exit(reason, va);
    if (this.trace) this.record({ event: 'kvm_exit', reason: EXIT_REASONS[reason] ?? String(reason) });
  }

  hwr(operation: 'MFC0' | 'MTC0' | 'RDHWR', register: number, value: number): void {
    if (!this.trace) return;
    const name =
      operation === 'RDHWR' ? `HWR:${register}` : `${cp0Name(register)} (COP0:${register >>> 3}:${register & 7})`;
    this.record({ event: 'kvm_hwr', operation, register: name, value: hex(value) });
  }

  asidChanged(oldAsid: number, newAsid: number): void {
    this.counters.asidChanges++;
    if (this.breakpoints.eventsWanted) this.breakpoints.asidChanged(oldAsid, newAsid);
    this.events?.asidChanged(oldAsid, newAsid);
    if (this.stopAtAsidChange) {
      this.stopAtAsidChange = false;
      this.stop();
    }
    const event = this.options.kind === 'kvm' ? 'kvm_asid_change' : 'asidChange';
    if (this.trace) this.record({ event, old: hex(oldAsid, 2), new: hex(newAsid, 2) });
  }

  differs(va: number, access: Access, host: number, expected: number): void {
    this.events?.differs(va);
    if (!this.trace) return;
    const where = (at: number) => (at < 0 ? 'none' : at >= RAM_AT ? hex(at - RAM_AT) : 'commpage');
    this.record({
      event: 'checkerDifference',
      address: hex(va),
      access: ['read', 'write', 'fetch'][access]!,
      served: where(host),
      expected: where(expected),
    });
  }

  modeSwitched(user: boolean): void {
    this.events?.modeSwitched(user);
  }

  enteredUser(asid: number): void {
    this.counters.userEntries++;
    if (asid !== this.lastUserEntryAsid) this.counters.userEntriesWithNewAsid++;
    this.lastUserEntryAsid = asid;
    if (this.trace) this.record({ event: 'userEntry', asid: hex(asid, 2) });
  }
}
