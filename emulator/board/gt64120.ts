/**
 * Galileo GT-64120, Malta's system controller: the CPU's address decoder and the way to PCI bus 0.
 *
 * Source: Galileo GT-64120 datasheet, revision 1.1, chapters 3 (address decode), 7 (PCI), 9 (interrupts) and 19
 * (register tables). SDRAM, DMA and timer registers only keep what is written.
 *
 * Byte order: the registers are little endian. CPU Interface Configuration bit 12 says whether the CPU is too; when it
 * is 0, every register access is byte-swapped on its way, so a big-endian CPU sees byte 0 of a register at the word's
 * most significant end. The bit is strapped at reset to the CPU's own order. Configuration data of any device but
 * the GT itself passes a second swap unless PCI0_CMD bit 0 (MByteSwap) is set, which makes words of configuration
 * data appear in natural order on both kinds of board. (Checked against QEMU 7.2 on both.)
 */

import type { AccessSize, Device } from './device.ts';
import { laneShift, readLane, SIZE_MASK, swap32 } from './lanes.ts';
import { type PciBus, PciFunction } from './pci.ts';

const REG = {
  cpu: 0x000,
  pci0IoLow: 0x048,
  pci0IoHigh: 0x050,
  pci0Mem0Low: 0x058,
  pci0Mem0High: 0x060,
  isd: 0x068,
  pci0Mem1Low: 0x080,
  pci0Mem1High: 0x088,
  pci0IoRemap: 0x0f0,
  pci0Mem0Remap: 0x0f8,
  pci0Mem1Remap: 0x100,
  pci0Cmd: 0xc00,
  interruptCause: 0xc18,
  pci0Iack: 0xc34,
  configAddress: 0xcf8,
  configData: 0xcfc,
} as const;

const CPU_LITTLE_ENDIAN = 0x1000;
const PCI_NO_SWAP = 0x00010001;
const MASTER_NO_SWAP = 0x00000001;
const CAUSE = { summary: 0x00000001, masterAbort: 0x00040000 } as const;
/** CFGADDR's bus and device numbers: all zero for the GT-64120 itself. */
const CONFIG_OTHER_DEVICE = 0x00fff800;

const REMAP_OF = {
  [REG.pci0IoLow]: REG.pci0IoRemap,
  [REG.pci0Mem0Low]: REG.pci0Mem0Remap,
  [REG.pci0Mem1Low]: REG.pci0Mem1Remap,
} as const;

/** Registers not zero after reset, apart from those that depend on the byte order. */
const RESET: readonly (readonly [offset: number, value: number])[] = [
  [0x010, 0x07],
  [0x018, 0x08],
  [0x020, 0x0f],
  [0x028, 0xe0],
  [0x030, 0x70],
  [0x038, 0xf8],
  [0x040, 0x7f],
  [0x048, 0x80],
  [0x050, 0x0f],
  [0x058, 0x90],
  [0x060, 0x1f],
  [0x068, 0xa0],
  [0x080, 0x790],
  [0x088, 0x1f],
  [0x090, 0x100],
  [0x098, 0x0f],
  [0x0a0, 0x110],
  [0x0a8, 0x1f],
  [0x0b0, 0x120],
  [0x0b8, 0x2f],
  [0x0d8, 0x08],
  [0x0e0, 0xe0],
  [0x0e8, 0xf8],
  [0x0f0, 0x80],
  [0x0f8, 0x90],
  [0x100, 0x790],
  [0x108, 0x100],
  [0x110, 0x110],
  [0x118, 0x120],
  [0x120, 0x03],
  [0x128, 0xffffffff],
  [0x130, 0xffffffff],
  [0x138, 0xff],
  [0x404, 0x07],
  [0x408, 0x08],
  [0x40c, 0x0f],
  [0x410, 0x10],
  [0x414, 0x17],
  [0x418, 0x18],
  [0x41c, 0x1f],
  [0x420, 0xc0],
  [0x424, 0xc7],
  [0x428, 0xc8],
  [0x42c, 0xcf],
  [0x430, 0xd0],
  [0x434, 0xdf],
  [0x438, 0xf0],
  [0x43c, 0xfb],
  [0x440, 0xfc],
  [0x444, 0xff],
  [0x448, 0x200],
  [0x44c, 0x05],
  [0x450, 0x05],
  [0x454, 0x05],
  [0x458, 0x05],
  [0x45c, 0x386fffff],
  [0x460, 0x386fffff],
  [0x464, 0x386fffff],
  [0x468, 0x386fffff],
  [0x46c, 0x146fffff],
  [0x470, 0xffffffff],
  [0x478, 0x07],
  [0x47c, 0x02],
  [0x850, 0xffffffff],
  [0x854, 0x00ffffff],
  [0x858, 0x00ffffff],
  [0x85c, 0x00ffffff],
  [0xc04, 0x70f],
  [0xc08, 0xfff000],
  [0xc0c, 0xfff000],
  [0xc10, 0x1fff000],
  [0xc14, 0xfff000],
  [0xc3c, 0x0f],
  [0xc40, 0x40],
  [0xc4c, 0x01000000],
  [0xc50, 0x1c000000],
  [0xc54, 0x1f000000],
  [0xc5c, 0x01000000],
  [0xc64, 0x1f000000],
  [0xc84, 0x70f],
  [0xc88, 0xfff000],
  [0xc8c, 0xfff000],
  [0xc90, 0x1fff000],
  [0xc94, 0xfff000],
  [0xcbc, 0x0f],
  [0xcc0, 0x40],
  [0xccc, 0x01000000],
  [0xcd0, 0x1c000000],
  [0xcd4, 0x1f000000],
  [0xcdc, 0x01000000],
  [0xce4, 0x1f000000],
];

