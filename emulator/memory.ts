/**
 * The one linear memory everything lives in that generated code will touch: registers, host TLB, page tables, guest
 * RAM. Addresses in it are byte offsets ("HPA" in the hypervisor's terms) and stay below 2 GiB.
 *
 * Guest RAM is kept as 32-bit words in host (little-endian) order, whatever the guest's byte order: a big-endian guest's
 * byte at address a lies at a ^ 3, its halfword at a ^ 2, its word at a.
 */

/** GPRs 0 to 31, then HI and LO: 34 words. */
export const REGISTERS_AT = 0;
/**
 * FPRs 0 to 31, eight bytes each, low word first. Under Status.FR = 0 an odd register is the upper word of the even one
 * before it, so that doubles and even registers lie alike in both modes.
 */
export const FPRS_AT = 0x100;
/** The FPU's control and status register, one word. */
export const FCSR_AT = 0x200;
/** The link of LL: a word that is 1 while there is one, and its virtual address. */
export const LINKED_AT = 0x208;
/** Where generated code and its host hand over: PC, instructions left, and why and how generated code was left. */
export const JIT_PC_AT = 0x210;
export const JIT_LEFT_AT = 0x214;
export const JIT_EXIT_AT = 0x218;
/** Whether coprocessor 1 can be used: 0 for no, 1 with Status.FR = 0, 2 with Status.FR = 1. */
export const JIT_FLOAT_AT = 0x21c;
/** Virtual address of the access that generated code was left for; and the mode, 0 for kernel, it runs in. */
export const JIT_ADDRESS_AT = 0x270;
export const JIT_MODE_AT = 0x274;
/** What the dispatcher and the host of the interpreter for cold code tell each other, a word each. */
export const JIT_COLD_AT = {
  /** Whether the host has something to do before cold code is interpreted; otherwise the dispatcher has it interpreted. */
  waits: 0x290,
  /** Why that ended, when the dispatcher comes back for it. */
  ended: 0x294,
  /** Instructions interpreted, and times that it ended at translated code, since the host last looked. */
  executed: 0x298,
  found: 0x29c,
} as const;
/** The last floating-point operation of generated code whose FCSR.Cause is not known yet: its kind, then its operands. */
export const JIT_RECORD_AT = 0x220;
/** What generated code has counted since its host last looked, a word each: see Counters, and Reason for the exits. */
export const COUNTED_AT = {
  /** By ExcCode. */
  exceptions: 0x300,
  tlbRefills: 0x380,
  tlbWrites: 0x384,
  userEntries: 0x388,
  hostRefills: 0x38c,
  exits: 0x390,
  asidChanges: 0x4e0,
  userEntriesWithNewAsid: 0x4e4,
  /** Of the kernel's and the user's table: flushes, tables freed, pages dropped. */
  flushes: [0x4e8, 0x4f4],
} as const;
/** When generated code may do what is otherwise the MMU's and the privileged architecture's; see ExceptionPaths. */
export const PATHS_AT = {
  /** Whether it may: 0 where the host must see all that happens. */
  open: 0x3c0,
  /** 1 if user mode can be entered under the user table's ASID with nothing to be done; 1 if kernel mode can. */
  userReady: 0x3c4,
  kernelReady: 0x3c8,
  /** Zeroed tables for page directories to use: how many, and their addresses. */
  spares: 0x3cc,
  spare: 0x1f00,
} as const;
/**
 * Where the next event is recorded, where the host must prepare the ring for one, and an event's first two words when
 * nothing is left of the slice.
 */
