import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { ExpressionError, parseExpression, type Values } from './expression.ts';

const CP0: Record<number, number> = { [Cp0.EntryHi]: 0x00412013, [Cp0.Cause]: 0x80000020 };
const MEMORY: Record<number, number> = { 0x1000: 0x12345678, 0x1004: 0xff };
const values: Values = {
  register: (n) => [0, 1, -2][n] ?? n,
  pc: 0x40100000,
  asid: 0x13,
  user: false,
  cp0: (index) => CP0[index] ?? 0,
  memory: (va, size) => (size === 4 ? (MEMORY[va] ?? null) : size === 1 ? 0x78 : null),
  symbol: (name) => (name === 'jiffies' ? 0x1000 : null),
};
const known = (name: string) => name === 'jiffies';
const value = (text: string) => parseExpression(text, known)(values);

describe('values', () => {
  it.each<[string, number | null]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 3 - 2', 5],
    ['0 - 1', 0xffffffff],
    ['-1 == 0xffffffff', 1],
    ['at - 2 > 5', 1],
    ['v0 == 0xfffffffe', 1],
    ['1 << 31', 0x80000000],
    ['0x80000000 >> 31', 1],
    ['1 << 32', 0],
    ['6 & 3 | 8', 10],
    ['6 ^ 3', 5],
    ['1 | 2 == 2', 1],
    ['!0 && ~0', 1],
    ['0x10000 * 0x10000', 0],
    ['7 / 2', 3],
    ['7 % 4', 3],
    ['0b101', 5],
    ['$4 == a0', 1],
    ['s8 == fp', 1],
    ['pc >= 0x40100000 && asid == 0x13', 1],
    ['user', 0],
    ['EntryHi', 0x00412013],
    ['EntryHi.ASID', 0x13],
    ['cause.x == 0', null],
    ['Cause.ExcCode == 8', 1],
    ['Cause.BD', 1],
    ['jiffies', 0x1000],
    ['[jiffies]', 0x12345678],
    ['word[jiffies + 4]', 0xff],
    ['byte[jiffies]', 0x78],
    ['[0x9999]', null],
    ['1 / 0', null],
    ['0 && [0x9999]', 0],
    ['1 || [0x9999]', 1],
    ['1 && [0x9999]', null],
  ])('%s is %s', (text, expected) => {
    if (text.startsWith('cause')) expect(() => value(text)).toThrow(/no symbol "cause.x"/);
    else expect(value(text)).toBe(expected);
  });
});

describe('mistakes are one sentence', () => {
  it.each([
    ['', /empty/],
    ['a0 ==', /something is missing at the end/],
    ['a0 == == 1', /a value is missing before "=="/],
    ['(a0', /a "\)" is missing/],
    ['[sp', /a "\]" is missing/],
    ['a0 1', /"1" is one too many/],
    ['a0 # 1', /"# 1".* no part/],
    ['a0 = 1', /"=" in "a0 = 1" sets nothing: compare with "=="/],
    ['nothere + 1', /no register and no symbol "nothere"/],
    ['EntryHi.Asidd', /EntryHi has no field "Asidd": VPN2, ASID/],
    ['$32', /registers?: they are \$0 to \$31/],
    ['0x100000000', /more than 32 bits/],
    ['0x12fgh', /no part/],
    ['constructor', /no symbol "constructor"/],
    ['process.exit()', /no symbol "process.exit"/],
    ['('.repeat(60) + '1' + ')'.repeat(60), /nested too deep/],
    ['1+'.repeat(400) + '1', /characters/],
  ])('%s', (text, message) => {
    const parse = () => parseExpression(text, known);
    expect(parse).toThrow(ExpressionError);
    expect(parse).toThrow(message);
    expect(parse).toThrow(/^[A-Z"][^\n]*\.$/);
  });
});

it('symbols that may still come have no value, and are no mistake', () => {
  expect(parseExpression('later == 1')(values)).toBeNull();
});
