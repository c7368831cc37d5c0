/** What the Segments panel knows beyond the newest view: flushes as they age, the opened slot, the last samples, freezing. */
import { SvelteMap } from 'svelte/reactivity';
import type {
  DifferenceView,
  FlushInfo,
  SegmentName,
  SlotView,
  TableName,
  TableView,
} from '../../../emulator/protocol.ts';
import { cancelDraw, requestDraw } from '../../lib/frame.ts';
import { machine } from '../../lib/machine.svelte.ts';
import { FLUSH_TIMES, FlushTracker, REDUCED_TIMES, type FlushLook } from './flush-tracker.ts';
import { PageRing } from './page-ring.ts';
import { FreedPages } from './slot-pages.ts';
import { flushLabel } from './wording.ts';

/** Milliseconds between two pictures of the opened slot in a storm: nothing may flash more than twice a second. */
const STORM_INTERVAL = 500;
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** One table's flushes. `look` moves by itself while something fades; whoever draws the table reads it. */
export class TableFlushes {
  readonly tracker = new FlushTracker();
  readonly #freedPages = new FreedPages();
  /** Pages of the opened slot that the last flush took. */
  freed = $state.raw<{ slot: number; pages: Uint8Array } | null>(null);
  look = $state.raw<FlushLook>({ form: 'none', mark: 0, rate: 0, flush: null, moving: false });
  label = $derived(flushLabel(this.look));
  /** In a storm: one of its flushes, for long enough to be read. */
  sample = $state.raw<FlushInfo | null>(null);
  #sampledAt = 0;
  /** Nothing ages while the panel is frozen. */
  frozen = false;

  readonly advance = (now: number): void => {
    if (this.frozen) return;
    this.tracker.times = reducedMotion.matches ? REDUCED_TIMES : FLUSH_TIMES;
    const look = this.tracker.look(now, machine.running);
    const same =
      look.form === this.look.form &&
      look.mark === this.look.mark &&
      look.rate === this.look.rate &&
      look.flush === this.look.flush;
    if (!same) this.look = look;
    if (look.moving) requestDraw(this.advance);
  };

  update(view: TableView, now: number): void {
    this.tracker.update(view, now, machine.running);
    this.advance(now);
    if (this.frozen || now - this.#sampledAt < STORM_INTERVAL) return;
    this.#sampledAt = now;
    this.sample = this.look.form === 'storm' ? view.lastFlush : null;
  }

  /** Takes the newest pages of the opened slot. */
  updateSlot(slot: number, pages: Uint8Array, view: TableView | null): void {
    this.#freedPages.update(slot, pages, view?.lastFlush ?? null);
    const freed = this.#freedPages.freed;
    if (freed !== (this.freed?.pages ?? null)) this.freed = freed && { slot, pages: freed };
  }

  reset(): void {
    this.tracker.reset();
    this.#freedPages.reset();
    this.freed = this.sample = null;
    this.advance(performance.now());
  }

  /** Whether to show a pending flush: in a storm it comes and goes faster than an eye can follow. */
  stale(view: TableView | null): boolean {
    return (view?.stale ?? false) && this.look.form !== 'storm';
  }

  stop(): void {
    cancelDraw(this.advance);
  }
}

/** What the panel shows: the newest of everything, or what it froze at. */
export interface Shown {
  kernel: TableView | null;
  user: TableView | null;
  instructions: number;
  asid: number;
}

export class SegmentsState {
  readonly kernel = new TableFlushes();
  readonly user = new TableFlushes();
  /** Sparkline samples by table and segment; a Map entry is replaced by itself to tell its readers. */
  readonly rings = new SvelteMap<string, { ring: PageRing }>();
  /** The opened slot's pages as shown; in a storm they follow slowly. */
  pages = $state.raw<SlotView | null>(null);
  #pagesAt = 0;
  /** What differs from the pinned instant, as shown; in a storm it follows slowly. Null: none is pinned. */
  difference = $state.raw<DifferenceView | null>(null);
  #differenceAt = 0;
  #frozen = $state.raw<Shown | null>(null);
  /** Which table's pages a low window shows. */
  side = $state<TableName>('user');
  /** Where the focus is to go next: the keyboard opens a slot's pages, and comes back. */
  focus = $state.raw<{ on: 'strip' | 'pages'; table: TableName } | null>(null);
  /** The opened slot: the user's choice, else the first useg slot that ever held a page. */
  #chosen = $state<number | null>(null);
  #first = $state<number | null>(null);

