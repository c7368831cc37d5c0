/**
 * Count and Compare (MIPS PRA, MD00090, sections 9.12 and 9.16), on virtual time. Count is what the virtual clock says
 * times the frequency, plus an offset; a match with Compare is an event at its time.
 */
import type { Clock } from '../board/device.ts';

export class CountTimer {
  /** Count while it is stopped. */
  private held = 0;
  private compare = 0;
  private cancel: (() => void) | null = null;

  /**
   * @param hz ticks a second, 1 to 1e9
   * @param onMatch called when Count reaches Compare
   * @param state two words: what Count is ahead of the clock's ticks, and whether it runs
   */
  constructor(
    private readonly clock: Clock,
    private hz: number,
    private readonly onMatch: () => void,
    private readonly state: Int32Array = new Int32Array(2),
  ) {
    this.running = true;
  }

  private get offset(): number {
    return this.state[0]!;
  }
  private set offset(ticks: number) {
    this.state[0] = ticks;
  }
  private get running(): boolean {
    return this.state[1] !== 0;
  }
  private set running(running: boolean) {
    this.state[1] = running ? 1 : 0;
  }

  private ticks(ns: number): number {
    const { hz } = this;
    if (1e9 % hz === 0) return Math.floor(ns / (1e9 / hz));
    return Number((BigInt(ns) * BigInt(hz)) / 1_000_000_000n);
  }
  /** First nanosecond at which {@link ticks} is `ticks`. */
  private timeOf(ticks: number): number {
    const { hz } = this;
    if (1e9 % hz === 0) return ticks * (1e9 / hz);
    return Number((BigInt(ticks) * 1_000_000_000n + BigInt(hz) - 1n) / BigInt(hz));
  }

  /** Count's value at the present, or at another time, as a signed 32-bit number. */
  read(ns = this.clock.now()): number {
    return this.running ? (this.ticks(ns) + this.offset) | 0 : this.held;
  }

  write(count: number, ns = this.clock.now()): void {
    this.held = count;
    this.offset = (count - this.ticks(ns)) | 0;
    this.schedule();
  }

  setCompare(compare: number): void {
    this.compare = compare;
    this.schedule();
  }

  get frequency(): number {
    return this.hz;
  }
  /** Changes the frequency; Count goes on from its value. */
  setFrequency(hz: number): void {
    const count = this.read();
    this.hz = hz;
    this.write(count);
  }

  stop(): void {
    if (!this.running) return;
    this.held = this.read();
    this.running = false;
    this.schedule();
  }

  /** Runs on from the held value. @param ns when it is deemed to have started again; a match since then is told now */
  start(ns = this.clock.now()): void {
    if (this.running) return;
    this.running = true;
    const missed = this.ticksToMatch(this.held);
    this.write(this.held, ns);
    if (this.ticks(this.clock.now()) - this.ticks(ns) >= missed) this.onMatch();
  }

  /** Equal means a whole round: the match is an edge. */
  private ticksToMatch(count: number): number {
    return ((this.compare - count - 1) >>> 0) + 1;
  }

  private schedule(): void {
    this.cancel?.();
    this.cancel = null;
    if (!this.running) return;
    const now = this.ticks(this.clock.now());
    const at = this.timeOf(now + this.ticksToMatch((now + this.offset) | 0));
    this.cancel = this.clock.schedule(at, () => {
      this.schedule();
      this.onMatch();
    });
  }
}
