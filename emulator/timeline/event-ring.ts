/**
 * The newest events of a run in one buffer of fixed size: eight words an event, in blocks of 512 (ring-place.ts). Appending
 * is a few stores; when the buffer is full the oldest block makes room.
 *
 * Beside each block stands how many events of each category came before it, so the events of any category between any two
 * instructions are a difference of two rows and a look into two blocks, however many they are. Events are counted as they
 * are appended. Of blocks that are gone some of those rows stay, ever farther apart: the run's outline back to power-on.
 */
import { CATEGORIES, META_CATEGORY, META_USER, NONE } from './categories.ts';
import { BLOCK, DEFAULT_CAPACITY, LARGEST_DELTA, RingPlace, STATE, WORDS } from './ring-place.ts';

/** Freed pgd slots in one place of a flush, two a word. */
export const FREED_SLOTS = 8;
/** Columns of a row of counts: the categories, and the instructions executed in user mode. */
export const USER_INSTRUCTIONS = CATEGORIES;
export const COLUMNS = CATEGORIES + 1;
const OUTLINE_ROWS = 2048;

/** Rows of counts of blocks that are gone, and the instruction counts they are of. */
export interface Outline {
  rows: number;
  instructions: Float64Array;
  counts: Float64Array;
}

/** When it is; VirtualClock. The ring reads it itself: numbers handed over as arguments may cost an allocation each. */
export interface Timebase {
  /** Never decreases. */
  instructions(): number;
  /** Nanoseconds of guest time beyond those of instructions. Never decreases. */
  readonly skipped: number;
}

export class EventRing {
  readonly capacity: number;
  readonly words: Uint32Array;
  private readonly doubles: Float64Array;
  private readonly integers: Uint32Array;
  /** Of each block in the buffer: instruction count and nanoseconds of waiting at its start, and what was counted by then. */
  readonly startInstructions: Float64Array;
  readonly startWaited: Float64Array;
  readonly startCounts: Float64Array;
  readonly outline: Outline = {
    rows: 0,
    instructions: new Float64Array(OUTLINE_ROWS),
    counts: new Float64Array(OUTLINE_ROWS * COLUMNS),
  };
  /** Called with the sequence number of the first event of a block once the block is full. */
  onBlock: ((first: number) => void) | null = null;
  private outlineStride = 1;
  private readonly counts: Uint32Array;
  private readonly blocks: number;
  private readonly mask: number;

  constructor(
    readonly time: Timebase,
    place: RingPlace = RingPlace.alone(DEFAULT_CAPACITY),
  ) {
    const { capacity } = place;
    this.capacity = capacity;
    this.doubles = place.doubles;
    this.integers = place.integers;
    this.counts = place.integers.subarray(STATE.counts / 4);
    this.blocks = capacity / BLOCK;
    this.mask = capacity - 1;
    this.words = place.words;
    this.startInstructions = new Float64Array(this.blocks);
    this.startWaited = new Float64Array(this.blocks);
    this.startCounts = new Float64Array(this.blocks * COLUMNS);
  }

  /** Sequence number that the next event gets. Numbers of events need not follow one another. */
  get next(): number {
    return this.doubles[STATE.next / 8]!;
  }
  private set next(sequence: number) {
    this.doubles[STATE.next / 8] = sequence;
  }
  private get blockInstructions(): number {
    return this.doubles[STATE.blockInstructions / 8]!;
  }
  private set blockInstructions(instructions: number) {
    this.doubles[STATE.blockInstructions / 8] = instructions;
  }
  private get skipped(): number {
    return this.doubles[STATE.skipped / 8]!;
  }
  private set skipped(ns: number) {
    this.doubles[STATE.skipped / 8] = ns;
  }
  private get idle(): number {
    return this.integers[STATE.idle / 4]!;
  }
  private set idle(microseconds: number) {
    this.integers[STATE.idle / 4] = microseconds;
  }

