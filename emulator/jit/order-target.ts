/** A region's blocks in their order: loops, labels, and jumps from one block to another; see structure.ts. */
import { CallTarget } from './call-target.ts';
import { Local } from './integer-target.ts';
import { structure, type Item, type Loop } from './structure.ts';
import { Op } from './wasm.ts';

export abstract class OrderTarget extends CallTarget {
  /** The depth of each block's label. */
  private labels = new Int32Array(0);
  /** 1 for the head of a loop; and for a head of a loop with several: its number, otherwise -1. */
  protected heads = new Uint8Array(0);
  private states = new Int32Array(0);
  private dispatching: Loop | null = null;
  private loopLabel = 0;

  /** Writes a block, which `following` comes behind. */
  protected abstract emitBlock(index: number, following: Item | undefined): void;

  /** The order of the region's blocks, which nothing has been written of yet. */
  protected order(): Item[] {
    const { blocks } = this.region;
    this.labels = new Int32Array(blocks.length);
    this.heads = new Uint8Array(blocks.length);
    this.states = new Int32Array(blocks.length).fill(-1);
    const items = structure(blocks.map((block) => block.successors));
    this.markHeads(items);
    return items;
  }

  private markHeads(items: readonly Item[]): void {
    for (const item of items) {
      if (typeof item === 'number') continue;
      for (const [i, head] of item.heads.entries()) {
        this.heads[head] = 1;
        if (item.heads.length > 1) this.states[head] = i;
      }
      this.markHeads(item.items);
    }
  }

  /** @param all whether the first item can be jumped to as well */
  protected emitItems(items: readonly Item[], all: boolean): void {
    const first = all ? 0 : 1;
    for (let i = items.length - 1; i >= first; i--) {
      this.open(Op.Block);
      for (const index of entriesOf(items[i]!)) this.labels[index] = this.depth;
    }
    if (all) this.dispatch(items);
    for (const [i, item] of items.entries()) {
      if (i >= first) this.close();
      if (typeof item === 'number') this.emitBlock(item, items[i + 1]);
      else this.emitLoop(item);
    }
  }

  private emitLoop(loop: Loop): void {
    this.open(Op.Loop);
    this.dispatching = loop.heads.length > 1 ? loop : null;
    const label = this.depth;
    if (!this.dispatching) for (const head of loop.heads) this.labels[head] = label;
    this.loopLabel = label;
    this.emitItems(loop.items, this.dispatching !== null);
    this.close();
  }

  /** At the start of a loop with several heads: goes to the one that Local.State names. */
  private dispatch(items: readonly Item[]): void {
    const { out } = this;
    const loop = this.dispatching!;
    out.op1(Op.LocalGet, Local.State);
    out.op(Op.BrTable);
    out.unsigned(loop.heads.length - 1);
    for (const head of loop.heads) {
      const item = items.findIndex((each) => each === head);
      // Labels were opened from the last item to the first.
      out.unsigned(item);
    }
    for (const head of loop.heads) this.labels[head] = this.loopLabel;
  }

  protected hasState(index: number): boolean {
    return this.states[index]! >= 0;
  }
  /** Before a jump to the block: Local.State says which head it is, if its loop has several. */
  protected setState(index: number): void {
    if (!this.hasState(index)) return;
    const { out } = this;
    out.constant(this.states[index]!);
    out.op1(Op.LocalSet, Local.State);
  }

  /** How many labels out from here the block's is. */
  protected jumpDepth(index: number): number {
    return this.depth - this.labels[index]!;
  }
  protected jump(op: Op.Br | Op.BrIf, index: number): void {
    this.out.op1(op, this.jumpDepth(index));
  }
}

/** Blocks of an item that others jump to. */
function entriesOf(item: Item): number[] {
  return typeof item === 'number' ? [item] : item.heads;
}
