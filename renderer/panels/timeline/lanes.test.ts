import { expect, it } from 'vitest';
import { TIMELINE_CATEGORIES } from '../../../emulator/protocol.ts';
import { ALL_LANES, AXIS, byLane, categoriesOf, lanesThatFit, laneOf } from './lanes.ts';

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
  expect(ids(lanesThatFit(some, 1000))).toEqual(ids(ALL_LANES));
  const quiet = { ...some, gpaFlush: 0, exits: 0, machine: 0 };
  expect(ids(lanesThatFit(quiet, 1000))).toContain('gpaFlush');
  expect(ids(lanesThatFit(quiet, 1000))).not.toContain('exits');
  expect(ids(lanesThatFit(quiet, 140))).not.toContain('gpaFlush');
  const low = lanesThatFit(some, 125);
  expect(low.reduce((sum, { height }) => sum + height, AXIS)).toBeLessThanOrEqual(125);
  expect(ids(low)).toEqual(expect.arrayContaining(['console', 'exits', 'asid', 'kernelFlush', 'userFlush', 'mode']));
});

it('leaves out what the user has switched off', () => {
  const some = byLane(TIMELINE_CATEGORIES.map(() => 5));
  expect(ids(lanesThatFit(some, 1000, (lane) => lane !== 'asid'))).not.toContain('asid');
});
