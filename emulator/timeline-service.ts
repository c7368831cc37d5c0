/** The worker's side of the timeline: answers questions about a machine's events, and makes export files of them. */
import type { Machine } from './machine.ts';
import {
  TIMELINE_EXPORT_CREDIT,
  type FromEmulator,
  type TimelineAnswer,
  type TimelineEventsPage,
  type TimelineEventsRequest,
  type TimelineExportRequest,
  type TimelineFilter,
  type TimelineQuery,
} from './protocol.ts';
import { CATEGORIES } from './timeline/categories.ts';
import type { EventSource } from './timeline/decode.ts';
import { COLUMNS } from './timeline/event-ring.ts';
import type { EventLog } from './timeline/event-log.ts';
import { TimelineExport } from './timeline/export.ts';
import { allEvents, FilteredEvents, needsScan, type EventIndex } from './timeline/filter.ts';
import { countEvents, eventsPage } from './timeline/query.ts';
import { findTouched } from './timeline/touched.ts';

/** Host milliseconds that a piece of an export may take; the guest runs a slice between two. */
const PIECE_MS = 6;

/** A machine with its events. */
export type Recorded = Machine & { events: EventLog };

export function eventSource(machine: Recorded): EventSource {
  const { events, options } = machine;
  return {
    ring: events.ring,
    lines: events.lines,
    get endText() {
      return events.endText;
    },
    layout: events.layout,
    nsPerInstruction: options.nsPerInstruction,
    symbol: (pc) => machine.symbols.describe(pc),
  };
}

export class TimelineService {
  private filter: { key: string; events: FilteredEvents } | null = null;
  private exporting: { id: number; file: TimelineExport; credit: number } | null = null;
  private readonly encoder = new TextEncoder();

  /** @param boot grows with every boot, and goes with the answers */
  constructor(
    private readonly machine: Recorded,
    private readonly guest: string,
    private readonly boot: number,
    private readonly send: (message: FromEmulator, transfer: ArrayBuffer[]) => void,
  ) {}

  /** The last filter's counts are kept, for the next question is most often about the same. */
  private counts(filter: TimelineFilter | undefined): EventIndex {
    const { ring } = this.machine.events;
    if (!needsScan(filter)) return allEvents(ring);
    const key = JSON.stringify([filter.asid, filter.segment, filter.pc]);
    if (this.filter?.key !== key) this.filter = { key, events: new FilteredEvents(ring, filter) };
    this.filter.events.update();
    return this.filter.events;
  }

  query(query: TimelineQuery): TimelineAnswer {
    const { machine, boot } = this;
    const { events, mmu, system } = machine;
    const { ring, lines, recording } = events;
    const now = { instructions: machine.clock.instructions(), user: machine.mode === 'user' };
    const end = query.from + query.buckets * query.step;
    const counts = this.counts(query.filter);
    let matching: Float64Array | null = null;
    if (query.filter) {
      matching = new Float64Array(CATEGORIES);
      const [first, last] = [new Float64Array(COLUMNS), new Float64Array(COLUMNS)];
      if (ring.next > 0) {
        counts.countsBefore(ring.first, first);
        counts.countsBefore(ring.next, last);
      }
      matching.forEach((_, c) => (matching![c] = last[c]! - first[c]!));
    }
    return {
      query,
      boot,
      ...now,
      asid: system.asid,
      oldest: ring.first > 0 ? ring.oldest : 0,
      dropped: ring.dropped,
      fill: ring.fill,
      bytes: ring.words.byteLength,
      ...countEvents(ring, counts, query, { ...now, user: now.user && recording }),
      totals: ring.totals,
      matching,
      lines: lines.between(query.from, end, query.marks),
      userFlushPending: mmu.isUserStale(system.asid),
      unrecorded: events.unrecorded.filter(({ from, to }) => from < end && to > query.from),
      ...(query.touching
        ? { touched: findTouched(ring, counts, query, query.touching, 2 ** mmu.kernel.gva.geometry.pmdShift) }
        : {}),
    };
  }

  events(request: TimelineEventsRequest): TimelineEventsPage {
    return { boot: this.boot, ...eventsPage(eventSource(this.machine), this.counts(request.filter), request) };
  }

  /** Starts an export, of the events there are now. One at a time: another takes its place. */
  startExport(id: number, request: TimelineExportRequest): void {
    const { machine, guest } = this;
    const { kind, nsPerInstruction } = machine.options;
    this.failExport('another one was started');
    const copy = { ...eventSource(machine), ...machine.events.snapshot() };
    const file = new TimelineExport(copy, request, { guest, machine: kind, nsPerInstruction });
    this.exporting = { id, file, credit: TIMELINE_EXPORT_CREDIT };
  }

  acknowledge(id: number): void {
    if (this.exporting?.id === id) this.exporting.credit++;
  }

  cancelExport(id: number): void {
    if (this.exporting?.id === id) this.exporting = null;
  }

  /** Ends an export under way, and says why. @param why an error, or the end of a sentence */
  failExport(why: unknown): void {
    const { exporting } = this;
    if (!exporting) return;
    this.exporting = null;
    const reason = why instanceof Error ? why.message : String(why);
    const error = `The export of the timeline was not finished: ${reason.replace(/\.$/, '')}.`;
    this.send({ type: 'timelineExport', id: exporting.id, error }, []);
  }

  /** Makes the next piece if there is one to make and the host can take it. Returns whether there is more to do now. */
  work(): boolean {
    const { exporting } = this;
    if (!exporting || exporting.credit === 0) return false;
    const { id, file } = exporting;
    exporting.credit--;
    const bytes = this.encoder.encode(file.next(PIECE_MS));
    const { events, total, done } = file;
    if (done) this.exporting = null;
    this.send({ type: 'timelineExport', id, bytes, events, total, done }, [bytes.buffer as ArrayBuffer]);
    return !done && exporting.credit > 0;
  }
}
