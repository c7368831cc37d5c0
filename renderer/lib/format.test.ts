import { describe, expect, it } from 'vitest';
import { asid, bytes, count, hex, plural, range, seconds, short, slotNumber, when } from './format.ts';

describe('format', () => {
  it('writes addresses unsigned in 8 digits, ASIDs in 2, slots in 3', () => {
    expect(hex(0x80000000 | 0)).toBe('0x80000000');
    expect(hex(0x24000)).toBe('0x00024000');
    expect(asid(5)).toBe('0x05');
    expect(slotNumber(477)).toBe('0x1dd');
    expect(range(0, 0x3fffff)).toBe('0x00000000–0x003fffff');
  });

  it('writes counts with separators and nouns in number', () => {
    expect(count(18412096)).toBe('18,412,096');
    expect(plural(1, 'page')).toBe('1 page');
    expect(plural(2861, 'page')).toBe('2,861 pages');
  });

  it('writes bytes in binary units', () => {
    expect(bytes(0)).toBe('0');
    expect(bytes(4096)).toBe('4 KiB');
    expect(bytes(229 * 4096)).toBe('916 KiB');
    expect(bytes(11560 * 4096)).toBe('45.2 MiB');
    expect(bytes(2 ** 31)).toBe('2 GiB');
  });

  it('shortens counts for captions', () => {
    expect(short(640)).toBe('640');
    expect(short(65536)).toBe('66 K');
    expect(short(1.34e9)).toBe('1.3 G');
    expect(seconds(442_000_000)).toBe('0.442 s');
  });

  it('writes times as people do', () => {
    const now = new Date(2026, 2, 1, 9, 0);
    expect(when(new Date(2026, 2, 1, 8, 12).toISOString(), now)).toBe('today 08:12');
    expect(when(new Date(2026, 1, 28, 17, 40).toISOString(), now)).toBe('yesterday 17:40');
    expect(when(new Date(2026, 1, 3, 17, 40).toISOString(), now)).toBe('3 Feb');
    expect(when(new Date(2025, 11, 31, 17, 40).toISOString(), now)).toBe('31 Dec 2025');
    expect(when('soon', now)).toBe('');
  });
});
