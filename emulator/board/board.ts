/**
 * The Malta board: every device, where the CPU finds it, and which interrupt it raises. RAM is the machine's own.
 *
 * Source: MIPS Malta User's Manual (MD00048), chapters 4 (memory map) and 6 (interrupts).
 *
 * Byte order: PCI and ISA are little endian and bytes keep their addresses on the way, so a big-endian CPU finds 2- and
 * 4-byte accesses swapped there. The FPGA, the CBUS UART and the ROM are in the CPU's own order; the GT-64120 looks
 * after itself.
 */

import type { BlockDevice } from '../disk/block-device.ts';
import { CONTROL_OFFSET } from './ata-channel.ts';
import { AtaDrive } from './ata-drive.ts';
import { BootRom, ROM_SIZE } from './boot-rom.ts';
import type { AccessSize, BoardHost, Device, SerialPort, UartName } from './device.ts';
import { Gt64120, type Window } from './gt64120.ts';
import { I8254 } from './i8254.ts';
import { I8259Pair } from './i8259.ts';
import { type AccessCount, IsaBus } from './isa-bus.ts';
import { SIZE_MASK, swapBytes } from './lanes.ts';
import { MaltaFpga } from './malta-fpga.ts';
import { Mc146818 } from './mc146818.ts';
import { type Bar, PciBus, type PciFunction } from './pci.ts';
import { IDE_PORTS, Piix4Ide } from './piix4-ide.ts';
import { Piix4Smbus } from './piix4-smbus.ts';
import { Piix4Isa, Piix4Pm, PM_IO_SIZE, SMBUS_IO_SIZE } from './piix4.ts';
import { Uart16550 } from './uart16550.ts';
import { VirtioBlk } from './virtio-blk.ts';
import { VirtioConsole } from './virtio-console.ts';
import { VirtioRng } from './virtio-rng.ts';

const ISA_PORTS = 0x10000;
const FLASH_BASE = 0x1e000000;
const FPGA_BASE = 0x1f000000;
const FPGA_SIZE = 0x1000;
const CBUS_UART = { base: 0x1f000900, size: 0x40, stride: 8, clockHz: 3_686_400 } as const;
const ROM_BASE = 0x1fc00000;

/** Virtual time of one access, in nanoseconds. */
export const COST_NS = { isaPort: 1000, register: 200, rom: 100 } as const;

const PIIX4_DEVICE = 10;
/** The four PCI slots are devices 18 to 21. INTA of the first is PIRQA; from slot to slot the lines move on by one. */
const FIRST_SLOT = 18;
const PIRQS = 4;
const DISK_SLOTS = [18, 20] as const;
const RNG_SLOT = 19;
const CONSOLE_SLOT = 21;
/** Port and offset of the interrupt controllers' ELCR2, and the IRQs that PIRQs go to after reset: 10 and 11. */
const ELCR2 = { offset: 5, pciIrqs: 0x0c } as const;
const CPU_PIN = { i8259: 2, cbusUart: 4 } as const;
const IRQ = { timer: 0, com2: 3, com1: 4, rtc: 8, sci: 9 } as const;

/** A disk drive: the PIIX4's IDE primary master and slave, or a virtio card in a PCI slot. */
export interface DiskOptions {
  disk: BlockDevice;
  attach: 'ide' | 'virtio';
}
/** Drives of each kind. */
export const MOST_DISKS = 2;

export interface BoardOptions {
  /** The clock chip's time at power-on, in whole seconds since 1970, UTC; 2026-01-01 if absent. */
  epochSeconds?: number;
  /** At most {@link MOST_DISKS} of a kind, in the guest's order; what is more is left out. */
  disks?: readonly DiskOptions[];
  /** What the random number device's bytes follow from; 1 if absent. */
  seed?: number;
  /** A virtio console card, the guest's hvc0. */
  virtioConsole?: boolean;
}

/** A base address register's range in PCI memory space. */
interface MemoryRange {
  base: number;
  size: number;
  device: Device;
  count: AccessCount;
}

export class Board {
  readonly rom: BootRom;
  readonly gt: Gt64120;
  readonly pci = new PciBus();
  readonly pic: I8259Pair;
  readonly pit: I8254;
  readonly rtc: Mc146818;
  readonly pm: Piix4Pm;
  readonly fpga: MaltaFpga;
  readonly serial: Readonly<Record<UartName, Uart16550>>;
  /** The virtio console card, where there is one. */
  private readonly hvc: VirtioConsole | null = null;
  /** Accesses by device name, since power-on. */
  readonly accesses = new Map<string, AccessCount>();

