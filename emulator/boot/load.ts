/**
 * From files to a machine ready to start: which bytes go where in RAM and ROM, and where the CPU begins.
 *
 * A `malta` machine starts at its reset vector, in a boot ROM that hands over to the kernel. A `kvm` guest cannot run
 * ROM code (its CPU reaches only addresses below 0x80000000), so the same hand-over stands in the last MiB of RAM,
 * which the kernel is not told of. Source for both: QEMU 7.2's Malta, observed.
 */

import { assemble } from './assemble.ts';
import { type ElfImage, type ElfSymbol, LoadError } from './elf.ts';
import { placeInitrd } from './initrd.ts';
import {
  ARGUMENTS_END,
  ARGUMENTS_GPA,
  buildArguments,
  buildRom,
  handOverCode,
  type RamWrite,
  type RomWrite,
} from './yamon.ts';

export type { RamWrite, RomWrite } from './yamon.ts';
export { LoadError } from './elf.ts';

export type BootMachine = 'kvm' | 'malta';

export interface BootRequest {
  /** Absent: what the kernel is linked for, see {@link inferMachine}. */
  machine?: BootMachine;
  elf: ElfImage;
  /** What the kernel is told as its own name; absent: the ELF's. */
  kernelName?: string;
  /** Guest RAM in bytes. */
  ramSize: number;
  commandLine?: string;
  initrd?: { name: string; bytes: Uint8Array };
  /** Seed of the random bytes the firmware hands the kernel. */
  seed?: number;
}

export interface BootPlan {
  machine: BootMachine;
  bigEndian: boolean;
  /** Into RAM, in order. The kernel's zeroed parts are included. */
  writes: RamWrite[];
  rom: RomWrite[];
  /** Where the CPU starts: a virtual address. */
  pc: number;
  /** General registers that are not 0 at the start, by number. The stub sets what a kernel needs, so there is none. */
  registers: Record<number, number>;
  /** Firmware runs before the guest looks: the CPU starts with Status.ERL clear. */
  leavesReset: boolean;
  /** The command line as the kernel gets it. */
  commandLine: string;
  /** RAM the kernel is told of, in bytes. */
  memorySize: number;
  symbols: ElfSymbol[];
}

/** RAM below PCI's memory window, all that a 32-bit kernel reaches through kseg0. */
const LOW_RAM = 256 << 20;
/** The last MiB of a KVM guest's RAM belongs to its firmware. */
const KVM_RESERVED = 1 << 20;
const STACK_GPA = ARGUMENTS_GPA - 64;

const KSEG0: Readonly<Record<BootMachine, number>> = { kvm: 0x40000000, malta: 0x80000000 };
const RESET_VECTOR = 0xbfc00000;

const hex = (value: number): string => `0x${value.toString(16)}`;

/** The machine a kernel is linked for: KVM guests live below 0x80000000. */
export function inferMachine(elf: ElfImage): BootMachine {
  return elf.entry < 0x80000000 ? 'kvm' : 'malta';
}

/** @throws LoadError when the files do not make a bootable machine */
export function planBoot(request: BootRequest): BootPlan {
  const { elf, ramSize } = request;
  const machine = request.machine ?? inferMachine(elf);
  checkEntry(elf, machine);

  const memorySize = Math.min(ramSize, LOW_RAM) - (machine === 'kvm' ? KVM_RESERVED : 0);
  const writes = elf.segments.map((segment) => loadSegment(elf.name, segment, memorySize));
  const kernelEnd = Math.max(...elf.segments.map((segment) => segment.gpa + segment.memorySize));

  let commandLine = request.commandLine ?? '';
  if (request.initrd) {
    const { name, bytes } = request.initrd;
    const gpa = placeInitrd(name, bytes.length, memorySize, Math.max(kernelEnd, ARGUMENTS_END));
    writes.push({ gpa, bytes });
    commandLine = `rd_start=${signExtended(KSEG0[machine] + gpa)} rd_size=${bytes.length} ${commandLine}`;
  }
  const { seed = 0, kernelName = elf.name } = request;
  const { bigEndian } = elf;
  const extendedMemorySize = machine === 'malta' ? ramSize : memorySize;
  writes.push(buildArguments({ kernelName, commandLine, memorySize, extendedMemorySize, seed }, bigEndian));

  const handOver = { entry: elf.entry, memorySize, stackPointer: KSEG0[machine] + STACK_GPA, bigEndian };
  const plan = { machine, bigEndian, writes, registers: {}, leavesReset: true, commandLine, memorySize };
  if (machine === 'malta') return { ...plan, rom: buildRom(handOver), pc: RESET_VECTOR, symbols: elf.symbols };
  writes.push({ gpa: memorySize, bytes: assemble(handOverCode(handOver), bigEndian) });
  return { ...plan, rom: [], pc: KSEG0.kvm + memorySize, symbols: elf.symbols };
}

function checkEntry({ name, entry }: ElfImage, machine: BootMachine): void {
  if (machine === 'kvm' && entry >= 0x80000000) {
    throw new LoadError(
      `${name}: the entry point ${hex(entry)} is above 0x7fffffff, which a KVM guest cannot run; choose the malta ` +
        'machine or a kernel built with CONFIG_KVM_GUEST.',
    );
  }
  const start = KSEG0[machine];
  const end = machine === 'kvm' ? 0x60000000 : 0xc0000000;
  if (entry < start || entry >= end) {
    throw new LoadError(
      `${name}: the entry point ${hex(entry)} is outside ${hex(start)} to ${hex(end - 1)}, the unmapped segments of ` +
        `the ${machine} machine; choose the ${machine === 'kvm' ? 'malta' : 'kvm'} machine or another kernel.`,
    );
  }
}

function loadSegment(name: string, { gpa, bytes, memorySize }: ElfImage['segments'][number], ramTop: number): RamWrite {
  if (gpa + memorySize > ramTop) {
    throw new LoadError(
      `${name}: the segment at physical ${hex(gpa)} to ${hex(gpa + memorySize - 1)} is outside the guest's ` +
        `${ramTop} bytes of RAM; give the guest more memory or choose a smaller kernel.`,
    );
  }
  if (gpa < ARGUMENTS_END && gpa + memorySize > ARGUMENTS_GPA) {
    throw new LoadError(
      `${name}: the segment at physical ${hex(gpa)} covers the firmware's arguments at ${hex(ARGUMENTS_GPA)}; ` +
        `link the kernel at ${hex(0x10000)} or above.`,
    );
  }
  if (bytes.length === memorySize) return { gpa, bytes };
  const zeroed = new Uint8Array(memorySize);
  zeroed.set(bytes);
  return { gpa, bytes: zeroed };
}

/** An address as a 64-bit kernel would print it, which is what Linux's rd_start expects. */
function signExtended(address: number): string {
  return address >= 0x80000000 ? `0xffffffff${address.toString(16)}` : hex(address);
}
