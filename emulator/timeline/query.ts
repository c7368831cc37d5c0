/** Questions to the ring: how many events of which kind in which stretch of the run, and which they are. */
import {
  MAX_TIMELINE_BUCKETS,
  MAX_TIMELINE_MARKS,
  MAX_TIMELINE_PAGE,
  type TimelineAnswer,
  type TimelineEvent,
  type TimelineEventsPage,
  type TimelineEventsRequest,
  type TimelineQuery,
} from '../protocol.ts';
import { CATEGORIES, META_CATEGORY, META_USER } from './categories.ts';
import { decodeEvent, markValue, type EventSource } from './decode.ts';
import { COLUMNS, USER_INSTRUCTIONS, type EventRing } from './event-ring.ts';
import { BLOCK } from './ring-place.ts';
import { categoryMask, type EventIndex } from './filter.ts';
import { LANES, LANE_OF } from './lanes.ts';

/** The machine at the instant of a question; `user` where what it executes now counts as user mode's. */
export interface Now {
  instructions: number;
  user: boolean;
}

type Counted = Pick<TimelineAnswer, 'categories' | 'counts' | 'userInstructions' | 'marks'>;

/** Counts events by bucket and category. @param counts of the ring, or of what passes the query's filter */
export function countEvents(ring: EventRing, counts: EventIndex, query: TimelineQuery, now: Now): Counted {
  const buckets = Math.max(0, Math.min(MAX_TIMELINE_BUCKETS, query.buckets));
  const mask = categoryMask(query.filter);
  const sums = new Float64Array(COLUMNS * (buckets + 1));
  for (let i = 0; i <= buckets; i++) {
    const row = sums.subarray(i * COLUMNS, (i + 1) * COLUMNS);
    countsAt(ring, counts, query.from + i * query.step, now, row, query.filter !== undefined);
  }
  const inRange = (c: number) => sums[buckets * COLUMNS + c]! - sums[c]!;
  const present: number[] = [];
  for (let c = 1; c < CATEGORIES; c++) if (mask[c] && inRange(c) > 0) present.push(c);
  const categories = Uint8Array.from(present);
  const result: Counted = {
    categories,
    counts: new Float32Array(categories.length * buckets),
    userInstructions: new Float32Array(buckets),
    marks: new Float64Array(0),
  };
  for (let i = 0; i < buckets; i++) {
    const at = i * COLUMNS;
    const between = (c: number) => sums[at + COLUMNS + c]! - sums[at + c]!;
    categories.forEach((c, k) => (result.counts[k * buckets + i] = between(c)));
    result.userInstructions[i] = between(USER_INSTRUCTIONS);
  }
  const perLane = new Float64Array(LANES.length);
  for (const c of categories) perLane[LANE_OF[c]!]! += inRange(c);
  const most = Math.min(MAX_TIMELINE_MARKS, query.marks);
  const sparse = categories.filter((c) => perLane[LANE_OF[c]!]! <= most);
  result.marks = findMarks(ring, counts, query.from, query.from + buckets * query.step, sparse);
  return result;
}

/** Events before an instruction count by category, and user mode instructions up to it. */
function countsAt(
  ring: EventRing,
  counts: EventIndex,
  instructions: number,
  now: Now,
  row: Float64Array,
  filtered: boolean,
): void {
  if (ring.next === 0) {
    if (now.user) row[USER_INSTRUCTIONS] = Math.max(0, Math.min(instructions, now.instructions));
    return;
  }
  if (ring.first > 0 && instructions < ring.oldest) {
    if (filtered) counts.countsBefore(ring.first, row);
    else outlineAt(ring, instructions, row);
    return;
  }
  const sequence = ring.seek(instructions);
  counts.countsBefore(sequence, row);
  if (filtered) row[USER_INSTRUCTIONS] = ring.countsBefore(sequence, new Float64Array(COLUMNS))[USER_INSTRUCTIONS]!;
  // The row has user mode up to the event found, which may come later.
  if (sequence === ring.next) {
    if (now.user) row[USER_INSTRUCTIONS]! += Math.max(0, Math.min(instructions, now.instructions) - ring.last);
  } else if ((ring.words[ring.wordOf(sequence) + 3]! & META_USER) !== 0) {
    row[USER_INSTRUCTIONS]! -= ring.instructionsOf(sequence) - Math.max(0, instructions);
  }
}

/** Counts at a time whose events are gone: on the line between the two rows of the outline round it. */
function outlineAt(ring: EventRing, instructions: number, row: Float64Array): void {
  const { outline } = ring;
  let low = -1;
  let high = outline.rows;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (outline.instructions[middle]! <= instructions) low = middle;
    else high = middle;
  }
  if (low < 0) return;
  row.set(outline.counts.subarray(low * COLUMNS, (low + 1) * COLUMNS));
  const next = new Float64Array(COLUMNS);
  let end = ring.oldest;
  if (low + 1 < outline.rows) {
    end = outline.instructions[low + 1]!;
    next.set(outline.counts.subarray((low + 1) * COLUMNS, (low + 2) * COLUMNS));
  } else ring.countsBefore(ring.first, next);
  const start = outline.instructions[low]!;
  const share = end > start ? (instructions - start) / (end - start) : 0;
  for (let c = 0; c < COLUMNS; c++) row[c]! += (next[c]! - row[c]!) * share;
}

