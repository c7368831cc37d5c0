/**
 * Every message between the emulator's worker and its hosts (Electron's main process, the tests), typed and
 * versioned. Types and constants only: the renderer may import this file, and nothing else of the emulator.
 *
 * Units: instructions are counted from power-on; `virtualNs` is guest time in nanoseconds; addresses are unsigned
 * 32-bit numbers; pages are 4 KiB unless a geometry says otherwise.
 */

export const PROTOCOL_VERSION = 2;

export type MachineKind = 'kvm' | 'malta';
export type SegmentName = 'useg' | 'kseg0' | 'kseg1' | 'kseg23';
export type TableName = 'kernel' | 'user';
export type FlushKind = 'KMF_KERN' | 'KMF_USER' | 'KMF_GPA|KMF_KERN' | 'KMF_GPA|KMF_USER';

export const CPUS = ['24Kf', '24Kc', '34Kf-like'] as const;
export const POLICIES = ['lazy-user', 'eager', 'everything', 'tagged', 'never'] as const;
export const HOST_GEOMETRIES = ['m32_4k', 'm64_4k'] as const;

/** Most host CPUs, and most instructions between two moves from one to the next. */
export const MAX_HOST_CPUS = 8;
export const MAX_MIGRATE_EVERY = 1_000_000_000;

/** What a boot needs. Absent fields take the machine's defaults. */
export interface BootConfig {
  /** The kernel's ELF file; absent: the bundled Lab kernel for `machine` (default `kvm`, little endian). */
  kernel?: { name: string; bytes: Uint8Array };
  machine?: MachineKind;
  /** Byte order of the bundled kernel; a given kernel's own ELF header decides otherwise. */
  bigEndian?: boolean;
  /** Guest RAM in MiB, 16 to 1024. */
  memoryMiB?: number;
  tlbEntries?: 16 | 32 | 64;
  commandLine?: string;
  initrd?: { name: string; bytes: Uint8Array };
  /** Virtual time of one instruction, in whole nanoseconds. */
  nsPerInstruction?: number;
  /** Seed of everything random in the machine (TLBWR under KVM). */
  seed?: number;
  /** The core of a `malta`. */
  cpu?: (typeof CPUS)[number];
  /** When page tables are flushed as the guest changes its ASID. */
  policy?: (typeof POLICIES)[number];
  /** Host page tables, both of 4 KiB pages: two levels or three. */
  geometry?: (typeof HOST_GEOMETRIES)[number];
  /** Host CPUs that the guest may run on, 1 to MAX_HOST_CPUS; each has its own ASIDs and its own TLB. */
  hostCpus?: number;
  /** With more than one: so many instructions' time after which the guest moves to the next one; absent: it stays. */
  migrateEvery?: number;
  /** `kvm` only: trapping CP0 instructions are rewritten into accesses of the commpage. */
  dynamicTranslation?: boolean;
  /** Every translation that is used is compared with the guest TLB, which is slow. */
  check?: boolean;
  /** At most two of each interface, in the guest's order. They stay open until the next boot, resets included. */
  disks?: DiskConfig[];
}

/** A disk drive with a raw image in it: the PIIX4's IDE, or a virtio card in a PCI slot. */
export interface DiskConfig {
  /** The image's file, on the computer the emulator runs on. */
  path: string;
  interface: 'ide' | 'virtio';
  /** What the guest writes goes to the file; otherwise to an overlay in memory that is gone with the next boot. */
  writable: boolean;
}

/** What a booting guest says it is at. */
export interface BootPhase {
  /** In a few words. */
  name: string;
  /** Guest time of the line that says so, in seconds; null where the kernel stamps none. */
  seconds: number | null;
}

/** What has happened since power-on. */
export interface EventCounts {
  /** To the hypervisor; none on `malta`. */
  exits: number;
  /** Taken by the guest's own handlers. */
  exceptions: number;
  asidChanges: number;
  kernelFlushes: number;
  userFlushes: number;
  gpaFlushes: number;
  /** Dropped from both tables by all of these. */
  pagesFlushed: number;
  tlbWrites: number;
  /** Refill exceptions of the guest. */
  tlbRefills: number;
  hostTlbRefills: number;
  userEntries: number;
  consoleBytes: number;
}

