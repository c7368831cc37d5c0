/**
 * Regions: the guest code that one generated function holds. A region is what can be reached from its entry by branches
 * and jumps without leaving the entry's 4 KiB page, up to a limit; calls are followed only to where they return.
 *
 * Within a region an instruction is known by its place in the page, in words.
 */
import type { Reason } from './exits.ts';
import { Flow, type Traits } from './traits.ts';

/** Words of a page. */
export const PAGE_WORDS = 1024;

/** How a block ends. */
export const enum End {
  /** Goes on with the block at `next`. */
  Next,
  /** Conditional: `taken` or `next`. */
  Branch,
  /** Unconditional: `taken`. */
  Jump,
  /** JAL or BAL: the callee returns to `next`. */
  Call,
  /** The same to a block of this region, `taken`, which returns to `next` by a JR of this region. */
  LocalCall,
  /** JALR: so does this one's. */
  CallRegister,
  /** JR. */
  Register,
  /** The last instruction is the interpreter's; then `next`. */
  Step,
  /** The instruction at the end is the interpreter's, and is not part of the block. */
  Leave,
  /** There is nothing in the block: what goes on at its place leaves the region, which hardly ever happens. */
  Away,
}

export interface Instruction {
  at: number;
  word: number;
  traits: Traits;
  /** General registers as bit masks; see {@link registers}. */
  reads: number;
  writes: number;
}

export interface Block {
  /** First instruction, and the place where execution goes on after the last one. */
  at: number;
  next: number;
  /** Target of a branch or jump, or -1 when it is not in this page. */
  taken: number;
  end: End;
  /** Of {@link End.Leave}: why. */
  why: Reason.Interpret | Reason.Syscall | Reason.Eret;
  /** In order; a branch or jump is the last one, its delay slot in `slot`. */
  body: Instruction[];
  slot: Instruction | null;
  /** Instructions that execute when the block is passed; of a likely branch without the slot. */
  count: number;
  /** Indices of the blocks that may follow in this region. */
  successors: number[];
}

export interface Region {
  /** The first is the entry's. */
  blocks: Block[];
  /** Index of the block that starts at a place, or -1. */
  blockAt: Int16Array;
  /** Places that a JR of this region may return to. */
  returns: number[];
  /** Places that a JR of this region has been seen to go to, ascending. */
  targets: number[];
  /** Most instructions between two looks at how many may still be executed. */
  longest: number;
}

export interface RegionOptions {
  /** Most instructions of a region, but for what long blocks and switches add. */
  limit: number;
  /** The code runs in kernel mode of the `malta` machine. */
  kernel: boolean;
  /** Or of the `kvm` machine, and `trap` can be called. */
  traps?: boolean;
  /** The page's entries in the code map, not zero where the interpreter has entered blocks. */
  entries: Int32Array | null;
  /** Entries after which a block is translated. */
  threshold: number;
  /** Places of loads and stores that have been seen to reach devices: the interpreter's. */
  devices: ReadonlySet<number> | undefined;
}

/** How many times larger than others a region with a switch may be. */
export const SWITCH_FACTOR = 4;

/** No place in the page, or no block. */
export const NONE = -1;

/** Where a branch or absolute jump of the page at `base` goes. */
export function targetOf({ at, word, traits: { flow } }: Instruction, base: number): number {
  if (flow === Flow.Branch) return (base + 4 * (at + 1 + ((word << 16) >> 16))) | 0;
  return ((base + 4 * at + 4) & 0xf0000000) | ((word << 6) >>> 4);
}

/** Addresses that a region of the page at `base` may go to, but for jumps through registers; some are in it. */
export function leavings({ blocks, blockAt }: Region, base: number): Set<number> {
  const found = new Set<number>();
  for (const { at, end, next, body } of blocks) {
    if (end === End.Branch || end === End.Jump || end === End.Call) found.add(targetOf(body.at(-1)!, base));
    if ((end === End.Branch || end === End.Next) && blockAt[next] === NONE) found.add((base + 4 * next) | 0);
    if (end === End.Away) found.add((base + 4 * at) | 0);
  }
  return found;
}

/** JR through a register that compilers neither return nor call through (ra, t9). */
export function isSwitch({ word, traits: t }: Instruction): boolean {
  const rs = (word >>> 21) & 31;
  return t.flow === Flow.Register && !t.link && rs !== 31 && rs !== 25;
}

/** JR ra. */
export function returnsToCaller(block: Block): boolean {
  return ((block.body.at(-1)!.word >>> 21) & 31) === 31;
}
