/**
 * What is known of a region's registers at each of its places: which of them memory does not have yet ("dirty"), which
 * will be needed ("live"), and with that which sets of registers the region's exits store. Masks as in traits.ts.
 */
import { End, PAGE_WORDS, type Block, type Instruction, type Region } from './region.ts';
import type { Item } from './structure.ts';
import { Flow } from './traits.ts';

/** HI and LO as a bit of masks. */
export const PAIR = 1;

/** More different sets of registers than this share exits. */
const MOST_EXITS = 6;

/** Where a region is left, for all that have the same registers to store. */
export interface Exit {
  registers: number;
  label: number;
}

/**
 * Registers of a region with loops that locals may have. x86-64 has 16, some of which V8 needs itself: with more locals
 * than these, it moves them about in the stack at every turn of a loop.
 */
const MOST_LOCALS = 10;
/** Up to so many registers all of them are in locals. */
const FEW_LOCALS = 12;
/** Times that a loop's body is thought to be executed for one time of what is round it. */
const TURNS = 8;

/**
 * Registers that are in locals, as a mask. The others are loaded where they are read and stored where they are written,
 * so that memory always has them; those are the ones that are used least, a use in a loop counting for many.
 * @param items the order of the region's blocks; see structure.ts
 */
export function chooseLocals({ blocks }: Region, items: readonly Item[]): number {
  let used = 0;
  const uses = new Float64Array(32);
  let loops = false;
  const use = ({ reads, writes }: Instruction, weight: number) => {
    used |= reads | writes;
    for (let rest = reads; rest !== 0; rest &= rest - 1) uses[31 - Math.clz32(rest & -rest)]! += weight;
    for (let rest = writes; rest !== 0; rest &= rest - 1) uses[31 - Math.clz32(rest & -rest)]! += weight;
  };
  const weigh = (list: readonly Item[], weight: number) => {
    for (const item of list) {
      if (typeof item !== 'number') {
        loops = true;
        weigh(item.items, TURNS * weight);
        continue;
      }
      const { body, slot } = blocks[item]!;
      for (let i = 0; i < body.length; i++) use(body[i]!, weight);
      if (slot) use(slot, weight);
    }
  };
  weigh(items, 1);
  const registers: number[] = [];
  for (let r = 1; r < 32; r++) if ((used & (1 << r)) !== 0) registers.push(r);
  if (!loops || registers.length <= FEW_LOCALS) return -1;
  registers.sort((a, b) => uses[b]! - uses[a]!);
  let mask = PAIR;
  for (const r of registers.slice(0, MOST_LOCALS)) mask |= 1 << r;
  return mask;
}

/** What is known of a block's registers. */
export interface Flows {
  dirtyIn: number;
  dirtyOut: number;
  liveIn: number;
}

export class RegisterFlow {
  readonly ofBlock: readonly Flows[];
  readonly exits: Exit[] = [];
  private shared: Exit | undefined;
  private readonly byRegisters = new Map<number, Exit>();

  /** @param heads of loops: 1 @param inLocals what {@link chooseLocals} says: of the others nothing need be known */
  constructor(
    private readonly region: Region,
    private readonly heads: Uint8Array,
    private readonly inLocals: number,
  ) {
    const { blocks } = region;
    const flows: Flows[] = blocks.map(() => ({ dirtyIn: 0, dirtyOut: 0, liveIn: 0 }));
    this.ofBlock = flows;
    // Much of a guest's start is spent here before the host has optimized it: hence loops that count.
    const writes = new Int32Array(blocks.length);
    for (let i = 0; i < blocks.length; i++) {
      const { body, slot } = blocks[i]!;
      let mask = slot ? slot.writes : 0;
      for (let j = 0; j < body.length; j++) mask |= body[j]!.writes;
      writes[i] = mask & inLocals;
    }
    for (let changed = true; changed;) {
      changed = false;
      for (let i = 0; i < blocks.length; i++) {
        const flow = flows[i]!;
        flow.dirtyOut = flow.dirtyIn | writes[i]!;
        const block = blocks[i]!;
        if (isSync(block)) continue;
        const { successors } = block;
        for (let j = 0; j < successors.length; j++) {
          const to = flows[successors[j]!]!;
          const after = to.dirtyIn | flow.dirtyOut;
          changed ||= after !== to.dirtyIn;
          to.dirtyIn = after;
        }
      }
    }
    this.collectExits();
    for (let changed = true; changed;) {
      changed = false;
      for (let i = blocks.length - 1; i >= 0; i--) {
        const live = this.liveBefore(i);
        changed ||= live !== flows[i]!.liveIn;
        flows[i]!.liveIn = live;
      }
    }
  }

