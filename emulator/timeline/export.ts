/** The ring as a file: of a copy of it, in pieces, so that the guest goes on meanwhile; or all of a run, as it happens. */
import type { TimelineExportRequest } from '../protocol.ts';
import { META_CATEGORY, NONE } from './categories.ts';
import { decodeEvent, type EventSource } from './decode.ts';
import { BLOCK } from './ring-place.ts';
import { categoryMask, FilteredEvents, needsScan } from './filter.ts';
import { timelineWriter, type RunFacts, type TimelineWriter } from './writers.ts';

/** Characters of a piece, about. */
const PIECE = 512 * 1024;

/** An export under way. Nothing of it is kept but where it is. */
export class TimelineExport {
  /** Events written, and events in the range: an upper bound where a filter applies. */
  events = 0;
  readonly total: number;
  private readonly writer: TimelineWriter;
  private readonly mask: Uint8Array;
  private readonly filtered: FilteredEvents | null;
  private sequence: number;
  private readonly end: number;
  private begun = false;
  private finished = false;

  /** @param source a snapshot: it must not change while the export runs */
  constructor(
    private readonly source: EventSource,
    request: TimelineExportRequest,
    facts: RunFacts,
  ) {
    const { ring } = source;
    this.writer = timelineWriter(request.format, facts);
    this.mask = categoryMask(request.filter);
    this.filtered = needsScan(request.filter) ? new FilteredEvents(ring, request.filter) : null;
    this.sequence = request.from === undefined ? ring.first : ring.seek(request.from);
    this.end = request.to === undefined ? ring.next : ring.seek(request.to);
    this.total = Math.max(0, this.end - this.sequence);
  }

  get done(): boolean {
    return this.finished;
  }

  /**
   * The next piece of the file.
   * @param ms host milliseconds after which a piece ends although it could be longer
   */
  next(ms = Infinity): string {
    const until = performance.now() + ms;
    const { source, mask, filtered, writer } = this;
    const { ring } = source;
    const parts: string[] = [];
    let size = 0;
    const add = (text: string) => {
      parts.push(text);
      size += text.length;
    };
    if (!this.begun) {
      this.begun = true;
      add(writer.head());
      if (this.sequence === ring.first && ring.dropped > 0) add(writer.gap(ring.dropped));
    }
    for (; this.sequence < this.end && size < PIECE; this.sequence++) {
      if ((this.sequence & (BLOCK - 1)) === 0 && size > 0 && performance.now() > until) break;
      const category = ring.words[ring.wordOf(this.sequence) + 3]! & META_CATEGORY;
      if (!mask[category] || (filtered && !filtered.matches(this.sequence))) continue;
      add(writer.event(decodeEvent(source, this.sequence)));
      this.events++;
    }
    if (this.sequence >= this.end && !this.finished) {
      this.finished = true;
      add(writer.foot());
    }
    return parts.join('');
  }
}

/** Bytes kept free for a file's end: the event that goes past the limit, the note that it is cut, and the foot. */
const END = 4096;
const encoder = new TextEncoder();
/** Bytes of a text in UTF-8. */
const bytesOf = (text: string): number => (/^[\x00-\x7f]*$/.test(text) ? text.length : encoder.encode(text).length);

/** Where a stream ends before the run. */
export interface StreamLimit {
  /** Bytes that the file may have, at least 64 KiB. */
  bytes: number;
  /** The file is complete: of all events up to the one at this instruction count. Nothing more is written. */
  reached: (instructions: number) => void;
}

/**
 * Writes every event of a run as it happens, a block at a time, so that a run may have more events than the ring.
 * Call `finish` at the end.
 */
export class TimelineStream {
  private written = 0;
  private bytes = 0;
  private ended = false;

  /** @param write takes each piece of the file */
  constructor(
    private readonly source: EventSource,
    private readonly writer: TimelineWriter,
    private readonly write: (text: string) => void,
    private readonly limit: StreamLimit | null = null,
  ) {
    this.put(writer.head());
    source.ring.onBlock = (first) => this.take(first, first + BLOCK);
  }

  private put(text: string): void {
    this.write(text);
    if (this.limit) this.bytes += bytesOf(text);
  }

  private take(from: number, to: number): void {
    const { source, writer, limit } = this;
    const { ring } = source;
    const parts: string[] = [];
    let room = limit ? limit.bytes - END - this.bytes : Infinity;
    let last = 0;
    for (let sequence = from; sequence < to; sequence++) {
      if ((ring.words[ring.wordOf(sequence) + 3]! & META_CATEGORY) === NONE) continue;
      const event = decodeEvent(source, sequence);
      const text = writer.event(event);
      if (limit) room -= bytesOf(text);
      parts.push(text);
      last = event.instructions;
      if (room <= 0) break;
    }
    this.written = to;
    this.put(parts.join(''));
    if (!limit || room > 0) return;
    this.write(writer.cut(last));
    this.end();
    limit.reached(last);
  }

  private end(): void {
    this.ended = true;
    this.source.ring.onBlock = null;
    this.write(this.writer.foot());
  }

  finish(): void {
    if (!this.ended) this.take(this.written, this.source.ring.next);
    if (!this.ended) this.end();
  }
}
