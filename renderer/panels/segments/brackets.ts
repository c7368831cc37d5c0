/** The brackets under a flushed strip: what each segment lost, and that kseg0 stayed. */
import type { FlushInfo, SegmentStats, TableDifference } from '../../../emulator/protocol.ts';
import { fitting } from '../../lib/fitting.ts';
import { count, plural } from '../../lib/format.ts';
import { changeText, changeWords } from './difference.ts';
import type { StripSegment } from './strip-geometry.ts';

export interface Bracket {
  x: number;
  width: number;
  /** What the bracket tells of: what went, what is to go, what stayed, or what differs. */
  kind: 'freed' | 'pending' | 'kept' | 'difference';
  text: string;
}

/**
 * The bracket of one segment after a flush, or null where there is nothing to say. `past` is the form that stays once
 * the flush is no longer fresh; `spare` are pixels beyond the segment that its text may take.
 */
export function bracketText(part: StripSegment, flush: FlushInfo, past = false, spare = 0): Bracket | null {
  if (part.closed) return null;
  const { name } = part.segment;
  const { x, width } = part;
  const freed = flush.bySegment[name];
  if (freed && freed.pages + freed.tables > 0) {
    const pages = plural(freed.pages, 'page');
    const both = `${pages}, ${plural(freed.tables, 'table')}`;
    return {
      x,
      width,
      kind: 'freed',
      text: fitting(width, `${past ? 'last freed' : 'freed'}: ${both}`, `freed: ${both}`, both, pages),
    };
  }
  const pages = flush.kept[name] ?? 0;
  if (name !== 'kseg0' || pages === 0) return null;
  const short = count(pages);
  return {
    x,
    width,
    kind: 'kept',
    text: fitting(
      width + spare,
      `✓ kept: ${plural(pages, 'page')}, no TLB entry maps it`,
      `✓ kept: ${plural(pages, 'page')}`,
      `✓ ${plural(pages, 'page')}`,
      `✓ ${short}`,
    ),
  };
}

/** What the next entry to user mode will take of a stale table. */
export function pendingBracket(part: StripSegment, stats: SegmentStats | undefined): Bracket | null {
  if (part.closed || !stats || stats.tables === 0) return null;
  const { x, width } = part;
  const pages = plural(stats.pages, 'page');
  const both = `${pages}, ${plural(stats.tables, 'table')}`;
  return { x, width, kind: 'pending', text: fitting(width, `to be freed: ${both}`, both, pages) };
}

/** The same place in a difference: what the segment has gained and lost. */
export function differenceBracket(part: StripSegment, difference: TableDifference): Bracket | null {
  if (part.closed) return null;
  const total = (counts: Uint16Array): number =>
    counts.subarray(part.first, part.end).reduce((sum, pages) => sum + pages, 0);
  const change = {
    added: total(difference.added),
    removed: total(difference.removed),
    changed: total(difference.changed),
  };
  const short = changeText(change);
  const { x, width } = part;
  return { x, width, kind: 'difference', text: short === '' ? '=' : fitting(width, changeWords(change), short) };
}
