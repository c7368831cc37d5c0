import { expect, it } from 'vitest';
import { AsidSearch } from './asid-search.ts';
import { Lab } from './testing/lab.ts';

const SLICE = 10_000;

it('stops right after the next change', () => {
  const lab = new Lab();
  lab.command('ps');
  const { machine } = lab;
  const before = machine.counters.asidChanges;
  const search = new AsidSearch(machine);
  machine.input(new TextEncoder().encode('ps\n'));
  while (search.waits) machine.run(SLICE, Infinity);
  expect(machine.counters.asidChanges).toBe(before + 1);
  expect(search.givenUp()).toBeNull();
});

it('gives up where none comes, in a sentence, and lets the machine run on', () => {
  // What is stale keeps the guest from its shell.
  const { machine } = new Lab({ policy: 'never' });
  for (let changes = -1; changes < machine.counters.asidChanges;) {
    changes = machine.counters.asidChanges;
    const search = new AsidSearch(machine, 100_000);
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
  new AsidSearch(machine).cancel();
  expect(machine.stopAtAsidChange).toBe(false);
});
