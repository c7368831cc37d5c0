/** What the lanes are drawn from, and with. */
import type { TimelineAnswer, TimelineEvent, TimelineLane, TimelineTouched } from '../../../emulator/protocol.ts';
import { token } from '../../lib/palette.ts';
import type { Lane } from './lanes.ts';
import type { Span } from './scale.ts';

export interface LanePicture {
  lanes: readonly Lane[];
  width: number;
  height: number;
  span: Span;
  /** The instruction count that is now. */
  now: number;
  answer: TimelineAnswer | null;
  /** What touched the slot that is pointed at elsewhere. */
  touched: TimelineTouched | null;
  selected: TimelineEvent | null;
  pinned: TimelineEvent | null;
  /** The lane that the keys move in, while the lanes have the focus. */
  lane: TimelineLane | null;
  /** Pointed at, in pixels. */
  pointer: number | null;
}

/** Room at the right end for the mark of now and what is about to happen. */
export const AHEAD = 34;
/** Pixels of an instruction count. */
export function xOf(span: Span, width: number, instructions: number): number {
  return ((instructions - span.from) / Math.max(1, span.to - span.from)) * (width - AHEAD);
}

/** The instruction count at a pixel. */
export function instructionAt(span: Span, width: number, x: number): number {
  return span.from + (x / Math.max(1, width - AHEAD)) * (span.to - span.from);
}

export interface Brush {
  ctx: CanvasRenderingContext2D;
  picture: LanePicture;
  answer: TimelineAnswer;
  x(instructions: number): number;
  /** Right end of what has happened. */
  end: number;
}

const families = new Map<string, string>();
export function font(family: 'mono' | 'ui'): string {
  let found = families.get(family);
  if (!found) {
    const style = getComputedStyle(document.documentElement);
    found = `11px ${style.getPropertyValue(`--font-${family}`)}`;
    families.set(family, found);
  }
  return found;
}

export function text(ctx: CanvasRenderingContext2D, words: string, x: number, y: number, color: string): void {
  ctx.font = font('mono');
  ctx.textBaseline = 'alphabetic';
  ctx.fillStyle = token(color);
  ctx.fillText(words, x, y);
}
