import { TABLE_UNIT } from '../memory.ts';

/** Page tables as blocks of one linear memory: a bump allocator with a free list for each size. */
export class TableArena {
  private top: number;
  /** Present pages of each pte table, by its address in units of {@link TABLE_UNIT}: tables do not overlap. */
  readonly present: Int32Array;
  private readonly free = new Map<number, number[]>();

  /**
   * @param words the memory
   * @param start byte address of the arena, never 0: address 0 means "no table"
   * @param end byte address just past it
   * @param present where the tables' present pages are counted: by default not in the memory
   */
  constructor(
    readonly words: Int32Array,
    readonly start: number,
    readonly end: number,
    present?: Int32Array,
  ) {
    this.top = start;
    this.present = present ?? new Int32Array(Math.ceil((end - start) / TABLE_UNIT));
  }

  /** Returns a zeroed block of `bytes`, or 0 when the arena is full. */
  allocate(bytes: number): number {
    let at = this.free.get(bytes)?.pop();
    if (at === undefined) {
      if (this.top + bytes > this.end) return 0;
      at = this.top;
      this.top += bytes;
    }
    this.words.fill(0, at >>> 2, (at + bytes) >>> 2);
    return at;
  }

  release(at: number, bytes: number): void {
    const list = this.free.get(bytes);
    if (list) list.push(at);
    else this.free.set(bytes, [at]);
  }
}
