/**
 * Loads of a loop whose address depends on what they themselves loaded the time before, as those of a list that is
 * walked, or of a table that is entered by what the last entry was: the loop can be no faster than one such load after the
 * other, and looking into the host TLB first is a good part of it.
 */
import { ENCODINGS } from '../cpu/encoding.ts';
import { PLAIN_LOADS } from './access-target.ts';
import { End, type Block, type Instruction, type Region } from './region.ts';
import type { Item } from './structure.ts';

/** Of a loop, so many loads are looked at. */
const MOST_LOADS = 32;
/** Registers, with HI and LO as number 0. */
const REGISTERS = 32;

/** 1 for the opcodes of plain loads. */
const IS_LOAD = new Uint8Array(64);
for (const { instruction, value } of ENCODINGS) if (instruction.name in PLAIN_LOADS) IS_LOAD[value >>> 26] = 1;

/**
 * Such loads of a region.
 * @param items the order of its blocks; see structure.ts
 */
export function chainedLoads(region: Region, items: readonly Item[]): Set<Instruction> {
  const found = new Set<Instruction>();
  for (const item of items) if (typeof item !== 'number') new LoopLoads(region, blocksOf(item)).find(found);
  return found;
}

function blocksOf(item: Item): number[] {
  return typeof item === 'number' ? [item] : item.items.flatMap(blocksOf);
}

/** The dependencies within a loop, with those that are in it. */
class LoopLoads {
  private readonly loads: Instruction[] = [];
  /** Of each block's start, a mask for each register: of which loads what it holds may depend on. */
  private readonly before: (Int32Array | null)[];
  private readonly now = new Int32Array(REGISTERS);

  constructor(
    private readonly region: Region,
    private readonly indices: readonly number[],
  ) {
    this.before = region.blocks.map(() => null);
    for (const index of indices) {
      this.before[index] = new Int32Array(REGISTERS);
      for (const each of region.blocks[index]!.body) {
        if (IS_LOAD[each.word >>> 26] === 1 && this.loads.length < MOST_LOADS) this.loads.push(each);
      }
    }
  }

  find(found: Set<Instruction>): void {
    if (this.loads.length === 0) return;
    // What depends on more only ever grows, and by nothing once each has been all round the loop.
    while (this.passAll()) continue;
    for (const index of this.indices) {
      this.pass(index, (load, bit) => {
        if ((this.now[(load.word >>> 21) & 31]! & bit) !== 0) found.add(load);
      });
    }
  }

  private passAll(): boolean {
    let grown = false;
    for (const index of this.indices) {
      this.pass(index);
      for (const successor of this.region.blocks[index]!.successors) {
        const before = this.before[successor];
        if (!before) continue;
        for (let r = 0; r < REGISTERS; r++) {
          const all = before[r]! | this.now[r]!;
          if (all !== before[r]) grown = true;
          before[r] = all;
        }
      }
    }
    return grown;
  }

  /** {@link now} becomes what it is at the block's end. @param at called before each of the loads */
  private pass(index: number, at?: (load: Instruction, bit: number) => void): void {
    const { now, loads } = this;
    const { body, slot, end }: Block = this.region.blocks[index]!;
    now.set(this.before[index]!);
    for (let i = 0; i < body.length; i++) {
      const each = body[i]!;
      const load = IS_LOAD[each.word >>> 26] === 1 ? loads.indexOf(each) : -1;
      if (load < 0) this.execute(each, 0);
      else {
        at?.(each, 1 << load);
        this.execute(each, 1 << load);
      }
    }
    if (slot) this.execute(slot, 0);
    // What a callee has done takes longer than that.
    if (end === End.Call || end === End.CallRegister) now.fill(0);
  }
  private execute({ reads, writes }: Instruction, load: number): void {
    const { now } = this;
    let mask = load;
    for (let rest = reads; rest !== 0; rest &= rest - 1) mask |= now[31 - Math.clz32(rest & -rest)]!;
    for (let rest = writes; rest !== 0; rest &= rest - 1) now[31 - Math.clz32(rest & -rest)] = mask;
  }
}
