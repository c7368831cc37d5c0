/**
 * Intel 8254 interval timer of the PC, with the NMI status and control port (0x61) that shows and gates counter 2.
 *
 * Sources: Intel 8254 datasheet (231164-005); Intel 82371AB (PIIX4) datasheet (290562-001), NMISC.
 * A counter is never stepped: its value and its output follow from the ticks that passed since its count was loaded.
 */

import type { AccessSize, Clock, Device, IrqLine } from './device.ts';
import { nsToTicks, ticksToNs } from './ticks.ts';

/** The 14.31818 MHz crystal divided by 12. */
export const PIT_HZ = 1_193_182;

const CONTROL = 3;
const PORT_61 = 4;
const READ_BACK = 3;
const ACCESS = { latch: 0, low: 1, high: 2, word: 3 } as const;
const STATUS = { out: 0x80, nullCount: 0x40 } as const;
const NMISC = { gate2: 0x01, speaker: 0x02, refresh: 0x10, out2: 0x20, writable: 0x0f } as const;

class Counter {
  mode = 0;
  private access: number = ACCESS.word;
  private bcd = false;
  private gate = true;
  /** Ticks at which the count was loaded; null while no count has been loaded or the gate has not triggered it. */
  private startedAt: number | null = null;
  /** Ticks counted when the gate stopped the counter. */
  private held: number | null = null;
  private count = 0x10000;
  /** In modes 2 and 3 a new count waits for the end of the cycle under way. */
  private next: { at: number; count: number } | null = null;
  private nullCount = true;
  private writtenLow: number | null = null;
  private readHighNext = false;
  private latchedCount: number | null = null;
  private latchedStatus: number | null = null;

  control(value: number): void {
    this.access = (value >> 4) & 3;
    // Modes 2 and 3 have two codes each.
    const mode = (value >> 1) & 7;
    this.mode = mode > 5 ? mode - 4 : mode;
    this.bcd = (value & 1) !== 0;
    this.startedAt = null;
    this.held = null;
    this.next = null;
    this.nullCount = true;
    this.writtenLow = null;
    this.readHighNext = false;
    this.latchedCount = null;
    this.latchedStatus = null;
  }

  write(byte: number, now: number): void {
    if (this.access === ACCESS.word) {
      if (this.writtenLow === null) {
        this.writtenLow = byte;
        // In mode 0 the first byte stops the count and takes OUT low.
        if (this.mode === 0) this.startedAt = null;
        return;
      }
      this.load(this.writtenLow | (byte << 8), now);
      this.writtenLow = null;
    } else {
      this.load(this.access === ACCESS.high ? byte << 8 : byte, now);
    }
  }

  read(now: number): number {
    if (this.latchedStatus !== null) {
      const status = this.latchedStatus;
      this.latchedStatus = null;
      return status;
    }
    const value = this.latchedCount ?? this.encoded(now);
    if (this.access === ACCESS.word && !this.readHighNext) {
      this.readHighNext = true;
      return value & 0xff;
    }
    this.readHighNext = false;
    this.latchedCount = null;
    return this.access === ACCESS.low ? value & 0xff : value >> 8;
  }

  latchCount(now: number): void {
    this.latchedCount ??= this.encoded(now);
  }

  latchStatus(now: number): void {
    this.settle(now);
    this.latchedStatus ??=
      (this.output(now) ? STATUS.out : 0) |
      (this.nullCount ? STATUS.nullCount : 0) |
      (this.access << 4) |
      (this.mode << 1) |
      (this.bcd ? 1 : 0);
  }

  setGate(level: boolean, now: number): void {
    if (level === this.gate) return;
    this.settle(now);
    const elapsed = this.elapsed(now);
    this.gate = level;
    switch (this.mode) {
      case 0:
      case 4:
        if (level && this.held !== null) this.startedAt = now - this.held;
        this.held = level ? null : elapsed;
        break;
      case 2:
      case 3:
        if (level && this.held !== null) this.startedAt = now;
        this.held = level ? null : elapsed;
        break;
      default:
        if (level && !this.nullCount) this.startedAt = now;
    }
  }

  output(now: number): boolean {
    const ticks = this.elapsed(now);
    if (ticks === null) return this.mode !== 0;
    switch (this.mode) {
      case 0:
      case 1:
        return ticks >= this.count;
      case 2:
        return !this.gate || ticks % this.count !== this.count - 1;
      case 3:
        return !this.gate || ticks % this.count < Math.ceil(this.count / 2);
      default:
        return ticks !== this.count;
    }
  }

  /** How often the output has risen since the count was loaded. */
  rises(now: number): number {
    const ticks = this.elapsed(now);
    if (ticks === null) return 0;
    if (this.mode === 2 || this.mode === 3) return Math.floor(ticks / this.count);
    return ticks >= this.count + (this.mode >= 4 ? 1 : 0) ? 1 : 0;
  }

  /** The tick after `now` at which the output next changes, or null. */
  nextChange(now: number): number | null {
    const ticks = this.elapsed(now);
    if (ticks === null || this.held !== null) return null;
    let wait: number;
    if (this.mode === 2 || this.mode === 3) {
      const phase = ticks % this.count;
      const fall = this.mode === 2 ? this.count - 1 : Math.ceil(this.count / 2);
      wait = phase < fall ? fall - phase : this.count - phase;
    } else {
      wait = ticks < this.count ? this.count - ticks : this.mode >= 4 && ticks === this.count ? 1 : 0;
    }
    return wait > 0 ? now + wait : null;
  }

  /** Puts a waiting count in force once its cycle has come. */
  settle(now: number): void {
    if (!this.next || now < this.next.at) return;
    this.startedAt = this.next.at;
    this.count = this.next.count;
    this.next = null;
    this.nullCount = false;
  }

