import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AREAS,
  areaOf,
  defaultArrangement,
  groupsOf,
  restoreArrangement,
  withClosed,
  withMoved,
  withShown,
  type Placed,
} from './arrangement.ts';

const panels: Placed[] = [
  { id: 'timeline', place: 'bottom' },
  { id: 'cpu', place: 'low', layouts: { debug: 'top' } },
  { id: 'segments', place: 'top', layouts: { mmu: 'top', debug: 'top' } },
  { id: 'tlb', place: 'low', layouts: { mmu: 'low', debug: 'top' } },
  { id: 'console', place: 'left' },
];
const mmu = defaultArrangement('mmu', panels);
const all = (areas: Record<string, string[]>) => Object.values(areas).flat();

describe('arrangement', () => {
  it('at first: each panel where it says', () => {
    expect(mmu.areas).toEqual({ left: ['console'], top: ['segments'], low: ['tlb'], bottom: ['timeline'] });
    const debug = defaultArrangement('debug', panels);
    expect(debug.areas).toEqual({ left: ['console'], top: ['cpu', 'segments', 'tlb'], low: [], bottom: ['timeline'] });
    expect(groupsOf(debug, 'wide').map(({ front }) => front)).toEqual(['console', 'cpu', 'timeline']);
  });

  it('narrow: left and top share a place; low as well: all do', () => {
    expect(groupsOf(mmu, 'tabs')).toEqual([
      { area: 'top', panels: ['console', 'segments'], front: 'console' },
      { area: 'low', panels: ['tlb'], front: 'tlb' },
      { area: 'bottom', panels: ['timeline'], front: 'timeline' },
    ]);
    expect(groupsOf(withShown(mmu, panels[2]!), 'tabs')[0]?.front).toBe('segments');
    expect(groupsOf(mmu, 'single')).toHaveLength(1);
  });

  it('shows what it does not have in its default place, and what was closed again', () => {
    const shown = withShown(mmu, panels[1]!);
    expect(shown.areas.low).toEqual(['tlb', 'cpu']);
    expect(groupsOf(shown, 'wide')[2]?.front).toBe('cpu');
    const closed = withClosed(shown, 'cpu');
    expect(closed).toMatchObject({ areas: mmu.areas, closed: ['cpu'] });
    expect(withShown(closed, panels[1]!)).toMatchObject({ areas: shown.areas, closed: [] });
  });

  it('every panel closed leaves no group, and Reset has somewhere to go', () => {
    const none = panels.reduce((arrangement, { id }) => withClosed(arrangement, id), mmu);
    expect(groupsOf(none, 'wide')).toEqual([]);
    expect(restoreArrangement(JSON.parse(JSON.stringify(none)), 'mmu', panels)).toEqual(none);
  });

  it('comes back as it was saved; a panel that is new goes where it belongs, one that is gone goes', () => {
    const moved = { ...withMoved(mmu, 'tlb', 'left'), leftShare: 0.5, topHeight: 300 };
    expect(restoreArrangement(JSON.parse(JSON.stringify(moved)), 'mmu', panels)).toEqual(moved);
    const later = [...panels.filter(({ id }) => id !== 'segments'), { id: 'memory', place: 'low' } as const];
    expect(restoreArrangement(moved, 'mmu', later).areas).toEqual({
      left: ['console', 'tlb'],
      top: [],
      low: ['memory'],
      bottom: ['timeline'],
    });
  });

  it('of anything at all it makes a layout that has each panel at most once', () => {
    const ids = fc.oneof(fc.constantFrom(...panels.map(({ id }) => id)), fc.string());
    const saved = fc.record(
      {
        areas: fc.oneof(fc.anything(), fc.dictionary(fc.constantFrom(...AREAS), fc.array(ids))),
        closed: fc.oneof(fc.anything(), fc.array(ids)),
        recent: fc.oneof(fc.anything(), fc.array(ids)),
        leftShare: fc.anything(),
        topHeight: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), saved), (value) => {
        const { areas, closed, leftShare } = restoreArrangement(value, 'mmu', panels);
        const placed = [...all(areas), ...closed];
        expect(new Set(placed).size).toBe(placed.length);
        for (const { id, layouts } of panels) if (!layouts || layouts.mmu) expect(placed).toContain(id);
        if (leftShare !== null) expect(leftShare).toBeGreaterThan(0);
      }),
    );
  });

  it('a moved panel is in one area', () => {
    for (const area of AREAS) expect(areaOf(withMoved(mmu, 'console', area), 'console')).toBe(area);
  });
});