/** Windows are decoded in units of 2 MiB. */
const WINDOW_SHIFT = 21;
/** Bytes of the internal registers' window; only the first 4 KiB of it hold registers. */
export const ISD_SIZE = 1 << WINDOW_SHIFT;

/** A stretch of physical addresses, in bytes; size 0 when closed. */
export interface Window {
  base: number;
  size: number;
}

export interface Gt64120Options {
  bigEndian: boolean;
  pci: PciBus;
  /** The interrupt acknowledge cycle on PCI: the vector. */
  acknowledge: () => number;
}

/** Offsets count from the ISD base; values are what the CPU's register holds, byte order included. */
export class Gt64120 implements Device {
  readonly name = 'gt64120';
  readonly isd: Window = { base: 0, size: ISD_SIZE };
  readonly pciIo: Window = { base: 0, size: 0 };
  readonly pciMem0: Window = { base: 0, size: 0 };
  readonly pciMem1: Window = { base: 0, size: 0 };
  private readonly registers = new Uint32Array(0x1000 / 4);

  constructor(private readonly options: Gt64120Options) {
    options.pci.attach(0, 0, hostBridge());
    this.reset();
  }

  read(offset: number, size: AccessSize): number {
    if (offset >= 0x1000) return 0;
    return readLane(this.swapped(this.readRegister(offset & 0xffc)), offset, size, this.options.bigEndian);
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (offset >= 0x1000) return;
    const shift = laneShift(offset, size, this.options.bigEndian);
    const lanes = this.swapped((SIZE_MASK[size] << shift) >>> 0);
    this.writeRegister(offset & 0xffc, this.swapped((value << shift) >>> 0), lanes);
  }

  reset(): void {
    this.registers.fill(0);
    for (const [offset, value] of RESET) this.registers[offset >> 2] = value;
    if (!this.options.bigEndian) {
      this.registers[REG.cpu >> 2] = CPU_LITTLE_ENDIAN;
      this.registers[REG.pci0Cmd >> 2] = PCI_NO_SWAP;
      this.registers[0xc80 >> 2] = PCI_NO_SWAP;
    }
    this.decodeWindows();
  }

  private register(offset: number): number {
    return this.registers[offset >> 2]!;
  }

  private swapped(word: number): number {
    return this.register(REG.cpu) & CPU_LITTLE_ENDIAN ? word : swap32(word);
  }