  /** Sequence number of the oldest event that is still here. */
  get first(): number {
    return Math.max(0, Math.ceil(this.next / BLOCK) - this.blocks) * BLOCK;
  }

  /** Number of events that are no longer here. */
  get dropped(): number {
    let sum = 0;
    const row = this.next > 0 ? this.slot(this.first) : 0;
    for (let c = 1; c < CATEGORIES; c++) sum += this.startCounts[row * COLUMNS + c]!;
    return sum;
  }

  /** Instruction count of the newest event, or of none: 0. */
  get last(): number {
    return this.next === 0 ? 0 : this.instructionsOf(this.next - 1);
  }

  /** Share of the buffer that is in use. */
  get fill(): number {
    return Math.min(1, this.next / this.capacity);
  }

  /** Index of a sequence number's block in the buffer. */
  private slot(sequence: number): number {
    return Math.floor(sequence / BLOCK) % this.blocks;
  }

  /** Appends an event of this instant. Words are stored as 32 bits each. */
  push(pc: number, meta: number, a: number, b: number, c: number, d: number): void {
    const { words, doubles, integers, counts } = this;
    const since = this.prepare(meta);
    counts[meta & META_CATEGORY]!++;
    // What the accessors above say, without them: this runs millions of times a second.
    const next = doubles[STATE.next / 8]!;
    const w = (next & this.mask) << 3;
    // The first event of a block is of what was before.
    if ((meta & META_USER) !== 0 && since !== 0) integers[STATE.user / 4]! += since - words[w - WORDS]!;
    words[w] = since;
    words[w + 1] = integers[STATE.idle / 4]!;
    words[w + 2] = pc;
    words[w + 3] = meta;
    words[w + 4] = a;
    words[w + 5] = b;
    words[w + 6] = c;
    words[w + 7] = d;
    doubles[STATE.next / 8] = next + 1;
  }

  /**
   * What comes before an event of this instant is stored: where it would be the first of its block or far from the
   * block's start, another block. Returns the instructions since the block's start.
   * @param meta the event's meta word
   */
  prepare(meta: number): number {
    const { time, doubles } = this;
    if ((doubles[STATE.next / 8]! & (BLOCK - 1)) === 0) this.startBlock(meta);
    if (time.skipped !== doubles[STATE.skipped / 8]) this.noteWaiting(meta);
    const since = time.instructions() - doubles[STATE.blockInstructions / 8]!;
    if (since <= LARGEST_DELTA) return since;
    this.restartBlock(meta);
    return 0;
  }

  /** Guest time has passed without instructions. */
  private noteWaiting(meta: number): void {
    const { skipped } = this.time;
    const idle = (skipped - this.startWaited[this.slot(this.next)]!) / 1000;
    if (idle > LARGEST_DELTA) this.restartBlock(meta);
    else this.idle = Math.floor(idle);
    this.skipped = skipped;
  }

  /** Begins a block with the next event. @param meta its meta word */
  private startBlock(meta: number): void {
    const { outline, time } = this;
    if (this.next > 0) this.onBlock?.(this.next - BLOCK);
    const number = this.next / BLOCK;
    const block = number % this.blocks;
    if (number >= this.blocks && (number - this.blocks) % this.outlineStride === 0) {
      // The block that goes leaves its row in the outline.
      if (outline.rows === OUTLINE_ROWS) this.thinOutline();
      if ((number - this.blocks) % this.outlineStride === 0) {
        const from = block * COLUMNS;
        outline.instructions[outline.rows] = this.startInstructions[block]!;
        outline.counts.set(this.startCounts.subarray(from, from + COLUMNS), outline.rows * COLUMNS);
        outline.rows++;
      }
    }
    const instructions = time.instructions();
    const to = block * COLUMNS;
    if (this.next === 0) this.startCounts.fill(0, to, to + COLUMNS);
    else this.carryCounts(to, (meta & META_USER) !== 0 ? instructions - this.last : 0);
    this.counts.fill(0);
    this.integers[STATE.user / 4] = 0;
    this.blockInstructions = this.startInstructions[block] = instructions;
    this.skipped = this.startWaited[block] = time.skipped;
    this.idle = 0;
  }