/** The instant a boot phase begins, or, with `phase` null, the one at which the boot is over. */
export interface PhaseMark {
  phase: BootPhase | null;
  instructions: number;
  virtualNs: number;
  counts: EventCounts;
}

/** A stretch of the address space, as the Segments panel draws it. */
export interface SegmentLayout {
  name: SegmentName;
  /** First and last byte address, inclusive. */
  start: number;
  end: number;
  /** True when the guest TLB maps it, false when it is a fixed window on physical memory. */
  mapped: boolean;
  /** True when guest user mode may reach it. */
  user: boolean;
}

/** What is fixed from a boot on. */
export interface MachineInfo {
  guest: string;
  machine: MachineKind;
  bigEndian: boolean;
  memoryMiB: number;
  tlbEntries: number;
  nsPerInstruction: number;
  commandLine: string;
  policy: (typeof POLICIES)[number];
  /** Instructions after which the guest moves to the next host CPU; 0: it stays. */
  migrateEvery: number;
  /** Page-table geometry, e.g. `32-bit 4K`; slots are pgd entries from address 0 up to the layout's end. */
  geometry: { name: string; pageSize: number; slots: number; slotBytes: number; pagesPerSlot: number };
  segments: SegmentLayout[];
}

export type RunState =
  | { state: 'off' }
  /** `until`: what it runs to, at which it will stop. */
  | { state: 'running'; until?: 'asidChange' }
  /** `stop`: what stopped it, if it was not asked to. */
  | { state: 'paused'; stop?: StopReport }
  /** The guest powered off, panicked, or the emulator stopped it; `message` is one sentence. */
  | { state: 'ended'; reason: 'powerOff' | 'panic' | 'error'; message: string };

/** Where and why a breakpoint, or a run to a place, stopped the machine. */
export interface StopReport {
  /** Number of the breakpoint; null when a run to a place has arrived. */
  breakpoint: number | null;
  spec: string;
  /** Of the instruction that it stopped before, or whose event stopped it. */
  pc: number;
  instructions: number;
  /** One sentence; empty for an arrival. */
  message: string;
}

/** A breakpoint as the panel lists it. */
export interface BreakpointView {
  id: number;
  /** As typed, in its canonical form: `switch_mm+0x10`, `write:counter,4`, `asid:0x13`. */
  spec: string;
  kind: 'address' | 'read' | 'write' | 'access' | 'asid' | 'tlb' | 'flush' | 'exit' | 'exception';
  condition: string;
  /** The first so many hits do not stop. */
  ignore: number;
  enabled: boolean;
  hits: number;
  /** Why it cannot be hit yet, in one sentence; empty when it can. */
  pending: string;
  address: number | null;
  symbol: string;
}

/** A breakpoint as it is kept from one start of the app to the next. */
export interface SavedBreakpoint {
  /** As `kseg run --break` takes it, `ignore N` and `if CONDITION` included. */
  spec: string;
  enabled: boolean;
}

/** Figures of one segment in one GVA page table. */
export interface SegmentStats {
  pages: number;
  tables: number;
  /** Most pages ever present at once. */
  highWater: number;
  /** Pages dropped by flushes since boot, and by the last flush that reached this segment. */
  flushedTotal: number;
  flushedLast: number;
  /** Pages filled since that flush. */
  refillsSince: number;
}

/** One flush of a GVA page table, as it happened. */
export interface FlushInfo {
  /** Running number of this flush of this table, from 1. */
  serial: number;
  table: TableName;
  kind: FlushKind;
  instructions: number;
  pc: number;
  symbol: string;
  /** Guest ASIDs before and after, where an ASID change caused it. */
  oldAsid: number;
  newAsid: number;
  /** Inclusive byte ranges walked. */
  ranges: [start: number, end: number][];
  pages: number;
  tablesFreed: number;
  entriesCleared: number;
  bySegment: Partial<Record<SegmentName, { pages: number; tables: number }>>;
  /** Pages that were there and stayed. */
  kept: Partial<Record<SegmentName, number>>;
  /** The pgd slots whose tables were freed. */
  freedSlots: Uint16Array;
}

