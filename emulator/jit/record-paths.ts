/**
 * Recording of events by generated code, in the timeline's ring (timeline/event-ring.ts, which is the reference, as
 * timeline/event-log.ts is for what an event holds). The host says beforehand how many there is room for; before one that
 * begins a block of the ring, or before which guest time has passed without instructions, it is asked to prepare the ring.
 * Nothing is recorded while RECORD_AT.place is 0.
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
import { EVENT_BYTES, STATE, type RingPlace } from '../timeline/ring-place.ts';
import type { Expressions, Local, Value } from './expressions.ts';
import { segmentOf } from './mmu-paths.ts';
import { Op } from './wasm.ts';

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
    const { e } = this;
    e.body(6, (pc, meta, ...words) => {
      const [category, user] = [e.and(meta!, META_CATEGORY), e.and(e.shr(meta!, META_USER_SHIFT), 1)];
      this.ifOn((place) => this.record(place, pc!, meta!, category, user, words));
    });
  }

  /** Ends the ring's block if it has not room for so many events, which shall lie in one. */
  keepTogether(count: Value, pc: Value, event: RecordedEvent): void {
    const { e } = this;
    this.ifOn((place) => {
      const bytes = e.local(e.mul(count, EVENT_BYTES));
      const meta = e.local(this.meta(event));
      this.prepareIfFull(place, meta);
      e.if(e.isLess(this.room(), bytes), () =>
        e.loop((again) => {
          e.do(e.call(this.index.record, pc, meta, 0, 0, 0, 0));
          again(this.room());
        }),
      );
    });
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
    this.ifOn((place) => this.record(place, pc, e.local(this.meta(event)), event.category, event.user, all));
  }

  /** `write` is given where the next event goes. */
  private ifOn(write: (place: Local) => void): void {
    const place = this.e.local(this.e.load(0, RECORD_AT.place));
    this.e.if(place, () => write(place));
  }

  private meta({ category, asid, user, segments = 0, own = 0 }: RecordedEvent): Value {
    const { e } = this;
    const place = e.or(e.shl(segments, META_SEGMENT_SHIFT), e.shl(own, META_OWN_SHIFT));
    const mode = typeof user === 'number' ? user * META_USER : e.select(user, META_USER, 0);
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

  private prepareIfFull(place: Local, meta: Local): void {
    const { e } = this;
    e.if(e.is(place, e.load(0, RECORD_AT.end)), () => {
      e.do(e.call(this.prepare, meta));
      e.set(place, e.load(0, RECORD_AT.place));
    });
  }

  /** @param category and `user` are what `meta` says */
  private record(place: Local, pc: Local, meta: Local, category: Value, user: Value, words: readonly Value[]): void {
    const { e } = this;
    const { stateAt } = this.ring;
    this.prepareIfFull(place, meta);
    // As few stores as possible: two words each, or four.
    e.storePair(place, 0, () => this.pushTime());
    e.storePair(place, 8, () => this.pushPair(pc, meta));
    if (words.every((word) => word === 0)) e.storeZeros(place, 16);
    else for (const [i, word] of words.entries()) e.store(place, 16 + 4 * i, word);
    e.store(0, RECORD_AT.place, e.add(place, EVENT_BYTES));
    e.increase(e.shl(category, 2), stateAt + STATE.counts, 1);
    if (user === 0) return;
    // The first event of a block, whose time is 0, is of what was before.
    e.if(user, () => {
      const since = e.local(e.load(place));
      e.if(since, () => e.increase(0, stateAt + STATE.user, e.sub(since, e.load(e.sub(place, EVENT_BYTES)))));
    });
  }

  /** Instructions and microseconds since the block's start. */
  private pushTime(): void {
    const { out } = this.e;
    out.constant(0);
    out.memory(Op.I64Load, RECORD_AT.since, 3);
    out.constant(0);
    out.memory(Op.I64Load32U, JIT_LEFT_AT, 2);
    out.op(Op.I64Sub);
  }

  private pushPair(low: Value, high: Value): void {
    const { e } = this;
    e.push(low);
    e.out.op(Op.I64ExtendI32U);
    e.push(high);
    e.out.op(Op.I64ExtendI32U);
    e.out.op1(Op.I64Const, 32);
    e.out.op(Op.I64Shl);
    e.out.op(Op.I64Or);
  }
}
