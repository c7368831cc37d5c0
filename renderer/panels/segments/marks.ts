/** Marks both strips and page grids use: hatches, dashes, and one page's shape. */
import { token } from '../../lib/palette.ts';
import type { PageChange } from './difference.ts';
import type { PageKind } from './slot-pages.ts';

/** The accent frame of what is selected, set off from its ground. */
export function selectionFrame(ctx: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void {
  ctx.strokeStyle = token('--panel');
  ctx.lineWidth = 3;
  ctx.strokeRect(x - 1.5, y - 1.5, w + 3, h + 3);
  ctx.strokeStyle = token('--accent');
  ctx.lineWidth = 2;
  ctx.strokeRect(x - 1.5, y - 1.5, w + 3, h + 3);
}

/** The mark of what is another than it was: the lower right corner cut off. */
export function notch(ctx: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void {
  const size = Math.min(w, h) * 0.7;
  const corner = (grown: number): void => {
    ctx.beginPath();
    ctx.moveTo(x + w, y + h - size - grown);
    ctx.lineTo(x + w, y + h);
    ctx.lineTo(x + w - size - grown, y + h);
    ctx.closePath();
    ctx.fill();
  };
  ctx.fillStyle = token('--panel');
  corner(1.5);
  ctx.fillStyle = token('--text');
  corner(0);
}

/** What became of a page since the pinned instant, over its own mark. */
export function changeMark(
  ctx: CanvasRenderingContext2D,
  change: PageChange,
  x: number,
  y: number,
  size: number,
): void {
  if (change === 'changed') notch(ctx, x, y, size, size);
  if (change !== 'added') return;
  ctx.strokeStyle = token('--text');
  ctx.lineWidth = 1;
  ctx.strokeRect(x - 0.5, y - 0.5, size + 1, size + 1);
}

/** One page of `size` pixels; the shape tells kinds apart, the hue is its segment's. */
export function pageMark(
  ctx: CanvasRenderingContext2D,
  kind: PageKind,
  x: number,
  y: number,
  size: number,
  hue: string,
): void {
  switch (kind) {
    case 'absent':
      ctx.fillStyle = token('--cell-empty');
      ctx.fillRect(x, y, size, size);
      return;
    case 'freed':
      ctx.fillStyle = token('--flush-ground');
      ctx.fillRect(x, y, size, size);
      line(ctx, token('--flush-line'), 1.3, [x, y + size, x + size, y]);
      return;
    case 'dirty':
      ctx.fillStyle = hue;
      ctx.fillRect(x, y, size, size);
      return;
    case 'commpage':
      ctx.fillStyle = token('--pte-comm');
      ctx.fillRect(x, y, size, size);
      line(ctx, token('--panel'), 1, [x + 1, y + 1, x + size - 1, y + size - 1]);
      line(ctx, token('--panel'), 1, [x + size - 1, y + 1, x + 1, y + size - 1]);
      return;
    default:
      ctx.strokeStyle = hue;
      ctx.lineWidth = 1;
      ctx.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
      if (kind === 'writable') {
        ctx.fillStyle = hue;
        ctx.fillRect(x, y + Math.floor(size / 2), size, Math.ceil(size / 2));
      }
  }
}

function line(
  ctx: CanvasRenderingContext2D,
  color: string,
  width: number,
  [x0, y0, x1, y1]: [number, number, number, number],
): void {
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