  private configSwapped(word: number): number {
    const swap = !(this.register(REG.pci0Cmd) & MASTER_NO_SWAP);
    return swap && this.register(REG.configAddress) & CONFIG_OTHER_DEVICE ? swap32(word) : word;
  }

  private readRegister(offset: number): number {
    switch (offset) {
      case REG.pci0Iack:
        return this.options.acknowledge();
      case REG.interruptCause: {
        const cause = this.register(offset);
        return cause ? cause | CAUSE.summary : 0;
      }
      case REG.configData: {
        const value = this.options.pci.read(this.register(REG.configAddress));
        if (value === null) this.masterAbort();
        return this.configSwapped(value ?? 0xffffffff);
      }
      default:
        return this.register(offset);
    }
  }

  private writeRegister(offset: number, value: number, lanes: number): void {
    const merged = ((this.register(offset) & ~lanes) | (value & lanes)) >>> 0;
    const index = offset >> 2;
    switch (offset) {
      case REG.interruptCause:
        // Writing 0 clears a cause, writing 1 leaves it.
        this.registers[index] = this.register(offset) & (value | ~lanes) & ~CAUSE.summary;
        break;
      case REG.configData: {
        const address = this.register(REG.configAddress);
        const answered = this.options.pci.write(address, this.configSwapped(value), this.configSwapped(lanes));
        if (!answered) this.masterAbort();
        break;
      }
      case REG.pci0Iack:
        break;
      case REG.configAddress:
        this.registers[index] = merged & 0x80fffffc;
        break;
      case REG.isd:
        this.registers[index] = merged & 0x7fff;
        break;
      case REG.pci0IoLow:
      case REG.pci0Mem0Low:
      case REG.pci0Mem1Low:
        this.registers[index] = merged & 0x7fff;
        // Moving a window resets its remap register, so that addresses pass unchanged.
        this.registers[REMAP_OF[offset] >> 2] = merged & 0x7ff;
        break;
      case REG.pci0IoHigh:
      case REG.pci0Mem0High:
      case REG.pci0Mem1High:
        this.registers[index] = merged & 0x7f;
        break;
      case REG.pci0IoRemap:
      case REG.pci0Mem0Remap:
      case REG.pci0Mem1Remap:
        this.registers[index] = merged & 0x7ff;
        break;
      default:
        this.registers[index] = merged;
    }
    if (offset <= REG.pci0Mem1High) this.decodeWindows();
  }

  private masterAbort(): void {
    // With the enable bit clear no cycle starts, so nothing can abort.
    if (this.register(REG.configAddress) & 0x80000000) {
      this.registers[REG.interruptCause >> 2] = this.register(REG.interruptCause) | CAUSE.masterAbort;
    }
  }

  private decodeWindows(): void {
    this.isd.base = windowBase(this.register(REG.isd));
    const open = (window: Window, low: number, high: number): void => {
      const first = this.register(low);
      window.base = windowBase(first);
      // The high register holds bits 27:21 of the last unit; below the first unit the window is closed.
      window.size = Math.max(0, this.register(high) + 1 - (first & 0x7f)) << WINDOW_SHIFT;
    };
    open(this.pciIo, REG.pci0IoLow, REG.pci0IoHigh);
    open(this.pciMem0, REG.pci0Mem0Low, REG.pci0Mem0High);
    open(this.pciMem1, REG.pci0Mem1Low, REG.pci0Mem1High);
  }
}

/** Bits 35:21 of an address, of which Malta's CPU has the lower 32. */
function windowBase(value: number): number {
  return (value << WINDOW_SHIFT) >>> 0;
}

/** Function 00:00.0. Its base addresses are fixed: they are the board's wiring, and no guest moves them. */
function hostBridge(): PciFunction {
  const bridge = new PciFunction({
    vendor: 0x11ab,
    device: 0x4620,
    revision: 0x10,
    classCode: 0x060000,
    status: 0x0280,
    interruptPin: 1,
  });
  const bases = [0x00000008, 0x01000008, 0x1c000000, 0x1f000000, 0x14000000, 0x14000001];
  bases.forEach((base, i) => bridge.define(0x10 + 4 * i, 4, base, 0));
  return bridge;
}
