import { describe, expect, it } from 'vitest';
import { POLICIES, type FlushInfo } from '../../../emulator/protocol.ts';
import { flushLabel, flushStory, flushText, stormStory, tableState } from './wording.ts';

function flush(more: Partial<FlushInfo> = {}): FlushInfo {
  return {
    serial: 1,
    table: 'kernel',
    kind: 'KMF_KERN',
    instructions: 1000,
    pc: 0x40102a58,
    symbol: 'switch_mm+0x18',
    oldAsid: 0x12,
    newAsid: 0x13,
    ranges: [
      [0, 0x3fffffff],
      [0x60000000, 0x7fffffff],
    ],
    pages: 214,
    tablesFreed: 9,
    entriesCleared: 0,
    bySegment: { useg: { pages: 198, tables: 7 }, kseg23: { pages: 16, tables: 2 } },
    kept: { kseg0: 11560 },
    freedSlots: new Uint16Array([0, 1]),
    ...more,
  };
}
const look = { mark: 0, rate: 41, flush: flush(), moving: false };

describe('the label', () => {
  it('names the ASIDs only where they changed', () => {
    expect(flushText(flush())).toBe('KMF_KERN: ASID 0x12 -> 0x13, 214 pages, 9 tables freed');
    expect(flushText(flush({ kind: 'KMF_GPA|KMF_KERN', newAsid: 0x12, pages: 1, tablesFreed: 1 }))).toBe(
      'KMF_GPA|KMF_KERN: 1 page, 1 table freed',
    );
  });

  it('says so where there was nothing to free', () => {
    const none = { pages: 0, tablesFreed: 0 };
    expect(flushText(flush(none))).toBe('KMF_KERN: ASID 0x12 -> 0x13, nothing to free');
    expect(flushText(flush({ ...none, kind: 'KMF_GPA|KMF_USER', newAsid: 0x12 }))).toBe(
      'KMF_GPA|KMF_USER: nothing to free',
    );
    expect(flushText(flush({ pages: 3, tablesFreed: 0 }))).toContain('3 pages, 0 tables freed');
  });

  it('is the flush, then the last flush, or how many there are', () => {
    expect(flushLabel({ ...look, form: 'none', flush: null })).toEqual(['']);
    expect(flushLabel({ ...look, form: 'fresh' })[0]).toBe(flushText(flush()));
    expect(flushLabel({ ...look, form: 'last' })[0]).toBe(`last flush ${flushText(flush())}`);
    expect(flushLabel({ ...look, form: 'storm' })).toEqual(['41 flushes/s']);
  });

  it('gets shorter with each wording', () => {
    for (const form of ['fresh', 'last'] as const) {
      const lengths = flushLabel({ ...look, form }).map((text) => text.length);
      expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
    }
  });
});

describe('the state of a table', () => {
  const of = (policy: (typeof POLICIES)[number], asid: number, stale = false, table: 'kernel' | 'user' = 'user') =>
    tableState(table, policy, { asid, stale }, 0x13)?.[0];

  it('speaks of a lazy flush only where there is one', () => {
    expect(of('lazy-user', 0x12, true)).toBe('stale: user ASID 0x12, will flush on next entry to user');
    for (const policy of POLICIES) {
      if (policy !== 'lazy-user') expect(of(policy, 0x12)).not.toMatch(/stale|will flush|in step/);
    }
  });

  it('says "in step" only where the pages are of the guest’s ASID', () => {
    for (const policy of ['lazy-user', 'eager', 'everything'] as const) {
      expect(of(policy, 0x13)).toBe('in step: user ASID 0x13');
    }
    expect(of('eager', 0x12)).toBe('user ASID 0x12');
    expect(of('tagged', 0x13)).toBe('tagged: the table of user ASID 0x13');
    expect(of('tagged', 0x12)).toBe('tagged: the table of user ASID 0x12; 0x13 has its own');
    expect(of('never', 0x13)).toMatch(/^never flushed/);
  });

  it('says of the kernel table only what a flush does not', () => {
    for (const policy of ['lazy-user', 'eager', 'everything'] as const) {
      expect(of(policy, 0x13, false, 'kernel')).toBe(undefined);
    }
    expect(of('tagged', 0x13, false, 'kernel')).toMatch(/^tagged: useg/);
    expect(of('never', 0x13, false, 'kernel')).toMatch(/^never flushed/);
  });
});

describe('the story of a flush', () => {
  it('has what went, what stayed, and why', () => {
    expect(flushStory(flush(), 'lazy-user')).toBe(
      'KMF_KERN at switch_mm+0x18, as the ASID changed from 0x12 to 0x13. ' +
        'Freed: useg 198 pages in 7 tables, kseg2/3 16 pages in 2 tables. ' +
        'Walked: 0x00000000-0x3fffffff, 0x60000000-0x7fffffff. ' +
        'The guest TLB maps these segments for one ASID, and the table knows no ASID. ' +
        'Kept: kseg0 11,560 pages. kseg0 is a fixed window on physical memory: no TLB entry maps it.',
    );
  });

  it('is of the entry to user mode under lazy-user, of the change of ASID under eager', () => {
    const user = flush({ table: 'user', kind: 'KMF_USER', kept: {}, bySegment: {} });
    expect(flushStory(user, 'lazy-user')).toContain('on entry to user mode under ASID 0x13 instead of 0x12');
    expect(flushStory(user, 'lazy-user')).toContain('Freed: nothing');
    expect(flushStory(user, 'eager')).toContain('as the ASID changed from 0x12 to 0x13');
  });

  it('tells the policy from a change of memory, and claims nothing kept', () => {
    const all = flush({ kind: 'KMF_GPA|KMF_KERN', kept: {} });
    expect(flushStory(all, 'everything')).toMatch(/The policy flushes both tables whole.*kseg0 too\.$/);
    expect(flushStory({ ...all, newAsid: 0x12 }, 'lazy-user')).toContain('as guest physical memory changed');
    expect(stormStory(41, 'lazy-user')).toContain('kseg0 is not flushed');
    expect(stormStory(41, 'everything')).not.toContain('kseg0');
  });
});
