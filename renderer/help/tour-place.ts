/** Where the tour's card stands: off the panels that its step speaks of. All in CSS pixels of the window. */

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Pixels between the card and what it stands beside. */
export const MARGIN = 8;
/** What the card's words need at least, and as much as they use: under one another, or side by side with its buttons. */
export const WIDTHS = { tall: { least: 320, most: 400 }, flat: { least: 400, most: 660 } } as const;

/** Pixels of the card's width beside, or below, what has `room` pixels. */
export function cardWidth(shape: keyof typeof WIDTHS, room: number): number {
  const { least, most } = WIDTHS[shape];
  return Math.min(most, Math.max(least, Math.floor(room) - 2 * MARGIN));
}

/** Square pixels that two boxes share. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/**
 * The card's upper left corner.
 * @param card its size
 * @param room what it may stand in
 * @param clear what it must not cover, or as little as can be
 * @param rather what it had better not cover, where there is a choice
 */
export function placeCard(
  card: { width: number; height: number },
  room: Box,
  clear: readonly Box[],
  rather: readonly Box[],
): { left: number; top: number } {
  const { width, height } = card;
  const all = [room, ...clear, ...rather];
  const within = (at: number, from: number, to: number) => Math.max(from, Math.min(at, to));
  const lefts = all.flatMap((box) => [
    box.left + MARGIN,
    box.right - width - MARGIN,
    box.left - width - MARGIN,
    box.right + MARGIN,
  ]);
  const tops = all.flatMap((box) => [
    box.bottom - height - MARGIN,
    box.top + MARGIN,
    box.top - height - MARGIN,
    box.bottom + MARGIN,
  ]);
  let best = { left: room.left, top: room.top };
  let least = [Infinity, Infinity, Infinity];
  for (const x of lefts) {
    for (const y of tops) {
      const left = within(x, room.left + MARGIN, Math.max(room.left + MARGIN, room.right - width - MARGIN));
      const top = within(y, room.top + MARGIN, Math.max(room.top + MARGIN, room.bottom - height - MARGIN));
      const box = { left, top, right: left + width, bottom: top + height };
      const covered = (boxes: readonly Box[]) => boxes.reduce((sum, other) => sum + overlap(box, other), 0);
      // Of places that cover as little, the one at the lower left.
      const cost = [covered(clear), covered(rather), left - room.left + (room.bottom - box.bottom)];
      const first = cost.findIndex((value, i) => value !== least[i]);
      if (first >= 0 && cost[first]! < least[first]!) [best, least] = [{ left, top }, cost];
    }
  }
  return best;
}
