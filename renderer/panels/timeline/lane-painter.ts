/** Draws the lanes: axis, bars of counts or single marks, what was dropped, the selection, and now. */
import type { TimelineAnswer, TimelineLane } from '../../../emulator/protocol.ts';
import { count } from '../../lib/format.ts';
import { cssColor, prepareCanvas, token } from '../../lib/palette.ts';
import { hatch } from '../../lib/hatch.ts';
import { asidLabels, LABEL_GAP, type AsidChange } from './asid-labels.ts';
import { gapLabel, paintGap, paintUnrecorded, unrecordedLabels } from './lane-grounds.ts';
import { cuts, flag, paintMark, paintTouched } from './lane-marks.ts';
import { AHEAD, font, text, xOf, type Brush, type LanePicture } from './lane-picture.ts';
import { AXIS, categoryName, laneOf, modeChanges, type Lane } from './lanes.ts';
import { ticks } from './scale.ts';

const TICK = 112;
/** What a flag takes of the axis, to either side. */
const FLAG = 9;

export function paintLanes(canvas: HTMLCanvasElement, picture: LanePicture): void {
  const { width, height, span, lanes, answer, now } = picture;
  const ctx = prepareCanvas(canvas, width, height);
  const x = (instructions: number) => xOf(span, width, instructions);
  const end = Math.min(x(now), width - AHEAD);
  const brush: Brush | null = answer && { ctx, picture, answer, x, end };
  if (brush) paintGap(brush);
  if (brush) paintUnrecorded(brush, AXIS, height);
  const label = brush ? gapLabel(brush) : 0;
  paintAxis(ctx, picture, x, [[0, label], ...(brush ? unrecordedLabels(brush, label) : [])]);
  let top = AXIS;
  for (const lane of lanes) {
    const bottom = top + lane.height;
    ctx.fillStyle = token('--grid');
    ctx.fillRect(0, bottom - 1, width, 1);
    if (picture.lane === lane.id) {
      ctx.fillStyle = token('--accent');
      ctx.fillRect(0, top, 2, lane.height - 1);
    }
    if (brush) {
      ctx.save();
      ctx.beginPath();
      ctx.rect(0, top, lane.id === 'userFlush' ? width : end + 3, lane.height);
      ctx.clip();
      paintLane(brush, lane, top, bottom - 1);
      if (picture.touched) paintTouched(ctx, picture.touched, lane.id, x, bottom - 1);
      ctx.restore();
    }
    top = bottom;
  }
  if (picture.pointer !== null) {
    ctx.fillStyle = token('--border-strong');
    ctx.fillRect(Math.round(picture.pointer), AXIS, 1, top - AXIS);
  }
  if (picture.pinned) flag(ctx, x(picture.pinned.instructions), top, true);
  if (picture.selected) flag(ctx, x(picture.selected.instructions), top, false);
  if (now >= span.from && now <= span.to) {
    ctx.fillStyle = token('--text');
    ctx.fillRect(Math.round(end), 3, 1, top - 3);
    text(ctx, 'now', Math.round(end) + 5, 10, '--text');
  }
}

/** @param taken pixels that have words already, from and to */
function paintAxis(
  ctx: CanvasRenderingContext2D,
  { span, width, height, selected, pinned }: LanePicture,
  x: (at: number) => number,
  taken: readonly (readonly [left: number, right: number])[],
): void {
  const flags = [selected, pinned].flatMap((event) => (event ? [Math.round(x(event.instructions))] : []));
  const busy = [...taken, ...flags.map((at) => [at - FLAG, at + FLAG] as const)];
  for (const at of ticks(span, (width - AHEAD) / TICK)) {
    const left = Math.round(x(at));
    ctx.fillStyle = token('--grid');
    ctx.fillRect(left, 14, 1, height - 14);
    const label = count(at);
    ctx.font = font('mono');
    const right = left + 3 + ctx.measureText(label).width;
    const covered = busy.some(([from, to]) => to > left && from < right);
    if (right < width - AHEAD - 4 && !covered) text(ctx, label, left + 3, 10, '--text-3');
  }
}

