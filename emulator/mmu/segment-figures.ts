/** Running figures of one segment in one table, in linear memory: generated code fills tables, too. */

/** See SegmentStats in protocol.ts. */
export interface SegmentCounts {
  pages: number;
  tables: number;
  highWater: number;
  flushedTotal: number;
  flushedLast: number;
  refillsSince: number;
}

/** Doubles of a segment, of which the last two are not used. */
export const FIGURES = 8;
/** Their places. */
export const enum Figure {
  Pages = 0,
  Tables = 1,
  HighWater = 2,
  FlushedTotal = 3,
  FlushedLast = 4,
  RefillsSince = 5,
}

export class SegmentFigures implements SegmentCounts {
  /** @param all the table's, {@link FIGURES} for each segment */
  constructor(
    private readonly all: Float64Array,
    segment: number,
  ) {
    this.at = FIGURES * segment;
  }
  private readonly at: number;

  /** Pages came, or went. */
  count(change: number): void {
    const { all, at } = this;
    const pages = (all[at + Figure.Pages]! += change);
    if (change <= 0) return;
    all[at + Figure.RefillsSince]! += change;
    if (pages > all[at + Figure.HighWater]!) all[at + Figure.HighWater] = pages;
  }

  get pages(): number {
    return this.all[this.at + Figure.Pages]!;
  }
  get tables(): number {
    return this.all[this.at + Figure.Tables]!;
  }
  set tables(tables: number) {
    this.all[this.at + Figure.Tables] = tables;
  }
  get highWater(): number {
    return this.all[this.at + Figure.HighWater]!;
  }
  get flushedTotal(): number {
    return this.all[this.at + Figure.FlushedTotal]!;
  }
  get flushedLast(): number {
    return this.all[this.at + Figure.FlushedLast]!;
  }
  get refillsSince(): number {
    return this.all[this.at + Figure.RefillsSince]!;
  }

  /** A flush has dropped `pages` of them. */
  flushed(pages: number): void {
    const { all, at } = this;
    all[at + Figure.FlushedLast] = pages;
    all[at + Figure.FlushedTotal]! += pages;
    all[at + Figure.RefillsSince] = 0;
  }

  /** The figures as they are now. */
  copy(): SegmentCounts {
    const { pages, tables, highWater, flushedTotal, flushedLast, refillsSince } = this;
    return { pages, tables, highWater, flushedTotal, flushedLast, refillsSince };
  }
}
