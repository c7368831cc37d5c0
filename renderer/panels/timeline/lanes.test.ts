import { expect, it } from 'vitest';
import { POLICIES, TIMELINE_CATEGORIES } from '../../../emulator/protocol.ts';
import { ALL_LANES, AXIS, byLane, categoriesOf, lanesThatFit, laneOf, lanesUnder, modeChanges } from './lanes.ts';

const ids = (lanes: readonly { id: string }[]) => lanes.map(({ id }) => id);

it('every category has a lane that is shown', () => {
  TIMELINE_CATEGORIES.forEach((_, c) => expect(ids(ALL_LANES)).toContain(laneOf(c)));
  expect(ALL_LANES.flatMap(({ id }) => categoriesOf(id)).sort((a, b) => a - b)).toEqual(
    TIMELINE_CATEGORIES.map((_, c) => c).slice(1),
  );
});

it('sums categories by lane', () => {
  const counts = TIMELINE_CATEGORIES.map((_, c) => (c === 0 ? 99 : 1));
  expect(byLane(counts).tlbWrites).toBe(2);
  expect(Object.values(byLane(counts)).reduce((sum, n) => sum + n, 0)).toBe(TIMELINE_CATEGORIES.length - 1);
});

it('folds empty lanes first, then the less telling ones, and never ASID changes', () => {
  const some = byLane(TIMELINE_CATEGORIES.map(() => 5));
  expect(ids(lanesThatFit('lazy-user', some, 1000))).toEqual(ids(ALL_LANES));
  const quiet = { ...some, gpaFlush: 0, exits: 0, machine: 0 };
  expect(ids(lanesThatFit('lazy-user', quiet, 1000))).toContain('gpaFlush');
  expect(ids(lanesThatFit('lazy-user', quiet, 1000))).not.toContain('exits');
  expect(ids(lanesThatFit('lazy-user', quiet, 140))).not.toContain('gpaFlush');
  const all = lanesThatFit('lazy-user', some, 1000).reduce((sum, { height }) => sum + height, AXIS);
  expect(ids(lanesThatFit('lazy-user', some, all - 2 * ALL_LANES.length))).toEqual(ids(ALL_LANES));
  const low = lanesThatFit('lazy-user', some, 125);
  expect(low.reduce((sum, { height }) => sum + height, AXIS)).toBeLessThanOrEqual(125);
  expect(ids(low)).toEqual(expect.arrayContaining(['console', 'exits', 'asid', 'kernelFlush', 'userFlush', 'mode']));
});

it('leaves out what the user has switched off', () => {
  const some = byLane(TIMELINE_CATEGORIES.map(() => 5));
  expect(ids(lanesThatFit('lazy-user', some, 1000, (lane) => lane !== 'asid'))).not.toContain('asid');
});

it('names the lanes by the policy, each the same lanes', () => {
  const label = (policy: (typeof POLICIES)[number], id: string) =>
    lanesUnder(policy).find((lane) => lane.id === id)!.label;
  for (const policy of POLICIES) {
    expect(ids(lanesUnder(policy))).toEqual(ids(ALL_LANES));
    expect(label(policy, 'userFlush')).toBe(policy === 'lazy-user' ? 'lazy user flush' : 'user flush');
    expect(label(policy, 'gpaFlush')).toBe(policy === 'everything' ? 'whole flush' : 'GPA flush');
  }
});

it('keeps the flushes of everything where others of their flag fold', () => {
  const some = byLane(TIMELINE_CATEGORIES.map(() => 5));
  expect(ids(lanesThatFit('lazy-user', some, 125))).not.toContain('gpaFlush');
  expect(ids(lanesThatFit('everything', { ...some, kernelFlush: 0, userFlush: 0 }, 125))).toContain('gpaFlush');
});

it('the mode is known again behind what was not recorded, and nowhere in a stretch that goes on', () => {
  const category = (name: string) => TIMELINE_CATEGORIES.findIndex((each) => each.name === name);
  const marks = [
    { instructions: 10, category: category('to user') },
    { instructions: 50, category: category('to kernel') },
  ];
  const known = modeChanges(marks, [
    { from: 20, to: 30, user: true },
    { from: 60, to: Infinity, user: true },
  ]);
  expect(known).toEqual([
    { instructions: 10, becomes: 'to user' },
    { instructions: 30, becomes: 'to user' },
    { instructions: 50, becomes: 'to kernel' },
  ]);
});
