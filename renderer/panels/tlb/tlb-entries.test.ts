import { describe, expect, it } from 'vitest';
import type { TlbView } from '../../../emulator/protocol.ts';
import { defaultLayout } from '../../lib/layouts.ts';
import { decodeEntry, differing, findDuplicates, neverValid, pageSizeText, tlbRows } from './tlb-entries.ts';

const kvm = defaultLayout('kvm').segments;
const malta = defaultLayout('malta').segments;

function tlb(...entries: [hi: number, mask: number, lo0: number, lo1: number, writtenAt?: number][]): TlbView {
  return {
    entryHi: Uint32Array.from(entries, (entry) => entry[0]),
    pageMask: Uint32Array.from(entries, (entry) => entry[1]),
    entryLo0: Uint32Array.from(entries, (entry) => entry[2]),
    entryLo1: Uint32Array.from(entries, (entry) => entry[3]),
    writtenAt: Float64Array.from(entries, (entry) => entry[4] ?? 0),
    random: new Uint8Array(entries.length),
    writes: 0,
  };
}

describe('decodeEntry', () => {
  it('reads VPN2, ASID and both halves', () => {
    const entry = decodeEntry(tlb([0x00024013, 0, (0x2e1c << 6) | 0x1e, (0x2e1d << 6) | 0x18]), 0, kvm);
    expect(entry).toMatchObject({ address: 0x24000, asid: 0x13, global: false, segment: 'useg', span: 0x2000 });
    expect(entry.even).toEqual({ pfn: 0x2e1c, cache: 3, dirty: true, valid: true });
    expect(entry.odd).toEqual({ pfn: 0x2e1d, cache: 3, dirty: false, valid: false });
  });

  it('is global only when both halves are', () => {
    expect(decodeEntry(tlb([0xc0000000, 0, 1, 1]), 0, malta).global).toBe(true);
    expect(decodeEntry(tlb([0xc0000000, 0, 1, 0]), 0, malta).global).toBe(false);
  });

  it('aligns the address to the page mask and names the size', () => {
    const entry = decodeEntry(tlb([0x0010_e000, 0x0001_e000, 2, 0]), 0, kvm);
    expect(entry.address).toBe(0x0010_0000);
    expect(pageSizeText(entry.span)).toBe('64K');
    expect(pageSizeText(0x2000)).toBe('4K');
    expect(pageSizeText(0x0200_0000)).toBe('16M');
  });

  it('takes addresses that are never translated for invalidated ones', () => {
    expect(decodeEntry(tlb([0x8002e000, 0, 0, 0]), 0, kvm)).toMatchObject({ segment: null, invalidated: true });
    expect(decodeEntry(tlb([0x80000000, 0, 0, 0]), 0, malta)).toMatchObject({ segment: 'kseg0', invalidated: true });
    expect(decodeEntry(tlb([0xc0000000, 0, 0, 0]), 0, malta).invalidated).toBe(false);
    expect(neverValid(decodeEntry(tlb([0xc0000000, 0, 0, 0]), 0, malta))).toBe(true);
  });
});

describe('findDuplicates', () => {
  const decode = (view: TlbView) => [...view.entryHi.keys()].map((index) => decodeEntry(view, index, kvm));

  it('sees equal pages under one ASID, globals, and a large page over a small one', () => {
    expect(findDuplicates(decode(tlb([0x24013, 0, 2, 0], [0x24012, 0, 2, 0], [0x24013, 0, 0, 0])))).toEqual([
      null,
      null,
      0,
    ]);
    expect(findDuplicates(decode(tlb([0x24013, 0, 1, 1], [0x24012, 0, 0, 2])))).toEqual([null, 0]);
    expect(findDuplicates(decode(tlb([0x20013, 0x6000, 2, 2], [0x24013, 0, 0, 0])))).toEqual([null, 0]);
  });

  it('leaves invalidated entries alone, and those that are all zero', () => {
    expect(findDuplicates(decode(tlb([0, 0, 0, 0], [0, 0, 0, 0])))).toEqual([null, null]);
    expect(findDuplicates(decode(tlb([0x80000000, 0, 0, 0], [0x80000000, 0, 0, 0])))).toEqual([null, null]);
  });
});

describe('tlbRows', () => {
  it('keeps the objects of rows that did not change', () => {
    const first = tlb([0x24013, 0, 2, 2, 5], [0x26012, 0, 2, 2, 6]);
    const rows = tlbRows(first, null, [], kvm, 0x13);
    expect(rows.map((row) => [row.current, row.changed])).toEqual([
      [true, false],
      [false, false],
    ]);
    const second = tlb([0x24013, 0, 2, 2, 5], [0x28013, 0, 2, 2, 90]);
    const next = tlbRows(second, first, rows, kvm, 0x13);
    expect(next[0]).toBe(rows[0]);
    expect(next[1]).toMatchObject({ address: 0x28000, changed: true, current: true, writtenAt: 90 });
    const third = tlbRows(second, second, next, kvm, 0x12);
    expect(third.map((row) => row.current)).toEqual([false, false]);
    expect(third[1]!.changed).toBe(false);
  });
});

describe('against a pinned instant', () => {
  const entry = [0x00024013, 0, (0x2e1c << 6) | 0x1e, 0x1a] as const;
  const elsewhere = [0x80000000, 0, 0, 0] as const;
  const at = (now: readonly [number, number, number, number], then: readonly [number, number, number, number]) => {
    const pinned = { ...tlb([...then]), instructions: 7 };
    return tlbRows({ ...tlb([...now]), pinned }, null, [], kvm, 0x13)[0]!;
  };

  it('tells which registers differ', () => {
    expect(at(entry, entry).pinned).toBeNull();
    const other = at(entry, [0x00024012, 0, entry[2], 0x18]);
    expect(other.pinned).toMatchObject({ asid: 0x12, address: 0x24000 });
    expect(differing(other)).toEqual({ address: false, span: false, owner: true, even: false, odd: true });
    expect(differing(at(entry, entry))).toEqual({ address: false, span: false, owner: false, even: false, odd: false });
  });

  it('two that match nothing are alike; one that came or went is not', () => {
    expect(at(elsewhere, [0x80002000, 0, 0, 0]).pinned).toBeNull();
    expect(at(entry, elsewhere).pinned).toMatchObject({ invalidated: true });
    expect(at(elsewhere, entry).pinned).toMatchObject({ address: 0x24000 });
  });

  it('a row stays the same object while both sides stay', () => {
    const pinned = { ...tlb([...elsewhere]), instructions: 7 };
    const view = { ...tlb([...entry]), pinned };
    const rows = tlbRows(view, null, [], kvm, 0x13);
    expect(tlbRows({ ...view }, view, rows, kvm, 0x13)[0]).toBe(rows[0]);
  });
});
