/** The brackets under a flushed strip: what each segment lost, and that kseg0 stayed. */
import type { FlushInfo, TableDifference } from '../../../emulator/protocol.ts';
import { fitting } from '../../lib/fitting.ts';
import { count, plural } from '../../lib/format.ts';
import { changeText, changeWords } from './difference.ts';
import type { StripSegment } from './strip-geometry.ts';

export interface Bracket {
  x: number;
  width: number;
  kept: boolean;
  text: string;
}

/**
 * The bracket of one segment after a flush, or null where there is nothing to say. `past` is the form that stays once
 * the flush is no longer fresh.
 */
export function bracketText(part: StripSegment, flush: FlushInfo, past = false): Bracket | null {
  if (part.closed) return null;
  const { name } = part.segment;
  const { x, width } = part;
  const freed = flush.bySegment[name];
  if (freed && freed.pages + freed.tables > 0) {
    const pages = plural(freed.pages, 'page');
    const both = `${pages}, ${plural(freed.tables, 'table')}`;
    return { x, width, kept: false, text: fitting(width, `${past ? 'last freed' : 'freed'}: ${both}`, both, pages) };
  }
  const pages = flush.kept[name] ?? 0;
  if (name !== 'kseg0' || pages === 0) return null;
  const short = count(pages);
  return {
    x,
    width,
    kept: true,
    text: fitting(
      width,
      `✓ kept: ${plural(pages, 'page')}, no TLB entry maps it`,
      `✓ kept: ${plural(pages, 'page')}`,
      `✓ kept ${short}`,
      `✓ ${short}`,
    ),
  };
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
  return { x, width, kept: false, text: short === '' ? '=' : fitting(width, changeWords(change), short) };
}
