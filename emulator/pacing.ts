/**
 * Keeps an idle guest's time in pace with the wall: while it waits, the host sleeps, and the guest gets the time slept. A
 * timer fires late; what it overshot is owed to the guest and paid at its next wait.
 */
import type { VirtualClock } from './clock.ts';

/** Longest sleep in host milliseconds, so that views of a waiting machine stay fresh. */
const LONGEST_SLEEP = 50;
/** More than this is forgotten, e.g. after the host itself slept. */
const MOST_OWED_NS = 200e6;

export class Pacer {
  private owedNs = 0;
  private since: number | null = null;

  constructor(private readonly clock: VirtualClock) {}

  /**
   * The guest waits: pays what is owed, up to its next event or `until` (virtual ns).
   * @returns host milliseconds to sleep before {@link wake}, 0 when the guest can go on at once
   */
  rest(until = Infinity): number {
    this.pay(until);
    const ms = (this.next(until) - this.clock.now()) / 1e6;
    if (ms <= 0) return 0;
    this.since = performance.now();
    return Math.max(1, Math.min(ms, LONGEST_SLEEP));
  }

  /** The host has slept, or something woke it: pays the time. @returns host milliseconds slept */
  wake(until = Infinity): number {
    if (this.since === null) return 0;
    const slept = performance.now() - this.since;
    this.since = null;
    this.owedNs = Math.min(MOST_OWED_NS, this.owedNs + Math.round(slept * 1e6));
    this.pay(until);
    return slept;
  }

  /** The guest is paused: host time no longer counts. */
  stop(): void {
    this.since = null;
  }

  private next(until: number): number {
    return Math.min(until, this.clock.nextEvent());
  }

  private pay(until: number): void {
    const paid = Math.min(this.owedNs, this.next(until) - this.clock.now());
    if (paid <= 0) return;
    this.clock.skipTo(this.clock.now() + paid);
    this.owedNs -= paid;
  }
}