/** One GVA page table at an instant. */
export interface TableView {
  /** Present pages of every pgd slot, `geometry.slots` long. */
  counts: Uint16Array;
  segments: Partial<Record<SegmentName, SegmentStats>>;
  flushes: number;
  lastFlush: FlushInfo | null;
  /** The guest ASID whose view the table holds (last_user_gasid for the user table). */
  asid: number;
  /** User table only: the guest's ASID has changed, so the next entry to user mode flushes. */
  stale: boolean;
}

/** Bits of one page's state in {@link SlotView.pages}. */
export const PAGE_PRESENT = 1;
export const PAGE_WRITABLE = 2;
export const PAGE_DIRTY = 4;
export const PAGE_COMMPAGE = 8;
/** Only beside `pinned`: the page was there at the pinned instant, in another frame. */
export const PAGE_MOVED = 16;

/** The pages of one pgd slot, in both tables: `pagesPerSlot` bytes of PAGE_ bits each. */
export interface SlotView {
  slot: number;
  kernel: Uint8Array;
  user: Uint8Array;
  /** The same at the pinned instant, if one is pinned. */
  pinned?: { kernel: Uint8Array; user: Uint8Array };
}

/** What a GVA page table has gained and lost since the pinned instant, in pages of each pgd slot. */
export interface TableDifference {
  added: Uint16Array;
  removed: Uint16Array;
  /** There both times, with another frame or other rights. */
  changed: Uint16Array;
}

/** Both tables against those of the pinned instant; the user table is the one in use, then and now. */
export interface DifferenceView {
  /** The pinned instant, and the guest's ASID then. */
  instructions: number;
  asid: number;
  kernel: TableDifference;
  user: TableDifference;
}

/** One GVA page table's side of a host CPU. */
export interface HostTableView {
  /** Version and 8-bit ASID; 0: none. */
  context: number;
  /** The next entry to the guest on this CPU takes a new context. */
  stale: boolean;
  /** 4 KiB pages that this CPU's TLB holds for the table; those that take stores; those that no context matches. */
  entries: number;
  writable: number;
  unreachable: number;
  segments: Partial<Record<SegmentName, number>>;
}

/** Host ASIDs and host TLB. */
export interface HostView {
  /** The host CPU that runs the guest. */
  cpu: number;
  cpus: {
    /** The last context this CPU gave out (asid_cache). */
    asidCache: number;
    kernel: HostTableView;
    user: HostTableView;
  }[];
  /** The guest ASID whose view the user table holds (last_user_gasid). */
  lastUserAsid: number;
  /** User tables there are: one for each guest ASID under `tagged`, else one. */
  userTables: number;
  /** How often a CPU ran out of ASIDs. */
  wraps: number;
  /** Host TLB refills that a GVA table served. */
  refills: number;
}

/** The guest TLB: architectural register images, one element an entry. */
export interface TlbView {
  entryHi: Uint32Array;
  pageMask: Uint32Array;
  entryLo0: Uint32Array;
  entryLo1: Uint32Array;
  /** Instruction count at the last write of the entry, 0 if never written. */
  writtenAt: Float64Array;
  /** 1 where the last write of the entry was a TLBWR, 0 where it was a TLBWI. */
  random: Uint8Array;
  /** Running count of TLB writes. */
  writes: number;
  /** The entries at the pinned instant, while one is pinned. */
  pinned?: PinnedTlb;
}

/** Register images of the pinned instant, as in {@link TlbView}. */
export interface PinnedTlb {
  instructions: number;
  entryHi: Uint32Array;
  pageMask: Uint32Array;
  entryLo0: Uint32Array;
  entryLo1: Uint32Array;
}

