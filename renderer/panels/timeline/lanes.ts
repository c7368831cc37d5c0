/** The lanes: their order, names, heights and marks, and which of them fold away where there is little room. */
import {
  TIMELINE_CATEGORIES,
  type MachineInfo,
  type TimelineLane,
  type TimelineStretch,
} from '../../../emulator/protocol.ts';

export type Policy = MachineInfo['policy'];

export interface Lane {
  id: TimelineLane;
  label: string;
  /** What one event of it is called. */
  noun: string;
  /** Height in CSS pixels. */
  height: number;
}

/** The axis above the lanes. */
export const AXIS = 16;
const ROW = 14;
/** What a lane gives up before others fold away, of its height. */
const SPARE = 1 / 7;

const LANES: readonly Lane[] = [
  { id: 'console', label: 'console lines', noun: 'console line', height: ROW },
  { id: 'exits', label: 'exits', noun: 'exit', height: 21 },
  { id: 'exceptions', label: 'exceptions', noun: 'exception', height: ROW },
  { id: 'interrupts', label: 'interrupts', noun: 'interrupt', height: ROW },
  { id: 'asid', label: 'ASID changes', noun: 'ASID change', height: ROW },
  { id: 'kernelFlush', label: 'kernel flush', noun: 'kernel flush', height: ROW },
  { id: 'userFlush', label: 'user flush', noun: 'user flush', height: ROW },
  { id: 'gpaFlush', label: 'GPA flush', noun: 'GPA flush', height: ROW },
  { id: 'tlbWrites', label: 'TLB writes', noun: 'TLB write', height: ROW },
  { id: 'mode', label: 'mode', noun: 'mode switch', height: ROW },
  { id: 'machine', label: 'machine', noun: 'machine event', height: ROW },
];

/** What flushes are called where the policy makes them other than their flags say. */
const CALLED: Partial<Record<Policy, Partial<Record<TimelineLane, string>>>> = {
  // Of KMF_USER it makes no other than those that waited for user mode.
  'lazy-user': { userFlush: 'lazy user flush' },
  // Its KMF_GPA is of changes of ASID too.
  everything: { gpaFlush: 'whole flush' },
};

/** Lanes that go first, while they are not empty, where the height does not do for all. */
const EXPENDABLE: readonly TimelineLane[] = ['machine', 'gpaFlush', 'interrupts', 'exceptions'];

export const laneOf = (category: number): TimelineLane => TIMELINE_CATEGORIES[category]!.lane;
export const categoryName = (category: number): string => TIMELINE_CATEGORIES[category]!.name;
export const ALL_LANES = LANES;

/** All lanes, named as they are under a flush policy. */
export function lanesUnder(policy: Policy): readonly Lane[] {
  const called = CALLED[policy];
  if (!called) return LANES;
  return LANES.map((lane) => {
    const name = called[lane.id];
    return name ? { ...lane, label: name, noun: name } : lane;
  });
}

/** What one event of a lane is called under a flush policy. */
export function nounOf(id: TimelineLane, policy: Policy): string {
  return CALLED[policy]?.[id] ?? LANES.find((lane) => lane.id === id)!.noun;
}

/** Numbers of a lane's categories. */
export function categoriesOf(lane: TimelineLane): number[] {
  return TIMELINE_CATEGORIES.flatMap((category, i) => (i > 0 && category.lane === lane ? [i] : []));
}

/** Sums of an array by category, by lane. */
export function byLane(counts: ArrayLike<number>): Record<TimelineLane, number> {
  const sums = Object.fromEntries(LANES.map(({ id }) => [id, 0])) as Record<TimelineLane, number>;
  for (let c = 1; c < TIMELINE_CATEGORIES.length; c++) sums[laneOf(c)] += counts[c] ?? 0;
  return sums;
}

/**
 * The lanes to show.
 * @param policy of the machine; under `everything` the flushes with KMF_GPA are its only ones, and stay
 * @param totals events since power-on; a lane that never had one folds away first
 * @param room CSS pixels for axis and lanes
 * @param on lanes the user has not switched off
 */
export function lanesThatFit(
  policy: Policy,
  totals: Record<TimelineLane, number>,
  room: number,
  on: (lane: TimelineLane) => boolean = () => true,
): Lane[] {
  let lanes = lanesUnder(policy).filter((lane) => on(lane.id));
  const height = () => lanes.reduce((sum, lane) => sum + lane.height, AXIS);
  // A malta has no exits at all, and few runs reset: no room for those at any height.
  lanes = lanes.filter((lane) => totals[lane.id] > 0 || (lane.id !== 'exits' && lane.id !== 'machine'));
  if (height() > room) lanes = lanes.filter((lane) => totals[lane.id] > 0 || lane.id === 'mode');
  if (height() > room) lanes = lanes.map((lane) => ({ ...lane, height: Math.round(lane.height * (1 - SPARE)) }));
  const expendable = EXPENDABLE.filter((id) => policy !== 'everything' || id !== 'gpaFlush');
  for (const id of expendable) if (height() > room) lanes = lanes.filter((lane) => lane.id !== id);
  return lanes;
}

/** Where the mode changes, and where the time begins again that it is known of. @param marks of the lane of modes */
export function modeChanges(
  marks: readonly { instructions: number; category: number }[],
  unrecorded: readonly TimelineStretch[],
): { instructions: number; becomes: string }[] {
  return [
    ...marks.map(({ instructions, category }) => ({ instructions, becomes: categoryName(category) })),
    ...unrecorded.flatMap(({ to, user }) =>
      to === Infinity ? [] : [{ instructions: to, becomes: user ? 'to user' : 'to kernel' }],
    ),
  ].sort((a, b) => a.instructions - b.instructions);
}