export const RECORD_AT = { place: 0x500, end: 0x504, since: 0x508, idle: 0x50c } as const;
/** The host sees to it that so many tables are ready; flushes leave theirs, too, up to the most there is room for. */
export const FEWEST_SPARES = 5;
export const MOST_SPARES = 64;
/** What the MMU keeps beside its tables, a word each. */
export const MMU_AT = {
  /** EntryHi of the page pair that missed last; see Mmu.tlbMissed. */
  missed: 0x400,
  /** The guest ASID whose view the user table holds. */
  lastUserAsid: 0x404,
  /** The guest's ASID since it last changed, and that under which it last entered user mode. */
  kernelAsid: 0x41c,
  lastUserEntryAsid: 0x40c,
  /** Whether everything derived from guest physical memory must go before the guest runs on. */
  flushRequested: 0x408,
  /** Of the kernel's and the user's host TLB: lengths of the lists of mapped and of kseg0 pages, watched pages dropped. */
  hostTlbs: [0x410, 0x420],
  /** The guest TLB: seven words for each of 64 entries, one kind after the other; see GuestTlb. */
  guestTlb: 0x1000,
  /** When each of its entries was written last, as instruction counts (doubles), and whether by TLBWR (bytes). */
  tlbWritten: 0x1800,
  tlbWrittenRandom: 0x1a00,
  /** Running figures of the segments of each table, in doubles; see SegmentFigures. */
  figures: [0x1c00, 0x1d00],
  /** Which slots of the GVA tables' page directories have a table, a bit each. */
  occupied: [0x1e00, 0x1e80],
  /** Of one host CPU: the last ASID context it gave out, and those of the tables, in doubles; see HostCpus. */
  asidCache: 0x4c8,
  contexts: [0x4d0, 0x4d8],
  /** The last flush of each table; see FlushRecord. */
  flushes: [0x2000, 0x4000],
  /** How many page pairs have been kept since they were last dropped, and the EntryHi of the newest; see KeptPairs. */
  kept: 0x42c,
  keptPairs: 0xf000,
} as const;
/** What the hypervisor of the `kvm` machine keeps where generated code sees it; see kvm/exits.ts. */
export const HYPERVISOR_AT = {
  /** Interrupts that wait for delivery, as Cause.IP bits. */
  queued: 0x430,
  /** Exits that generated code has made since its host last looked, by ExcCode, a word each. */
  exits: 0x440,
} as const;
/** The virtual clock: the instruction count at which the present slice ends, and nanoseconds beyond instructions; doubles. */
export const CLOCK_AT = { sliceEnd: 0x278, skipped: 0x280 } as const;
/** The CP0 timer: what Count is ahead of the clock's ticks, and whether it runs. */
export const TIMER_AT = { offset: 0x288, runs: 0x28c } as const;
/**
 * The guest's CP0, 32 registers by 8 selects, one word each: the start of KVM's commpage, which is a host page of its
 * own, of up to 64 KiB.
 */
export const CP0_AT = 0x10000;
const HOST_TLB_AT = 0x20000;
/** One flat table: a word for each 4 KiB page of the 4 GiB address space. */
export const FLAT_TABLE_BYTES = 4 << 20;

export const HOST_TLB = {
  /** For loads and for stores, the kernel's and the user's. */
  reads: [HOST_TLB_AT, HOST_TLB_AT + 2 * FLAT_TABLE_BYTES],
  writes: [HOST_TLB_AT + FLAT_TABLE_BYTES, HOST_TLB_AT + 3 * FLAT_TABLE_BYTES],
  /** Never holds an entry: modes whose accesses must all be looked at (Status.ERL, supervisor) run on it. */
  none: HOST_TLB_AT + 4 * FLAT_TABLE_BYTES,
} as const;

/** What the host TLBs of kernel and user hold: page numbers, a word each, the mapped segments' and then kseg0's. */
export const HOST_TLB_LIST_BYTES = 0x20000;
const LISTS_AT = HOST_TLB_AT + 5 * FLAT_TABLE_BYTES;
export const HOST_TLB_LISTS = [LISTS_AT, LISTS_AT + 2 * HOST_TLB_LIST_BYTES] as const;
export const TABLES_BYTES = 64 << 20;
/** Present pages of the page tables, a word for each KiB of the tables' room: no table is smaller. */
export const TABLE_UNIT = 1024;
/**
 * In the next word, of tables that are large enough to have one: which parts of the table have had entries since it was
 * zeroed, a bit for each 32nd of it. So whoever zeroes it again does not touch the rest.
 */
export const TOUCHED = 4;
export const PRESENT_AT = LISTS_AT + 4 * HOST_TLB_LIST_BYTES;
/** Which pages of host memory are watched, a byte each; host memory lies below 2 GiB. */
export const WATCHED_AT = PRESENT_AT + 4 * (TABLES_BYTES / TABLE_UNIT);
const WATCHED_BYTES = 1 << 19;
/** Page tables: more than enough for every table of a dozen full 32-bit 4K address spaces. */
export const TABLES_AT = WATCHED_AT + WATCHED_BYTES;
/** Guest RAM, from guest physical address 0. */
export const RAM_AT = (TABLES_AT + TABLES_BYTES + 0xffff) & ~0xffff;

/** Of address space: every address below 2 GiB, and what an access at the last of them reaches; see bounds-tests.ts. */
const RESERVED_PAGES = 2 ** 15 + 1;

export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  readonly words: Int32Array;
  readonly halves: Uint16Array;
  readonly bytes: Uint8Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;

  /** @param size bytes, a multiple of 64 KiB; it never grows */
  constructor(size: number) {
    this.memory = new WebAssembly.Memory({ initial: size / 65536, maximum: RESERVED_PAGES });
    this.words = new Int32Array(this.memory.buffer);
    this.halves = new Uint16Array(this.memory.buffer);
    this.bytes = new Uint8Array(this.memory.buffer);
    this.floats = new Float32Array(this.memory.buffer);
    this.doubles = new Float64Array(this.memory.buffer);
  }
}