/** What the Translate panel asks. Addresses are expressions: numbers, symbols, registers, memory (`switch_mm+8`, `[sp]`). */
export type TranslateRequest =
  | {
      direction: 'virtual';
      address: string;
      access: 'load' | 'store' | 'fetch';
      /** Guest mode and ASID; null: the guest's own of the moment. */
      mode: 'kernel' | 'user' | null;
      asid: number | null;
    }
  | { direction: 'physical'; address: string };

/** A piece of an address that is looked up somewhere, by bit numbers. */
export interface AddressBits {
  name: string;
  msb: number;
  lsb: number;
  text: string;
}

export interface StoryStep {
  id: 'segment' | 'tlb' | 'gva' | 'gpa' | 'hpa' | 'hostTlb' | 'next';
  title: string;
  /** `skip`: not reached or not needed. */
  mark: 'pass' | 'fail' | 'stale' | 'skip' | 'next';
  text: string;
  /** The short answer. */
  result: string;
}

/** A guest TLB entry beside the address: `differs` names what keeps it from serving the access. */
export interface TlbComparison {
  index: number;
  vpn2: number;
  pageBytes: number;
  asid: number;
  global: boolean;
  half: 'even' | 'odd';
  /** Of the half that the address falls in. */
  pfn: number;
  c: number;
  d: boolean;
  v: boolean;
  /** The entry that a lookup finds. */
  used: boolean;
  differs: ('vpn2' | 'asid' | 'v' | 'd')[];
}

export interface ElsewhereCell {
  ok: boolean;
  /** The mode and ASID that the story is about. */
  asked: boolean;
  text: string;
}

export interface TranslationStory {
  direction: 'virtual';
  va: number;
  symbol: string;
  access: 'load' | 'store' | 'fetch';
  mode: 'kernel' | 'user';
  asid: number;
  currentAsid: number;
  currentMode: 'kernel' | 'user';
  bits: AddressBits[][];
  /** The end of it for programs: addresses are -1 where there is none. */
  outcome: {
    kind: 'memory' | 'device' | 'exception' | 'fatal';
    gpa: number;
    hpa: number;
    /** ExcCode's name, or empty. */
    exception: string;
    refill: boolean;
    /** Exits on the way, by name, in order. */
    exits: string[];
  };
  verdict: { ok: boolean; title: string; text: string };
  steps: StoryStep[];
  entries: TlbComparison[];
  /** The guest TLB entry that matches, or -1; the pgd slot, or -1 where no table maps such addresses. */
  entry: number;
  slot: number;
  elsewhere: { asids: number[]; rows: { mode: 'kernel' | 'user'; cells: ElsewhereCell[] }[] };
}

/** One virtual address that reaches a guest physical one. */
export interface ReverseWay {
  /** A fixed window, addresses the hypervisor emulates, a guest TLB entry, or a GVA page table. */
  via: 'kseg0' | 'kseg1' | 'emulated' | 'tlb' | 'kernel' | 'user';
  va: number;
  symbol: string;
  /** null: under every ASID. */
  asid: number | null;
  /** Guest TLB entry. */
  entry: number | null;
  writable: boolean;
  state: string;
}

export interface ReverseStory {
  direction: 'physical';
  gpa: number;
  /** Address in the host's memory, -1 where there is no RAM. */
  hpa: number;
  /** Name of the memory slot, or empty. */
  slot: string;
  ways: ReverseWay[];
  /** Ways beyond those listed. */
  more: number;
}

export type TranslateAnswer = TranslationStory | ReverseStory | { direction: 'error'; message: string };

/** What the CPU panel shows. Addresses are expressions; null follows PC. */
export interface CpuRequest {
  fpu: boolean;
  /** So many instructions before and after the address. */
  code: { address: string | null; before: number; after: number };
  memory: { address: string; physical: boolean; bytes: number } | null;
}

export interface Cp0View {
  name: string;
  /** `register * 8 + select`. */
  index: number;
  /** `setCp0` takes it. */
  writable: boolean;
  /** Register and select, `12.0`. */
  number: string;
  /** Where the architecture's manual has it. */
  section: string;
  value: number;
  changed: boolean;
  old: number;
  /** Of a register that holds an address. */
  symbol: string;
  fields: { name: string; text: string; about: string; changed: boolean; old: string }[];
}

