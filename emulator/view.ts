/** Pictures of a machine between two instructions, for the panels; see ViewUpdate in protocol.ts. */
import type { Machine } from './machine.ts';
import { PTE_COMMPAGE, PTE_DIRTY, PTE_PRESENT, PTE_WRITABLE } from './mmu/gva-page-table.ts';
import { SEGMENTS } from './mmu/layout.ts';
import type { AddressSpace } from './mmu/mmu.ts';
import { movedBit, type PinnedTables } from './pinned-tables.ts';
import type {
  EventCounts,
  FlushInfo,
  MachineInfo,
  SegmentName,
  SegmentStats,
  SlotView,
  TableView,
  TlbView,
  ViewRequest,
  ViewUpdate,
} from './protocol.ts';
import { PAGE_COMMPAGE, PAGE_DIRTY, PAGE_PRESENT, PAGE_WRITABLE } from './protocol.ts';

/** What the panels need to know once. Strip cells are pte tables: a pgd slot where the pmd is folded. */
export function describeMachine(machine: Machine, guest: string, commandLine: string): MachineInfo {
  const { options, mmu } = machine;
  const { geometry } = mmu.kernel.gva;
  const slotBytes = 2 ** geometry.pmdShift;
  return {
    guest,
    machine: options.kind,
    bigEndian: options.bigEndian,
    memoryMiB: options.memoryMiB,
    tlbEntries: options.tlbEntries,
    nsPerInstruction: options.nsPerInstruction,
    commandLine,
    policy: mmu.policy,
    keepReplaced: mmu.kept !== null,
    migrateEvery: mmu.cpus.count > 1 ? (options.migrateEvery ?? 0) : 0,
    geometry: {
      name: geometry.name,
      pageSize: 2 ** geometry.pageShift,
      slots: (mmu.layout.end + 1) / slotBytes,
      slotBytes,
      pagesPerSlot: geometry.pteEntries,
    },
    segments: mmu.layout.segments,
  };
}

/** The parts of a view that are the machine's own; the channel adds speed and sequence. */
export type MachineView = Omit<ViewUpdate, 'sequence' | 'reading' | 'mips' | 'pace' | 'generated' | 'idle'>;

/** With `pinned`, the tables are also compared with what they were then. */
export function viewMachine(machine: Machine, request: ViewRequest, pinned: PinnedTables | null = null): MachineView {
  const { clock, cpu, mmu, system } = machine;
  const pc = cpu.pc >>> 0;
  const view: MachineView = {
    instructions: clock.instructions(),
    virtualNs: clock.now(),
    mode: machine.mode,
    asid: system.asid,
    pc,
    symbol: machine.symbols.describe(pc),
    asidChanges: machine.counters.asidChanges,
    recording: machine.events?.recording ?? false,
  };
  if (machine.options.check) view.differences = system.differences;
  const display = machine.board.asciiDisplay;
  if (display.trim() !== '') view.display = display;
  const { leds } = machine.board.fpga;
  if (leds !== 0) view.leds = leds;
  if (request.counts) view.counts = countEvents(machine);
  if (request.segments) {
    view.kernel = viewTable(machine, mmu.kernel);
    view.user = viewTable(machine, mmu.user);
    if (request.slot !== null) view.slot = viewSlot(machine, request.slot, pinned);
    if (pinned) view.difference = pinned.view();
  }
  if (request.tlb) view.tlb = { ...viewTlb(machine), ...(pinned ? { pinned: pinned.tlb } : {}) };
  return view;
}

const sum = (counts: Float64Array): number => counts.reduce((total, n) => total + n, 0);

/** The counts that boots are compared by; `--stats` has them all. */
export function countEvents({ counters, mmu, engine }: Machine): EventCounts {
  // A boot's phase begins in the middle of a run.
  engine?.takeCounts();
  const { kernel, user, gpa } = mmu.totals;
  return {
    exits: sum(counters.exits),
    exceptions: sum(counters.exceptions),
    asidChanges: counters.asidChanges,
    kernelFlushes: kernel.count,
    userFlushes: user.count,
    gpaFlushes: gpa.count,
    pagesFlushed: kernel.pages + user.pages + gpa.pages,
    tlbWrites: counters.tlbWrites,
    tlbRefills: counters.tlbRefills,
    hostTlbRefills: mmu.hostRefills,
    userEntries: counters.userEntries,
    consoleBytes: counters.consoleBytesOut,
  };
}

