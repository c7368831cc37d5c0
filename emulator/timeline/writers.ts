/**
 * Events as text: NDJSON, CSV, and the Chrome trace event format (JSON object form), which Perfetto and
 * chrome://tracing read. Each writer makes the file piece by piece: a head, lines, a foot.
 */
import { TIMELINE_CATEGORIES, type TimelineEvent, type TimelineFormat, type TimelineLane } from '../protocol.ts';
import { RECORDING_OFF } from './categories.ts';

export interface TimelineWriter {
  head(): string;
  /** @param event not earlier than the one before */
  event(event: TimelineEvent): string;
  /** Events that were dropped between the one before and the next. */
  gap(events: number): string;
  /** The file has its limit, and ends here: of all events up to this instruction count. Before the foot. */
  cut(instructions: number): string;
  foot(): string;
}

/** What a file says about the run it is of. */
export interface RunFacts {
  guest: string;
  machine: string;
  nsPerInstruction: number;
}

const hex = (value: number, digits = 8): string => '0x' + (value >>> 0).toString(16).padStart(digits, '0');

/** An event as NDJSON has it: numbers in decimal, addresses, registers and ASIDs as hexadecimal text. */
export function plainEvent(event: TimelineEvent): Record<string, unknown> {
  const { lane, name } = TIMELINE_CATEGORIES[event.category]!;
  const { flush, tlb } = event;
  return {
    instructions: event.instructions,
    virtualNs: event.virtualNs,
    pc: hex(event.pc),
    symbol: event.symbol,
    asid: hex(event.asid, 2),
    mode: event.user ? 'user' : 'kernel',
    lane,
    event: name,
    ...(event.address === undefined ? {} : { address: hex(event.address) }),
    ...(event.refill ? { refill: true } : {}),
    ...(event.oldAsid === undefined ? {} : { old: hex(event.oldAsid, 2), new: hex(event.newAsid!, 2) }),
    ...(flush
      ? {
          table: flush.table,
          ranges: flush.ranges.map(([start, end]) => [hex(start), hex(end)]),
          pages: flush.pages,
          tablesFreed: flush.tablesFreed,
          entriesCleared: flush.entriesCleared,
          bySegment: flush.bySegment,
        }
      : {}),
    ...(tlb
      ? {
          index: tlb.index,
          entryHi: hex(tlb.entryHi),
          pageMask: hex(tlb.pageMask),
          lo0: hex(tlb.entryLo0),
          lo1: hex(tlb.entryLo1),
        }
      : {}),
    ...(event.pending === undefined ? {} : { pending: hex(event.pending, 2) }),
    ...(event.text === undefined ? {} : { text: event.text }),
    ...(event.bytes === undefined ? {} : { bytes: event.bytes }),
  };
}

class NdjsonWriter implements TimelineWriter {
  head(): string {
    return '';
  }
  event(event: TimelineEvent): string {
    return JSON.stringify(plainEvent(event)) + '\n';
  }
  gap(events: number): string {
    return JSON.stringify({ lane: 'machine', event: 'dropped', events }) + '\n';
  }
  cut(instructions: number): string {
    return JSON.stringify({ instructions, lane: 'machine', event: 'cut' }) + '\n';
  }
  foot(): string {
    return '';
  }
}

const COLUMNS = [
  'instructions',
  'virtualNs',
  'pc',
  'symbol',
  'asid',
  'mode',
  'lane',
  'event',
  'address',
  'refill',
  'old',
  'new',
  'table',
  'ranges',
  'pages',
  'tablesFreed',
  'entriesCleared',
  'index',
  'entryHi',
  'pageMask',
  'lo0',
  'lo1',
  'pending',
  'text',
  'bytes',
  'events',
] as const;

/** RFC 4180: a header, CRLF, quotes where a field needs them. Ranges are `start-end`, with a space between two. */
class CsvWriter implements TimelineWriter {
  head(): string {
    return COLUMNS.join(',') + '\r\n';
  }
  event(event: TimelineEvent): string {
    const plain = plainEvent(event);
    const ranges = plain['ranges'] as [string, string][] | undefined;
    if (ranges) plain['ranges'] = ranges.map((range) => range.join('-')).join(' ');
    return this.row(plain);
  }
  gap(events: number): string {
    return this.row({ lane: 'machine', event: 'dropped', events });
  }
  cut(instructions: number): string {
    return this.row({ instructions, lane: 'machine', event: 'cut' });
  }
  foot(): string {
    return '';
  }
  private row(fields: Record<string, unknown>): string {
    return COLUMNS.map((name) => quoted(String(fields[name] ?? ''))).join(',') + '\r\n';
  }
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Tracks of the trace: one for each lane, in the order of the panel; mode and ASID are slices. */
const TRACKS: readonly { lane: TimelineLane | 'asidSlices'; title: string }[] = [
  { lane: 'mode', title: 'mode' },
  { lane: 'asidSlices', title: 'guest ASID' },
  { lane: 'console', title: 'console' },
  { lane: 'exits', title: 'exits' },
  { lane: 'exceptions', title: 'exceptions' },
  { lane: 'asid', title: 'ASID changes' },
  { lane: 'kernelFlush', title: 'kernel flush' },
  { lane: 'userFlush', title: 'user flush' },
  { lane: 'gpaFlush', title: 'GPA flush' },
  { lane: 'tlbWrites', title: 'TLB writes' },
  { lane: 'interrupts', title: 'interrupts' },
  { lane: 'machine', title: 'machine' },
];
const track = (lane: TimelineLane | 'asidSlices'): number => TRACKS.findIndex((entry) => entry.lane === lane) + 1;
const PID = 1;

/**
 * Trace Event Format: instant events on a track for each lane, and complete events for the stretches of a mode and of
 * an ASID. Timestamps are microseconds of guest time; the instruction count is an argument.
 */
class TraceWriter implements TimelineWriter {
  private comma = '';
  private time = 0;
  private cutAt: number | undefined;
  /** The slices under way: the name, and since when. */
  private readonly slices = new Map<number, { name: string; since: number }>();

