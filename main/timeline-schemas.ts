/** What the page may ask of the timeline. */
import * as v from 'valibot';
import {
  MAX_TIMELINE_BUCKETS,
  MAX_TIMELINE_MARKS,
  MAX_TIMELINE_PAGE,
  TIMELINE_CATEGORIES,
} from '../emulator/protocol.ts';
import { count, oneOf, shape, whole } from './schemas.ts';

const address = whole(0, 0xffff_ffff);
/** Instruction counts may be fractions of a bucket, and lie before the start. */
const instant = v.pipe(v.number('must be a number'), v.finite('must be a finite number'));
const TimelineFilter = v.strictObject(
  {
    categories: v.optional(v.pipe(v.array(whole(1, TIMELINE_CATEGORIES.length - 1)), v.maxLength(64, 'is too long'))),
    asid: v.optional(whole(0, 255)),
    segment: v.optional(oneOf(['useg', 'kseg0', 'kseg1', 'kseg23'])),
    pc: v.optional(v.strictObject({ from: address, to: address }, shape)),
  },
  shape,
);
export const TimelineQuery = v.strictObject(
  {
    from: instant,
    step: v.pipe(instant, v.gtValue(0, 'must be above 0')),
    buckets: whole(1, MAX_TIMELINE_BUCKETS),
    filter: v.optional(TimelineFilter),
    marks: whole(0, MAX_TIMELINE_MARKS),
    touching: v.optional(
      v.strictObject({ slot: whole(0, 0xffff), table: v.nullable(oneOf(['kernel', 'user'])), most: count }, shape),
    ),
  },
  shape,
);
export const TimelineEventsRequest = v.strictObject(
  {
    from: instant,
    to: instant,
    filter: v.optional(TimelineFilter),
    cursor: v.union(
      [
        v.strictObject({ rank: count }),
        v.strictObject({ end: v.literal(true) }),
        v.strictObject({ after: whole(-1, Number.MAX_SAFE_INTEGER) }),
        v.strictObject({ before: count }),
        v.strictObject({ near: instant }),
      ],
      'must be a rank, the end, or a neighbour of an event',
    ),
    limit: whole(1, MAX_TIMELINE_PAGE),
  },
  shape,
);
export const TimelineExportRequest = v.strictObject(
  {
    format: oneOf(['ndjson', 'csv', 'json']),
    from: v.optional(instant),
    to: v.optional(instant),
    filter: v.optional(TimelineFilter),
  },
  shape,
);