/** The events of some categories in a range; stretches without any are passed over. */
function findMarks(ring: EventRing, counts: EventIndex, from: number, to: number, categories: Uint8Array) {
  const found: number[] = [];
  if (categories.length === 0 || ring.next === 0) return new Float64Array(0);
  const mask = new Uint8Array(CATEGORIES);
  for (const c of categories) mask[c] = 1;
  const end = ring.seek(to);
  for (let sequence = ring.seek(from); sequence < end;) {
    sequence = firstBlockWith(ring, counts, sequence, categories);
    const last = Math.min(sequence - (sequence % BLOCK) + BLOCK, end);
    if (sequence >= last) break;
    const base = ring.instructionsOf(sequence) - ring.words[ring.wordOf(sequence)]!;
    for (; sequence < last; sequence++) {
      const w = ring.wordOf(sequence);
      const category = ring.words[w + 3]! & META_CATEGORY;
      if (!mask[category] || !counts.matches(sequence)) continue;
      found.push(sequence, base + ring.words[w]!, category, markValue(ring.words, w));
    }
  }
  return Float64Array.from(found);
}

/**
 * The event itself if its block has some of these categories, or else the first of the next block that has; the last
 * block, which is not counted yet, may have them. Looks ever farther, and then for where between.
 */
function firstBlockWith(ring: EventRing, counts: EventIndex, sequence: number, categories: Uint8Array): number {
  const block = sequence - (sequence % BLOCK);
  const last = ring.next - 1 - ((ring.next - 1) % BLOCK);
  const hasSome = (until: number) => categories.some((c) => counts.startCount(until, c) > counts.startCount(block, c));
  let [without, step] = [block, BLOCK];
  while (without + step <= last && !hasSome(without + step)) {
    without += step;
    step *= 2;
  }
  // None before `without`; some from there on to `until`, unless that is the last.
  let until = Math.min(without + step, last);
  while (until - without > BLOCK) {
    const middle = without + Math.floor((until - without) / (2 * BLOCK)) * BLOCK;
    if (hasSome(middle)) until = middle;
    else without = middle;
  }
  return Math.max(sequence, without);
}

/** A page of events in full. @param counts of the ring, or of what passes the request's filter */
export function eventsPage(
  source: EventSource,
  counts: EventIndex,
  request: TimelineEventsRequest,
): Omit<TimelineEventsPage, 'boot'> {
  const { ring } = source;
  if (ring.next === 0) return { total: 0, rank: 0, events: [] };
  const mask = categoryMask(request.filter);
  const row = new Float64Array(COLUMNS);
  const before = (sequence: number): number => {
    counts.countsBefore(sequence, row);
    let sum = 0;
    for (let c = 1; c < CATEGORIES; c++) if (mask[c]) sum += row[c]!;
    return sum;
  };
  const start = ring.seek(request.from);
  const end = Math.max(start, ring.seek(request.to));
  const base = before(start);
  const total = before(end) - base;
  const limit = Math.max(1, Math.min(MAX_TIMELINE_PAGE, request.limit));
  const inside = (sequence: number) => Math.max(start, Math.min(end, sequence));
  const { cursor } = request;
  let rank: number;
  let last = Infinity;
  if ('rank' in cursor) rank = cursor.rank;
  else if ('end' in cursor) rank = total - limit;
  else if ('after' in cursor) rank = before(inside(cursor.after + 1)) - base;
  else if ('before' in cursor) {
    last = before(inside(cursor.before)) - base;
    rank = last - limit;
  } else {
    const at = before(inside(ring.seek(cursor.near))) - base;
    rank = limit > 1 ? at - Math.floor(limit / 2) : at;
    if (limit === 1 && at > 0 && !closer(at, at - 1, cursor.near)) rank = at - 1;
  }
  rank = Math.max(0, Math.min(Math.max(0, total - 1), rank));
  return { total, rank, events: collect(rank, Math.min(rank + limit, last, total)) };

  /** Whether the event of rank `a` is nearer to an instruction count than that of rank `b`. */
  function closer(a: number, b: number, instructions: number): boolean {
    const [one, two] = [collect(a, a + 1)[0], collect(b, b + 1)[0]!];
    return one !== undefined && Math.abs(one.instructions - instructions) < Math.abs(two.instructions - instructions);
  }

  function collect(from: number, to: number): TimelineEvent[] {
    const events: TimelineEvent[] = [];
    if (from >= to) return events;
    // The last block before which at most `from` events match.
    let low = Math.floor(start / BLOCK);
    let high = Math.ceil(end / BLOCK);
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (before(middle * BLOCK) - base <= from) low = middle;
      else high = middle;
    }
    let sequence = Math.max(start, low * BLOCK);
    for (let at = before(sequence) - base; sequence < end && at < to; sequence++) {
      const category = ring.words[ring.wordOf(sequence) + 3]! & META_CATEGORY;
      if (!mask[category] || !counts.matches(sequence)) continue;
      if (at >= from) events.push(decodeEvent(source, sequence));
      at++;
    }
    return events;
  }
}
