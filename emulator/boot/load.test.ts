import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LoadError, parseElf } from './elf.ts';
import { fakeElf } from './fake-elf.ts';
import { inferMachine, planBoot } from './load.ts';

const MIB = 1 << 20;
const elf = (virtualAddress: number, memorySize = 16, bigEndian = false) =>
  parseElf(
    'vmlinux',
    fakeElf({ bigEndian, segments: [{ virtualAddress, bytes: Uint8Array.of(1, 2, 3, 4), memorySize }] }),
  );
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

describe('malta', () => {
  test('starts at the reset vector of a ROM', () => {
    const plan = planBoot({ elf: elf(0x80100000), ramSize: 64 * MIB, commandLine: 'quiet' });
    expect(plan).toMatchObject({
      machine: 'malta',
      pc: 0xbfc00000,
      leavesReset: true,
      memorySize: 64 * MIB,
      commandLine: 'quiet',
    });
    expect(plan.rom.map(({ offset }) => offset)).toContain(0x580);
    expect(plan.writes.map(({ gpa }) => gpa)).toEqual([0x100000, 0x2000]);
    // The zeroed part of the segment is written, too: a restart finds old data there.
    expect([...plan.writes[0]!.bytes]).toEqual([1, 2, 3, 4, ...new Array<number>(12).fill(0)]);
  });

  test('tells the kernel where its initrd is', () => {
    const initrd = { name: 'initrd', bytes: new Uint8Array(1_457_887) };
    const plan = planBoot({ elf: elf(0x80100000), ramSize: 256 * MIB, commandLine: 'console=ttyS0', initrd });
    expect(plan.commandLine).toBe('rd_start=0xffffffff8fe80000 rd_size=1457887 console=ttyS0');
    expect(plan.writes[1]).toEqual({ gpa: 0x0fe80000, bytes: initrd.bytes });
    expect(text(plan.writes[2]!.bytes)).toContain('rd_start=0xffffffff8fe80000');
  });

  test('tells of low RAM, and of all of it under the name for kernels that reach it', () => {
    const plan = planBoot({ elf: elf(0x80100000), ramSize: 512 * MIB });
    expect(plan.memorySize).toBe(256 * MIB);
    expect(text(plan.writes[1]!.bytes)).toMatch(/\0memsize\0+268435456\0+ememsize\0+536870912\0/);
  });
});

describe('kvm', () => {
  test('starts in the last MiB of RAM, which the kernel is not told of', () => {
    const plan = planBoot({ elf: elf(0x40100000), ramSize: 128 * MIB });
    expect(plan).toMatchObject({ machine: 'kvm', pc: 0x47f00000, rom: [], memorySize: 127 * MIB });
    expect(plan.writes.at(-1)!.gpa).toBe(127 * MIB);
    expect(text(plan.writes[1]!.bytes)).toContain(String(127 * MIB));
  });

  test('gives the initrd by its guest kseg0 address, below the firmware', () => {
    const initrd = { name: 'initrd', bytes: new Uint8Array(MIB) };
    const plan = planBoot({ elf: elf(0x40100000), ramSize: 64 * MIB, initrd });
    expect(plan.commandLine).toBe('rd_start=0x43de0000 rd_size=1048576 ');
    expect(plan.writes[1]!.gpa).toBe(0x3de0000);
  });
});

describe('refusals', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'KVM with a high entry',
      () => planBoot({ machine: 'kvm', elf: elf(0x80100000), ramSize: 64 * MIB }),
      /KVM guest cannot run; choose the malta machine/,
    ],
    [
      'malta with a low entry',
      () => planBoot({ machine: 'malta', elf: elf(0x40100000), ramSize: 64 * MIB }),
      /choose the kvm machine/,
    ],
    [
      'a mapped entry',
      () => planBoot({ elf: elf(0xc0100000), ramSize: 64 * MIB }),
      /0xc0100000 is outside 0x80000000 to 0xbfffffff/,
    ],
    [
      'too little RAM',
      () => planBoot({ elf: elf(0x80100000, 32 * MIB), ramSize: 16 * MIB }),
      /outside the guest's 16777216 bytes of RAM/,
    ],
    [
      'over the arguments',
      () => planBoot({ elf: elf(0x80002000), ramSize: 16 * MIB }),
      /covers the firmware's arguments/,
    ],
    [
      'initrd over the kernel',
      () =>
        planBoot({
          elf: elf(0x80100000, 14 * MIB),
          ramSize: 16 * MIB,
          initrd: { name: 'i', bytes: new Uint8Array(2 * MIB) },
        }),
      /does not fit/,
    ],
  ])('%s', (_what, plan, message) => {
    expect(plan).toThrow(LoadError);
    expect(plan).toThrow(message);
  });
});

test('the machine follows from the entry', () => {
  expect([inferMachine(elf(0x40100000)), inferMachine(elf(0x80100000))]).toEqual(['kvm', 'malta']);
});

describe.each(['kvm', 'malta'] as const)('the Lab kernel for %s', (machine) => {
  test.each(['el', 'eb'])('%s', (order) => {
    const file = new URL(`../../resources/guests/lab/lab-${machine}-${order}.elf`, import.meta.url);
    // The Lab kernels are built apart; without them there is nothing to load.
    if (!existsSync(file)) return;
    const image = parseElf(`lab-${machine}-${order}.elf`, new Uint8Array(readFileSync(file)));
    expect(image.bigEndian).toBe(order === 'eb');
    const plan = planBoot({ elf: image, ramSize: 16 * MIB });
    expect(plan.machine).toBe(machine);
    expect(plan.symbols.length).toBeGreaterThan(0);
  });
});
