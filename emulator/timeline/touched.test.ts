/** Which events touched a slot, against the events one by one. */
import { describe, expect, it } from 'vitest';
import { TIMELINE_CATEGORIES, type TableName, type TimelineEvent } from '../protocol.ts';
import { Lab } from '../testing/lab.ts';
import { TimelineService, type Recorded } from '../timeline-service.ts';

const STEP = 4096;
const MOST = 2 ** 21;

describe.each(['kvm', 'malta'] as const)('pingpong and forkexec on %s', (machine) => {
  const lab = new Lab({ machine, timelineEvents: 1 << 17 });
  lab.command('pingpong 20');
  lab.command('forkexec 2');
  const recorded = lab.machine as Recorded;
  const service = new TimelineService(recorded, 'lab', 1, () => {});
  const { slotBytes, segmentOf } = (() => {
    const { layout, kernel } = recorded.mmu;
    const bytes = 2 ** kernel.gva.geometry.pmdShift;
    return {
      slotBytes: bytes,
      segmentOf: (slot: number) =>
        layout.segments.find(({ start, end }) => slot * bytes >= start && slot * bytes <= end)!,
    };
  })();
  const now = recorded.clock.instructions();
  const query = { from: 0, step: STEP, buckets: Math.ceil((now + 1) / STEP), marks: 0 };
  const events: TimelineEvent[] = [];
  for (let after = -1; ;) {
    const { events: more } = service.events({ from: 0, to: now + 1, cursor: { after }, limit: 1000 });
    const fresh = more.filter(({ sequence }) => sequence > after);
    if (fresh.length === 0) break;
    events.push(...fresh);
    after = fresh.at(-1)!.sequence;
  }

  function touches(event: TimelineEvent, slot: number, table: TableName | null): boolean {
    const [start, end] = [slot * slotBytes, (slot + 1) * slotBytes];
    if (event.flush) return (table === null || event.flush.table === table) && event.flush.freedSlots.includes(slot);
    if (event.tlb) {
      const mask = event.tlb.pageMask | 0x1fff;
      const first = (event.tlb.entryHi & ~mask) >>> 0;
      return first < end && first + mask >= start;
    }
    if (event.address === undefined || event.address < start || event.address >= end) return false;
    return table === null || event.user === (table === 'user');
  }

  it('a flush names the slots it freed, as many in each segment as it says', () => {
    const flushes = events.flatMap(({ flush }) => flush ?? []);
    expect(flushes.some(({ freedSlots }) => freedSlots.length > 2)).toBe(true);
    for (const { freedSlots, tablesFreed, bySegment } of flushes) {
      expect(new Set(freedSlots).size).toBe(tablesFreed);
      for (const [name, { tables }] of Object.entries(bySegment)) {
        expect(freedSlots.filter((slot) => segmentOf(slot).name === name)).toHaveLength(tables);
      }
    }
  });

  it.each([null, 'kernel', 'user'] as const)('counts and marks what touched each slot, table %s', (table) => {
    const slots = [0, slotBytes === 2 ** 22 ? 1 : 2, 0x20000000 / slotBytes, segmentSlots()[1]!, 0x33];
    let seen = 0;
    for (const slot of slots) {
      const { touched } = service.query({ ...query, touching: { slot, table, most: MOST } });
      const wanted = events.filter((event) => touches(event, slot, table));
      expect(touched!.events).toBe(wanted.length);
      const marks = new Set(
        wanted.map((e) => `${TIMELINE_CATEGORIES[e.category]!.lane} ${Math.floor(e.instructions / STEP)}`),
      );
      const [at, of] = [0, 1].map((part) => touched!.marks.filter((_, i) => i % 2 === part));
      expect([...at!].map((i, k) => `${TIMELINE_CATEGORIES[of![k]!]!.lane} ${Math.floor(i / STEP)}`).sort()).toEqual(
        [...marks].sort(),
      );
      seen += wanted.length;
    }
    expect(seen).toBeGreaterThan(20);
  });

  it('a filter applies, and a slot that nothing came near has none', () => {
    const { address, asid } = events.find((event) => event.user && event.address !== undefined)!;
    const touching = { slot: Math.floor(address! / slotBytes), table: null, most: MOST };
    const all = service.query({ ...query, touching }).touched!.events;
    const some = service.query({ ...query, filter: { asid }, touching }).touched!.events;
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(all);
    expect(service.query({ ...query, touching: { slot: 0x35, table: null, most: MOST } }).touched).toEqual({
      events: 0,
      whole: true,
      marks: new Float64Array(0),
    });
    expect(service.query(query).touched).toBeUndefined();
  });

  it('looks at the newest events only, if asked to', () => {
    const slot = events.find((event) => event.flush && event.flush.freedSlots.length > 0)!.flush!.freedSlots[0]!;
    const { touched } = service.query({ ...query, touching: { slot, table: null, most: 300 } });
    const first = recorded.events.ring.next - 300;
    expect(touched!.whole).toBe(false);
    expect(touched!.events).toBe(events.filter((e) => e.sequence >= first && touches(e, slot, null)).length);
  });

  function segmentSlots(): number[] {
    return recorded.mmu.layout.segments.map(({ start }) => start / slotBytes);
  }
});
