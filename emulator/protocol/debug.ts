/** The debugger’s side: breakpoints, the CPU at an instant, and commands. */
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
  /** Where a branch or jump goes, or what an address put together here is, by name; at PC, which address it accesses. */
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

/** Longest address, condition or breakpoint specification, in characters. */
export const MAX_EXPRESSION = 600;

/** Most bytes of a memory view and of a change to memory, and most instructions either side of a listing's address. */
export const MAX_MEMORY_VIEW = 16 * 1024;

export const MAX_LISTING = 500;
