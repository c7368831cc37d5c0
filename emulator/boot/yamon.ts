/**
 * What YAMON, Malta's monitor, leaves for a kernel: arguments and environment in RAM, the address windows programmed,
 * and print routines in ROM. Addresses and contents are those of QEMU 7.2's Malta, for Malta and for KVM guests.
 *
 * Source: MIPS YAMON Reference Manual (MD00008), chapter 7 (application interface), and observation of QEMU.
 */

import { addiu, andi, assemble, beq, j, jr, lbu, li, lui, nop, R, sb, sw } from './assemble.ts';
import { LoadError } from './elf.ts';

/** Bytes to be put at a guest physical address, in the order the guest's CPU sees them. */
export interface RamWrite {
  gpa: number;
  bytes: Uint8Array;
}

/** Bytes to be put at an offset in the boot ROM, which is seen at 0x1fc00000. */
export interface RomWrite {
  offset: number;
  bytes: Uint8Array;
}

/** Where the argument table lies; the environment's pointers follow argv's two. */
export const ARGUMENTS_GPA = 0x2000;
const ENVIRONMENT_OFFSET = 8;
const TABLE_ENTRIES = 16;
const SLOT_BYTES = 0x100;
const STRINGS_OFFSET = TABLE_ENTRIES * 4;
/** Strings too long for a slot of the table come after the last one. */
const LONG_STRINGS_OFFSET = STRINGS_OFFSET + TABLE_ENTRIES * SLOT_BYTES;
/** Linux keeps no more of a command line on MIPS. */
export const MAX_COMMAND_LINE = 4095;
/** End of the arguments at their longest, in guest physical bytes. */
export const ARGUMENTS_END = ARGUMENTS_GPA + LONG_STRINGS_OFFSET + MAX_COMMAND_LINE + 1;

/** Guests read the arguments through real kseg0, KVM guests too, to whom that is device space (their check wants it). */
const KSEG0 = 0x80000000;

export interface FirmwareArguments {
  kernelName: string;
  /** The whole command line, rd_start and rd_size included. */
  commandLine: string;
  /** RAM from address 0 that the kernel may use, in bytes. */
  memorySize: number;
  /** All of RAM, as the board has it at 0x80000000: `memorySize` if absent. */
  extendedMemorySize?: number;
  seed: number;
}

/** Builds the argument table, environment and their strings. */
export function buildArguments(args: FirmwareArguments, bigEndian: boolean): RamWrite {
  const encoder = new TextEncoder();
  // One slot is enough for any name a kernel would print.
  const kernelName = encoder.encode(args.kernelName).subarray(0, SLOT_BYTES - 1);
  const commandLine = encoder.encode(args.commandLine);
  if (commandLine.length > MAX_COMMAND_LINE) {
    throw new LoadError(
      `The kernel command line is ${commandLine.length} bytes long; shorten it to at most ${MAX_COMMAND_LINE}.`,
    );
  }
  const zero = args.commandLine.indexOf('\0');
  if (zero >= 0) {
    throw new LoadError(`The kernel command line has a NUL at character ${zero}; take it out.`);
  }
  const environment = {
    memsize: String(args.memorySize),
    ememsize: String(args.extendedMemorySize ?? args.memorySize),
    modetty0: '38400n8r',
    rngseed: rngSeed(args.seed),
  };
  const strings = [
    kernelName,
    commandLine,
    ...Object.entries(environment)
      .flat()
      .map((text) => encoder.encode(text)),
  ];

  const long = commandLine.length >= SLOT_BYTES;
  const bytes = new Uint8Array(LONG_STRINGS_OFFSET + (long ? commandLine.length + 1 : 0));
  const table = new DataView(bytes.buffer);
  strings.forEach((text, i) => {
    const offset = text.length < SLOT_BYTES ? STRINGS_OFFSET + i * SLOT_BYTES : LONG_STRINGS_OFFSET;
    bytes.set(text, offset);
    // The table's last entries stay NULL, which ends the environment.
    table.setUint32(i * 4, KSEG0 + ARGUMENTS_GPA + offset, !bigEndian);
  });
  return { gpa: ARGUMENTS_GPA, bytes };
}

/** 32 bytes in hexadecimal that follow from `seed`, for the kernel's random number generator. (xorshift32) */
export function rngSeed(seed: number): string {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  let text = '';
  for (let i = 0; i < 8; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    text += (state >>> 0).toString(16).padStart(8, '0');
  }
  return text;
}

/** GT-64120 registers, and what makes Malta's memory map of them: PCI I/O, memory 0 and memory 1 low and high. */
const GT_RESET_BASE = 0xb4000000;
const GT_BASE = 0xbbe00000;
const GT_ISD = 0x68;
const GT_ISD_VALUE = 0xdf;
const GT_WINDOWS = [
  [0x48, 0xc0],
  [0x50, 0x40],
  [0x58, 0x80],
  [0x60, 0x3f],
  [0x80, 0xc1],
  [0x88, 0x5e],
] as const;