function paintLane(brush: Brush, lane: Lane, top: number, bottom: number): void {
  const { answer, ctx, x } = brush;
  if (lane.id === 'mode') {
    paintMode(brush, top, bottom);
    return paintUnrecorded(brush, top, bottom);
  }
  const rows = [...answer.categories].flatMap((c, k) => (laneOf(c) === lane.id ? [k] : []));
  const marked = marksOf(answer, lane.id);
  // Bars where single marks would run into one another, and over what has no marks any more.
  const dropped = answer.oldest > answer.query.from;
  if (rows.length > 0 && (marked.length === 0 || lane.id === 'exits' || dropped)) {
    const until = marked.length > 0 && lane.id !== 'exits' ? answer.oldest : Infinity;
    paintBars(brush, lane, rows, top, bottom, until);
  }
  if (lane.id === 'console') return paintLines(brush, top, bottom);
  if (lane.id === 'exits') return;
  const seen = marked.flatMap(({ instructions, category, value }) => {
    const at = x(instructions);
    return at < -8 || at > brush.end + 8 ? [] : [{ x: at, category, asid: value }];
  });
  for (const { x: at, category } of seen) paintMark(ctx, lane.id, categoryName(category), at, top, bottom);
  if (lane.id === 'asid') paintAsids(brush, seen, top, bottom);
  if (lane.id === 'userFlush' && answer.userFlushPending) pending(brush, top, bottom);
}

/** Names of the ASIDs; where one lies over marks, their feet stay. */
function paintAsids({ ctx, end }: Brush, changes: readonly AsidChange[], top: number, bottom: number): void {
  ctx.font = font('mono');
  // Of those at the left edge only what is whole.
  const named = changes.filter(({ x }) => x >= -LABEL_GAP);
  for (const { x, text: words, over } of asidLabels(named, end, (words) => ctx.measureText(words).width)) {
    const left = Math.round(x) + LABEL_GAP;
    if (over) {
      ctx.fillStyle = token('--panel');
      ctx.fillRect(left - 1, top + 1, Math.ceil(ctx.measureText(words).width) + 3, bottom - top - 3);
    }
    text(ctx, words, left, bottom - 3, '--text-2');
  }
}

interface Mark {
  instructions: number;
  category: number;
  value: number;
}

const marksKnown = new WeakMap<TimelineAnswer, Map<TimelineLane, Mark[]>>();

function marksOf(answer: TimelineAnswer, lane: TimelineLane): Mark[] {
  let lanes = marksKnown.get(answer);
  if (!lanes) {
    lanes = new Map();
    for (let i = 0; i < answer.marks.length; i += 4) {
      const mark = { instructions: answer.marks[i + 1]!, category: answer.marks[i + 2]!, value: answer.marks[i + 3]! };
      const id = laneOf(mark.category);
      const list = lanes.get(id);
      if (list) list.push(mark);
      else lanes.set(id, [mark]);
    }
    marksKnown.set(answer, lanes);
  }
  return lanes.get(lane) ?? [];
}

/** TLB exits and exceptions stand darker at the foot of the bars, as the legend has it. */
const isTlb = (category: number): boolean => /TLB|Mod/.test(categoryName(category)) && laneOf(category) !== 'tlbWrites';

function paintBars(
  { ctx, answer, x }: Brush,
  lane: Lane,
  rows: readonly number[],
  top: number,
  bottom: number,
  until: number,
): void {
  const { from, step, buckets } = answer.query;
  const sum = (i: number, of: (category: number) => boolean) =>
    rows.reduce((all, k) => (of(answer.categories[k]!) ? all + answer.counts[k * buckets + i]! : all), 0);
  let most = 0;
  for (let i = 0; i < buckets; i++)
    most = Math.max(
      most,
      sum(i, () => true),
    );
  if (most === 0) return;
  const room = bottom - top - 2;
  const colours: Record<string, [light: string, dark: string]> = {
    userFlush: ['--useg', '--useg'],
    exits: [LIGHT, '--text-2'],
    exceptions: [LIGHT, '--text-2'],
  };
  const [light, dark] = colours[lane.id] ?? ['--text-3', '--text-3'];
  const [lightInk, darkInk] = [light === LIGHT ? cssColor(LIGHT) : token(light), token(dark)];
  for (let i = 0; i < buckets && from + i * step < until; i++) {
    const all = sum(i, () => true);
    if (all <= 0) continue;
    const left = x(from + i * step);
    const width = Math.max(1, x(from + (i + 1) * step) - left - 1);
    const tall = Math.max(1.5, (all / most) * room);
    if (lane.id === 'kernelFlush') hatch(ctx, left, bottom - tall, width, tall);
    else {
      ctx.fillStyle = lightInk;
      ctx.fillRect(left, bottom - tall, width, tall);
    }
    if (lane.id === 'userFlush') cuts(ctx, left, width, bottom - tall, bottom);
    const tlb = lightInk === darkInk ? 0 : sum(i, isTlb);
    if (tlb > 0) {
      ctx.fillStyle = darkInk;
      ctx.fillRect(left, bottom - (tlb / all) * tall, width, (tlb / all) * tall);
    }
  }
}

