/**
 * What the panel shows and asks for. One question is on its way at a time; while the guest runs the next one waits a
 * little, and while nobody looks none is asked.
 */
import type {
  TableName,
  TimelineAnswer,
  TimelineEvent,
  TimelineLane,
  TimelineTouched,
} from '../../../emulator/protocol.ts';
import { link } from '../../lib/link.svelte.ts';
import { machine } from '../../lib/machine.svelte.ts';
import { messages, sentence } from '../../lib/messages.svelte.ts';
import { NO_FILTER, toFilter, withLanes, type FilterForm } from './filter.ts';
import { ALL_LANES } from './lanes.ts';
import { buckets, clampSpan, panned, revealed, zoomed, type Span } from './scale.ts';

/** Milliseconds between two questions while the guest runs. */
const INTERVAL = 100;
/** Lanes with at most so many events on the screen show each of them. */
export const MARKS = 400;
/** What a paused machine shows of its past at first: as long as some changes of ASID take, and not less than this. */
const CLOSE_UP = 26_000;
const CLOSE_UP_CHANGES = 25;
/** Events looked at for what touched a slot: of a machine that runs, and of one that stands still. */
export const RECENT = 2 ** 18;
const ALL = 2 ** 21;
const TOUCHED_INTERVAL = 1000;

/** What is shown: all of the run, its last instructions, or a stretch that the user chose. */
type Range = { kind: 'auto' } | { kind: 'all' } | { kind: 'last'; length: number } | ({ kind: 'fixed' } & Span);

function closeUp(now: number): number {
  const changes = machine.view?.asidChanges ?? 0;
  return changes === 0 ? CLOSE_UP : Math.max(CLOSE_UP, (now / changes) * CLOSE_UP_CHANGES);
}

export class TimelineState {
  /** Lane area in CSS pixels. */
  width = $state(0);
  visible = $state(false);
  frozen = $state(false);
  range = $state.raw<Range>({ kind: 'auto' });
  answer = $state.raw<TimelineAnswer | null>(null);
  form = $state.raw<FilterForm>(NO_FILTER);
  selected = $state.raw<TimelineEvent | null>(null);
  pinned = $state.raw<TimelineEvent | null>(null);
  /** The lane that the arrow keys move in; null: all that are on the screen. */
  lane = $state<TimelineLane | null>(null);

  /** What flushes there are, and so what their lanes are called. */
  readonly policy = $derived(machine.info?.policy ?? 'lazy-user');
  readonly filter = $derived(toFilter(this.form));
  /** The instruction count that the picture is of. */
  readonly now = $derived(this.answer?.instructions ?? machine.view?.instructions ?? 0);
  readonly span = $derived.by((): Span => {
    const { range, now } = this;
    if (range.kind === 'fixed') return clampSpan(range, now);
    const length =
      range.kind === 'last' ? range.length : range.kind === 'auto' && !machine.running ? closeUp(now) : Infinity;
    return clampSpan({ from: now - Math.min(length, now), to: now }, now);
  });
  /** What touched the slot that another panel points at. */
  readonly touched = $derived.by(() => {
    const known = this.#touched;
    return known && link.slot === known.slot && link.table === known.table ? known : null;
  });
  readonly following = $derived(this.range.kind !== 'fixed');

  #touched = $state.raw<(TimelineTouched & { slot: number; table: TableName | null }) | null>(null);
  #touchedAt = 0;
  #asking = false;
  #dirty = false;
  #askedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #generation = 0;

  /** A machine has been booted: what was known is of another one. */
  reset(): void {
    this.#generation++;
    this.answer = null;
    this.#touched = null;
    this.selected = this.pinned = null;
    this.frozen = false;
    this.range = { kind: 'auto' };
  }

  /** Asks for what is on the screen, soon; at once where `now` says so. */
  refresh(now = false): void {
    this.#dirty = true;
    if (now) this.#askedAt = -Infinity;
    this.#pump();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.visible = false;
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (!this.#dirty || this.#asking || !this.visible || this.width === 0 || !machine.info) return;
    const wait = this.#askedAt + (machine.running ? INTERVAL : 0) - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#pump(), wait);
    else void this.#ask();
  }

  /** What to ask about: of a guest that runs on, also what it will have done by the time of the answer. */
  get #wanted(): Span {
    const { from, to } = this.span;
    if (!this.following) return { from, to };
    const soon = Math.max(machine.view?.instructions ?? 0, to);
    const ahead = soon - to + (machine.running ? (machine.view?.pace ?? 0) * 2 * INTERVAL : 0);
    return { from, to: to + ahead };
  }