  private readonly isa = new IsaBus();
  private readonly devices: readonly Device[];
  private readonly counts: Readonly<
    Record<'rom' | 'gt' | 'fpga' | 'cbus' | 'pciIo' | 'pciMemory' | 'none', AccessCount>
  >;
  /** What releases the ports that a movable block holds, by its name. */
  private readonly movable = new Map<string, () => void>();
  private readonly memoryRanges = new Map<Bar, MemoryRange>();

  constructor(
    private readonly host: BoardHost,
    options: BoardOptions = {},
  ) {
    const { clock, bigEndian } = host;
    this.pic = new I8259Pair((level) => host.setCpuInterrupt(CPU_PIN.i8259, level));
    this.pit = new I8254(clock, this.pic.line(IRQ.timer));
    this.rtc = new Mc146818(clock, this.pic.line(IRQ.rtc), options.epochSeconds);
    this.rom = new BootRom(bigEndian);
    this.fpga = new MaltaFpga(bigEndian, () => host.softReset());
    this.gt = new Gt64120({ bigEndian, pci: this.pci, acknowledge: () => this.pic.acknowledge() });

    const com = (name: 'com1' | 'com2', irq: number): Uart16550 =>
      new Uart16550({
        name,
        stride: 1,
        out2GatesIrq: true,
        irq: this.pic.line(irq),
        transmit: (byte) => host.transmit(name, byte),
        clock,
      });
    this.serial = {
      com1: com('com1', IRQ.com1),
      com2: com('com2', IRQ.com2),
      cbus: new Uart16550({
        name: 'cbus-uart',
        stride: CBUS_UART.stride,
        out2GatesIrq: false,
        irq: (level) => host.setCpuInterrupt(CPU_PIN.cbusUart, level),
        transmit: (byte) => host.transmit('cbus', byte),
        clock,
        inputClockHz: CBUS_UART.clockHz,
      }),
    };

    const bridge = new Piix4Isa(
      () => host.softReset(),
      (irq, level) => this.pic.setIrq(irq, level),
    );
    const smbus = new Piix4Smbus();
    this.pm = new Piix4Pm({
      clock,
      irq: this.pic.line(IRQ.sci),
      powerOff: () => host.powerOff(),
      mapped: (base) => this.mapPorts(this.pm, base, PM_IO_SIZE, true),
      smbusMapped: (base) => this.mapPorts(smbus, base, SMBUS_IO_SIZE),
    });
    const disksOn = (attach: DiskOptions['attach']): BlockDevice[] =>
      (options.disks ?? []).filter((disk) => disk.attach === attach).map(({ disk }) => disk);
    const [master = null, slave = null] = disksOn('ide').map((disk, i) => new AtaDrive(disk, i));
    const ide = new Piix4Ide({
      host,
      drives: [
        [master, slave],
        [null, null],
      ],
      irqs: [this.pic.line(IDE_PORTS[0].irq), this.pic.line(IDE_PORTS[1].irq)],
      decoded: (n, on) => {
        const { command, control } = IDE_PORTS[n];
        this.mapPorts(ide.channels[n], on ? command : null, 8, true);
        this.mapPorts(ide.channels[n], on ? control : null, 1, true, CONTROL_OFFSET);
      },
    });
    const plug = (slot: number, name: string, card: PciFunction): void => {
      // The cards interrupt by INTA alone.
      card.interruptLine = bridge.pirq((slot - FIRST_SLOT) % PIRQS);
      this.attach(slot, 0, name, card);
    };
    this.pci.attach(PIIX4_DEVICE, 0, bridge);
    this.attach(PIIX4_DEVICE, 1, ide.name, ide);
    this.pci.attach(PIIX4_DEVICE, 3, this.pm);
    disksOn('virtio')
      .slice(0, MOST_DISKS)
      .forEach((disk, i) => plug(DISK_SLOTS[i as 0 | 1], `virtio-blk${i}`, new VirtioBlk(host, disk, `KSEG${i}`)));
    plug(RNG_SLOT, 'virtio-rng', new VirtioRng(host, options.seed ?? 1));
    if (options.virtioConsole) {
      this.hvc = new VirtioConsole(host);
      plug(CONSOLE_SLOT, 'virtio-console', this.hvc);
    }

    const { com1, com2, cbus } = this.serial;
    this.counts = {
      rom: this.count(this.rom.name),
      gt: this.count(this.gt.name),
      fpga: this.count(this.fpga.name),
      cbus: this.count(cbus.name),
      pciIo: this.count('pci-io'),
      pciMemory: this.count('pci-memory'),
      none: this.count('unclaimed'),
    };
    this.claim(0x20, 2, this.pic);
    this.claim(0xa0, 2, this.pic, 2);
    this.claim(0x4d0, 2, this.pic, 4);
    this.claim(0x40, 4, this.pit);
    this.claim(0x61, 1, this.pit, 4);
    this.claim(0x70, 2, this.rtc);
    this.claim(0x3f8, 8, com1);
    this.claim(0x2f8, 8, com2);
    this.claim(0xcf9, 1, bridge);
    this.devices = [this.gt, this.pic, this.pit, this.rtc, com1, com2, cbus, this.fpga, this.rom, bridge, smbus];
    // Functions report their I/O blocks when they are reset.
    this.pci.reset();
    this.shareInterrupts();
  }

