/**
 * What a table shows of its flushes, as time passes: marks come in, hold and fade; nothing fades while the machine is
 * paused; and beyond four flushes a second nothing flashes, but cells show a mean and the label counts.
 */
import type { FlushInfo, TableView } from '../../../emulator/protocol.ts';

/** Milliseconds. Nothing else in the window moves by itself. */
export interface FlushTimes {
  in: number;
  hold: number;
  out: number;
}
export const FLUSH_TIMES: FlushTimes = { in: 120, hold: 900, out: 1400 };
/** Where the user wants less motion. */
export const REDUCED_TIMES: FlushTimes = { in: 0, hold: 2400, out: 0 };

/** Flushes a second beyond which a running table stops flashing. */
const STORM_RATE = 4;
const RATE_WINDOW = 1000;
const MEAN_WINDOW = 250;

export interface FlushLook {
  /** `fresh`: marked and labelled; `last`: only the label; `storm`: too many to show one by one. */
  form: 'none' | 'fresh' | 'last' | 'storm';
  /** Opacity of hatch, outline and brackets. */
  mark: number;
  /** Flushes in the last second. */
  rate: number;
  flush: FlushInfo | null;
  /** True while the look changes by itself, so that another frame is due. */
  moving: boolean;
}

type Sample = { time: number; flushes: number; counts: Uint16Array };

export class FlushTracker {
  times: FlushTimes = FLUSH_TIMES;
  #samples: Sample[] = [];
  #flush: FlushInfo | null = null;
  /** How far the marks have come, in ms of a clock that stands while nothing may fade. */
  #elapsed = Infinity;
  #clock = 0;
  #running = false;

  /** A new machine: nothing has been flushed. */
  reset(): void {
    this.#samples = [];
    this.#flush = null;
    this.#elapsed = Infinity;
  }

  /** Takes a table's newest view. `now` in milliseconds. */
  update(table: Pick<TableView, 'flushes' | 'lastFlush' | 'counts'>, now: number, running: boolean): void {
    this.#advance(now, running);
    this.#samples.push({ time: now, flushes: table.flushes, counts: table.counts });
    while (this.#samples.length > 1 && this.#samples[1]!.time <= now - RATE_WINDOW) this.#samples.shift();
    if (table.lastFlush?.serial === this.#flush?.serial) return;
    this.#flush = table.lastFlush;
    this.#elapsed = this.#flush === null || this.#storm(now) ? Infinity : 0;
  }

  /** What to show now. */
  look(now: number, running: boolean): FlushLook {
    this.#advance(now, running);
    const flush = this.#flush;
    const rate = this.#rate(now);
    if (!flush) return { form: 'none', mark: 0, rate, flush, moving: false };
    if (this.#storm(now)) return { form: 'storm', mark: 0, rate, flush, moving: true };
    const { in: into, hold, out } = this.times;
    const age = this.#elapsed;
    if (age >= into + hold + out) return { form: 'last', mark: 0, rate, flush, moving: running && rate > STORM_RATE };
    const mark = age < into ? age / into : age <= into + hold ? 1 : 1 - (age - into - hold) / out;
    return { form: 'fresh', mark, rate, flush, moving: running || age < into };
  }

  /** Present pages of every slot: the newest, or in a storm the mean of the last 250 ms, rounded up. */
  counts(now: number): Uint16Array {
    const newest = this.#samples.at(-1);
    if (!newest) return new Uint16Array(0);
    if (!this.#storm(now)) return newest.counts;
    const recent = this.#samples.filter((sample) => sample.time > newest.time - MEAN_WINDOW);
    return newest.counts.map((_, slot) => {
      let sum = 0;
      for (const sample of recent) sum += sample.counts[slot] ?? 0;
      return Math.ceil(sum / recent.length);
    });
  }

  #advance(now: number, running: boolean): void {
    const passed = now - this.#clock;
    this.#clock = now;
    /* Pausing in a storm shows its last flush, held. */
    if (this.#running && !running && this.#flush && this.#rate(now) > STORM_RATE) this.#elapsed = this.times.in;
    this.#running = running;
    if (running) this.#elapsed += passed;
    else if (this.#elapsed < this.times.in) this.#elapsed = Math.min(this.times.in, this.#elapsed + passed);
  }

  #rate(now: number): number {
    const newest = this.#samples.at(-1);
    const oldest = this.#samples[0];
    if (!newest || !oldest || newest.time < now - RATE_WINDOW) return 0;
    return Math.round(((newest.flushes - oldest.flushes) * 1000) / Math.max(RATE_WINDOW, newest.time - oldest.time));
  }

  #storm(now: number): boolean {
    return this.#running && this.#rate(now) > STORM_RATE;
  }
}
