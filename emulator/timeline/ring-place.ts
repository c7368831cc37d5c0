/**
 * Where a ring of events lies, and in which form: an event's words, the blocks, and what is known of the present block.
 * What appends to it is EventRing (event-ring.ts), and generated code (jit/record-paths.ts).
 */
import { CATEGORIES } from './categories.ts';

/** Words of an event: instructions since the block's start, microseconds of waiting since then, PC, meta, four more. */
export const WORDS = 8;
/** Events of a block. */
export const BLOCK = 512;
/** 2 Mi events in 64 MiB. */
export const DEFAULT_CAPACITY = 2 << 20;
/** Instructions since its block's start that an event can say. */
export const LARGEST_DELTA = 0xffff_ffff;

/** Bytes of an event. */
export const EVENT_BYTES = 4 * WORDS;

/** Byte offsets in a ring's state. */
export const STATE = {
  /** Doubles: sequence number that the next event gets, */
  next: 0,
  /** the instruction count at the start of the present block, */
  blockInstructions: 8,
  /** and nanoseconds of waiting at the newest event. */
  skipped: 16,
  /** Words: microseconds of waiting since the block's start, */
  idle: 24,
  /** instructions since then that were executed in user mode; */
  user: 28,
  /** the block's events by category, {@link CATEGORIES} of them. */
  counts: 32,
} as const;
const STATE_BYTES = STATE.counts + 4 * CATEGORIES;

/** Bytes that a ring of so many events takes, and its state, which lies before it. */
export function ringBytes(capacity: number): number {
  return capacity === 0 ? 0 : (STATE_PLACE + capacity * EVENT_BYTES + 0xffff) & ~0xffff;
}
const STATE_PLACE = (STATE_BYTES + 63) & ~63;

/** Where a ring lies in a buffer: in linear memory, generated code can append to it. */
export class RingPlace {
  readonly doubles: Float64Array;
  readonly integers: Uint32Array;
  readonly words: Uint32Array;
  /** Byte offset of the events. */
  readonly wordsAt: number;
  /** Whether generated code is to record its events. */
  isOn = true;

  /**
   * @param memory of which {@link ringBytes} from `stateAt` on are the ring's, all zero
   * @param stateAt byte offset, a multiple of 8
   * @param capacity events, a power of two of at least two blocks
   * @throws Error for any other capacity
   */
  constructor(
    memory: { readonly bytes: Uint8Array },
    readonly stateAt: number,
    readonly capacity: number,
  ) {
    if (capacity < 2 * BLOCK || (capacity & (capacity - 1)) !== 0) {
      throw new Error(`timeline: a ring of ${capacity} events; it takes a power of two of at least ${2 * BLOCK}.`);
    }
    const { buffer } = memory.bytes;
    this.doubles = new Float64Array(buffer, stateAt, STATE_PLACE / 8);
    this.integers = new Uint32Array(buffer, stateAt, STATE_PLACE / 4);
    this.wordsAt = stateAt + STATE_PLACE;
    this.words = new Uint32Array(buffer, this.wordsAt, capacity * WORDS);
  }

  // For generated code, which appends within a block and lets the ring do the rest

  /**
   * How many events can be appended before the ring must do more than store and count them, up to the instruction count
   * `instructions` and as long as guest time passes by instructions alone.
   * @param prepared whether EventRing.prepare has been called for the next one, so that there is room for it
   */
  room(instructions: number, skipped: number, prepared: boolean): number {
    const { doubles } = this;
    const inBlock = doubles[STATE.next / 8]! & (BLOCK - 1);
    const isStarted = inBlock !== 0 || prepared;
    const isNear = doubles[STATE.skipped / 8] === skipped && this.since(instructions) <= LARGEST_DELTA;
    return isStarted && isNear ? BLOCK - inBlock : Number(prepared);
  }
  /** Instructions since the present block's start. */
  since(instructions: number): number {
    return instructions - this.doubles[STATE.blockInstructions / 8]!;
  }
  /** Byte offset of the next event. */
  get nextAt(): number {
    return this.wordsAt + (this.doubles[STATE.next / 8]! & (this.capacity - 1)) * EVENT_BYTES;
  }
  /** Events have been stored there. */
  advance(count: number): void {
    this.doubles[STATE.next / 8]! += count;
  }

  /** One of its own, of so many events. */
  static alone(capacity: number): RingPlace {
    return new RingPlace({ bytes: new Uint8Array(ringBytes(capacity)) }, 0, capacity);
  }
}
