/** How dark a slot's cell is: five shades at 1, 4, 16, 64 and 256 of 1,024 pages; 0 is the empty cell. */

/** Lower bounds of the shades, in pages of 1,024. */
export const SHADE_STEPS = [1, 4, 16, 64, 256] as const;
/** Shades up to this one carry a foot line in the full hue, so that one page is never taken for none. */
export const FOOT_LEVELS = 3;

/** Shade of a slot with `pages` present of `pagesPerSlot`. */
export function shadeLevel(pages: number, pagesPerSlot = 1024): number {
  if (pages <= 0) return 0;
  let level = 1;
  while (level < 5 && pages * 1024 >= SHADE_STEPS[level]! * pagesPerSlot) level++;
  return level;
}
