import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LoadError, parseElf } from './elf.ts';
import { fakeElf } from './fake-elf.ts';

const segment = (
  virtualAddress: number,
  length: number,
  memorySize = length,
): { virtualAddress: number; bytes: Uint8Array; memorySize: number } => ({
  virtualAddress,
  bytes: new Uint8Array(length).fill(0xaa),
  memorySize,
});

/** A file with bytes changed from `at` on. */
function changed(file: Uint8Array, at: number, ...bytes: number[]): Uint8Array {
  const copy = file.slice();
  copy.set(bytes, at);
  return copy;
}

describe('sound files', () => {
  test.each([false, true])('big endian: %s', (bigEndian) => {
    const file = fakeElf({
      bigEndian,
      entry: 0x80200004,
      segments: [segment(0x80200000, 16, 0x1000), segment(0x80100000, 8)],
      symbols: [
        { name: 'start_kernel', value: 0x80200004, size: 8 },
        { name: 'jiffies', value: 0x80200100, size: 4, type: 1 },
        { name: 'kernel_entry', value: 0x80200000, type: 0 },
        { name: '$L1', value: 0x80200000, type: 0 },
        { name: 'undefined', value: 0, section: 0 },
        { name: 'file.c', value: 0, type: 4 },
      ],
    });
    const image = parseElf('vmlinux', file);
    expect(image).toMatchObject({ name: 'vmlinux', bigEndian, entry: 0x80200004, flags: 0x70001001 });
    expect(
      image.segments.map(({ gpa, virtualAddress, bytes, memorySize }) => [
        gpa,
        virtualAddress,
        bytes.length,
        memorySize,
      ]),
    ).toEqual([
      [0x100000, 0x80100000, 8, 8],
      [0x200000, 0x80200000, 16, 0x1000],
    ]);
    expect(image.symbols).toEqual([
      { name: 'start_kernel', value: 0x80200004, size: 8, kind: 'function' },
      { name: 'jiffies', value: 0x80200100, size: 4, kind: 'object' },
      { name: 'kernel_entry', value: 0x80200000, size: 0, kind: 'label' },
    ]);
  });

  test('no symbols, and a file that lies inside a larger buffer', () => {
    const file = fakeElf();
    const buffer = new Uint8Array(file.length + 7);
    buffer.set(file, 7);
    const image = parseElf('k', buffer.subarray(7));
    expect(image.symbols).toEqual([]);
    expect([...image.segments[0]!.bytes]).toEqual([1, 2, 3, 4]);
  });

  test('KVM guests load by their physical bits', () => {
    const image = parseElf('k', fakeElf({ segments: [segment(0x40100000, 4)] }));
    expect(image.segments[0]!.gpa).toBe(0x100000);
  });
});

describe('refusals', () => {
  const good = fakeElf();
  const withSymbols = fakeElf({ symbols: [{ name: 'a', value: 0x80100000 }] });
  const sections = new DataView(withSymbols.buffer).getUint32(32, true);
  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /byte 0 .* choose a MIPS kernel/],
    ['not ELF', new TextEncoder().encode('#!/bin/sh\n'), /byte 0 /],
    ['truncated header', good.subarray(0, 40), /header needs 52 bytes, the file ends at byte 40/],
    ['ELF64', changed(good, 4, 2), /byte 4 .*ELF64/],
    ['byte order', changed(good, 5, 3), /byte 5 gives byte order 3/],
    ['x86', changed(good, 18, 3), /e_machine at byte 18 is 3/],
    ['object file', changed(good, 16, 1), /e_type at byte 16 is 1/],
    ['MIPS64', changed(good, 39, 0x80), /e_flags at byte 36 is 0x80001001/],
    ['n32', changed(good, 36, 0x21), /e_flags/],
    ['no program headers', changed(good, 44, 0, 0), /e_phnum at byte 44 is 0/],
    ['program header size', changed(good, 42, 56), /e_phentsize at byte 42 is 56/],
    ['program headers past the end', changed(good, 44, 0xff, 0xff), /65535 program headers at byte 52 run past/],
    ['no PT_LOAD', changed(good, 52, 6), /no program header is of type PT_LOAD/],
    ['segment past the end', changed(good, 56, 0, 0, 1), /takes bytes 65536 to 65539, the file ends at byte/],
    ['memory size below file size', changed(good, 52 + 20, 1), /p_memsz 1 below p_filesz 4/],
    ['huge memory size', changed(good, 52 + 20, 0xff, 0xff, 0xff, 0xff), /beyond its address space/],
    ['entry outside', fakeElf({ entry: 0x80200000 }), /entry point 0x80200000 at byte 24/],
    [
      'overlap',
      fakeElf({ segments: [segment(0x80100000, 4, 0x2000), segment(0x80101000, 4)] }),
      /0x100000 and 0x101000 overlap/,
    ],
    ['section headers past the end', changed(withSymbols, 48, 0xff, 0xff), /65535 section headers/],
    ['section header size', changed(withSymbols, 46, 1), /e_shentsize at byte 46/],
    ['symbol table past the end', changed(withSymbols, sections + 40 + 20, 0, 0, 0, 1), /section 1 runs past the end/],
    ['symbol table link', changed(withSymbols, sections + 40 + 24, 9), /section 1 is malformed/],
  ])('%s', (_what, file, message) => {
    expect(() => parseElf('vmlinux', file)).toThrow(LoadError);
    expect(() => parseElf('vmlinux', file)).toThrow(message);
    // One sentence that names the file.
    expect(() => parseElf('vmlinux', file)).toThrow(/^vmlinux: [^.]*(\.[^ ][^.]*)*\.$/);
  });
});

test('any damage is either harmless or refused', () => {
  const files = [false, true].map((bigEndian) =>
    fakeElf({
      bigEndian,
      segments: [segment(0x80100000, 64, 256), segment(0x80200000, 32)],
      symbols: [
        { name: 'one', value: 0x80100000, size: 4 },
        { name: 'two', value: 0x80100004, size: 4 },
      ],
    }),
  );
  const size = files[0]!.length;
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(fc.tuple(fc.oneof(fc.nat(119), fc.nat(size - 1)), fc.nat(255)), { maxLength: 4 }),
      fc.option(fc.nat(size)),
      (file, edits, length) => {
        const copy = file.slice(0, length ?? size);
        for (const [at, byte] of edits) if (at < copy.length) copy[at] = byte;
        try {
          parseElf('k', copy);
        } catch (error) {
          if (!(error instanceof LoadError)) throw error;
        }
      },
    ),
    { numRuns: 5000 },
  );
});