export interface CodeLine {
  address: number;
  /** null where nothing is mapped. */
  word: number | null;
  text: string;
  /** A symbol that begins here. */
  label: string;
  /** Name of where a branch or jump goes. */
  note: string;
  delaySlot: boolean;
}

export interface CodeView {
  /** The address asked for. */
  address: number;
  lines: CodeLine[];
  /** One sentence, where the address could not be had. */
  error: string;
}

export interface MemoryView {
  /** A multiple of 16. */
  start: number;
  physical: boolean;
  /** In the guest's order. */
  bytes: Uint8Array;
  /** 1 for each byte that there is. */
  readable: Uint8Array;
  changed: Uint8Array;
  /** For each 4 KiB page touched, in order: empty, or why it cannot be read (unmapped, invalid, device, none). */
  why: string[];
  symbol: string;
  error: string;
}

/** The CPU at an instant. `changed` tells from the last time that the machine stood still. */
export interface CpuView {
  /** GPRs 0 to 31, HI, LO, PC. */
  registers: Uint32Array;
  /** Indices into `registers`. */
  changed: number[];
  /** LL's link holds. */
  linked: boolean;
  cp0: Cp0View[];
  code: CodeView;
  memory: MemoryView | null;
  /** FPRs 0 to 31 as pairs of words, the low one first. */
  fpu: { registers: Uint32Array; fcsr: number; usable: boolean; changed: number[] } | null;
}

/** What the debugger's panels have the machine do; each is answered, with a sentence if it cannot be done. */
export type DebugCommand =
  /** `spec` as `kseg run --break` takes it, `ignore N` and `if CONDITION` included. */
  | { do: 'addBreakpoint'; spec: string }
  | {
      do: 'changeBreakpoint';
      id: number;
      enabled?: boolean;
      condition?: string;
      ignore?: number;
      resetHits?: boolean;
    }
  | { do: 'removeBreakpoint'; id: number }
  /** To the next instruction of this code: over a call, and over exceptions on the way. */
  | { do: 'stepOver' }
  /** Address as an expression. */
  | { do: 'runTo'; address: string }
  /** A GPR by number, HI 32, LO 33, PC 34; while paused. */
  | { do: 'setRegister'; register: number; value: number }
  /** A CP0 register, as MTC0 would write it where the guest stands: an EntryHi with another ASID flushes. While paused. */
  | { do: 'setCp0'; index: number; value: number }
  /** While paused; only bytes of RAM. */
  | { do: 'setMemory'; address: number; physical: boolean; bytes: Uint8Array };

/** A picture of the machine between two instructions. Parts that nobody watches are absent. */
export interface ViewUpdate {
  sequence: number;
  instructions: number;
  virtualNs: number;
  /** Guest speed over the last update interval, millions of instructions per second of host time. */
  mips: number;
  /** Share of the instructions of that interval that generated code executed (0 to 1). */
  generated: number;
  /** Share of that interval in which the guest was waiting (0 to 1). */
  idle: number;
  mode: 'kernel' | 'user';
  asid: number;
  pc: number;
  symbol: string;
  asidChanges: number;
  /** Translations that the checker found wrong; absent while it is off. */
  differences?: number;
  /** What stands on the Malta's eight-character display; absent while it is dark. */
  display?: string;
  /** Of the LED bar beside it, a bit for each of its eight LEDs; absent while all are dark. */
  leds?: number;
  counts?: EventCounts;
  kernel?: TableView;
  user?: TableView;
  tlb?: TlbView;
  slot?: SlotView;
  /** With `segments`, while an instant is pinned. */
  difference?: DifferenceView;
  host?: HostView;
  translate?: TranslateAnswer;
  cpu?: CpuView;
  breakpoints?: BreakpointView[];
}

/** Which parts of a {@link ViewUpdate} are wanted; hidden panels cost nothing. */
export interface ViewRequest {
  counts?: boolean;
  segments: boolean;
  tlb: boolean;
  /** The pgd slot opened page by page, or null. */
  slot: number | null;
  /** The debugger's parts; absent for not wanted. While the guest runs they come ten times a second. */
  translate?: TranslateRequest;
  cpu?: CpuRequest;
  breakpoints?: boolean;
  /** Host TLB and host ASIDs; they come as the debugger's parts do. */
  host?: boolean;
}

