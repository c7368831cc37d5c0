/**
 * Page pairs that TLBWR has replaced in the guest TLB while their pages stay in the GVA tables. A guest that has not asked
 * cannot know which entry TLBWR replaced, so an access that still finds the old translation is no surprise to it, and saves
 * a refill. Once it could know, they go: the pair that TLBP does not find, and all of them before TLBR, and before TLBWI
 * puts another pair in an entry's place.
 *
 * Taking a pair from the tables is always allowed, so the list may hold more than there is, but never less.
 */
import { MMU_AT, type LinearMemory } from '../memory.ts';

/** The newest that are kept; a power of two. */
export const MOST_KEPT = 256;

export class KeptPairs {
  private readonly count: Int32Array;
  private readonly pairs: Uint32Array;

  constructor(memory: LinearMemory) {
    const { buffer } = memory.memory;
    this.count = new Int32Array(buffer, MMU_AT.kept, 1);
    this.pairs = new Uint32Array(buffer, MMU_AT.keptPairs, MOST_KEPT);
  }

  /** How many there are, at most {@link MOST_KEPT}. */
  get length(): number {
    return Math.min(this.count[0]!, MOST_KEPT);
  }

  /** Adds the pair at `start`, and returns the start of the one that must go for it, or -1. */
  add(start: number): number {
    const next = this.count[0]!;
    const slot = next & (MOST_KEPT - 1);
    const oldest = next < MOST_KEPT ? -1 : this.pairs[slot]!;
    this.pairs[slot] = start;
    // Beyond the first round only the slot matters.
    this.count[0] = next === 2 * MOST_KEPT - 1 ? MOST_KEPT : next + 1;
    return oldest;
  }

  /** Their starts, in no order. A view: good until the next change. */
  list(): Uint32Array {
    return this.pairs.subarray(0, this.length);
  }

  /** Whether the pair round `va` is among them. */
  has(va: number): boolean {
    return this.list().includes((va & ~0x1fff) >>> 0);
  }

  /** Forgets all of them, and returns their starts. */
  take(): Uint32Array {
    const all = this.list().slice();
    this.count[0] = 0;
    return all;
  }
}