/** Bars of what is not about the TLB; beside --text-2 it is the lighter one in every theme. */
const LIGHT = 'color-mix(in oklab, var(--text-2) 42%, var(--panel))';

/** Console lines: a tick where each begins, and as much of its text as there is room before the next. */
function paintLines({ ctx, answer, x, end }: Brush, top: number, bottom: number): void {
  answer.lines.forEach((line, i) => {
    const left = Math.round(x(line.instructions));
    if (left < -400 || left > end) return;
    ctx.fillStyle = token('--text-2');
    ctx.fillRect(left, top + 2, 1, bottom - top - 2);
    const next = i + 1 < answer.lines.length ? x(answer.lines[i + 1]!.instructions) : end;
    const room = next - left - 8;
    if (room < 40) return;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, room + 4, bottom - top);
    ctx.clip();
    /* Over bars of lines whose text is gone. */
    ctx.font = font('mono');
    ctx.fillStyle = token('--panel');
    ctx.fillRect(left + 1, top + 1, Math.min(room, ctx.measureText(line.text).width + 3), bottom - top - 1);
    text(ctx, line.text, left + 3, bottom - 3, '--text-3');
    ctx.restore();
  });
}

/** Kernel mode is a bar, user mode a line; of many switches in a bucket the bar's height is kernel mode's share. */
function paintMode({ ctx, answer, picture, x, end }: Brush, top: number, bottom: number): void {
  const { from, step, buckets } = answer.query;
  const marks = marksOf(answer, 'mode');
  const room = bottom - top - 4;
  ctx.fillStyle = token('--border-strong');
  ctx.fillRect(0, bottom - 3, end, 1);
  ctx.fillStyle = token('--text-2');
  const start = Math.max(picture.span.from, from);
  if (marks.length > 0 && answer.oldest <= start) {
    let since = -4;
    let kernel = categoryName(marks[0]!.category) === 'to user';
    for (const { instructions, becomes } of modeChanges(marks, answer.unrecorded)) {
      const at = x(instructions);
      if (kernel) ctx.fillRect(since, top + 2, Math.max(1, at - since), room);
      since = at;
      kernel = becomes === 'to kernel';
    }
    if (kernel) ctx.fillRect(since, top + 2, end - since, room);
    return;
  }
  for (let i = 0; i < buckets; i++) {
    const first = from + i * step;
    const length = Math.min(step, answer.instructions - first);
    if (length <= 0) break;
    const share = Math.max(0, Math.min(1, 1 - answer.userInstructions[i]! / length));
    const left = x(first);
    const width = x(first + length) - left + 0.5;
    const tall = share * room;
    if (tall >= 0.5) ctx.fillRect(left, bottom - 2 - tall, width, tall);
  }
}

/** A dashed box right of now: the user table will be flushed when user mode is entered. */
function pending({ ctx, end, picture, answer }: Brush, top: number, bottom: number): void {
  if (picture.now > picture.span.to || answer.instructions < picture.now) return;
  ctx.save();
  ctx.setLineDash([2, 1.5]);
  ctx.strokeStyle = token('--stale-line');
  ctx.lineWidth = 1;
  ctx.strokeRect(Math.round(end) + 6.5, top + 2.5, 7, bottom - top - 5);
  ctx.restore();
}