/** Host to emulator. */
export type ToEmulator =
  /** `breakpoints` by guest, as `breakpoints` messages name it; absent: those of the machine before stay. */
  | { type: 'boot'; config: BootConfig; paused?: boolean; breakpoints?: Record<string, SavedBreakpoint[]> }
  | { type: 'run' }
  | { type: 'pause' }
  | { type: 'reset' }
  | { type: 'step'; instructions: number }
  /** Runs until the instruction after the next guest ASID change, then pauses; gives up where none comes for long. */
  | { type: 'runToAsidChange' }
  | { type: 'input'; bytes: Uint8Array }
  | { type: 'watch'; request: ViewRequest }
  /** Pins both GVA page tables and the guest TLB as they are now, or lets go of what was pinned. */
  | { type: 'pin'; pinned: boolean }
  /** Answered by `debugged` with the same number. */
  | { type: 'debug'; id: number; command: DebugCommand }
  /** The renderer has written so many console bytes to its terminal. */
  | { type: 'ackConsole'; bytes: number }
  /** The renderer has drawn this view; the next one may be sent. */
  | { type: 'ackView'; sequence: number }
  /** Answered by a message of the same type and id. */
  | { type: 'timeline'; id: number; query: TimelineQuery }
  | { type: 'timelineEvents'; id: number; request: TimelineEventsRequest }
  /** Answered by the pieces of the file, each of which is to be acknowledged. One export at a time. */
  | { type: 'timelineExport'; id: number; request: TimelineExportRequest }
  | { type: 'ackTimelineExport'; id: number }
  | { type: 'cancelTimelineExport'; id: number }
  | { type: 'shutdown' };

/** Emulator to host. */
export type FromEmulator =
  | { type: 'hello'; protocol: number }
  | { type: 'booted'; info: MachineInfo }
  | { type: 'console'; bytes: Uint8Array }
  | { type: 'view'; view: ViewUpdate }
  | { type: 'state'; state: RunState }
  /** A boot has come to its next phase; the counts are those of that byte of console output. */
  | { type: 'phase'; mark: PhaseMark }
  /** A DebugCommand has been carried out, or could not be: one sentence. */
  | { type: 'debugged'; id: number; error?: string }
  /** Breakpoints have been made, changed or removed; `guest` is the machine and the kernel's name. */
  | { type: 'breakpoints'; guest: string; list: SavedBreakpoint[] }
  /** `null`: there is no machine. */
  | { type: 'timeline'; id: number; answer: TimelineAnswer | null }
  | { type: 'timelineEvents'; id: number; page: TimelineEventsPage | null }
  /** The next piece; `done` after the last one, which may be empty. */
  | { type: 'timelineExport'; id: number; bytes: Uint8Array; events: number; total: number; done: boolean }
  | { type: 'timelineExport'; id: number; error: string }
  /** One sentence: what, where, what to do. The machine, if any, is unharmed. */
  | { type: 'error'; message: string };

/** Console bytes that may be on their way to the renderer unacknowledged; the guest's output waits beyond it. */
export const CONSOLE_WINDOW = 256 * 1024;
/** Longest input the host may send in one message, in bytes. */
export const MAX_INPUT = 64 * 1024;
/** Longest address, condition or breakpoint specification, in characters. */
export const MAX_EXPRESSION = 600;
/** Most bytes of a memory view and of a change to memory, and most instructions either side of a listing's address. */
export const MAX_MEMORY_VIEW = 16 * 1024;
export const MAX_LISTING = 500;
/** Longest kernel or initrd file, in bytes. */
export const MAX_FILE = 512 * 1024 * 1024;

// The timeline: what happened at which instruction, from a bounded ring in the emulator

export type TimelineLane =
  | 'console'
  | 'exits'
  | 'exceptions'
  | 'asid'
  | 'kernelFlush'
  | 'userFlush'
  | 'gpaFlush'
  | 'tlbWrites'
  | 'interrupts'
  | 'mode'
  | 'machine';