  /** What has been counted by the next event, in the row at `to`. @param user user mode's instructions since the newest */
  private carryCounts(to: number, user: number): void {
    const { startCounts, counts } = this;
    const from = this.slot(this.next - 1) * COLUMNS;
    for (let c = 0; c < CATEGORIES; c++) startCounts[to + c] = startCounts[from + c]! + counts[c]!;
    startCounts[to + NONE] = 0;
    const inBlock = this.integers[STATE.user / 4]!;
    startCounts[to + USER_INSTRUCTIONS] = startCounts[from + USER_INSTRUCTIONS]! + inBlock + user;
  }

  /** Keeps every other row of the outline. */
  private thinOutline(): void {
    const { outline } = this;
    outline.rows /= 2;
    for (let i = 1; i < outline.rows; i++) {
      outline.instructions[i] = outline.instructions[2 * i]!;
      outline.counts.copyWithin(i * COLUMNS, 2 * i * COLUMNS, (2 * i + 1) * COLUMNS);
    }
    this.outlineStride *= 2;
  }

  /** Fills the present block with no events, and begins another: for an event that lies too far from its start. */
  private restartBlock(meta: number): void {
    const { words } = this;
    const before = ((this.next - 1) & this.mask) << 3;
    while ((this.next & (BLOCK - 1)) !== 0) {
      const w = (this.next & this.mask) << 3;
      words.fill(0, w, w + WORDS);
      words[w] = words[before]!;
      words[w + 1] = words[before + 1]!;
      this.next++;
    }
    this.startBlock(meta);
  }

  /** Index in `words` of an event that is here. */
  wordOf(sequence: number): number {
    return (sequence % this.capacity) << 3;
  }

  instructionsOf(sequence: number): number {
    return this.startInstructions[this.slot(sequence)]! + this.words[this.wordOf(sequence)]!;
  }

  /** Nanoseconds of waiting before an event, to the microsecond. */
  waitedBefore(sequence: number): number {
    return this.startWaited[this.slot(sequence)]! + this.words[this.wordOf(sequence) + 1]! * 1000;
  }

  /** Instruction count of the oldest event that is here, or of none: 0. */
  get oldest(): number {
    return this.next === 0 ? 0 : this.instructionsOf(this.first);
  }

