/** The stretch of the run that is on the screen: zooming, panning, ticks, buckets. Instruction counts and CSS pixels. */
import { MAX_TIMELINE_BUCKETS } from '../../../emulator/protocol.ts';

export interface Span {
  from: number;
  to: number;
}

/** The closest look: a handful of instructions. */
export const SHORTEST = 40;
/** Width of a bucket in pixels, at least. */
export const BUCKET = 4;
const FACTOR = 1.6;

/** A stretch within the run, which ends at `now`; as long as asked for where the run is. */
export function clampSpan({ from, to }: Span, now: number): Span {
  const end = Math.max(now, SHORTEST);
  const length = Math.min(Math.max(to - from, SHORTEST), end);
  const start = Math.max(0, Math.min(from, end - length));
  return { from: start, to: start + length };
}

/** @param steps closer where above 0 @param at the instruction that stays where it is */
export function zoomed(span: Span, steps: number, at: number, now: number): Span {
  const before = span.to - span.from;
  const length = Math.max(SHORTEST, Math.min(Math.max(now, SHORTEST), before * FACTOR ** -steps));
  const share = before > 0 ? (at - span.from) / before : 1;
  const from = at - share * length;
  return clampSpan({ from, to: from + length }, now);
}

export function panned(span: Span, instructions: number, now: number): Span {
  return clampSpan({ from: span.from + instructions, to: span.to + instructions }, now);
}

/** Moves a stretch as little as shows an instruction, with some of what is round it. */
export function revealed(span: Span, at: number, now: number): Span {
  const length = span.to - span.from;
  const margin = length * 0.08;
  if (at >= span.from + margin && at <= span.to - margin) return span;
  if (at >= span.from && at <= span.to && (span.from === 0 || span.to >= now)) return span;
  return clampSpan({ from: at - length / 2, to: at + length / 2 }, now);
}

/**
 * Buckets over a stretch. They are a power of two of instructions long and stand at multiples of that, so that a bar
 * does not change while the stretch moves.
 */
export function buckets(span: Span, width: number): { from: number; step: number; buckets: number } {
  const wanted = ((span.to - span.from) * BUCKET) / Math.max(BUCKET, width);
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, wanted))));
  const first = Math.floor(span.from / step);
  const last = Math.ceil(span.to / step);
  return { from: first * step, step, buckets: Math.max(1, Math.min(MAX_TIMELINE_BUCKETS, last - first)) };
}

/** Round instruction counts at most `most` of which are in a stretch. */
export function ticks(span: Span, most: number): number[] {
  const length = span.to - span.from;
  const rough = length / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 2.5, 5, 10].map((f) => f * power).find((s) => s >= rough && Number.isInteger(s)) ?? 10 * power;
  const found: number[] = [];
  for (let at = Math.ceil(span.from / step) * step; at <= span.to; at += step) found.push(at);
  return found;
}
