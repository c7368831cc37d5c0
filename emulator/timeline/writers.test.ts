/** Exports read back as the formats' own readers would. */
import { expect, it, describe } from 'vitest';
import { TIMELINE_CATEGORIES, type TimelineEvent, type TimelineFormat } from '../protocol.ts';
import { Lab } from '../testing/lab.ts';
import { eventSource, type Recorded } from '../timeline-service.ts';
import { META_CATEGORY, NONE } from './categories.ts';
import { decodeEvent } from './decode.ts';
import { TimelineExport, TimelineStream } from './export.ts';
import { plainEvent, timelineWriter } from './writers.ts';

const FACTS = { guest: 'lab "quoted".elf', machine: 'kvm', nsPerInstruction: 4 };
const lab = new Lab({ timelineEvents: 1 << 17 });
/** The same run, written as it happens, with a ring far too small for it. */
const small = new Lab({ timelineEvents: 1024 });
const source = eventSource(lab.machine as Recorded);

function run(one: Lab): void {
  one.command('echo one, "two"');
  one.command('pingpong 30');
}
run(lab);

const events: TimelineEvent[] = [];
for (let s = 0; s < source.ring.next; s++) {
  if ((source.ring.words[source.ring.wordOf(s) + 3]! & META_CATEGORY) !== NONE) events.push(decodeEvent(source, s));
}

function exported(format: TimelineFormat, request: object = {}): string {
  const file = new TimelineExport(source, { format, ...request }, FACTS);
  let text = '';
  let pieces = 0;
  while (!file.done) {
    text += file.next(0);
    pieces++;
  }
  expect(pieces).toBeGreaterThan(1);
  return text;
}

/** A CSV file's records (RFC 4180). */
function records(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  expect(row).toEqual([]);
  return rows;
}

it('NDJSON has every event, a line each', () => {
  const lines = exported('ndjson').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(events.map(plainEvent));
});

it('CSV has the same fields in the same order in every row', () => {
  const [head, ...rows] = records(exported('csv'));
  expect(rows).toHaveLength(events.length);
  for (const [i, row] of rows.entries()) {
    expect(row).toHaveLength(head!.length);
    const plain = plainEvent(events[i]!);
    const fields = Object.fromEntries(head!.map((name, k) => [name, row[k]]).filter(([, value]) => value !== ''));
    for (const name of ['instructions', 'pc', 'event', 'old', 'new', 'entryHi', 'tablesFreed', 'text']) {
      const expected = plain[name] === undefined || plain[name] === '' ? undefined : String(plain[name]);
      expect(fields[name]).toBe(expected);
    }
  }
  const lines = rows.map((row) => row[head!.indexOf('text')]!);
  expect(lines.some((text) => text.includes('"two"') && text.includes(','))).toBe(true);
});

interface Entry {
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  name: string;
  cat: string;
  s: string;
  args: Record<string, unknown>;
}

describe('the Chrome trace', () => {
  const trace = JSON.parse(exported('json')) as { traceEvents: Entry[]; displayTimeUnit: string; otherData: object };

  it('has what the Trace Event Format asks of each kind', () => {
    expect(trace.displayTimeUnit).toBe('ns');
    expect(trace.otherData).toEqual(FACTS);
    for (const { ph, pid, tid, ts, dur, name, s } of trace.traceEvents) {
      expect(['M', 'i', 'X']).toContain(ph);
      expect(typeof name).toBe('string');
      expect([Number.isInteger(pid), Number.isInteger(tid)]).toEqual([true, true]);
      if (ph !== 'M') expect(ts).toBeGreaterThanOrEqual(0);
      if (ph === 'X') expect(dur).toBeGreaterThanOrEqual(0);
      if (ph === 'i') expect(s).toBe('t');
    }
    const threads = trace.traceEvents.filter(({ name }) => name === 'thread_name').map(({ tid }) => tid);
    expect(new Set(threads).size).toBe(threads.length);
    expect(trace.traceEvents.every(({ ph, tid }) => ph === 'M' || threads.includes(tid))).toBe(true);
  });

  it('has each event once: mode switches as slices, the others as instants at their guest time', () => {
    const others = events.filter(({ category }) => TIMELINE_CATEGORIES[category]!.lane !== 'mode');
    const instants = trace.traceEvents.filter(({ ph }) => ph === 'i');
    expect(instants.map(({ ts, args }) => [ts, args['instructions']])).toEqual(
      others.map(({ virtualNs, instructions }) => [virtualNs / 1000, instructions]),
    );
  });

  it.each(['mode', 'guest ASID'])('the slices of %s follow one another from the first event to the last', (cat) => {
    const slices = trace.traceEvents.filter((entry) => entry.ph === 'X' && entry.cat === cat);
    expect(slices.length).toBeGreaterThan(50);
    let end = events[0]!.virtualNs / 1000;
    for (const [i, { ts, dur, name }] of slices.entries()) {
      expect(ts).toBeCloseTo(end, 2);
      end = ts + dur;
      if (i > 0) expect(name).not.toBe(slices[i - 1]!.name);
    }
    expect(end).toBeCloseTo(events.at(-1)!.virtualNs / 1000, 2);
    expect(new Set(slices.map(({ name }) => name)).size).toBeGreaterThan(1);
  });
});

