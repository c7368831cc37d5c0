import { describe, expect, it } from 'vitest';
import type { FlushInfo } from '../../../emulator/protocol.ts';
import { FreedPages, countKinds, describeKinds, pageKind } from './slot-pages.ts';

const flush = (serial: number, slots: number[]): FlushInfo =>
  ({ serial, freedSlots: Uint16Array.from(slots) }) as unknown as FlushInfo;

describe('pageKind', () => {
  it('reads the bits, the strongest first', () => {
    expect([0, 1, 3, 7, 9, 15].map((bits) => pageKind(bits))).toEqual([
      'absent',
      'read-only',
      'writable',
      'dirty',
      'commpage',
      'commpage',
    ]);
    expect(pageKind(0, true)).toBe('freed');
    expect(pageKind(1, true)).toBe('read-only');
  });
});

describe('describeKinds', () => {
  it('says what is there and what went', () => {
    const counts = countKinds(Uint8Array.of(1, 1, 3, 7, 0, 0), Uint8Array.of(0, 0, 0, 0, 1, 0));
    expect(describeKinds(counts)).toBe('4 present, 1 freed: 2 read-only, 1 writable, 1 dirty');
    expect(describeKinds(countKinds(new Uint8Array(4), null))).toBe('0 present');
  });
});

describe('FreedPages', () => {
  it('marks pages that a flush of this slot took', () => {
    const pages = new FreedPages();
    pages.update(3, Uint8Array.of(1, 7, 0), flush(1, []));
    pages.update(3, Uint8Array.of(0, 7, 0), flush(2, [3]));
    expect(pages.freed).toEqual(Uint8Array.of(1, 0, 0));
    pages.update(3, Uint8Array.of(1, 7, 0), flush(2, [3]));
    expect(pages.freed).toEqual(Uint8Array.of(1, 0, 0));
  });

  it('marks nothing after a flush of other slots, or when another slot is opened', () => {
    const pages = new FreedPages();
    pages.update(3, Uint8Array.of(1), flush(1, []));
    pages.update(3, Uint8Array.of(0), flush(2, [4]));
    expect(pages.freed).toBe(null);
    pages.update(5, Uint8Array.of(0), flush(3, [5]));
    expect(pages.freed).toBe(null);
  });
});
