/** The mark of what was freed, the same in every panel. */
import { token } from './palette.ts';

/** Step of the diagonal hatch along x, in CSS pixels: 3 px across 45 degrees. */
const HATCH = 3 * Math.SQRT2;
const HATCH_WIDTH = 1.1;

/** Diagonal lines on the flush ground over a rectangle: freed. Lines run on from cell to cell. */
export function hatch(ctx: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.fillStyle = token('--flush-ground');
  ctx.fillRect(x, y, width, height);
  ctx.beginPath();
  for (let sum = Math.floor((x + y) / HATCH) * HATCH; sum < x + y + width + height; sum += HATCH) {
    ctx.moveTo(sum - y, y);
    ctx.lineTo(sum - y - height, y + height);
  }
  ctx.strokeStyle = token('--flush-line');
  ctx.lineWidth = HATCH_WIDTH;
  ctx.stroke();
  ctx.restore();
}