  get slot(): number | null {
    return this.#chosen ?? this.#first;
  }

  get frozen(): boolean {
    return this.#frozen !== null;
  }

  get shown(): Shown {
    return this.#frozen ?? this.#newest();
  }

  #newest(): Shown {
    const { kernel, user, view } = machine;
    return { kernel, user, instructions: view?.instructions ?? 0, asid: view?.asid ?? 0 };
  }

  freeze(frozen: boolean): void {
    this.#frozen = frozen ? this.#newest() : null;
    this.kernel.frozen = this.user.frozen = frozen;
    if (!frozen) for (const table of [this.kernel, this.user]) table.advance(performance.now());
  }

  /** Opens a slot in the table where it was chosen. */
  open(slot: number, table: TableName): void {
    this.#chosen = slot;
    this.side = table;
  }

  of(table: TableName): TableFlushes {
    return table === 'kernel' ? this.kernel : this.user;
  }

  /** Takes the newest pages of the opened slot. */
  updateSlot(slot: SlotView, kernel: TableView | null, user: TableView | null, now: number): void {
    this.kernel.updateSlot(slot.slot, slot.kernel, kernel);
    this.user.updateSlot(slot.slot, slot.user, user);
    const storm = this.kernel.look.form === 'storm' && slot.slot === this.pages?.slot;
    if (storm && now - this.#pagesAt < STORM_INTERVAL) return;
    this.#pagesAt = now;
    this.pages = slot;
  }

  /** Takes the newest difference. */
  updateDifference(difference: DifferenceView | null, now: number): void {
    const same = difference !== null && difference.instructions === this.difference?.instructions;
    const storm = this.kernel.look.form === 'storm' || this.user.look.form === 'storm';
    if (same && storm && now - this.#differenceAt < STORM_INTERVAL) return;
    this.#differenceAt = now;
    this.difference = difference;
  }

  /** A new machine. */
  reset(): void {
    this.freeze(false);
    this.pages = null;
    this.difference = null;
    this.kernel.reset();
    this.user.reset();
    this.rings.clear();
    this.#chosen = this.#first = null;
  }

  /** Takes the newest view of both tables. */
  update(kernel: TableView, user: TableView, instructions: number, now: number): void {
    this.kernel.update(kernel, now);
    this.user.update(user, now);
    for (const [table, view] of [['kernel', kernel] as const, ['user', user] as const]) {
      for (const [name, stats] of Object.entries(view.segments)) {
        const key = ringKey(table, name as SegmentName);
        const ring = this.rings.get(key)?.ring ?? new PageRing();
        ring.push(instructions, stats.pages, now);
        this.rings.set(key, { ring });
      }
    }
    if (this.#chosen === null && this.#first === null) this.#first = firstUsegSlot(kernel, user);
  }
}

export function ringKey(table: TableName, segment: SegmentName): string {
  return `${table} ${segment}`;
}

function firstUsegSlot(kernel: TableView, user: TableView): number | null {
  const useg = machine.layout.segments.find((segment) => segment.name === 'useg');
  const end = useg ? (useg.end + 1) / machine.layout.geometry.slotBytes : 0;
  for (const { counts } of [user, kernel]) {
    const slot = counts.findIndex((pages, index) => index < end && pages > 0);
    if (slot >= 0) return slot;
  }
  return null;
}
