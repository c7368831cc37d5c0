/**
 * What is known of a region's registers at each of its places: which of them memory does not have yet ("dirty"), which
 * will be needed ("live"), and with that which sets of registers the region's exits store. Masks as in traits.ts.
 */
import { End, PAGE_WORDS, type Block, type Region } from './region.ts';
import { Flow } from './traits.ts';

/** More different sets of registers than this share exits. */
const MOST_EXITS = 6;

/** Where a region is left, for all that have the same registers to store. */
export interface Exit {
  registers: number;
  label: number;
}

/** What is known of a block's registers. */
export interface Flows {
  dirtyIn: number;
  dirtyOut: number;
  liveIn: number;
}

export class RegisterFlow {
  readonly ofBlock: readonly Flows[];
  exits: Exit[] = [];
  private shared: Exit | undefined;
  private byRegisters = new Map<number, Exit>();

  /** @param heads of loops: 1 */
  constructor(
    private readonly region: Region,
    private readonly heads: Uint8Array,
  ) {
    const { blocks } = region;
    const flows: Flows[] = blocks.map(() => ({ dirtyIn: 0, dirtyOut: 0, liveIn: 0 }));
    this.ofBlock = flows;
    const writes = blocks.map((block) => {
      let mask = block.slot?.writes ?? 0;
      for (const each of block.body) mask |= each.writes;
      return mask;
    });
    for (let changed = true; changed;) {
      changed = false;
      for (const [i, block] of blocks.entries()) {
        const flow = flows[i]!;
        flow.dirtyOut = flow.dirtyIn | writes[i]!;
        const passed = isSync(block) ? 0 : flow.dirtyOut;
        for (const to of block.successors) {
          const before = flows[to]!.dirtyIn;
          flows[to]!.dirtyIn |= passed;
          changed ||= flows[to]!.dirtyIn !== before;
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
    for (const [i, block] of this.region.blocks.entries()) {
      let dirty = this.ofBlock[i]!.dirtyIn;
      if (this.heads[i] === 1) add(dirty);
      for (const each of block.body) {
        if (each.traits.faults) add(dirty);
        dirty |= each.writes;
      }
      if (block.slot?.traits.faults || block.end === End.Leave) add(dirty);
    }
    const sets = [...counts].sort((a, b) => b[1] - a[1]).map(([mask]) => mask);
    this.exits = sets.slice(0, MOST_EXITS).map((registers) => ({ registers, label: 0 }));
    let rest = 0;
    for (const mask of sets.slice(MOST_EXITS)) rest |= mask;
    if (sets.length > MOST_EXITS) this.exits.push({ registers: rest, label: 0 });
    this.shared = this.exits.at(-1);
    this.byRegisters = new Map(this.exits.map((exit) => [exit.registers, exit]));
  }

  /** The exit that stores these registers, and perhaps others. */
  exitFor(dirty: number): Exit {
    return this.byRegisters.get(dirty) ?? this.shared!;
  }

  private liveBefore(index: number): number {
    const block = this.region.blocks[index]!;
    const flow = this.ofBlock[index]!;
    let live = 0;
    const dirtyAt: number[] = [];
    let dirty = flow.dirtyIn;
    for (const each of block.body) {
      dirtyAt.push(dirty);
      dirty |= each.writes;
    }
    if (isSync(block)) live |= flow.dirtyOut;
    else {
      for (const to of block.successors) live |= this.ofBlock[to]!.liveIn;
      // Leaving for another region stores what is dirty.
      if (this.leavesRegion(block)) live |= flow.dirtyOut;
      if (block.end === End.Leave) live |= this.exitFor(dirty).registers;
    }
    if (block.slot) {
      const likely = block.body.at(-1)!.traits.likely;
      live = likely ? live | block.slot.reads : (live & ~block.slot.writes) | block.slot.reads;
      if (block.slot.traits.faults) live |= this.exitFor(dirty).registers;
    }
    for (let i = block.body.length - 1; i >= 0; i--) {
      const each = block.body[i]!;
      live = (live & ~each.writes) | each.reads;
      if (each.traits.faults) live |= this.exitFor(dirtyAt[i]!).registers;
      // The interpreter executes it, on what memory has.
      if (each.traits.flow === Flow.Step) live |= dirtyAt[i]!;
    }
    if (this.heads[index] === 1) live |= this.exitFor(flow.dirtyIn).registers;
    return live;
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

/** Whether a place in the page is the start of a block of the region. */
export function hasCode({ blockAt }: Region, at: number): boolean {
  return at >= 0 && at < PAGE_WORDS && blockAt[at]! >= 0;
}

/** After these nothing is known of the registers but what memory has. */
function isSync(block: Block): boolean {
  return block.end === End.Call || block.end === End.CallRegister || block.end === End.Step;
}
