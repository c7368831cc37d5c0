/** The brackets under a flushed strip: what each segment lost, and that kseg0 stayed. */
import type { FlushInfo, TableView } from '../../../emulator/protocol.ts';
import { count, plural } from '../../lib/format.ts';
import type { StripSegment } from './strip-geometry.ts';

export interface Bracket {
  x: number;
  width: number;
  kept: boolean;
  text: string;
}

/** Advance of one character of the 11 px mono face, in CSS pixels, on the safe side. */
const CHARACTER = 6.7;

/** The first text that fits the width, or the last. */
function fitting(width: number, ...texts: [string, ...string[]]): string {
  return texts.find((text) => text.length * CHARACTER <= width) ?? texts.at(-1)!;
}

/**
 * The bracket of one segment after a flush, or null where there is nothing to say. `past` is the form that stays once
 * the flush is no longer fresh.
 */
export function bracketText(
  part: StripSegment,
  flush: FlushInfo,
  view: TableView | null,
  past = false,
): Bracket | null {
  if (part.closed) return null;
  const { name } = part.segment;
  const { x, width } = part;
  const freed = flush.bySegment[name];
  if (freed && freed.pages + freed.tables > 0) {
    const pages = plural(freed.pages, 'page');
    const both = `${pages}, ${plural(freed.tables, 'table')}`;
    return { x, width, kept: false, text: fitting(width, `${past ? 'last freed' : 'freed'}: ${both}`, both, pages) };
  }
  const pages = view?.segments[name]?.pages ?? 0;
  if (name !== 'kseg0' || pages === 0) return null;
  const short = count(pages);
  return {
    x,
    width,
    kept: true,
    text: fitting(width, `✓ kept: ${plural(pages, 'page')}`, `✓ kept ${short}`, `✓ ${short}`),
  };
}
