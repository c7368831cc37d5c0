/** Choosing the longest wording that a place has room for. */

/** Advance of one character of the 11 px faces, in CSS pixels, on the safe side. */
export const MONO = 6.7;
export const TEXT = 6.3;

/** The first text that fits `width`, or the last. */
export function fitting(width: number, ...texts: [string, ...string[]]): string {
  return texts.find((text) => text.length * MONO <= width) ?? texts.at(-1)!;
}

/**
 * The first row of wordings that fits `width` together, or the last row. `needs` tells what one wording takes, in
 * pixels; an empty one takes nothing.
 */
export function fittingRow<T extends readonly string[]>(
  width: number,
  rows: readonly T[],
  needs: (text: string, index: number) => number,
): T {
  const fits = (row: T): boolean =>
    row.reduce((sum, text, index) => sum + (text === '' ? 0 : needs(text, index)), 0) <= width;
  return rows.find(fits) ?? rows.at(-1)!;
}
