import { expect, it } from 'vitest';
import { memoryRows } from './memory-rows.ts';

it('rows show bytes, characters, and why there are none', () => {
  const bytes = new Uint8Array(48);
  bytes.set([0x41, 0x7f, 0x20], 0);
  const readable = new Uint8Array(48).fill(1, 0, 16);
  const changed = new Uint8Array(48);
  changed[1] = 1;
  const view = {
    start: 0x00400ff0,
    physical: false,
    bytes,
    readable,
    changed,
    why: ['', 'invalid'],
    symbol: '',
    error: '',
  };
  const rows = memoryRows(view);
  expect(rows.map(({ address }) => address)).toEqual([0x400ff0, 0x401000, 0x401010]);
  expect(rows[0]).toMatchObject({ text: 'A. .............', why: '' });
  expect(rows[0]!.bytes[1]).toEqual({ value: 0x7f, changed: true });
  expect(rows[1]).toMatchObject({ why: 'not mapped: its TLB entry has V clear' });
  expect(rows[2]!.bytes.every(({ value }) => value === null)).toBe(true);
});