/**
 * Every kind of event, by the number it is recorded under. Exits are named as KVM's kvm_exit tracepoint names their
 * reasons, exceptions as Cause.ExcCode has them. Numbers beyond the list's end are free; 0 is no event.
 */
export const TIMELINE_CATEGORIES: readonly { lane: TimelineLane; name: string }[] = [
  { lane: 'machine', name: '' },
  { lane: 'console', name: 'line' },
  ...[
    'Interrupt',
    'TLB Mod',
    'TLB Miss (LD)',
    'TLB Miss (ST)',
    'Address Err (LD)',
    'Address Err (ST)',
    'System Call',
    'Break Inst',
    'Reserved Inst',
    'COP Unusable',
    'Overflow',
    'Trap Inst',
    'FPE',
    'WAIT',
    'CACHE',
    'Signal',
    'other',
  ].map((name) => ({ lane: 'exits', name }) as const),
  ...['Mod', 'TLBL', 'TLBS', 'AdEL', 'AdES', 'Sys', 'Bp', 'RI', 'CpU', 'Ov', 'Tr', 'FPE', 'other'].map(
    (name) => ({ lane: 'exceptions', name }) as const,
  ),
  { lane: 'asid', name: 'ASID change' },
  { lane: 'kernelFlush', name: 'KMF_KERN' },
  { lane: 'userFlush', name: 'KMF_USER' },
  { lane: 'gpaFlush', name: 'KMF_GPA|KMF_KERN' },
  { lane: 'gpaFlush', name: 'KMF_GPA|KMF_USER' },
  { lane: 'tlbWrites', name: 'TLBWI' },
  { lane: 'tlbWrites', name: 'TLBWR' },
  { lane: 'interrupts', name: 'Int' },
  { lane: 'mode', name: 'to kernel' },
  { lane: 'mode', name: 'to user' },
  { lane: 'machine', name: 'input' },
  { lane: 'machine', name: 'reset' },
  { lane: 'machine', name: 'checker difference' },
  { lane: 'machine', name: 'end' },
];

/** What events must match to count; absent fields let all pass. */
export interface TimelineFilter {
  /** Numbers of TIMELINE_CATEGORIES. */
  categories?: number[];
  /** The guest ASID in EntryHi when it happened; of an ASID change the old or the new one. */
  asid?: number;
  /** Of the address that the event is about, or, of a flush, of a range that it walked. Events without one do not match. */
  segment?: SegmentName;
  /** PC, inclusive byte addresses. */
  pc?: { from: number; to: number };
}

/** Counts of events in equal buckets of instructions. */
export interface TimelineQuery {
  /** Instruction counts; buckets are [from + i * step, from + (i + 1) * step). */
  from: number;
  step: number;
  /** At most MAX_TIMELINE_BUCKETS. */
  buckets: number;
  filter?: TimelineFilter;
  /** Lanes with at most so many events in the range send them one by one as well; at most MAX_TIMELINE_MARKS. */
  marks: number;
  /** Asks which events touched a pgd slot. */
  touching?: TimelineSlot;
}

/**
 * A pgd slot, of one table or of either. Touched it have: faults at its addresses, TLB writes of entries that reach into
 * it, and flushes that freed its table.
 */
export interface TimelineSlot {
  slot: number;
  /** Faults in its mode and flushes of it; null for both tables. */
  table: TableName | null;
  /** Looks at so many of the range's newest events: the guest waits meanwhile. */
  most: number;
}

