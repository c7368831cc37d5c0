/**
 * Recording of events by generated code, in the timeline's ring (timeline/event-ring.ts, which is the reference, as
 * timeline/event-log.ts is for what an event holds). The host says beforehand how many there is room for; before one that
 * begins a block of the ring, or before which guest time has passed without instructions, it is asked to prepare the ring.
 */
import { JIT_LEFT_AT, RECORD_AT } from '../memory.ts';
import type { Layout } from '../mmu/layout.ts';
import {
  META_ASID_SHIFT,
  META_CATEGORY,
  META_OWN_SHIFT,
  META_SEGMENT_SHIFT,
  META_USER,
  META_USER_SHIFT,
} from '../timeline/categories.ts';
import { EVENT_BYTES, STATE, type RingPlace } from '../timeline/event-ring.ts';
import type { Expressions, Local, Value } from './expressions.ts';
import { segmentOf } from './mmu-paths.ts';

export interface RecordedEvent {
  category: Value;
  asid: Value;
  user: Value;
  /** Bits of SEGMENTS, and the category's own. */
  segments?: Value;
  own?: Value;
}

export class RecordPaths {
  /** push(pc, meta, a, b, c, d) */
  static readonly FUNCTIONS = { record: 6 } as const;

  constructor(
    private readonly e: Expressions,
    private readonly ring: RingPlace,
    private readonly layout: Layout,
    private readonly index: { readonly record: number },
    /** Index of the host's prepareEvent(meta). */
    private readonly prepare: number,
  ) {}

  emit(): void {
    this.e.body(6, (pc, meta, ...words) => this.record(pc!, meta!, words));
  }

  /** Ends the ring's block if it has not room for so many events, which shall lie in one. */
  keepTogether(count: Value, pc: Value, event: RecordedEvent): void {
    const { e } = this;
    const bytes = e.local(e.mul(count, EVENT_BYTES));
    const meta = e.local(this.meta(event));
    this.prepareIfFull(meta);
    e.if(e.isLess(this.room(), bytes), () =>
      e.loop((again) => {
        e.do(e.call(this.index.record, pc, meta, 0, 0, 0, 0));
        again(this.room());
      }),
    );
  }

  /** Appends an event of the instruction count that JIT_LEFT gives. @param words up to four */
  push(pc: Value, event: RecordedEvent, ...words: Value[]): void {
    const { e } = this;
    const [a = 0, b = 0, c = 0, d = 0] = words;
    e.do(e.call(this.index.record, pc, this.meta(event), a, b, c, d));
  }

  /** {@link push} without a call, for where events come from most often. */
  pushHere(pc: Local, event: RecordedEvent, ...words: Value[]): void {
    const { e } = this;
    const all = [0, 1, 2, 3].map((i) => words[i] ?? 0);
    this.record(pc, e.local(this.meta(event)), all);
  }

  private meta({ category, asid, user, segments = 0, own = 0 }: RecordedEvent): Value {
    const { e } = this;
    const place = e.or(e.shl(segments, META_SEGMENT_SHIFT), e.shl(own, META_OWN_SHIFT));
    const mode = e.select(user, META_USER, 0);
    return e.or(e.or(category, e.shl(asid, META_ASID_SHIFT)), e.or(mode, place));
  }

  /** The segment of an address as a bit of SEGMENTS; none outside the layout. */
  segmentBit(va: Value): Value {
    const { e } = this;
    return e.and(e.shl(1, segmentOf(e, this.layout, va)), 15);
  }

  /** Bytes until the host must prepare the ring. */
  private room(): Value {
    const { e } = this;
    return e.sub(e.load(0, RECORD_AT.end), e.load(0, RECORD_AT.place));
  }

  private prepareIfFull(meta: Local): void {
    const { e } = this;
    e.if(e.not(this.room()), () => e.do(e.call(this.prepare, meta)));
  }

  private record(pc: Local, meta: Local, words: readonly Value[]): void {
    const { e } = this;
    const { stateAt } = this.ring;
    this.prepareIfFull(meta);
    const place = e.local(e.load(0, RECORD_AT.place));
    const since = e.local(e.sub(e.load(0, RECORD_AT.since), e.load(0, JIT_LEFT_AT)));
    const all = [since, e.load(0, stateAt + STATE.idle), pc, meta, ...words];
    for (const [i, word] of all.entries()) e.store(place, 4 * i, word);
    e.store(0, RECORD_AT.place, e.add(place, EVENT_BYTES));
    e.increase(e.shl(e.and(meta, META_CATEGORY), 2), stateAt + STATE.counts, 1);
    const user = e.and(
      e.sub(0, e.and(e.shr(meta, META_USER_SHIFT), 1)),
      e.sub(since, e.load(0, stateAt + STATE.newest)),
    );
    e.increase(0, stateAt + STATE.user, user);
    e.store(0, stateAt + STATE.newest, since);
  }
}
