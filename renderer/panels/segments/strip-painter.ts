/** Draws one folded strip: bands, cells, and the marks of what was freed, is stale, is open or is pointed at. */
import type { TableDifference } from '../../../emulator/protocol.ts';
import { SEGMENT_DASH } from '../../lib/layouts.ts';
import { hue, prepareCanvas, shade, token } from '../../lib/palette.ts';
import { hatch } from '../../lib/hatch.ts';
import { notch, selectionFrame } from './marks.ts';
import { FOOT_LEVELS, shadeLevel } from './shade.ts';
import { cellPosition, segmentOfSlot, type StripGeometry, type StripSegment } from './strip-geometry.ts';

/** Room round the cells for frames, and above them for the bands. */
export const MARGIN = 4;
export const BAND = 9;

export interface StripPicture {
  strip: StripGeometry;
  /** Present pages a slot, as now, and as shown (a mean, in a storm). Null: no machine. */
  counts: Uint16Array | null;
  shown: Uint16Array | null;
  pagesPerSlot: number;
  freed: Uint16Array | null;
  /** Opacity of the freed marks. */
  mark: number;
  /** Against the pinned instant; it takes the place of the freed marks. */
  difference: TableDifference | null;
  stale: boolean;
  opened: number | null;
  cursor: number | null;
  pointed: readonly number[];
}

/** Paints a strip; the canvas is `width + 2 MARGIN` by `BAND + height + 2 MARGIN`. */
export function paintStrip(canvas: HTMLCanvasElement, picture: StripPicture): void {
  const { strip } = picture;
  const ctx = prepareCanvas(canvas, strip.width + 2 * MARGIN, strip.height + BAND + 2 * MARGIN);
  ctx.translate(MARGIN, MARGIN);
  for (const part of strip.segments) band(ctx, part);
  ctx.translate(0, BAND);
  for (const part of strip.segments) {
    if (part.closed) {
      ctx.fillStyle = token('--cell-none');
      ctx.fillRect(part.x, 0, part.width, strip.height - 1);
    } else cells(ctx, picture, part);
  }
  if (picture.difference) differingCells(ctx, picture, picture.difference);
  else if (picture.mark > 0 && picture.freed) freedCells(ctx, picture, picture.freed);
  if (picture.stale) staleFrame(ctx, strip);
  const [w, h] = [strip.cellWidth - 1, strip.cellHeight - 1];
  const at = (slot: number | null) =>
    slot === null || segmentOfSlot(strip, slot)?.closed ? null : cellPosition(strip, slot);
  for (const slot of picture.pointed) {
    const pointed = at(slot);
    if (pointed) outline(ctx, token('--text-2'), 1, pointed.x - 0.5, pointed.y - 0.5, w + 1, h + 1);
  }
  const opened = at(picture.opened);
  if (opened) selectionFrame(ctx, opened.x, opened.y, w, h);
  const cursor = at(picture.cursor);
  if (cursor) outline(ctx, token('--text'), 1.5, cursor.x - 1.5, cursor.y - 1.5, w + 3, h + 3);
}

function outline(
  ctx: CanvasRenderingContext2D,
  color: string,
  width: number,
  ...box: [number, number, number, number]
) {
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.strokeRect(...box);
}

function band(ctx: CanvasRenderingContext2D, part: StripSegment): void {
  ctx.save();
  ctx.strokeStyle = part.closed ? token('--border-strong') : hue(part.segment.name);
  ctx.lineWidth = part.closed ? 1 : 3;
  ctx.setLineDash(part.closed ? [1, 3] : SEGMENT_DASH[part.segment.name]);
  ctx.beginPath();
  ctx.moveTo(part.x, 4.5);
  ctx.lineTo(part.x + part.width, 4.5);
  ctx.stroke();
  ctx.restore();
}

function cells(ctx: CanvasRenderingContext2D, picture: StripPicture, part: StripSegment): void {
  const { strip, pagesPerSlot } = picture;
  const { name } = part.segment;
  /* kseg0 is never flushed by an ASID change, so it never shows a mean. */
  const counts = name === 'kseg0' ? picture.counts : picture.shown;
  const [w, h] = [strip.cellWidth - 1, strip.cellHeight - 1];
  const foot = strip.cellHeight > 8 ? 2 : 1;
  const shades = [token('--cell-empty'), ...[1, 2, 3, 4, 5].map((level) => shade(name, level))];
  const line = hue(name);
  const panel = token('--panel');
  for (let slot = part.first; slot < part.end; slot++) {
    const index = slot - part.first;
    const x = part.x + Math.floor(index / strip.rows) * strip.cellWidth;
    const y = (index % strip.rows) * strip.cellHeight;
    const level = shadeLevel(counts?.[slot] ?? 0, pagesPerSlot);
    ctx.fillStyle = shades[level]!;
    ctx.fillRect(x, y, w, h);
    if (level === 0) continue;
    if (level <= FOOT_LEVELS) {
      ctx.fillStyle = line;
      ctx.fillRect(x, y + h - foot, w, foot);
    }
    if (picture.stale) {
      ctx.fillStyle = panel;
      for (let cut = 1; cut < h; cut += 3) ctx.fillRect(x, y + cut, w, 1);
    }
  }
}

/** A freed table: all of the cell, or only its upper half where it has been refilled already. */
function freedCells(ctx: CanvasRenderingContext2D, picture: StripPicture, freed: Uint16Array): void {
  const { strip } = picture;
  ctx.save();
  ctx.globalAlpha = picture.mark;
  for (const slot of freed) {
    const at = cellPosition(strip, slot);
    if (!at) continue;
    const refilled = (picture.counts?.[slot] ?? 0) > 0;
    const height = refilled ? Math.floor(strip.cellHeight * 0.55) : strip.cellHeight - 1;
    hatch(ctx, at.x, at.y, strip.cellWidth - 1, height);
    outline(ctx, token('--flush-line'), 1, at.x - 0.5, at.y - 0.5, strip.cellWidth, strip.cellHeight);
  }
  ctx.restore();
}

/**
 * Cells that differ from the pinned instant: hatched where pages went (the upper half where others are left), outlined
 * where pages came, notched where some are others than they were.
 */
function differingCells(ctx: CanvasRenderingContext2D, { strip, counts }: StripPicture, of: TableDifference): void {
  const [w, h] = [strip.cellWidth - 1, strip.cellHeight - 1];
  for (let slot = 0; slot < of.added.length; slot++) {
    const [added, removed, changed] = [of.added[slot]!, of.removed[slot]!, of.changed[slot]!];
    if (added + removed + changed === 0) continue;
    const at = cellPosition(strip, slot);
    if (!at || segmentOfSlot(strip, slot)?.closed) continue;
    if (removed > 0) hatch(ctx, at.x, at.y, w, (counts?.[slot] ?? 0) > 0 ? Math.floor(h * 0.55) : h);
    if (changed > 0) notch(ctx, at.x, at.y, w, h);
    if (added > 0) outline(ctx, token('--text'), 1, at.x - 0.5, at.y - 0.5, w + 1, h + 1);
  }
}

function staleFrame(ctx: CanvasRenderingContext2D, strip: StripGeometry): void {
  ctx.save();
  ctx.setLineDash([5, 3]);
  for (const part of strip.segments) {
    if (!part.closed) outline(ctx, token('--stale-line'), 1, part.x - 2.5, -2.5, part.width + 5, strip.height + 4);
  }
  ctx.restore();
}
