/** Recording switched off and on: what is known of the run then, and that both engines leave the same ring. */
import { describe, expect, it } from 'vitest';
import { differences } from '../lockstep.ts';
import type { TimelineAnswer, TimelineEvent } from '../protocol.ts';
import { Lab } from '../testing/lab.ts';
import { eventSource, TimelineService, type Recorded } from '../timeline-service.ts';
import { END, RECORDING_OFF, RECORDING_ON } from './categories.ts';
import { TimelineExport } from './export.ts';
import { BLOCK } from './ring-place.ts';

const service = (lab: Lab) => new TimelineService(lab.machine as Recorded, 'lab', 1, () => {});
const count = (lab: Lab) => lab.machine.clock.instructions();

/** A stretch as one bucket. */
function ask(lab: Lab, from: number, to: number): TimelineAnswer {
  return service(lab).query({ from, step: to - from, buckets: 1, marks: 100 });
}

function lastEvent(lab: Lab): TimelineEvent {
  return service(lab).events({ from: 0, to: Infinity, cursor: { end: true }, limit: 1 }).events[0]!;
}

/** Runs on to some instruction of user mode. */
function toUserMode({ machine }: Lab): void {
  for (let i = 0; machine.mode !== 'user'; i++) {
    expect(i).toBeLessThan(100_000);
    machine.run(1, Infinity);
  }
}

describe.each(['kvm', 'malta'] as const)('on %s', (machine) => {
  function run(engine: 'interpreter' | 'jit') {
    const lab = new Lab({ machine, engine, threshold: 5, batch: 16, timelineEvents: 1 << 17 });
    const log = lab.machine.events!;
    lab.command('pingpong 300');
    const from = count(lab);
    // A flush, which has two places or more, would find one in the block.
    while (log.ring.next % BLOCK !== BLOCK - 2) log.input(1);
    const before = ask(lab, 0, from);
    log.record(false);
    lab.command('pingpong 300');
    lab.command('forkexec 3');
    const during = ask(lab, from + 1, count(lab));
    const to = count(lab);
    log.record(true);
    lab.command('pingpong 20');
    return { lab, from, to, before, during, after: ask(lab, 0, count(lab)), gap: ask(lab, from + 1, to) };
  }
  const interpreter = run('interpreter');
  const jit = run('jit');

  it('both engines leave the same', () => {
    expect(differences({ interpreter: interpreter.lab.machine, jit: jit.lab.machine })).toEqual([]);
    expect(jit.lab.machine.engine!.counts.regions).toBeGreaterThan(50);
  });

  it('of the stretch between only its two ends are events', () => {
    const { before, during, after, gap, from, to } = jit;
    const added = during.totals.map((n, c) => n - before.totals[c]!);
    expect(added.reduce((sum, n) => sum + n, 0)).toBe(1);
    expect(added[RECORDING_OFF]).toBe(1);
    expect([...during.categories], 'in the stretch').toEqual([]);
    expect(during.unrecorded).toEqual([{ from, to: Infinity, user: false }]);
    expect([...gap.categories]).toEqual([]);
    expect(gap.userInstructions[0]).toBe(0);
    expect(gap.unrecorded).toEqual([{ from, to, user: false }]);
    expect(after.totals[RECORDING_ON]).toBe(1);
    // Twenty rounds are recorded again.
    const changes = (answer: TimelineAnswer) => answer.marks.length + answer.totals.reduce((sum, n) => sum + n, 0);
    expect(changes(after)).toBeGreaterThan(changes(during) + 200);
    expect(after.lines.map(({ text }) => text).join('\n')).toContain('forkexec 3');
  });

  it('a question about another stretch is not told of it', () => {
    expect(ask(jit.lab, 0, jit.from).unrecorded).toEqual([]);
    expect(ask(jit.lab, jit.to, jit.to + 1000).unrecorded).toEqual([]);
  });
});

it('user mode on both sides of it: what was executed between is not counted', () => {
  const lab = new Lab({ machine: 'kvm', timelineEvents: 1024 });
  const log = lab.machine.events!;
  lab.command('pingpong 3');
  toUserMode(lab);
  const user = () => ask(lab, 0, count(lab)).userInstructions[0]!;
  const before = user();
  log.record(false);
  const from = count(lab);
  lab.machine.run(5, Infinity);
  expect(lab.machine.mode).toBe('user');
  expect(user()).toBe(before);
  log.record(true);
  expect(user()).toBe(before);
  expect(lastEvent(lab)).toMatchObject({ category: RECORDING_ON, user: true });
  expect(ask(lab, 0, count(lab)).unrecorded).toEqual([{ from, to: count(lab), user: true }]);
  lab.machine.run(3, Infinity);
  expect(lab.machine.mode).toBe('user');
  expect(user()).toBe(before + 3);
});

it('switched off and on within an instruction, or twice, leaves no stretch', () => {
  const lab = new Lab({ machine: 'kvm', timelineEvents: 1024 });
  const log = lab.machine.events!;
  for (const on of [true, false, false, true, true]) log.record(on);
  expect(log.unrecorded).toEqual([]);
  expect([...ask(lab, 0, 1).categories]).toEqual([RECORDING_OFF, RECORDING_ON]);
});

it('off from the start, the ring has nothing but that, and the run’s end is not in it', () => {
  const lab = new Lab({ machine: 'kvm', timelineEvents: 1024 });
  lab.machine.events!.record(false);
  lab.command('pingpong 30');
  lab.machine.input(new TextEncoder().encode('halt\n'));
  lab.script([]);
  expect(lab.machine.end).not.toBeNull();
  const { totals, lines } = ask(lab, 0, count(lab));
  expect(totals[RECORDING_OFF]).toBe(1);
  expect(totals[END]).toBe(0);
  expect(lines.length).toBeGreaterThan(5);
});

it('a Chrome trace ends its slices of mode and ASID there, and begins new ones', () => {
  const lab = new Lab({ machine: 'kvm', timelineEvents: 1 << 17 });
  const log = lab.machine.events!;
  lab.command('pingpong 30');
  log.record(false);
  const from = count(lab);
  lab.command('pingpong 30');
  log.record(true);
  const to = count(lab);
  lab.command('pingpong 30');
  const source = eventSource(lab.machine as Recorded);
  const file = new TimelineExport(source, { format: 'json' }, { guest: 'lab', machine: 'kvm', nsPerInstruction: 4 });
  let text = '';
  while (!file.done) text += file.next();
  const { traceEvents } = JSON.parse(text) as {
    traceEvents: { ph: string; cat: string; name: string; ts: number; dur: number; args: { instructions: number } }[];
  };
  const ends = traceEvents.filter(({ ph, name }) => ph === 'i' && name.startsWith('recording'));
  expect(ends.map(({ name, args }) => [name, args.instructions])).toEqual([
    ['recording off', from],
    ['recording on', to],
  ]);
  for (const cat of ['mode', 'guest ASID']) {
    const slices = traceEvents.filter((entry) => entry.ph === 'X' && entry.cat === cat);
    const sides = slices.map(({ ts, dur }) => [ts + dur <= ends[0]!.ts, ts >= ends[1]!.ts]);
    expect(sides.every(([before, after]) => before !== after)).toBe(true);
    expect(sides.filter(([before]) => before).length).toBeGreaterThan(30);
    expect(sides.filter(([, after]) => after).length).toBeGreaterThan(30);
  }
});