  /** Finds the sets of dirty registers that exits must store. */
  private collectExits(): void {
    const counts = new Map<number, number>();
    const add = (mask: number) => counts.set(mask, (counts.get(mask) ?? 0) + 1);
    const { blocks } = this.region;
    for (let i = 0; i < blocks.length; i++) {
      const { body, slot, end } = blocks[i]!;
      let dirty = this.ofBlock[i]!.dirtyIn;
      if (this.heads[i] === 1) add(dirty);
      for (let j = 0; j < body.length; j++) {
        const each = body[j]!;
        if (each.traits.faults) add(dirty);
        dirty |= each.writes & this.inLocals;
      }
      if (slot?.traits.faults || leavesByExit(end)) add(dirty);
    }
    const sets = [...counts].sort((a, b) => b[1] - a[1]);
    for (const [i, [registers]] of sets.entries()) {
      if (i <= MOST_EXITS) this.exits.push({ registers, label: 0 });
      else this.exits[MOST_EXITS]!.registers |= registers;
    }
    this.shared = this.exits.at(-1);
    for (const exit of this.exits) this.byRegisters.set(exit.registers, exit);
  }

  /** The exit that stores these registers, and perhaps others. */
  exitFor(dirty: number): Exit {
    return this.byRegisters.get(dirty) ?? this.shared!;
  }

  private liveBefore(index: number): number {
    const block = this.region.blocks[index]!;
    const flow = this.ofBlock[index]!;
    let live = 0;
    const { body } = block;
    const dirtyAt = new Int32Array(body.length);
    let dirty = flow.dirtyIn;
    for (let i = 0; i < body.length; i++) {
      dirtyAt[i] = dirty;
      dirty |= body[i]!.writes & this.inLocals;
    }
    if (isSync(block)) live |= flow.dirtyOut;
    else {
      const { successors } = block;
      for (let i = 0; i < successors.length; i++) live |= this.ofBlock[successors[i]!]!.liveIn;
      // Leaving for another region stores what is dirty.
      if (this.leavesRegion(block)) live |= flow.dirtyOut;
      if (leavesByExit(block.end)) live |= this.exitFor(dirty).registers;
    }
    if (block.slot) {
      const likely = block.body.at(-1)!.traits.likely;
      live = likely ? live | block.slot.reads : (live & ~block.slot.writes) | block.slot.reads;
      if (block.slot.traits.faults) live |= this.exitFor(dirty).registers;
    }
    for (let i = body.length - 1; i >= 0; i--) {
      const each = body[i]!;
      live = (live & ~each.writes) | each.reads;
      if (each.traits.faults) live |= this.exitFor(dirtyAt[i]!).registers;
      // The interpreter executes it, on what memory has.
      if (each.traits.flow === Flow.Step) live |= dirtyAt[i]!;
    }
    if (this.heads[index] === 1) live |= this.exitFor(flow.dirtyIn).registers;
    return live & this.inLocals;
  }

  private leavesRegion(block: Block): boolean {
    if (block.end === End.Branch) return !hasCode(this.region, block.taken) || !hasCode(this.region, block.next);
    if (block.end === End.LocalCall || block.end === End.Register) return true;
    // An absolute jump depends on where the page is mapped.
    if (block.end === End.Jump)
      return !hasCode(this.region, block.taken) || block.body.at(-1)!.traits.flow === Flow.Jump;
    return block.end === End.Next && !hasCode(this.region, block.next);
  }
}

/** Whether a block ends in one of the exits, and not only where its instructions fault. */
function leavesByExit(end: End): boolean {
  return end === End.Leave || end === End.Away;
}

/** Whether a place in the page is the start of a block of the region. */
export function hasCode({ blockAt }: Region, at: number): boolean {
  return at >= 0 && at < PAGE_WORDS && blockAt[at]! >= 0;
}

/** After these nothing is known of the registers but what memory has. */
function isSync(block: Block): boolean {
  return block.end === End.Call || block.end === End.CallRegister || block.end === End.Step;
}