  private load(raw: number, now: number): void {
    this.settle(now);
    let count = this.bcd ? fromBcd(raw) : raw;
    if (count === 0) count = this.bcd ? 10_000 : 0x10000;
    const periodic = this.mode === 2 || this.mode === 3;
    // A count of 1 is illegal in modes 2 and 3.
    if (periodic) count = Math.max(2, count);
    if (periodic && this.startedAt !== null && this.held === null) {
      const cycles = Math.floor((now - this.startedAt) / this.count) + 1;
      this.next = { at: this.startedAt + cycles * this.count, count };
      this.nullCount = true;
      return;
    }
    this.count = count;
    this.nullCount = false;
    // Modes 1 and 5 wait for a rising gate.
    if (this.mode === 1 || this.mode === 5) return;
    this.startedAt = now;
    this.held = this.gate ? null : 0;
  }

  private elapsed(now: number): number | null {
    if (this.startedAt === null) return null;
    return this.held ?? now - this.startedAt;
  }

  private encoded(now: number): number {
    this.settle(now);
    const ticks = this.elapsed(now) ?? 0;
    let value: number;
    if (this.mode === 2) {
      value = this.count - (ticks % this.count);
    } else if (this.mode === 3) {
      const half = Math.ceil(this.count / 2);
      const phase = ticks % this.count;
      value = (this.count & ~1) - 2 * (phase < half ? phase : phase - half);
    } else {
      // After the terminal count the counter runs on, from its largest value.
      value = this.count - ticks;
    }
    const modulus = this.bcd ? 10_000 : 0x10000;
    value = ((value % modulus) + modulus) % modulus;
    return this.bcd ? toBcd(value) : value;
  }
}

function fromBcd(raw: number): number {
  let value = 0;
  for (let shift = 12; shift >= 0; shift -= 4) value = value * 10 + ((raw >> shift) & 15);
  return value;
}

function toBcd(value: number): number {
  let raw = 0;
  for (let shift = 0, rest = value; shift < 16; shift += 4, rest = Math.floor(rest / 10)) raw |= (rest % 10) << shift;
  return raw;
}

/** Register offsets: 0-2 counters, 3 control word, 4 port 0x61. */
export class I8254 implements Device {
  readonly name = 'i8254';
  private counters = [new Counter(), new Counter(), new Counter()] as const;
  private nmisc = 0;
  private seenRises = 0;
  private cancel: (() => void) | null = null;

  /** `irq` is counter 0's output. */
  constructor(
    private readonly clock: Clock,
    private readonly irq: IrqLine,
  ) {
    this.reset();
  }

  read(offset: number, _size: AccessSize): number {
    const now = this.ticks();
    if (offset < CONTROL) return this.counters[offset as 0 | 1 | 2].read(now);
    if (offset !== PORT_61) return 0;
    return (
      this.nmisc |
      // The refresh request toggles every 18 ticks (15 us).
      (Math.floor(now / 18) & 1 ? NMISC.refresh : 0) |
      (this.counters[2].output(now) ? NMISC.out2 : 0)
    );
  }

  write(offset: number, _size: AccessSize, value: number): void {
    const now = this.ticks();
    const byte = value & 0xff;
    if (offset < CONTROL) {
      this.counters[offset as 0 | 1 | 2].write(byte, now);
      if (offset === 0) this.restart();
    } else if (offset === CONTROL) {
      this.writeControl(byte, now);
    } else if (offset === PORT_61) {
      this.nmisc = byte & NMISC.writable;
      for (const counter of this.counters) counter.settle(now);
      this.counters[2].setGate((byte & NMISC.gate2) !== 0, now);
    }
  }

  reset(): void {
    this.counters = [new Counter(), new Counter(), new Counter()];
    this.nmisc = 0;
    this.counters[2].setGate(false, this.ticks());
    this.restart();
  }

  private writeControl(byte: number, now: number): void {
    const select = byte >> 6;
    if (select === READ_BACK) {
      for (let i = 0; i < 3; i++) {
        if (!(byte & (2 << i))) continue;
        if (!(byte & 0x20)) this.counters[i as 0 | 1 | 2].latchCount(now);
        if (!(byte & 0x10)) this.counters[i as 0 | 1 | 2].latchStatus(now);
      }
      return;
    }
    const counter = this.counters[select as 0 | 1 | 2];
    if (((byte >> 4) & 3) === ACCESS.latch) {
      counter.latchCount(now);
      return;
    }
    counter.control(byte);
    if (select === 0) this.restart();
  }

  private ticks(): number {
    return nsToTicks(this.clock.now(), PIT_HZ);
  }

  /** Counter 0 was programmed: the line takes its new level, and past rises count no more. */
  private restart(): void {
    const now = this.ticks();
    this.seenRises = this.counters[0].rises(now);
    this.irq(this.counters[0].output(now));
    this.scheduleNext(now);
  }

  private fire(): void {
    const now = this.ticks();
    const counter = this.counters[0];
    const rises = counter.rises(now);
    // The event may come late, after the pulse: the edge must be seen all the same.
    if (rises !== this.seenRises) {
      this.irq(false);
      this.irq(true);
    }
    counter.settle(now);
    this.seenRises = counter.rises(now);
    this.irq(counter.output(now));
    this.scheduleNext(now);
  }

  private scheduleNext(now: number): void {
    this.cancel?.();
    this.cancel = null;
    const change = this.counters[0].nextChange(now);
    if (change === null) return;
    this.cancel = this.clock.schedule(ticksToNs(change, PIT_HZ), () => {
      this.cancel = null;
      this.fire();
    });
  }
}
