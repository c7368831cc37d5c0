/**
 * MC146818A real-time clock with 114 bytes of CMOS RAM, on the machine's virtual clock.
 *
 * Source: Motorola MC146818A datasheet (ADI1026R1). The century stands in RAM byte 0x32, as on a PC.
 */

import type { AccessSize, Clock, Device, IrqLine } from './device.ts';

const REG = {
  seconds: 0,
  secondsAlarm: 1,
  minutes: 2,
  minutesAlarm: 3,
  hours: 4,
  hoursAlarm: 5,
  weekday: 6,
  day: 7,
  month: 8,
  year: 9,
  a: 10,
  b: 11,
  c: 12,
  d: 13,
  century: 0x32,
} as const;
const A = { uip: 0x80, dividerReset: 0x60, rate: 0x0f } as const;
const B = { set: 0x80, periodic: 0x40, alarm: 0x20, update: 0x10, binary: 0x04, hour24: 0x02 } as const;
const C = { irq: 0x80, periodic: 0x40, alarm: 0x20, update: 0x10, sources: 0x70 } as const;
const D = { valid: 0x80 } as const;

const NS_PER_SECOND = 1_000_000_000;
const DAY_SECONDS = 86_400;
/** UIP rises 244 us before an update, which takes 1984 us with a 32.768 kHz crystal. */
const UIP_NS = 244_000 + 1_984_000;
/** After the divider reset is released, the first update comes half a second later. */
const DIVIDER_NS = 500_000_000;
const CRYSTAL_HZ = 32_768;

/** 2026-01-01 00:00:00 UTC, in seconds since 1970. */
export const DEFAULT_EPOCH = 1_767_225_600;

/** Register offsets: 0 index (port 0x70), 1 data (port 0x71). */
export class Mc146818 implements Device {
  readonly name = 'mc146818';
  private readonly cmos = new Uint8Array(128);
  private index = 0;
  /** Seconds since 1970 at virtual time `baseNs`, which lies on an update. */
  private baseSeconds: number;
  private baseNs: number;
  /** The time shown while SET or the divider reset holds the clock, in seconds since 1970. */
  private heldFrom: number | null = null;
  /** Register C's flags cover the time up to here. */
  private settledNs: number;
  private cancel: (() => void) | null = null;

  /** `epochSeconds` is the time at power-on, in whole seconds since 1970, UTC. */
  constructor(
    private readonly clock: Clock,
    private readonly irq: IrqLine,
    epochSeconds = DEFAULT_EPOCH,
  ) {
    this.baseSeconds = epochSeconds;
    this.baseNs = clock.now();
    this.settledNs = this.baseNs;
    // 32.768 kHz, 1024 Hz periodic rate; BCD, 24 hours: as PC firmware leaves them.
    this.cmos[REG.a] = 0x26;
    this.cmos[REG.b] = B.hour24;
    this.showTime();
  }

  read(offset: number, _size: AccessSize): number {
    if (offset !== 1) return 0xff;
    if (this.isTime(this.index)) this.showTime();
    switch (this.index) {
      case REG.a:
        return this.cmos[REG.a]! | (this.updateInProgress() ? A.uip : 0);
      case REG.c: {
        this.settle();
        const flags = this.cmos[REG.c]!;
        this.cmos[REG.c] = 0;
        this.updateIrq();
        return flags;
      }
      case REG.d:
        return D.valid;
      default:
        return this.cmos[this.index]!;
    }
  }

  write(offset: number, _size: AccessSize, value: number): void {
    const byte = value & 0xff;
    if (offset === 0) {
      // Bit 7 is the PC's NMI mask.
      this.index = byte & 0x7f;
      return;
    }
    if (offset !== 1 || this.index === REG.c || this.index === REG.d) return;
    this.settle();
    if (this.isTime(this.index)) {
      this.showTime();
      this.cmos[this.index] = byte;
      if (this.heldFrom === null) this.takeTime(this.baseNs + this.wholeSeconds() * NS_PER_SECOND);
    } else if (this.index === REG.a || this.index === REG.b) {
      this.writeControl(byte);
    } else {
      this.cmos[this.index] = byte;
    }
    this.updateIrq();
  }

