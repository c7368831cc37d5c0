import { describe, expect, it } from 'vitest';
import type { FlushInfo } from '../../../emulator/protocol.ts';
import { FreedPages, countKinds, describeKinds, goneWithFlush, movePage, pageKind } from './slot-pages.ts';

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
    expect(describeKinds(counts)).toBe('4 present: 2 read-only, 1 writable, 1 dirty; 1 freed');
    expect(describeKinds(countKinds(new Uint8Array(4), null))).toBe('0 present');
  });
});

describe('goneWithFlush', () => {
  it('is of a slot that the last flush freed and nothing has filled', () => {
    const view = (pages: number) => ({ counts: Uint16Array.of(0, pages, 0), lastFlush: flush(1, [1]) });
    expect(goneWithFlush(1, view(0))).toBe(true);
    expect(goneWithFlush(1, view(4))).toBe(false);
    expect(goneWithFlush(2, view(0))).toBe(false);
    expect(goneWithFlush(1, { ...view(0), lastFlush: null })).toBe(false);
    expect(goneWithFlush(1, null)).toBe(false);
  });
});

describe('movePage', () => {
  const move = (page: number, how: Parameters<typeof movePage>[1]): number =>
    movePage(page, how, 64, 1024, (at) => at === 5 || at === 700);

  it('goes by page, row, and page present, and holds at the ends', () => {
    expect([move(70, 'up'), move(70, 'down'), move(70, 'left'), move(70, 'right')]).toEqual([6, 134, 69, 71]);
    expect([move(3, 'up'), move(0, 'left'), move(1023, 'right'), move(1000, 'down')]).toEqual([3, 0, 1023, 1000]);
    expect([move(5, 'next'), move(700, 'next'), move(700, 'previous'), move(5, 'previous')]).toEqual([700, 700, 5, 5]);
    expect([move(5, 'first'), move(5, 'last')]).toEqual([0, 1023]);
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
