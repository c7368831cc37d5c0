/** What the log records of real runs, against the machine's own counts and trace. */
import { describe, expect, it } from 'vitest';
import { EXIT_REASONS } from '../kvm/statistics.ts';
import { EXCEPTION_NAMES, ExcCode } from '../cpu/exceptions.ts';
import type { TraceLine } from '../debug/trace.ts';
import { TIMELINE_CATEGORIES, type TimelineEvent, type TimelineLane } from '../protocol.ts';
import { Lab } from '../testing/lab.ts';
import { eventSource, type Recorded } from '../timeline-service.ts';
import { META_CATEGORY, NONE } from './categories.ts';
import { decodeEvent } from './decode.ts';

const CAPACITY = 1 << 17;

function allOf(lab: Lab): TimelineEvent[] {
  const source = eventSource(lab.machine as Recorded);
  const events: TimelineEvent[] = [];
  for (let s = source.ring.first; s < source.ring.next; s++) {
    if ((source.ring.words[source.ring.wordOf(s) + 3]! & META_CATEGORY) !== NONE) events.push(decodeEvent(source, s));
  }
  return events;
}

const lane = (event: TimelineEvent): TimelineLane => TIMELINE_CATEGORIES[event.category]!.lane;
const name = (event: TimelineEvent): string => TIMELINE_CATEGORIES[event.category]!.name;

function tally(events: readonly TimelineEvent[], of: TimelineLane): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of events) if (lane(event) === of) counts[name(event)] = (counts[name(event)] ?? 0) + 1;
  return counts;
}

describe.each(['kvm', 'malta'] as const)('pingpong on %s', (machine) => {
  const lab = new Lab({ machine, timelineEvents: CAPACITY });
  const lines: TraceLine[] = [];
  lab.machine.trace = (line) => lines.push(line);
  lab.command('pingpong 100');
  const stats = lab.machine.stats() as Record<string, never>;
  const events = allOf(lab);

  it('every lane has as many events as the machine counted', () => {
    const { Int: interrupts = 0, ...exceptions } = stats['exceptions'] as Record<string, number>;
    expect(tally(events, 'exits')).toEqual(stats['exits'] ?? {});
    expect(tally(events, 'exceptions')).toEqual(exceptions);
    expect(tally(events, 'interrupts')['Int'] ?? 0).toBe(interrupts);
    expect(tally(events, 'asid')['ASID change']).toBe(stats['asidChanges']);
    const { TLBWI = 0, TLBWR = 0 } = tally(events, 'tlbWrites');
    expect(TLBWI + TLBWR).toBe(stats['tlbWrites']);
    expect(tally(events, 'mode')['to user']).toBe(stats['userEntries']);
    const flushes = stats['flushes'] as Record<string, { count: number; pages: number; tablesFreed: number }>;
    for (const [of, total] of [
      ['kernelFlush', flushes['kernel']!],
      ['userFlush', flushes['user']!],
      ['gpaFlush', flushes['gpa']!],
    ] as const) {
      const here = events.filter((event) => lane(event) === of).map((event) => event.flush!);
      expect(here).toHaveLength(total.count);
      expect(here.reduce((sum, flush) => sum + flush.pages, 0)).toBe(total.pages);
      expect(here.reduce((sum, flush) => sum + flush.tablesFreed, 0)).toBe(total.tablesFreed);
      for (const { pages, bySegment } of here) {
        expect(Object.values(bySegment).reduce((sum, part) => sum + part.pages, 0)).toBe(pages);
      }
    }
  });

  it('flushes, ASID changes and TLB writes say what the trace says', () => {
    const hex = (value: number, digits = 8) => '0x' + value.toString(16).padStart(digits, '0');
    const at = (e: TimelineEvent) => ({ instructions: e.instructions, pc: hex(e.pc), symbol: e.symbol });
    const flushes = events.filter((event) => event.flush);
    expect(
      flushes.map((e) => ({
        ...at(e),
        event: 'flush',
        table: e.flush!.table,
        kind: name(e),
        old: hex(e.oldAsid!, 2),
        new: hex(e.newAsid!, 2),
        ranges: e.flush!.ranges.map(([start, end]) => [hex(start), hex(end)]),
        pages: e.flush!.pages,
        tablesFreed: e.flush!.tablesFreed,
        entriesCleared: e.flush!.entriesCleared,
      })),
    ).toEqual(lines.filter((line) => line.event === 'flush'));
    expect(
      events
        .filter((event) => event.tlb)
        .map((e) => ({
          ...at(e),
          event: 'tlbWrite',
          index: e.tlb!.index,
          random: name(e) === 'TLBWR',
          entryHi: hex(e.tlb!.entryHi),
          pageMask: hex(e.tlb!.pageMask),
          lo0: hex(e.tlb!.entryLo0),
          lo1: hex(e.tlb!.entryLo1),
        })),
    ).toEqual(lines.filter((line) => line.event === 'tlbWrite'));
    const exceptions = lines.flatMap((l) => (l.event === 'exception' ? [[l.instructions, l.badVAddr]] : []));
    expect(
      events
        .filter((e) => lane(e) === 'exceptions' || lane(e) === 'interrupts')
        .map((e) => [e.instructions, e.address === undefined ? undefined : hex(e.address)]),
    ).toEqual(exceptions);
  });

  it('console lines are what the guest printed', () => {
    const texts = events.filter((event) => lane(event) === 'console').map((event) => event.text);
    const printed = lab.output.split('\n').map((line) => line.replaceAll('\r', ''));
    expect(texts).toEqual(printed.filter((line) => line !== ''));
    expect(texts.join('\n')).toMatch(/pingpong/);
  });

  it('events ascend in instructions and guest time, and modes alternate', () => {
    let before = events[0]!;
    for (const event of events) {
      expect(event.instructions).toBeGreaterThanOrEqual(before.instructions);
      expect(event.virtualNs).toBeGreaterThanOrEqual(before.virtualNs);
      before = event;
    }
    const modes = events.filter((event) => lane(event) === 'mode').map(name);
    expect(modes.length).toBeGreaterThan(100);
    modes.forEach((mode, i) => expect(mode).toBe(i % 2 === 0 ? 'to user' : 'to kernel'));
  });
});

it('recording does not change the run', () => {
  const [one, other] = [new Lab({ timelineEvents: 1024 }), new Lab()];
  for (const lab of [one, other]) lab.command('forkexec 3');
  expect(one.machine.stats()).toEqual(other.machine.stats());
  expect(one.output).toBe(other.output);
});

it('categories have KVM’s and Cause’s names, and fit an event', () => {
  const named = (of: TimelineLane) => TIMELINE_CATEGORIES.filter((c) => c.lane === of).map((c) => c.name);
  expect(named('exits')).toEqual([...Object.values(EXIT_REASONS), 'other']);
  const known = Object.values(ExcCode).filter((code) => code !== ExcCode.Int && ![6, 7].includes(code));
  expect(named('exceptions')).toEqual([...known.map((code) => EXCEPTION_NAMES[code]), 'other']);
  expect(TIMELINE_CATEGORIES.length).toBeLessThanOrEqual(64);
});
