import { describe, expect, it } from 'vitest';
import { findKallsyms, parseSystemMap } from './kallsyms.ts';

const NAMES = Array.from({ length: 700 }, (_, i) => `T_function_${i.toString(36).padStart(4, '0')}`);
const BASE = 0x80100000;

/** A table as a kernel has it: one token a character, but for a compressed "function". */
function image(little: boolean, relative: boolean, sequences: boolean, base = BASE): Uint8Array {
  const out: number[] = Array.from({ length: 4096 }, (_, i) => (i * 37) & 0x7f);
  const word = (value: number) => {
    const bytes = [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
    out.push(...(little ? bytes : bytes.reverse()));
  };
  const align = () => {
    while (out.length % 4 !== 0) out.push(0);
  };
  NAMES.forEach((_, i) => word(relative ? i * 16 : base + i * 16));
  if (relative) word(base);
  word(NAMES.length);
  const markers: number[] = [];
  const start = out.length;
  NAMES.forEach((name, i) => {
    if (i % 256 === 0) markers.push(out.length - start);
    const bytes = [...name.replace('function', '\x01')].map((c) => c.charCodeAt(0));
    out.push(bytes.length, ...bytes);
  });
  align();
  markers.forEach(word);
  if (sequences) {
    NAMES.forEach((_, i) => out.push(0, i >>> 8, i & 255));
    align();
  }
  const tokens = Array.from({ length: 256 }, (_, i) =>
    i === 0 ? 'unused' : i === 1 ? 'function' : String.fromCharCode(i),
  );
  const offsets: number[] = [];
  const table = out.length;
  for (const token of tokens) {
    offsets.push(out.length - table);
    out.push(...[...token].map((c) => c.charCodeAt(0)), 0);
  }
  align();
  for (const offset of offsets) out.push(...(little ? [offset & 255, offset >>> 8] : [offset >>> 8, offset & 255]));
  out.push(...Array.from({ length: 64 }, () => 0xee));
  return Uint8Array.from(out);
}

describe.each([
  [true, true, true],
  [true, true, false],
  [false, true, true],
  [false, false, false],
])('little endian %s, relative %s, with sequences %s', (little, relative, sequences) => {
  it('finds every text symbol', () => {
    const found = findKallsyms(image(little, relative, sequences), !little);
    expect(found).toHaveLength(NAMES.length);
    expect(found![0]).toEqual({ name: NAMES[0]!.slice(1), value: BASE, size: 0 });
    expect(found![699]).toEqual({ name: NAMES[699]!.slice(1), value: BASE + 699 * 16, size: 0 });
  });
});

it('of two copies, as KASLR leaves them, takes the one for the higher addresses', () => {
  const [low, high] = [image(true, true, true), image(true, true, true, BASE + 0x1200000)];
  for (const copies of [
    [low, high],
    [high, low],
  ]) {
    const memory = new Uint8Array(low.length + high.length);
    memory.set(copies[0]!);
    memory.set(copies[1]!, copies[0]!.length);
    expect(findKallsyms(memory, false)![0]!.value).toBe(BASE + 0x1200000);
  }
});

it('finds nothing in memory that has no table, or a broken one', () => {
  expect(findKallsyms(new Uint8Array(65536), false)).toBeNull();
  const broken = image(true, true, true);
  for (let cut = 100; cut < broken.length; cut += 997) {
    expect(() => findKallsyms(broken.subarray(0, cut), false)).not.toThrow();
  }
});

it('reads a System.map', () => {
  const map = '80100400 T _stext\n80ea59b8 T start_kernel\n8114 d data\nffffffff80100500 t local\n';
  expect(parseSystemMap(map)).toEqual([
    { name: '_stext', value: 0x80100400, size: 0 },
    { name: 'start_kernel', value: 0x80ea59b8, size: 0 },
    { name: 'local', value: 0x80100500, size: 0 },
  ]);
});