  /** RESET clears the interrupts; a clock with a battery keeps time. */
  reset(): void {
    this.settle();
    this.index = 0;
    this.cmos[REG.b] = this.cmos[REG.b]! & ~(B.periodic | B.alarm | B.update);
    this.cmos[REG.c] = 0;
    this.updateIrq();
  }

  private writeControl(byte: number): void {
    const before = this.held();
    this.showTime();
    this.cmos[this.index] = this.index === REG.a ? byte & ~A.uip : byte;
    // Setting SET drops the update-ended interrupt.
    if (this.index === REG.b && byte & B.set) this.cmos[REG.b] = byte & ~B.update;
    const after = this.held();
    if (after && !before) {
      this.heldFrom = this.clock.now();
    } else if (!after && before) {
      const now = this.clock.now();
      this.heldFrom = null;
      // Released from the divider reset, the next update is half a second away; from SET, the divider ran on.
      const divider = this.index === REG.a;
      const phase = divider ? NS_PER_SECOND - DIVIDER_NS : (now - this.baseNs) % NS_PER_SECOND;
      this.takeTime(now - phase);
    } else if (!before && this.index === REG.b) {
      // The data mode may have changed: the registers show the same time in the new form.
      this.showTime();
    }
  }

  private held(): boolean {
    return (this.cmos[REG.b]! & B.set) !== 0 || (this.cmos[REG.a]! & A.dividerReset) === A.dividerReset;
  }

  private isTime(index: number): boolean {
    return index === REG.century || (index <= REG.year && (index >= REG.weekday || (index & 1) === 0));
  }

  private wholeSeconds(): number {
    return Math.floor((this.clock.now() - this.baseNs) / NS_PER_SECOND);
  }

  private updateInProgress(): boolean {
    if (this.heldFrom !== null) return false;
    return (this.clock.now() - this.baseNs) % NS_PER_SECOND >= NS_PER_SECOND - UIP_NS;
  }

  /** Writes the time now into the time registers, unless the clock is held. */
  private showTime(): void {
    if (this.heldFrom !== null) return;
    const date = new Date((this.baseSeconds + this.wholeSeconds()) * 1000);
    const hours = date.getUTCHours();
    const year = date.getUTCFullYear();
    this.cmos[REG.seconds] = this.encode(date.getUTCSeconds());
    this.cmos[REG.minutes] = this.encode(date.getUTCMinutes());
    this.cmos[REG.hours] = this.encodeHours(hours);
    this.cmos[REG.weekday] = this.encode(date.getUTCDay() + 1);
    this.cmos[REG.day] = this.encode(date.getUTCDate());
    this.cmos[REG.month] = this.encode(date.getUTCMonth() + 1);
    this.cmos[REG.year] = this.encode(year % 100);
    this.cmos[REG.century] = this.encode(Math.floor(year / 100) % 100);
  }

  /** Lets the clock run from what the time registers hold, as if last updated at `updatedNs`. */
  private takeTime(updatedNs: number): void {
    const year = this.decode(REG.century) * 100 + this.decode(REG.year);
    const ms = Date.UTC(
      year,
      this.decode(REG.month) - 1,
      this.decode(REG.day),
      this.decodeHours(this.cmos[REG.hours]!),
      this.decode(REG.minutes),
      this.decode(REG.seconds),
    );
    // Years below 100 are two-digit years to Date.UTC; a clock without a century is of no use, so it stands in 19xx.
    this.baseSeconds = Math.floor(ms / 1000);
    this.baseNs = updatedNs;
    this.settledNs = this.clock.now();
  }

  private encode(value: number): number {
    return this.cmos[REG.b]! & B.binary ? value : (Math.floor(value / 10) << 4) | (value % 10);
  }

  private encodeHours(hours: number): number {
    if (this.cmos[REG.b]! & B.hour24) return this.encode(hours);
    return this.encode(hours % 12 || 12) | (hours >= 12 ? 0x80 : 0);
  }

  private decode(register: number): number {
    return this.decodeByte(this.cmos[register]!);
  }

  private decodeByte(byte: number): number {
    return this.cmos[REG.b]! & B.binary ? byte : (byte >> 4) * 10 + (byte & 15);
  }

