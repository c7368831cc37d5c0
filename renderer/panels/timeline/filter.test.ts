import { expect, it } from 'vitest';
import { TIMELINE_CATEGORIES } from '../../../emulator/protocol.ts';
import { NO_FILTER, parseAsid, parsePc, toFilter, withLanes } from './filter.ts';

it('nothing typed lets all pass', () => {
  expect(toFilter(NO_FILTER)).toBeUndefined();
  expect(toFilter({ ...NO_FILTER, off: ['exits'] })).toBeUndefined();
});

it('reads ASIDs and addresses in hexadecimal', () => {
  expect(toFilter({ off: [], asid: ' 0x12', segment: 'useg', pc: '40100000-0x401FFFFF ' })).toEqual({
    asid: 0x12,
    segment: 'useg',
    pc: { from: 0x40100000, to: 0x401fffff },
  });
  expect(parsePc('80000180')).toEqual({ from: 0x80000180, to: 0x80000180 });
  expect(parseAsid('ff')).toBe(255);
  expect(parseAsid('0')).toBe(0);
});

it.each(['100', 'zz', '0x', '-1', '1.5'])('an ASID of %s is none, and says so', (text) => {
  expect(parseAsid(text)).toMatch(/ASID/);
  expect(toFilter({ ...NO_FILTER, asid: text })).toBeUndefined();
});

it.each(['xyz', '2-1', '1-2-3', '123456789', '1-'])('a PC range of %s is none', (text) => {
  expect(typeof parsePc(text)).toBe('string');
});

it('lanes become their categories', () => {
  const { categories, asid } = withLanes({ asid: 3 }, ['tlbWrites', 'asid']);
  expect(asid).toBe(3);
  expect(categories!.map((c) => TIMELINE_CATEGORIES[c]!.name).sort()).toEqual(['ASID change', 'TLBWI', 'TLBWR']);
});