  /** While the guest runs, what touched a slot is asked for once a second, for the guest waits while it is found. */
  #asksTouched(slot: number | null, table: TableName | null): boolean {
    if (slot === null) return false;
    const known = this.#touched?.slot === slot && this.#touched.table === table;
    const now = performance.now();
    if (known && machine.running && now - this.#touchedAt < TOUCHED_INTERVAL) return false;
    this.#touchedAt = now;
    return true;
  }

  async #ask(): Promise<void> {
    this.#dirty = false;
    this.#asking = true;
    this.#askedAt = performance.now();
    const generation = this.#generation;
    const { filter } = this;
    try {
      const { slot, table } = link;
      const query = {
        ...buckets(this.#wanted, this.width),
        marks: MARKS,
        ...(filter ? { filter } : {}),
        ...(this.#asksTouched(slot, table)
          ? { touching: { slot: slot!, table, most: machine.running ? RECENT : ALL } }
          : {}),
      };
      const answer = await window.kseg.timeline(query);
      if (answer && generation === this.#generation) {
        this.answer = answer;
        if (answer.touched) this.#touched = { ...answer.touched, slot: slot!, table };
      }
    } catch (error) {
      messages.error(sentence(error));
    }
    this.#asking = false;
    this.#pump();
  }

  // Where to look

  zoom(steps: number, at?: number): void {
    const { span, now } = this;
    // What follows the guest goes on following it, as long as the end stays where it is.
    const anchor = at ?? this.cursor ?? (this.following ? now : (span.from + span.to) / 2);
    const next = zoomed(span, steps, anchor, now);
    this.#look(next);
  }

  pan(instructions: number): void {
    this.#look(panned(this.span, instructions, this.now));
  }

  #look(next: Span): void {
    const { now } = this;
    const length = next.to - next.from;
    if (next.to >= now && length >= now) this.range = { kind: 'all' };
    else if (next.to >= now - length * 0.001) this.range = { kind: 'last', length };
    else this.range = { kind: 'fixed', ...next };
    this.refresh(true);
  }

  showAll(): void {
    this.range = { kind: 'all' };
    this.refresh(true);
  }

  follow(): void {
    const { from, to } = this.span;
    this.frozen = false;
    this.range = { kind: 'last', length: to - from };
    this.refresh(true);
  }

  showStart(): void {
    const { from, to } = this.span;
    this.#look({ from: 0, to: to - from });
  }

  freeze(frozen: boolean): void {
    this.frozen = frozen;
    if (frozen && this.following) this.range = { kind: 'fixed', ...this.span };
    else if (!frozen) this.follow();
  }

  // The selected event

  /** Where the keys start from: the selected event's instruction, while it is on the screen. */
  private get cursor(): number | undefined {
    const at = this.selected?.instructions;
    return at !== undefined && at >= this.span.from && at <= this.span.to ? at : undefined;
  }

  get lanes(): TimelineLane[] {
    const shown = ALL_LANES.map(({ id }) => id).filter((id) => !this.form.off.includes(id));
    return this.lane && shown.includes(this.lane) ? [this.lane] : shown;
  }

  select(event: TimelineEvent | null): void {
    this.selected = event;
    if (!event) return;
    const { span } = this;
    const next = revealed(span, event.instructions, this.now);
    if (next !== span) this.#look(next);
  }

  /** Selects the next event of the lanes the keys move in, or the one before. */
  async step(direction: 1 | -1): Promise<void> {
    const { selected } = this;
    const cursor = selected
      ? direction > 0
        ? { after: selected.sequence }
        : { before: selected.sequence }
      : { near: direction > 0 ? this.span.from : this.span.to };
    const event = await this.find(cursor, this.lanes);
    if (event) this.select(event);
  }

  async find(
    cursor: { after: number } | { before: number } | { near: number },
    lanes: readonly TimelineLane[],
  ): Promise<TimelineEvent | null> {
    const filter = withLanes(this.filter, lanes);
    const generation = this.#generation;
    try {
      const page = await window.kseg.timelineEvents({ from: 0, to: this.now + 1, filter, cursor, limit: 1 });
      const event = page?.events[0];
      if (!event || generation !== this.#generation) return null;
      // At either end the page is of the last event there is, not of a next one.
      if ('after' in cursor && event.sequence <= cursor.after) return null;
      if ('before' in cursor && event.sequence >= cursor.before) return null;
      return event;
    } catch (error) {
      messages.error(sentence(error));
      return null;
    }
  }

  pin(): void {
    this.pinned = this.selected?.sequence === this.pinned?.sequence ? null : this.selected;
  }

  setForm(form: FilterForm): void {
    this.form = form;
    this.refresh(true);
  }
}