  constructor(private readonly facts: RunFacts) {}

  private entry(value: object): string {
    const text = this.comma + JSON.stringify(value);
    this.comma = ',\n';
    return text;
  }

  head(): string {
    const { guest, machine } = this.facts;
    const meta = (name: string, tid: number, args: object) => this.entry({ ph: 'M', pid: PID, tid, name, args });
    return (
      '{"displayTimeUnit":"ns","traceEvents":[\n' +
      meta('process_name', 0, { name: `${guest} on ${machine}` }) +
      TRACKS.map(
        ({ title }, i) =>
          meta('thread_name', i + 1, { name: title }) + meta('thread_sort_index', i + 1, { sort_index: i + 1 }),
      ).join('')
    );
  }

  event(event: TimelineEvent): string {
    const { lane, name } = TIMELINE_CATEGORIES[event.category]!;
    const ts = event.virtualNs / 1000;
    // Before the first event its own mode and ASID held; nothing earlier is in the file.
    if (this.slices.size === 0) {
      const asid = lane === 'asid' ? event.oldAsid! : event.asid;
      this.slices.set(track('mode'), { name: event.user ? 'user' : 'kernel', since: ts });
      this.slices.set(track('asidSlices'), { name: `ASID ${hex(asid, 2)}`, since: ts });
    }
    this.time = ts;
    if (lane === 'mode') return this.slice(track('mode'), name.replace('to ', ''), ts);
    const ended = event.category === RECORDING_OFF ? this.endSlices() : '';
    const slice =
      ended === '' && (lane === 'asid' || lane === 'machine')
        ? this.slice(track('asidSlices'), `ASID ${hex(event.asid, 2)}`, ts)
        : '';
    const args = plainEvent(event);
    for (const said of ['virtualNs', 'lane', 'event']) delete args[said];
    const label = lane === 'console' ? (event.text ?? '') : lane === 'asid' ? asidChange(event) : name;
    return (
      ended + slice + this.entry({ name: label, cat: lane, ph: 'i', s: 't', pid: PID, tid: track(lane), ts, args })
    );
  }

  /** Ends a track's slice where the next one begins. */
  private slice(tid: number, name: string, ts: number): string {
    const open = this.slices.get(tid)!;
    if (open.name === name) return '';
    this.slices.set(tid, { name, since: ts });
    return this.complete(tid, open, ts);
  }

  private endSlices(): string {
    const open = [...this.slices].map(([tid, slice]) => this.complete(tid, slice, this.time)).join('');
    this.slices.clear();
    return open;
  }

  private complete(tid: number, { name, since }: { name: string; since: number }, end: number): string {
    // Timestamps have whole nanoseconds; their difference as a fraction of microseconds may not.
    const dur = Math.round((end - since) * 1000) / 1000;
    return this.entry({ name, cat: TRACKS[tid - 1]!.title, ph: 'X', pid: PID, tid, ts: since, dur });
  }

  gap(events: number): string {
    const name = `${events} events dropped`;
    return this.entry({ name, cat: 'dropped', ph: 'i', s: 'p', pid: PID, tid: track('machine'), ts: this.time });
  }

  /** On the machine's track, and, for readers that show no instants, beside the facts. */
  cut(instructions: number): string {
    this.cutAt = instructions;
    const args = { instructions };
    return this.entry({
      name: 'cut',
      cat: 'cut',
      ph: 'i',
      s: 'p',
      pid: PID,
      tid: track('machine'),
      ts: this.time,
      args,
    });
  }

  foot(): string {
    return `${this.endSlices()}\n],"otherData":${JSON.stringify({ ...this.facts, cutAt: this.cutAt })}}\n`;
  }
}

const asidChange = (event: TimelineEvent): string => `${hex(event.oldAsid!, 2)} -> ${hex(event.newAsid!, 2)}`;

export function timelineWriter(format: TimelineFormat, facts: RunFacts): TimelineWriter {
  switch (format) {
    case 'ndjson':
      return new NdjsonWriter();
    case 'csv':
      return new CsvWriter();
    case 'json':
      return new TraceWriter(facts);
  }
}
