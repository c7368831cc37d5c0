import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cardWidth, MARGIN, overlap, placeCard, type Box } from './tour-place.ts';

const box = (left: number, top: number, right: number, bottom: number): Box => ({ left, top, right, bottom });
const cardAt = ({ left, top }: { left: number; top: number }, width: number, height: number): Box =>
  box(left, top, left + width, top + height);

/** The MMU layout in a small window. */
const room = box(0, 40, 1100, 696);
const consolePanel = box(0, 40, 418, 524);
const segments = box(419, 40, 1100, 420);
const timeline = box(0, 525, 1100, 696);

it('stands over the console, above the Timeline, while Segments is spoken of', () => {
  const width = cardWidth('tall', 418);
  const at = placeCard({ width, height: 210 }, room, [segments], [timeline]);
  expect(at).toEqual({ left: MARGIN, top: 525 - 210 - MARGIN });
});

it('stands below Segments while the console is spoken of and Segments to be looked at', () => {
  const width = cardWidth('flat', 681);
  const card = cardAt(placeCard({ width, height: 88 }, room, [consolePanel, segments], [timeline]), width, 88);
  for (const panel of [consolePanel, segments, timeline]) expect(overlap(card, panel)).toBe(0);
});

it('rather covers the Timeline than what the step speaks of', () => {
  const card = cardAt(placeCard({ width: 660, height: 130 }, room, [consolePanel, segments], [timeline]), 660, 130);
  expect(overlap(card, consolePanel) + overlap(card, segments)).toBe(0);
  expect(card.bottom).toBeLessThanOrEqual(room.bottom - MARGIN);
});

it('is as wide as its room, within what its words need', () => {
  expect([cardWidth('tall', 380), cardWidth('tall', 900), cardWidth('tall', 100)]).toEqual([364, 400, 320]);
  expect([cardWidth('flat', 600), cardWidth('flat', 900), cardWidth('flat', 100)]).toEqual([584, 660, 400]);
});

it('covers nothing of what it must not wherever a band beside it is free, and stays in its room', () => {
  const share = fc.double({ min: 0.2, max: 0.8, noNaN: true });
  fc.assert(
    fc.property(share, share, fc.boolean(), (across, down, below) => {
      const whole = box(0, 40, 1200, 800);
      const [x, y] = [1200 * across, 40 + 760 * down];
      const kept = below ? box(0, 40, 1200, y) : box(x, 40, 1200, 800);
      const size = { width: 300, height: 90 };
      const card = cardAt(placeCard(size, whole, [kept], []), size.width, size.height);
      const free = below ? 800 - y - size.height : x - size.width;
      if (free >= 2 * MARGIN) expect(overlap(card, kept)).toBe(0);
      expect(card.left).toBeGreaterThanOrEqual(whole.left);
      expect(card.top).toBeGreaterThanOrEqual(whole.top);
      expect(card.right).toBeLessThanOrEqual(whole.right);
      expect(card.bottom).toBeLessThanOrEqual(whole.bottom);
    }),
  );
});