export interface TimelineAnswer {
  query: TimelineQuery;
  /** Grows with every boot: another machine's answer. */
  boot: number;
  /** The present instruction count and mode. */
  instructions: number;
  user: boolean;
  asid: number;
  /**
   * The ring's oldest event: earlier ones are dropped, and `dropped` is how many. Of the time before it the counts of
   * buckets are means over some time; with a filter they are 0.
   */
  oldest: number;
  dropped: number;
  /** Share of the ring that is in use, 0 to 1, and its size in bytes. */
  fill: number;
  bytes: number;
  /** Categories that occur in the range; `counts` has a row of `query.buckets` for each. Fractions: see `oldest`. */
  categories: Uint8Array;
  counts: Float32Array;
  /** Instructions of each bucket executed in user mode; no filter applies. */
  userInstructions: Float32Array;
  /** Events since power-on by category, whatever the filter and the range. */
  totals: Float64Array;
  /** With a filter: matching events in the ring, by category. */
  matching: Float64Array | null;
  /**
   * One by one, ascending: the events of sparse lanes, four numbers each: sequence number, instruction count, category,
   * and a value: of an ASID change the new one, of a flush the pages dropped, of a TLB write the index, else 0.
   */
  marks: Float64Array;
  /** Console lines in the range, at most `query.marks`, spread over it; also those whose events are dropped. */
  lines: TimelineLine[];
  /** A lazy user flush waits for the next entry to user mode. */
  userFlushPending: boolean;
  /** Answers `query.touching`. */
  touched?: TimelineTouched;
}

export interface TimelineTouched {
  /** Events of the range that touched the slot; those that are dropped are not known. */
  events: number;
  /** All of the range was looked at, as far as it is not dropped. */
  whole: boolean;
  /** Pairs of instruction count and category: of each lane the first in each bucket, by instruction. */
  marks: Float64Array;
}

export interface TimelineLine {
  instructions: number;
  text: string;
}

/** An event in full. Fields that its category does not have are absent. */
export interface TimelineEvent {
  /** Identifies it as long as the machine lives; grows with time. */
  sequence: number;
  category: number;
  instructions: number;
  virtualNs: number;
  pc: number;
  symbol: string;
  asid: number;
  user: boolean;
  /** Exits and exceptions of TLB and address errors: the address; checker differences too. */
  address?: number;
  /** TLB exceptions: no entry matched. */
  refill?: boolean;
  oldAsid?: number;
  newAsid?: number;
  flush?: {
    table: TableName;
    ranges: [start: number, end: number][];
    pages: number;
    tablesFreed: number;
    entriesCleared: number;
    bySegment: Partial<Record<SegmentName, { pages: number; tables: number }>>;
    /** The pgd slots whose tables were freed; empty if there were more than some two thousand. */
    freedSlots: number[];
  };
  tlb?: { index: number; entryHi: number; pageMask: number; entryLo0: number; entryLo1: number };
  /** Interrupts: Cause.IP bits that were pending and enabled, IP0 as bit 0. */
  pending?: number;
  /** Console lines and ends. */
  text?: string;
  /** Input: bytes. */
  bytes?: number;
}

/** Where a page of events begins: at a rank among those that match, or at a neighbour of an event. */
export type TimelineCursor =
  | { rank: number }
  /** The last `limit` events of the range. */
  | { end: true }
  /** Strictly after or before a sequence number. */
  | { after: number }
  | { before: number }
  /** The nearest to an instruction count. */
  | { near: number };

export interface TimelineEventsRequest {
  /** Instruction counts, half open. */
  from: number;
  to: number;
  filter?: TimelineFilter;
  cursor: TimelineCursor;
  /** At most MAX_TIMELINE_PAGE. */
  limit: number;
}

export interface TimelineEventsPage {
  boot: number;
  /** Matching events of the range that the ring still has. */
  total: number;
  /** Rank of the first event of the page among them. */
  rank: number;
  events: TimelineEvent[];
}

export type TimelineFormat = 'ndjson' | 'csv' | 'json';

export interface TimelineExportRequest {
  /** `json` is the Chrome trace event format, which Perfetto reads. */
  format: TimelineFormat;
  /** Absent: all that the ring has. */
  from?: number;
  to?: number;
  filter?: TimelineFilter;
}

export const MAX_TIMELINE_BUCKETS = 4096;
export const MAX_TIMELINE_MARKS = 2000;
export const MAX_TIMELINE_PAGE = 1000;
/** Pieces of an export that may be on their way. */
export const TIMELINE_EXPORT_CREDIT = 2;