export interface HandOver {
  entry: number;
  /** RAM the kernel may use, in bytes. */
  memorySize: number;
  stackPointer: number;
  bigEndian: boolean;
}

/**
 * The instructions that take a board out of reset and hand it to a kernel: GT registers moved to 0x1be00000, PCI
 * windows opened, a0 to a3 set (2, argv, envp, RAM size), then the kernel's entry. Position independent.
 */
export function handOverCode({ entry, memorySize, stackPointer, bigEndian }: HandOver): number[] {
  // The GT's registers are little endian: a big-endian CPU stores them with their bytes reversed.
  const little = (value: number): number => (bigEndian ? value << 24 : value);
  const code = [...li(R.t0, GT_RESET_BASE), ...li(R.t1, little(GT_ISD_VALUE)), sw(R.t1, GT_ISD, R.t0)];
  code.push(...li(R.t0, GT_BASE));
  for (const [register, value] of GT_WINDOWS) code.push(...li(R.t1, little(value)), sw(R.t1, register, R.t0));
  const argv = KSEG0 + ARGUMENTS_GPA;
  code.push(
    ...li(R.sp, stackPointer),
    ...li(R.a0, 2),
    ...li(R.a1, argv),
    ...li(R.a2, argv + ENVIRONMENT_OFFSET),
    ...li(R.a3, memorySize),
    ...li(R.t0, entry),
    jr(R.t0),
    nop,
  );
  return code;
}

/** Offsets in the boot ROM. Vectors hold addresses of routines, in cached kseg0. */
const ROM = {
  vectors: 0x500,
  start: 0x580,
  flushCache: 0x800,
  print: 0x808,
  printCount: 0x83c,
} as const;
const VECTOR = {
  exit: 0x20,
  printCount: 0x04,
  flushCache: 0x2c,
  print: 0x34,
  last: 0x4c,
} as const;
const ROM_KSEG0 = 0x9fc00000;
const ROM_KSEG1 = 0xbfc00000;

/** COM1 below 0xb8000000, where the hand-over opens PCI's I/O space. */
const PORTS_HIGH = 0xb800;
const COM1 = { thr: 0x3f8, lsr: 0x3fd, empty: 0x20 } as const;

/** Sends t1, when COM1 takes it. t0 holds the ports' base. */
const sendByte = [
  lbu(R.t2, COM1.lsr, R.t0),
  andi(R.t2, R.t2, COM1.empty),
  beq(R.t2, R.zero, -3),
  nop,
  sb(R.t1, COM1.thr, R.t0),
];

/** print(0, string): up to the terminating NUL. */
const printCode = [
  lui(R.t0, PORTS_HIGH),
  lbu(R.t1, 0, R.a1),
  beq(R.t1, R.zero, 8),
  nop,
  ...sendByte,
  beq(R.zero, R.zero, -9),
  addiu(R.a1, R.a1, 1),
  jr(R.ra),
  nop,
];

/** print_count(0, string, count). */
const printCountCode = [
  lui(R.t0, PORTS_HIGH),
  beq(R.a2, R.zero, 10),
  nop,
  lbu(R.t1, 0, R.a1),
  ...sendByte,
  addiu(R.a1, R.a1, 1),
  beq(R.zero, R.zero, -10),
  addiu(R.a2, R.a2, -1),
  jr(R.ra),
  nop,
];

/** The boot ROM of a Malta board that starts `handOver`'s kernel: reset vector, YAMON vectors, routines. */
export function buildRom(handOver: HandOver): RomWrite[] {
  const code = (offset: number, words: readonly number[]): RomWrite => ({
    offset,
    bytes: assemble(words, handOver.bigEndian),
  });
  const vectors = new Array<number>(VECTOR.last / 4 + 1).fill(ROM_KSEG0 + ROM.flushCache);
  const point = (vector: number, routine: number): void => {
    vectors[vector / 4] = ROM_KSEG0 + routine;
  };
  point(0, ROM.start);
  point(VECTOR.exit, ROM.start);
  point(VECTOR.printCount, ROM.printCount);
  point(VECTOR.print, ROM.print);
  return [
    code(0, [j(ROM_KSEG1 + ROM.start), nop]),
    code(ROM.vectors, vectors),
    code(ROM.start, handOverCode(handOver)),
    // What a vector offers that is not there returns at once; so does the flush of caches that never hold stale lines.
    code(ROM.flushCache, [jr(R.ra), nop]),
    code(ROM.print, printCode),
    code(ROM.printCount, printCountCode),
  ];
}