  /** Sequence number of the first event at or after an instruction count, or `next`. */
  seek(instructions: number): number {
    // The last block that starts before it; events at the same instruction may begin in the block before.
    let low = Math.floor(this.first / BLOCK);
    const end = Math.ceil(this.next / BLOCK);
    if (this.next === 0) return 0;
    let high = end;
    while (low + 1 < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.startInstructions[middle % this.blocks]! < instructions) low = middle;
      else high = middle;
    }
    const block = low % this.blocks;
    const since = instructions - this.startInstructions[block]!;
    let before = low * BLOCK - 1;
    let found = Math.min(this.next, (low + 1) * BLOCK);
    while (before + 1 < found) {
      const middle = Math.floor((before + found) / 2);
      if (this.words[this.wordOf(middle)]! >= since) found = middle;
      else before = middle;
    }
    return found;
  }

  /** Events of a category before the block that holds a sequence number. */
  startCount(sequence: number, category: number): number {
    return this.startCounts[this.slot(sequence) * COLUMNS + category]!;
  }

  /** Events since power-on, by category. */
  get totals(): Float64Array {
    return this.countsBefore(this.next, new Float64Array(COLUMNS)).subarray(0, CATEGORIES);
  }

  /**
   * Writes to `row` the events before one, and the user mode instructions up to it (`next`: up to the newest), and
   * returns it. The instructions between two events are of the later one's mode.
   * @param sequence from `first` to `next`
   */
  countsBefore(sequence: number, row: Float64Array): Float64Array {
    if (this.next === 0) return row.fill(0);
    // The next event's block may be still to begin; the newest one's is there.
    const at = sequence === this.next ? sequence - 1 : sequence;
    const inBlock = at % BLOCK;
    const end = at - inBlock + BLOCK;
    if (inBlock > BLOCK / 2 && end < this.next) return this.countsBackTo(at, end, row);
    this.startRow(at, row);
    const to = this.wordOf(at);
    const user = this.count(this.wordOf(at - inBlock), to, row);
    if (at !== sequence) row[this.words[to + 3]! & META_CATEGORY]!++;
    row[USER_INSTRUCTIONS]! += user;
    row[NONE] = 0;
    return row;
  }

  /**
   * Adds to `row` by category the events of a block from one word of the ring up to another, and returns how many
   * instructions from the first of them to the one at `to` were executed in user mode.
   */
  private count(from: number, to: number, row: Float64Array): number {
    const { words } = this;
    let user = 0;
    for (let w = from; w < to; w += WORDS) {
      row[words[w + 3]! & META_CATEGORY]!++;
      if ((words[w + WORDS + 3]! & META_USER) !== 0) user += words[w + WORDS]! - words[w]!;
    }
    return user;
  }

  /** As {@link countsBefore}, from the start of the next block, which is nearer. @param end its first event */
  private countsBackTo(sequence: number, end: number, row: Float64Array): Float64Array {
    const { words } = this;
    this.startRow(end, row);
    const isUser = (w: number) => (words[w + 3]! & META_USER) !== 0;
    const last = this.wordOf(end - 1);
    if (isUser(this.wordOf(end))) row[USER_INSTRUCTIONS]! -= this.instructionsOf(end) - this.instructionsOf(end - 1);
    for (let w = this.wordOf(sequence); w <= last; w += WORDS) {
      row[words[w + 3]! & META_CATEGORY]!--;
      if (w < last && isUser(w + WORDS)) row[USER_INSTRUCTIONS]! -= words[w + WORDS]! - words[w]!;
    }
    row[NONE] = 0;
    return row;
  }

  /** What stands beside the block of an event. */
  private startRow(sequence: number, row: Float64Array): void {
    const from = this.slot(sequence) * COLUMNS;
    for (let c = 0; c < COLUMNS; c++) row[c] = this.startCounts[from + c]!;
  }

  /** Everything that tells two rings apart, by name: for comparison. */
  contents(): [name: string, value: string][] {
    const used = Math.min(this.next, this.capacity) * WORDS;
    const state = Object.entries(STATE).slice(0, 3) as [keyof typeof STATE, number][];
    return [
      ...state.map(([name, at]): [string, string] => [name, String(this.doubles[at / 8])]),
      ['idle', String(this.idle)],
      ['totals', this.countsBefore(this.next, new Float64Array(COLUMNS)).join(' ')],
      ['events', this.words.subarray(0, used).join(' ')],
      ['starts', this.startInstructions.join(' ')],
    ];
  }

  /** A copy that stays as it is while this one goes on; only what is in use is copied. */
  snapshot(): EventRing {
    const copy = Object.create(EventRing.prototype) as EventRing;
    const used = Math.min(this.next, this.capacity);
    const doubles = this.doubles.slice();
    const integers = new Uint32Array(doubles.buffer);
    const blocks = Math.ceil(used / BLOCK);
    return Object.assign(copy, this, {
      onBlock: null,
      doubles,
      integers,
      counts: integers.subarray(STATE.counts / 4),
      words: this.words.slice(0, used * WORDS),
      startInstructions: this.startInstructions.slice(0, blocks),
      startWaited: this.startWaited.slice(0, blocks),
      startCounts: this.startCounts.slice(0, blocks * COLUMNS),
    });
  }
}
