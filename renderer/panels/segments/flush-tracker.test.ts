import { beforeEach, describe, expect, it } from 'vitest';
import type { FlushInfo } from '../../../emulator/protocol.ts';
import { FlushTracker, REDUCED_TIMES } from './flush-tracker.ts';

function flush(serial: number, more: Partial<FlushInfo> = {}): FlushInfo {
  return {
    serial,
    table: 'kernel',
    kind: 'KMF_KERN',
    instructions: 1000,
    pc: 0,
    symbol: '',
    oldAsid: 0x12,
    newAsid: 0x13,
    ranges: [],
    pages: 214,
    tablesFreed: 9,
    entriesCleared: 9,
    bySegment: {},
    kept: {},
    freedSlots: new Uint16Array([0, 1]),
    ...more,
  };
}

const view = (serial: number, value = 0) => ({
  flushes: serial,
  lastFlush: serial ? flush(serial) : null,
  counts: new Uint16Array([value, 0]),
});

let tracker: FlushTracker;
beforeEach(() => {
  tracker = new FlushTracker();
  tracker.update(view(0), 0, true);
});

describe('FlushTracker', () => {
  it('comes in, holds, fades and leaves the last label', () => {
    tracker.update(view(1), 100, true);
    expect(tracker.look(160, true)).toMatchObject({ form: 'fresh', mark: 0.5, moving: true });
    expect(tracker.look(1000, true).mark).toBe(1);
    expect(tracker.look(100 + 120 + 900 + 700, true).mark).toBeCloseTo(0.5);
    expect(tracker.look(100 + 2421, true)).toMatchObject({ form: 'last', mark: 0, moving: false });
  });

  it('comes in and then stands still while paused', () => {
    tracker.update(view(1), 100, false);
    expect(tracker.look(160, false)).toMatchObject({ form: 'fresh', mark: 0.5, moving: true });
    expect(tracker.look(60_000, false)).toMatchObject({ form: 'fresh', mark: 1, moving: false });
    expect(tracker.look(60_100, true).mark).toBe(1);
    expect(tracker.look(63_000, true).form).toBe('last');
  });

  it('freezes a fade where it was when the machine is paused', () => {
    tracker.update(view(1), 0, true);
    const mark = tracker.look(1720, true).mark;
    expect(tracker.look(9000, false).mark).toBeLessThanOrEqual(mark);
    expect(tracker.look(90_000, false).mark).toBe(tracker.look(9000, false).mark);
  });

  it('counts instead of flashing beyond four a second, with the mean of 250 ms in the cells', () => {
    for (let i = 1; i <= 41; i++) tracker.update(view(i, i % 2 ? 100 : 0), i * 24, true);
    const now = 41 * 24;
    expect(tracker.look(now, true)).toMatchObject({ form: 'storm', mark: 0, rate: 41 });
    expect(tracker.counts(now)[0]).toBeGreaterThan(40);
    expect(tracker.counts(now)[0]).toBeLessThan(60);
    expect(tracker.counts(now)[1]).toBe(0);
  });

  it('shows the last flush of a storm when the machine is paused in it', () => {
    for (let i = 1; i <= 41; i++) tracker.update(view(i), i * 24, true);
    expect(tracker.look(41 * 24 + 5, false)).toMatchObject({ form: 'fresh', mark: 1, moving: false });
  });

  it('is on, then off, with reduced motion', () => {
    tracker.times = REDUCED_TIMES;
    tracker.update(view(1), 100, true);
    expect(tracker.look(101, true).mark).toBe(1);
    expect(tracker.look(2499, true).mark).toBe(1);
    expect(tracker.look(2501, true).mark).toBe(0);
  });

  it('forgets everything with the machine', () => {
    tracker.update(view(3), 100, true);
    tracker.reset();
    expect(tracker.look(110, true).form).toBe('none');
    expect(tracker.counts(110)).toHaveLength(0);
  });
});
