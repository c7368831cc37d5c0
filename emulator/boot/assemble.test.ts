import { expect, test } from 'vitest';
import { addiu, andi, assemble, beq, j, jr, lbu, li, nop, R, sb, sw } from './assemble.ts';

// Words from GNU as.
test('encodings', () => {
  expect(li(R.t0, 0xb4000068)).toEqual([0x3c08b400, 0x35080068]);
  expect(addiu(R.a1, R.a1, 1)).toBe(0x24a50001);
  expect(andi(R.t2, R.t2, 0x20)).toBe(0x314a0020);
  expect(beq(R.t2, R.zero, -3)).toBe(0x1140fffd);
  expect(lbu(R.t1, 0, R.a1)).toBe(0x90a90000);
  expect(sb(R.t1, 0x3f8, R.t0)).toBe(0xa10903f8);
  expect(sw(R.t1, 0x68, R.t0)).toBe(0xad090068);
  expect(j(0xbfc00580)).toBe(0x0bf00160);
  expect(jr(R.ra)).toBe(0x03e00008);
});

test('byte order', () => {
  expect([...assemble([0x3c08b400, nop], true)]).toEqual([0x3c, 0x08, 0xb4, 0x00, 0, 0, 0, 0]);
  expect([...assemble([0x3c08b400], false)]).toEqual([0x00, 0xb4, 0x08, 0x3c]);
});