  /** The eight-character display on the board. */
  get asciiDisplay(): string {
    return this.fpga.asciiDisplay;
  }

  /** A CPU load of `size` bytes at physical address `gpa`: the value as it stands in the CPU's register, unsigned. */
  read(gpa: number, size: AccessSize): number {
    const { gt, host, counts } = this;
    let at = (gpa - gt.pciIo.base) >>> 0;
    if (at < gt.pciIo.size) {
      host.clock.spend(COST_NS.isaPort);
      return this.fromPci(this.readPort(at, size), size);
    }
    at = (gpa - gt.isd.base) >>> 0;
    if (at < gt.isd.size) return this.readDevice(gt, counts.gt, at, size);
    if (within(gt.pciMem0, gpa) || within(gt.pciMem1, gpa)) {
      host.clock.spend(COST_NS.register);
      const range = this.memoryAt(gpa);
      if (range) {
        range.count.reads++;
        return this.fromPci((range.device.read(gpa - range.base, size) & SIZE_MASK[size]) >>> 0, size);
      }
      // A master abort, which reads all ones.
      counts.pciMemory.reads++;
      return SIZE_MASK[size];
    }
    at = (gpa - CBUS_UART.base) >>> 0;
    if (at < CBUS_UART.size) return this.readDevice(this.serial.cbus, counts.cbus, at, size);
    at = (gpa - FPGA_BASE) >>> 0;
    if (at < FPGA_SIZE) return this.readDevice(this.fpga, counts.fpga, at, size);
    at = romOffset(gpa);
    if (at >= 0) {
      host.clock.spend(COST_NS.rom);
      counts.rom.reads++;
      return this.rom.read(at, size);
    }
    host.clock.spend(COST_NS.register);
    counts.none.reads++;
    return 0;
  }

  /** A CPU store of `size` bytes at physical address `gpa`, `value` as it stands in the CPU's register. */
  write(gpa: number, size: AccessSize, value: number): void {
    const { gt, host, counts } = this;
    value = (value & SIZE_MASK[size]) >>> 0;
    let at = (gpa - gt.pciIo.base) >>> 0;
    if (at < gt.pciIo.size) {
      host.clock.spend(COST_NS.isaPort);
      this.writePort(at, size, this.fromPci(value, size));
      return;
    }
    host.clock.spend(COST_NS.register);
    at = (gpa - gt.isd.base) >>> 0;
    if (at < gt.isd.size) {
      counts.gt.writes++;
      gt.write(at, size, value);
      return;
    }
    if (within(gt.pciMem0, gpa) || within(gt.pciMem1, gpa)) {
      const range = this.memoryAt(gpa);
      (range?.count ?? counts.pciMemory).writes++;
      range?.device.write(gpa - range.base, size, this.fromPci(value, size));
      return;
    }
    at = (gpa - CBUS_UART.base) >>> 0;
    if (at < CBUS_UART.size) {
      counts.cbus.writes++;
      this.serial.cbus.write(at, size, value);
      return;
    }
    at = (gpa - FPGA_BASE) >>> 0;
    if (at < FPGA_SIZE) {
      counts.fpga.writes++;
      this.fpga.write(at, size, value);
      return;
    }
    (romOffset(gpa) >= 0 ? counts.rom : counts.none).writes++;
  }