it('exports a stretch, and what passes a filter', () => {
  const [from, to] = [events[1000]!.instructions, events[3000]!.instructions];
  const file = new TimelineExport(source, { format: 'ndjson', from, to, filter: { segment: 'kseg23' } }, FACTS);
  const lines = file.next().trimEnd().split('\n');
  expect(file.done).toBe(true);
  const there = lines.map((line) => JSON.parse(line) as Record<string, string>);
  expect(there.every((e) => Number(e['instructions']) >= from && Number(e['instructions']) < to)).toBe(true);
  const kernel = events.filter((e) => e.instructions >= from && e.instructions < to && e.flush?.table === 'kernel');
  expect(there.filter((e) => e['event'] === 'KMF_KERN')).toHaveLength(kernel.length);
  expect(there.some((e) => e['event'] === 'KMF_USER')).toBe(false);
});

it('a ring that has dropped events says how many', () => {
  const wrapped = new Lab({ timelineEvents: 1024 });
  run(wrapped);
  const from = eventSource(wrapped.machine as Recorded);
  const file = new TimelineExport(from, { format: 'ndjson' }, FACTS);
  const [gap, ...rest] = file.next().trimEnd().split('\n');
  expect(JSON.parse(gap!)).toEqual({ lane: 'machine', event: 'dropped', events: from.ring.dropped });
  expect(from.ring.dropped + rest.length).toBe(events.length);
  for (const format of ['csv', 'json'] as const) {
    const text = new TimelineExport(from, { format }, FACTS).next();
    if (format === 'json') expect(() => JSON.parse(text)).not.toThrow();
    expect(text).toContain(String(from.ring.dropped));
  }
});

it('a stream has all of the run, however small the ring', () => {
  const from = eventSource(small.machine as Recorded);
  let text = '';
  const stream = new TimelineStream(from, timelineWriter('ndjson', FACTS), (piece) => (text += piece));
  run(small);
  stream.finish();
  expect(from.ring.dropped).toBeGreaterThan(0);
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { pc: string });
  expect(lines).toHaveLength(events.length);
  expect(lines.map(({ pc }) => pc)).toEqual(events.map((e) => plainEvent(e)['pc']));
});

describe.each<TimelineFormat>(['ndjson', 'csv', 'json'])('a stream of %s with a limit', (format) => {
  const LIMIT = 100_000;

  /** A run with the limit, or without. */
  function limited(bytes: number | null) {
    const one = new Lab({ timelineEvents: 1024 });
    const from = eventSource(one.machine as Recorded);
    let text = '';
    const reached: number[] = [];
    const limit = bytes === null ? null : { bytes, reached: (instructions: number) => reached.push(instructions) };
    const stream = new TimelineStream(from, timelineWriter(format, FACTS), (piece) => (text += piece), limit);
    run(one);
    const length = text.length;
    stream.finish();
    return { text, reached, after: text.length - length };
  }
  const whole = limited(null).text;
  const { text, reached, after } = limited(LIMIT);

  it('ends once, whole, below it, and with most of it used', () => {
    expect(whole.length).toBeGreaterThan(2 * LIMIT);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMIT);
    expect(Buffer.byteLength(text)).toBeGreaterThan(LIMIT * 0.9);
    expect(reached).toHaveLength(1);
    expect(after).toBe(0);
  });

  it('has every event up to where it says', () => {
    const counts: number[] =
      format === 'json'
        ? (JSON.parse(text) as { traceEvents: { ph: string; args?: { instructions: number } }[] }).traceEvents
            .filter(({ ph }) => ph === 'i')
            .map(({ args }) => args!.instructions)
        : format === 'csv'
          ? records(text)
              .slice(1)
              .map(([count]) => Number(count))
          : text
              .trimEnd()
              .split('\n')
              .map((line) => (JSON.parse(line) as { instructions: number }).instructions);
    // The last is the note itself.
    expect(counts.slice(-2)).toEqual([reached[0], reached[0]]);
    if (format !== 'json')
      expect(whole.startsWith(text.trimEnd().slice(0, text.trimEnd().lastIndexOf('\n') + 1))).toBe(true);
  });

  it('says itself that it was cut, and where', () => {
    const [instructions] = reached;
    const last = text.trimEnd().split('\n').at(-1)!;
    if (format === 'ndjson') expect(JSON.parse(last)).toEqual({ instructions, lane: 'machine', event: 'cut' });
    else if (format === 'csv') {
      const [head, ...rows] = records(text);
      const row = Object.fromEntries(head!.map((name, i) => [name, rows.at(-1)![i]]));
      expect(row).toMatchObject({ instructions: String(instructions), lane: 'machine', event: 'cut' });
    } else {
      const { traceEvents, otherData } = JSON.parse(text) as {
        traceEvents: { name: string; args?: object }[];
        otherData: { cutAt?: number };
      };
      expect(otherData.cutAt).toBe(instructions);
      expect(traceEvents.filter(({ name }) => name === 'cut')).toMatchObject([{ args: { instructions } }]);
    }
    expect(whole).not.toMatch(/\bcut(At)?\b/);
  });

  it('is the same as without where the run ends first', () => {
    const roomy = limited(2 ** 30);
    expect(roomy.text).toBe(whole);
    expect(roomy.reached).toEqual([]);
  });
});
