/** Marks of single events in the lanes, and of those that are chosen or touch what is pointed at elsewhere. */
import type { TimelineLane, TimelineTouched } from '../../../emulator/protocol.ts';
import { hatch } from '../../lib/hatch.ts';
import { token } from '../../lib/palette.ts';
import { laneOf } from './lanes.ts';

/** Marks what touched the slot that is pointed at: a foot with a point, in the accent. */
export function paintTouched(
  ctx: CanvasRenderingContext2D,
  { marks }: TimelineTouched,
  lane: TimelineLane,
  x: (instructions: number) => number,
  bottom: number,
): void {
  ctx.fillStyle = token('--accent');
  for (let i = 0; i < marks.length; i += 2) {
    if (laneOf(marks[i + 1]!) !== lane) continue;
    const at = Math.round(x(marks[i]!)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(at, bottom - 5);
    ctx.lineTo(at + 4, bottom);
    ctx.lineTo(at - 4, bottom);
    ctx.fill();
  }
}

/** The user table's cut, as the Segments panel marks what is stale. */
export function cuts(ctx: CanvasRenderingContext2D, x: number, width: number, top: number, bottom: number): void {
  ctx.fillStyle = token('--panel');
  for (let y = Math.floor(bottom) - 3; y > top; y -= 3) ctx.fillRect(x, y, width, 1);
}

export function paintMark(
  ctx: CanvasRenderingContext2D,
  lane: TimelineLane,
  name: string,
  at: number,
  top: number,
  bottom: number,
): void {
  const x = Math.round(at);
  switch (lane) {
    case 'asid':
      ctx.fillStyle = token('--text');
      ctx.fillRect(x, top + 1, 1, bottom - top - 1);
      return;
    case 'kernelFlush':
      hatch(ctx, x - 2, top + 2, 5, bottom - top - 3);
      ctx.strokeStyle = token('--flush-line');
      ctx.lineWidth = 0.8;
      ctx.strokeRect(x - 2, top + 2, 5, bottom - top - 3);
      return;
    case 'userFlush':
      ctx.fillStyle = token('--useg');
      ctx.fillRect(x - 2, top + 2, 5, bottom - top - 3);
      cuts(ctx, x - 2, 5, top + 2, bottom - 1);
      return;
    case 'gpaFlush': {
      const [middle, r] = [(top + bottom) / 2, (bottom - top) / 2 - 2];
      ctx.strokeStyle = token('--text');
      ctx.lineWidth = 1;
      ctx.beginPath();
      ctx.moveTo(at, middle - r);
      ctx.lineTo(at + r, middle);
      ctx.lineTo(at, middle + r);
      ctx.lineTo(at - r, middle);
      ctx.closePath();
      ctx.stroke();
      return;
    }
    case 'tlbWrites':
      // TLBWI stands on a foot, TLBWR does not.
      ctx.fillStyle = token('--text-2');
      ctx.fillRect(x, top + 4, 1, bottom - top - 4);
      if (name === 'TLBWI') ctx.fillRect(x - 1, bottom - 2, 3, 2);
      return;
    case 'interrupts':
      ctx.fillStyle = token('--text-2');
      ctx.beginPath();
      ctx.moveTo(at, bottom - 1);
      ctx.lineTo(at - 3, top + 4);
      ctx.lineTo(at + 3, top + 4);
      ctx.fill();
      return;
    default:
      ctx.fillStyle = token(isTlbName(name) ? '--text-2' : '--text-3');
      ctx.fillRect(x, top + 3, 1, bottom - top - 3);
  }
}

const isTlbName = (name: string): boolean => /TLB|Mod/.test(name);

/** The selected event: a line with a flag; the pinned one: with a ring. */
export function flag(ctx: CanvasRenderingContext2D, at: number, bottom: number, pinned: boolean): void {
  const x = Math.round(at);
  if (x < 0) return;
  ctx.fillStyle = ctx.strokeStyle = token('--accent');
  ctx.fillRect(x, 12, 1, bottom - 12);
  if (pinned) {
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.arc(x + 0.5, 7, 4, 0, 7);
    ctx.stroke();
  } else {
    ctx.beginPath();
    ctx.moveTo(x + 1, 3);
    ctx.lineTo(x - 8, 3);
    ctx.lineTo(x - 8, 11);
    ctx.lineTo(x + 1, 11);
    ctx.fill();
  }
}