  /** Input for a serial port; returns how many of the bytes were taken. */
  receive(port: SerialPort, bytes: Uint8Array): number {
    return (port === 'hvc0' ? this.hvc?.receive(bytes) : this.serial[port].receive(bytes)) ?? 0;
  }

  /** The reset line: every device but the clock chip's time, the ROM's contents and input still to be received. */
  reset(): void {
    this.pci.reset();
    for (const device of this.devices) device.reset();
    this.shareInterrupts();
  }

  /** PCI's interrupts are level-triggered. The monitor has told the interrupt controllers so before a guest starts. */
  private shareInterrupts(): void {
    this.pic.write(ELCR2.offset, 1, ELCR2.pciIrqs);
  }

  /** Puts a function on the bus and decodes what its base address registers open. */
  private attach(device: number, fn: number, name: string, target: PciFunction): void {
    this.pci.attach(device, fn, target);
    const blocks = new Map<Bar, Device>();
    for (const bar of target.bars) {
      blocks.set(bar, {
        name: target.bars.length > 1 ? `${name}-bar${bar.index}` : name,
        read: (offset, size) => target.readBar(bar.index, offset, size),
        write: (offset, size, value) => target.writeBar(bar.index, offset, size, value),
        reset: () => {},
      });
    }
    target.barMoved = (bar) => {
      const block = blocks.get(bar)!;
      if (bar.space === 'io') this.mapPorts(block, bar.base, bar.size, true);
      else if (bar.base === null) this.memoryRanges.delete(bar);
      else {
        const count = this.count(block.name);
        this.memoryRanges.set(bar, { base: bar.base, size: bar.size, device: block, count });
      }
    };
  }

  /** The windows leave addresses as they are, so `gpa` is the address on PCI, too. */
  private memoryAt(gpa: number): MemoryRange | null {
    for (const range of this.memoryRanges.values()) if ((gpa - range.base) >>> 0 < range.size) return range;
    return null;
  }

  private readDevice(device: Device, count: AccessCount, offset: number, size: AccessSize): number {
    this.host.clock.spend(COST_NS.register);
    count.reads++;
    return (device.read(offset, size) & SIZE_MASK[size]) >>> 0;
  }

  /** ISA decodes 64 KiB of PCI's I/O space; nothing answers above. */
  private readPort(port: number, size: AccessSize): number {
    if (port < ISA_PORTS) return this.isa.read(port, size);
    this.counts.pciIo.reads++;
    return SIZE_MASK[size];
  }

  private writePort(port: number, size: AccessSize, value: number): void {
    if (port < ISA_PORTS) this.isa.write(port, size, value);
    else this.counts.pciIo.writes++;
  }

  private fromPci(value: number, size: AccessSize): number {
    return this.host.bigEndian ? swapBytes(value, size) : value;
  }

  private count(name: string): AccessCount {
    const known = this.accesses.get(name);
    if (known) return known;
    const count = { reads: 0, writes: 0 };
    this.accesses.set(name, count);
    return count;
  }

  private claim(first: number, ports: number, device: Device, offset = 0): void {
    this.isa.claim(first, ports, device, this.count(device.name), { offset });
  }

  /** Moves a block of ports to `base`, or (null) away; one device may have several, by their first offset. */
  private mapPorts(device: Device, base: number | null, ports: number, wide = false, offset = 0): void {
    const key = `${device.name}+${offset}`;
    this.movable.get(key)?.();
    this.movable.delete(key);
    if (base === null) return;
    const claim = this.isa.claim(base, ports, device, this.count(device.name), { wide, offset });
    this.movable.set(key, claim);
  }
}

function within(window: Window, gpa: number): boolean {
  return (gpa - window.base) >>> 0 < window.size;
}

/** The offset in the ROM, which is seen at two places, or -1. */
function romOffset(gpa: number): number {
  const reset = (gpa - ROM_BASE) >>> 0;
  if (reset < ROM_SIZE) return reset;
  const flash = (gpa - FLASH_BASE) >>> 0;
  return flash < ROM_SIZE ? flash : -1;
}