  private decodeHours(byte: number): number {
    if (this.cmos[REG.b]! & B.hour24) return this.decodeByte(byte);
    return (this.decodeByte(byte & 0x7f) % 12) + (byte & 0x80 ? 12 : 0);
  }

  /** Nanoseconds of one periodic interval, or 0 when the rate is off. Rates 1 and 2 are those of 8 and 9. */
  private periodNs(): number {
    const rate = this.cmos[REG.a]! & A.rate;
    if (rate === 0 || (this.cmos[REG.a]! & A.dividerReset) === A.dividerReset) return 0;
    const shift = rate < 3 ? rate + 6 : rate - 1;
    return ((1 << shift) * NS_PER_SECOND) / CRYSTAL_HZ;
  }

  /** Sets the flags of what happened since the last call. */
  private settle(): void {
    const now = this.clock.now();
    const from = this.settledNs;
    this.settledNs = now;
    let flags = 0;
    const period = this.periodNs();
    if (period && Math.floor(now / period) > Math.floor(from / period)) flags |= C.periodic;
    if (this.heldFrom === null) {
      const first = Math.floor((from - this.baseNs) / NS_PER_SECOND);
      const last = this.wholeSeconds();
      if (last > first) {
        flags |= C.update;
        const alarm = this.secondsToAlarm(this.baseSeconds + first);
        if (alarm !== null && alarm <= last - first) flags |= C.alarm;
      }
    }
    this.cmos[REG.c] = this.cmos[REG.c]! | flags;
  }

  /** Seconds from `start` (since 1970) to the next match of the alarm registers, 1 to 86400, or null if none can be. */
  private secondsToAlarm(start: number): number | null {
    const wanted = (register: number, decoded: (byte: number) => number): number | null => {
      const byte = this.cmos[register]!;
      return byte >= 0xc0 ? null : decoded(byte);
    };
    const second = wanted(REG.secondsAlarm, (byte) => this.decodeByte(byte));
    const minute = wanted(REG.minutesAlarm, (byte) => this.decodeByte(byte));
    const hour = wanted(REG.hoursAlarm, (byte) => this.decodeHours(byte));
    const ofDay = ((start % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
    // Skips whole hours and minutes that cannot match.
    for (let wait = 1; wait <= DAY_SECONDS;) {
      const t = (ofDay + wait) % DAY_SECONDS;
      if (hour !== null && Math.floor(t / 3600) !== hour) wait += 3600 - (t % 3600);
      else if (minute !== null && Math.floor(t / 60) % 60 !== minute) wait += 60 - (t % 60);
      else if (second !== null && t % 60 !== second) wait += 1;
      else return wait;
    }
    return null;
  }

  private updateIrq(): void {
    const flags = this.cmos[REG.c]! & C.sources;
    const raised = (flags & this.cmos[REG.b]!) !== 0;
    this.cmos[REG.c] = flags | (raised ? C.irq : 0);
    this.irq(raised);
    this.scheduleNext(raised);
  }

  /** One event is under way at most: the first that can raise the line. */
  private scheduleNext(raised: boolean): void {
    this.cancel?.();
    this.cancel = null;
    // A raised line stays up until register C is read, which comes by here again.
    if (raised) return;
    const now = this.clock.now();
    const enabled = this.cmos[REG.b]!;
    let at = Infinity;
    const period = this.periodNs();
    if (enabled & B.periodic && period) at = Math.ceil((Math.floor(now / period) + 1) * period);
    if (this.heldFrom === null) {
      const seconds = this.wholeSeconds();
      if (enabled & B.update) at = Math.min(at, this.baseNs + (seconds + 1) * NS_PER_SECOND);
      const alarm = enabled & B.alarm ? this.secondsToAlarm(this.baseSeconds + seconds) : null;
      if (alarm !== null) at = Math.min(at, this.baseNs + (seconds + alarm) * NS_PER_SECOND);
    }
    if (at === Infinity) return;
    this.cancel = this.clock.schedule(Math.max(at, now + 1), () => {
      this.cancel = null;
      this.settle();
      this.updateIrq();
    });
  }
}
