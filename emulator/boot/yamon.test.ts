import { describe, expect, test } from 'vitest';
import { LoadError } from './elf.ts';
import { ARGUMENTS_GPA, buildArguments, buildRom, handOverCode, MAX_COMMAND_LINE, rngSeed } from './yamon.ts';

/** Follows the tables as a kernel does. */
function readArguments(bytes: Uint8Array, bigEndian: boolean): { argv: string[]; environment: string[] } {
  const view = new DataView(bytes.buffer);
  const pointer = (index: number): number => view.getUint32(4 * index, !bigEndian);
  const text = (index: number): string => {
    const start = pointer(index) - 0x80000000 - ARGUMENTS_GPA;
    return new TextDecoder().decode(bytes.subarray(start, bytes.indexOf(0, start)));
  };
  const environment: string[] = [];
  for (let i = 2; pointer(i) !== 0; i += 2) environment.push(`${text(i)}=${text(i + 1)}`);
  return { argv: [text(0), text(1)], environment };
}

describe('arguments', () => {
  const args = { kernelName: 'vmlinuz', commandLine: 'console=ttyS0', memorySize: 0x10000000, seed: 0 };

  test.each([false, true])('big endian: %s', (bigEndian) => {
    const { gpa, bytes } = buildArguments(args, bigEndian);
    expect(gpa).toBe(0x2000);
    expect(readArguments(bytes, bigEndian)).toEqual({
      argv: ['vmlinuz', 'console=ttyS0'],
      environment: ['memsize=268435456', 'ememsize=268435456', 'modetty0=38400n8r', `rngseed=${rngSeed(0)}`],
    });
    // Strings are 0x100 apart from 0x2040.
    expect(new DataView(bytes.buffer).getUint32(4, !bigEndian)).toBe(0x80002140);
  });

  test('a long command line fits, one too long does not', () => {
    const long = 'x'.repeat(MAX_COMMAND_LINE);
    const { bytes } = buildArguments({ ...args, commandLine: long }, false);
    expect(readArguments(bytes, false).argv[1]).toBe(long);
    expect(() => buildArguments({ ...args, commandLine: `${long}x` }, false)).toThrow(LoadError);
    expect(() => buildArguments({ ...args, commandLine: 'a\0b' }, false)).toThrow(/NUL at character 1/);
  });

  test('the seed decides the random bytes', () => {
    expect(rngSeed(1)).toMatch(/^[0-9a-f]{64}$/);
    expect(rngSeed(1)).toBe(rngSeed(1));
    expect(rngSeed(1)).not.toBe(rngSeed(2));
  });
});

describe('the ROM', () => {
  const handOver = { entry: 0x80b174bc, memorySize: 0x10000000, stackPointer: 0x80001fc0, bigEndian: false };
  const rom = new Uint8Array(0x1000);
  for (const { offset, bytes } of buildRom(handOver)) rom.set(bytes, offset);
  const word = (offset: number): number => new DataView(rom.buffer).getUint32(offset, true);

  test('has its landmarks', () => {
    expect(word(0)).toBe(0x0bf00160);
    expect([word(0x500), word(0x504), word(0x534)]).toEqual([0x9fc00580, 0x9fc0083c, 0x9fc00808]);
    // The parts do not overlap.
    const parts = buildRom(handOver).sort((a, b) => a.offset - b.offset);
    for (let i = 1; i < parts.length; i++) {
      expect(parts[i - 1]!.offset + parts[i - 1]!.bytes.length).toBeLessThanOrEqual(parts[i]!.offset);
    }
  });

  test('stores GT values with their bytes reversed on a big-endian board', () => {
    const little = handOverCode(handOver);
    const big = handOverCode({ ...handOver, bigEndian: true });
    expect(little.slice(2, 5)).toEqual([0x3c090000, 0x352900df, 0xad090068]);
    expect(big.slice(2, 5)).toEqual([0x3c09df00, 0x35290000, 0xad090068]);
    expect(big.length).toBe(little.length);
  });
});