function viewTable(machine: Machine, space: AddressSpace): TableView {
  const { mmu, system } = machine;
  const { geometry } = space.gva;
  const span = 2 ** geometry.pmdShift;
  const counts = new Uint16Array((mmu.layout.end + 1) / span);
  space.gva.forEachTable((va) => {
    const slot = va / span;
    if (slot < counts.length) counts[slot] = space.gva.pagesAt(va);
  });
  const isUser = space === mmu.user;
  const segments: Partial<Record<SegmentName, SegmentStats>> = {};
  for (const s of mmu.layout.segments) {
    if (!isUser || s.user) segments[s.name] = space.segments[SEGMENTS.indexOf(s.name)]!.copy();
  }
  return {
    counts,
    segments,
    flushes: space.last.serial,
    lastFlush: space.last.serial === 0 ? null : viewFlush(machine, space),
    asid: isUser ? mmu.lastUserAsid : system.asid,
    stale: isUser && mmu.isUserStale(system.asid),
  };
}

function viewFlush(machine: Machine, space: AddressSpace): FlushInfo {
  const { last } = space;
  const bySegment: FlushInfo['bySegment'] = {};
  const kept: FlushInfo['kept'] = {};
  SEGMENTS.forEach((name, i) => {
    const pages = last.pagesBySegment[i]!;
    const tables = last.tablesBySegment[i]!;
    if (pages !== 0 || tables !== 0) bySegment[name] = { pages, tables };
    if (last.keptBySegment[i] !== 0) kept[name] = last.keptBySegment[i]!;
  });
  return {
    serial: last.serial,
    table: space.name,
    kind: last.kind,
    instructions: last.instructions,
    pc: last.pc,
    symbol: machine.symbols.describe(last.pc),
    oldAsid: last.oldAsid,
    newAsid: last.newAsid,
    ranges: last.ranges,
    pages: last.pages,
    tablesFreed: last.tablesFreed,
    entriesCleared: last.entriesCleared,
    bySegment,
    kept,
    freedSlots: last.freedSlots.slice(0, last.freedSlotCount),
  };
}

function viewSlot(machine: Machine, slot: number, pinned: PinnedTables | null): SlotView {
  const { kernel, user } = machine.mmu;
  const [before, beforeUser] = [pinned?.slot('kernel', slot) ?? null, pinned?.slot('user', slot) ?? null];
  const view: SlotView = { slot, kernel: pagesOf(kernel, slot, before), user: pagesOf(user, slot, beforeUser) };
  if (pinned) view.pinned = { kernel: bitsOf(kernel, before), user: bitsOf(user, beforeUser) };
  return view;
}

function pagesOf(space: AddressSpace, slot: number, before: Int32Array | null): Uint8Array {
  const { geometry } = space.gva;
  const pages = new Uint8Array(geometry.pteEntries);
  const entries = space.gva.entriesAt(slot * 2 ** geometry.pmdShift);
  if (!entries) return pages;
  for (let i = 0; i < pages.length; i++) {
    const pte = entries[i]!;
    pages[i] = pageBits(pte) | movedBit(before?.[i] ?? 0, pte);
  }
  return pages;
}

function bitsOf(space: AddressSpace, entries: Int32Array | null): Uint8Array {
  return entries ? Uint8Array.from(entries, pageBits) : new Uint8Array(space.gva.geometry.pteEntries);
}

function pageBits(pte: number): number {
  return (
    (pte & PTE_PRESENT ? PAGE_PRESENT : 0) |
    (pte & PTE_WRITABLE ? PAGE_WRITABLE : 0) |
    (pte & PTE_DIRTY ? PAGE_DIRTY : 0) |
    (pte & PTE_COMMPAGE ? PAGE_COMMPAGE : 0)
  );
}

function viewTlb(machine: Machine): TlbView {
  const { tlb } = machine.mmu;
  return {
    entryHi: tlb.hi.slice(),
    pageMask: tlb.mask.slice(),
    entryLo0: tlb.lo0.slice(),
    entryLo1: tlb.lo1.slice(),
    writtenAt: machine.tlbWrittenAt.slice(),
    random: machine.tlbWrittenRandom.slice(),
    writes: machine.counters.tlbWrites,
  };
}
