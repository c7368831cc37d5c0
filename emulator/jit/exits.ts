/** How regions are called and left. */
import { I32, type FunctionType } from './wasm.ts';

/**
 * Why generated code was left, in the upper bits of JIT_EXIT_AT. With a reason, PC and count are in memory, and what is
 * returned is {@link NOWHERE}. The host deals with those before Stepped in the middle of a run, `resume` with some from
 * Miss on before it is asked.
 */
export const enum Reason {
  /** A function returned; execution goes on at PC. */
  None = 0,
  /** The interpreter must execute the instruction at PC. */
  Interpret = 1,
  /** A load or store was not found in the host TLB. */
  Miss = 2,
  /** Nor was PC. */
  Fetch = 3,
  /** The instruction at PC is a SYSCALL, or an ERET. */
  Syscall = 4,
  Eret = 5,
  /** An instruction that the interpreter executed has changed more than the region can go on with. */
  Stepped = 6,
  /** So has it, and the machine must look at what to do next. */
  Stopped = 7,
  /** There is no code for PC. */
  Cold = 8,
  /** Fewer instructions are left than the way to the next test may take. */
  Budget = 9,
  /** Kernel mode has returned to user mode. */
  Arrived = 10,
}
/** How many there are. */
export const REASONS = 11;

/** A PC that no return address is equal to. */
export const NOWHERE = -1;

/** Of JIT_EXIT_AT: the reason's shift; a miss in a delay slot, of a store, and its alignment in bytes minus one. */
export const EXIT_REASON = 27;
export const EXIT_SLOT = 1 << 26;
export const EXIT_WRITE = 1 << 25;
export const EXIT_ALIGNMENT = 22;

/** Function types of region modules by index. */
export const TYPES: readonly FunctionType[] = [
  { parameters: [I32, I32, I32], results: [I32, I32] },
  { parameters: [I32, I32], results: [I32] },
  { parameters: [I32, I32, I32, I32, I32], results: [I32, I32] },
  { parameters: [I32, I32, I32, I32], results: [I32, I32] },
];
export const REGION_TYPE = 0;
export const STEP_TYPE = 1;
export const LEAVE_TYPE = 2;
export const RESUME_TYPE = 3;

/** Calls within calls of generated code; each takes some hundred bytes of the host's stack. */
export const MOST_CALLS = 150;
