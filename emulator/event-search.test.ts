import { expect, it } from 'vitest';
import { EventSearch } from './event-search.ts';
import { Lab } from './testing/lab.ts';

const SLICE = 10_000;

it('stops right after the next change', () => {
  const lab = new Lab();
  lab.command('ps');
  const { machine } = lab;
  const before = machine.counters.asidChanges;
  const search = new EventSearch(machine, 'asidChange');
  machine.input(new TextEncoder().encode('ps\n'));
  while (search.waits) machine.run(SLICE, Infinity);
  expect(machine.counters.asidChanges).toBe(before + 1);
  expect(search.givenUp()).toBeNull();
});

it('stops right after the next flush of the user table, before anything else', () => {
  const lab = new Lab();
  const { machine } = lab;
  lab.command('ps');
  const { serial } = machine.mmu.user.last;
  const search = new EventSearch(machine, 'userFlush');
  machine.input(new TextEncoder().encode('ps\n'));
  while (search.waits) machine.run(SLICE, Infinity);
  expect(machine.mmu.user.last).toMatchObject({ serial: serial + 1, kind: 'KMF_USER' });
  expect(machine.mode).toBe('user');
  expect(search.givenUp()).toBeNull();
});

it('gives up where none comes, in a sentence, and lets the machine run on', () => {
  // What is stale keeps the guest from its shell.
  const { machine } = new Lab({ policy: 'never' });
  for (let changes = -1; changes < machine.counters.asidChanges;) {
    changes = machine.counters.asidChanges;
    const search = new EventSearch(machine, 'asidChange', 100_000);
    let report = null;
    while (search.waits && !(report = search.givenUp())) machine.run(SLICE, Infinity);
    if (!report) continue;
    expect(report.message).toMatch(/^no change of ASID in 100,000 instructions, .*The policy never flushes/);
    expect(report.instructions).toBe(machine.clock.instructions());
    expect(search.waits).toBe(false);
    expect(machine.run(SLICE, Infinity)).not.toBe('event');
  }
});

it('is called off by a pause', () => {
  const { machine } = new Lab();
  new EventSearch(machine, 'asidChange').cancel();
  expect(machine.stopAtAsidChange).toBe(false);
});

it('a run to a flush is given up, too, and called off', () => {
  const { machine } = new Lab({ policy: 'never' });
  const search = new EventSearch(machine, 'userFlush', 100_000);
  let report = null;
  while (!(report = search.givenUp())) expect(machine.run(SLICE, Infinity)).not.toBe('event');
  expect(report.message).toBe(
    'no flush of the user table in 100,000 instructions, so the run to the next one was given up. The policy never flushes.',
  );
  expect(machine.breakpoints.eventsWanted).toBe(false);
  new EventSearch(machine, 'userFlush').cancel();
  expect(machine.breakpoints.eventsWanted).toBe(false);
});
