/** The ground of time without events: those that are dropped, and those that were not recorded. */
import { count } from '../../lib/format.ts';
import { token } from '../../lib/palette.ts';
import { AHEAD, font, type Brush } from './lane-picture.ts';
import { AXIS } from './lanes.ts';

const UNRECORDED = 'not recorded';

/** The ground of the time whose events are gone: dots, and a torn line at its end. */
export function paintGap({ ctx, picture, answer, x }: Brush): void {
  const { span, width, height } = picture;
  const edge = Math.min(width - AHEAD, x(answer.oldest));
  if (answer.dropped === 0 || answer.oldest <= span.from || edge < 1) return;
  ctx.fillStyle = token('--inset');
  ctx.fillRect(0, AXIS, edge, height - AXIS);
  ctx.fillStyle = token('--border-strong');
  for (let y = AXIS + 3; y < height; y += 6) {
    for (let at = (y / 6) % 2 < 1 ? 2 : 5; at < edge - 2; at += 6) ctx.fillRect(at, y, 1, 1);
  }
  ctx.strokeStyle = token('--text-2');
  ctx.beginPath();
  for (let y = AXIS, left = true; y <= height; y += 4, left = !left) ctx.lineTo(edge + (left ? -2 : 1), y);
  ctx.stroke();
}

/** The ground of what was not recorded: plain, between dashed lines. */
export function paintUnrecorded({ ctx, answer, x, end }: Brush, top: number, bottom: number): void {
  for (const { from, to } of answer.unrecorded) {
    const [left, right] = [Math.max(0, x(from)), Math.min(end, x(to))];
    if (right - left < 1) continue;
    ctx.fillStyle = token('--inset');
    ctx.fillRect(left, top, right - left, bottom - top);
    ctx.fillStyle = token('--text-3');
    for (const edge of [left, right]) for (let y = top; y < bottom; y += 4) ctx.fillRect(Math.round(edge), y, 1, 2);
  }
}

/**
 * Says so in the axis, where there is room. Returns the pixels that the words take, from and to.
 * @param free the pixel from which there is room
 */
export function unrecordedLabels({ ctx, answer, x, end }: Brush, free: number): [left: number, right: number][] {
  ctx.font = font('ui');
  ctx.fillStyle = token('--text-2');
  const size = ctx.measureText(UNRECORDED).width + 8;
  return answer.unrecorded.flatMap(({ from, to }): [number, number][] => {
    const [left, right] = [Math.max(free, x(from)), Math.min(end, x(to))];
    if (right - left < size) return [];
    ctx.fillText(UNRECORDED, left + 4, 10);
    return [[left, left + size]];
  });
}

/** Says in the axis how much is gone. Returns the pixel from which the axis is free again. */
export function gapLabel({ ctx, picture, answer, x }: Brush): number {
  const { span, width } = picture;
  const edge = Math.min(width - AHEAD, x(answer.oldest));
  if (answer.dropped === 0 || answer.oldest <= span.from || edge < 1) return 0;
  const means = answer.query.filter ? 'not counted here' : 'bars are means';
  ctx.font = font('ui');
  const words = [
    `gap: ${count(answer.dropped)} events dropped, ${means}`,
    `gap: ${count(answer.dropped)} dropped`,
    'gap',
  ];
  // Beyond the tear there is room as well, but for the longer ones only while they lie over the gap for the most part.
  const label = words.find((text) => ctx.measureText(text).width < Math.max(60, edge * 1.2)) ?? 'gap';
  const size = ctx.measureText(label).width;
  ctx.fillStyle = token('--text-2');
  ctx.fillText(label, 3, 10);
  return size + 10;
}
