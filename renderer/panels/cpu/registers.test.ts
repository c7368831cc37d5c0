import { expect, it } from 'vitest';
import { COLUMNS, HI, LO, NAMES, PC, parseBytes, parseWord } from './registers.ts';

it('every register is there once', () => {
  expect(COLUMNS.flat()).toEqual(Array.from({ length: 32 }, (_, i) => i));
  expect([NAMES[4], NAMES[29], NAMES[31], NAMES[HI], NAMES[LO], NAMES[PC]]).toEqual([
    'a0',
    'sp',
    'ra',
    'hi',
    'lo',
    'pc',
  ]);
});

it.each<[string, number | null]>([
  ['0x40100000', 0x40100000],
  [' 12 ', 12],
  ['-1', 0xffffffff],
  ['0XFF', 255],
  ['4294967295', 0xffffffff],
  ['4294967296', null],
  ['-2147483649', null],
  ['0x123456789', null],
  ['12ab', null],
  ['', null],
])('the word %j', (text, value) => {
  expect(parseWord(text)).toBe(value);
});

it.each<[string, number[] | null]>([
  ['00 ff', [0, 255]],
  ['deadBEEF', [0xde, 0xad, 0xbe, 0xef]],
  ['0', null],
  ['0x12', null],
  ['', null],
])('the bytes %j', (text, bytes) => {
  expect(parseBytes(text)).toEqual(bytes && Uint8Array.from(bytes));
});
