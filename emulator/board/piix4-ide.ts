/**
 * Intel 82371AB PIIX4, function 1: the IDE controller, two ATA channels at the PC's ports and their bus masters.
 *
 * Source: Intel 82371AB (PIIX4) datasheet (290562-001), chapter 5; Programming Interface for Bus Master IDE
 * Controller, revision 1.0. Timing registers are storage without effect.
 */

import { AtaChannel, type DmaEngine } from './ata-channel.ts';
import type { AtaDrive } from './ata-drive.ts';
import type { AccessSize, BoardHost, IrqLine } from './device.ts';
import { COMMAND, CONFIG, PciFunction } from './pci.ts';

const IDE = { idetim: 0x40, sidetim: 0x44, udmactl: 0x48, udmatim: 0x4a } as const;
/** In the upper byte of a channel's half of IDETIM: the channel's ports are decoded. */
const DECODE_ENABLE = 0x80;

/** Where a PC has its channels. */
export const IDE_PORTS = [
  { command: 0x1f0, control: 0x3f6, irq: 14 },
  { command: 0x170, control: 0x376, irq: 15 },
] as const;

const BM = { command: 0, status: 2, table: 4, channelStride: 8, size: 16 } as const;
const BM_COMMAND = { start: 0x01, toMemory: 0x08 } as const;
const BM_STATUS = { active: 0x01, error: 0x02, interrupt: 0x04, capable: 0x60 } as const;
/** A table lies within 64 KiB, so it has no more entries. */
const TABLE_SIZE = 0x10000;
const ENTRY_SIZE = 8;
const END_OF_TABLE = 0x80000000;

/** One channel's bus master: walks a table of physical regions. */
class BusMaster implements DmaEngine {
  command = 0;
  status = 0;
  table = 0;
  private nextEntry = 0;
  private entriesLeft = 0;
  private address = 0;
  private left = 0;
  private lastRegion = false;
  private line = false;

  constructor(
    private readonly host: BoardHost,
    private readonly mayMaster: () => boolean,
  ) {}

  reset(): void {
    this.command = 0;
    this.status = 0;
    this.table = 0;
    this.left = 0;
  }

  /** Returns true when the transfer is to start. */
  writeCommand(value: number): boolean {
    const before = this.command;
    // The direction stays while a transfer is under way.
    const direction = this.status & BM_STATUS.active ? before : value;
    this.command = (value & BM_COMMAND.start) | (direction & BM_COMMAND.toMemory);
    if (!(value & BM_COMMAND.start)) this.status &= ~BM_STATUS.active;
    if (!(value & ~before & BM_COMMAND.start)) return false;
    this.status |= BM_STATUS.active;
    this.nextEntry = this.table;
    this.entriesLeft = TABLE_SIZE / ENTRY_SIZE;
    this.left = 0;
    this.lastRegion = false;
    return true;
  }

  writeStatus(value: number): void {
    const kept = this.status & ~(value & (BM_STATUS.error | BM_STATUS.interrupt)) & ~BM_STATUS.capable;
    this.status = kept | (value & BM_STATUS.capable);
  }

  /** The drive's interrupt line. Its rising edge shows in the status. */
  interrupt(level: boolean): void {
    if (level && !this.line) this.status |= BM_STATUS.interrupt;
    this.line = level;
  }

  ready(toMemory: boolean): boolean {
    const direction = (this.command & BM_COMMAND.toMemory) !== 0;
    return (this.status & BM_STATUS.active) !== 0 && direction === toMemory && this.mayMaster();
  }

  toMemory(bytes: Uint8Array): number {
    return this.walk(bytes.length, (gpa, from, to) => this.host.dmaWrite(gpa, bytes.subarray(from, to)));
  }

  fromMemory(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const done = this.walk(length, (gpa, from, to) => bytes.set(this.host.dmaRead(gpa, to - from), from));
    return bytes.subarray(0, done);
  }

  /** Has `move` move up to `length` bytes, region by region. Returns how many the regions held. */
  private walk(length: number, move: (gpa: number, from: number, to: number) => void): number {
    let done = 0;
    while (done < length) {
      if (this.left === 0 && !this.nextRegion()) break;
      const piece = Math.min(this.left, length - done);
      move(this.address, done, done + piece);
      done += piece;
      this.address = (this.address + piece) >>> 0;
      this.left -= piece;
      if (this.left === 0 && this.lastRegion) this.status &= ~BM_STATUS.active;
    }
    return done;
  }

  private nextRegion(): boolean {
    if (!(this.status & BM_STATUS.active)) return false;
    if (this.entriesLeft-- === 0) {
      this.status &= ~BM_STATUS.active;
      return false;
    }
    const bytes = this.host.dmaRead(this.nextEntry, ENTRY_SIZE);
    const entry = new DataView(bytes.buffer, bytes.byteOffset);
    this.address = (entry.getUint32(0, true) & ~1) >>> 0;
    const count = entry.getUint32(4, true);
    this.left = count & 0xfffe || 0x10000;
    this.lastRegion = (count & END_OF_TABLE) !== 0;
    const within = this.nextEntry % TABLE_SIZE;
    this.nextEntry = this.nextEntry - within + ((within + ENTRY_SIZE) % TABLE_SIZE);
    return true;
  }
}

export interface Piix4IdeOptions {
  host: BoardHost;
  /** Master and slave of the primary and the secondary channel. */
  drives: readonly [readonly [AtaDrive | null, AtaDrive | null], readonly [AtaDrive | null, AtaDrive | null]];
  /** ISA IRQ 14 and 15. */
  irqs: readonly [IrqLine, IrqLine];
  /** A channel's ports are decoded from now on, or no more. */
  decoded: (channel: 0 | 1, on: boolean) => void;
}

/** Base address register 4 (BMIBA) opens the bus masters' I/O block. */
export class Piix4Ide extends PciFunction {
  readonly name = 'piix4-ide';
  readonly channels: readonly [AtaChannel, AtaChannel];
  private readonly masters: readonly [BusMaster, BusMaster];
  private readonly decoding: [boolean, boolean] = [false, false];

  constructor(private readonly options: Piix4IdeOptions) {
    super({ vendor: 0x8086, device: 0x7111, revision: 0, classCode: 0x010180, status: 0x0280 });
    const { host, drives, irqs } = options;
    this.define(IDE.idetim, 4, 0, 0xffffffff);
    this.define(IDE.sidetim, 1, 0, 0xff);
    this.define(IDE.udmactl, 1, 0, 0x0f);
    this.define(IDE.udmatim, 2, 0, 0x3333);
    this.defineBar(4, BM.size, 'io');
    const master = (): BusMaster => new BusMaster(host, () => (this.command & COMMAND.master) !== 0);
    this.masters = [master(), master()];
    const channel = (n: 0 | 1): AtaChannel =>
      new AtaChannel({
        name: n === 0 ? 'ide-primary' : 'ide-secondary',
        clock: host.clock,
        drives: drives[n],
        irq: (level) => {
          this.masters[n].interrupt(level);
          irqs[n](level);
        },
        dma: this.masters[n],
      });
    this.channels = [channel(0), channel(1)];
  }

  override readBar(_bar: number, offset: number, size: AccessSize): number {
    let value = 0;
    for (let i = 0; i < size; i++) value |= this.readByte(offset + i) << (8 * i);
    return value >>> 0;
  }

  override writeBar(_bar: number, offset: number, size: AccessSize, value: number): void {
    for (let i = 0; i < size; i++) this.writeByte(offset + i, (value >>> (8 * i)) & 0xff);
  }

  override reset(): void {
    super.reset();
    for (const master of this.masters) master.reset();
    for (const channel of this.channels) channel.reset();
  }

  protected override configChanged(register: number): void {
    if (register !== IDE.idetim && register !== CONFIG.command) return;
    for (const n of [0, 1] as const) {
      const enabled = (this.config[IDE.idetim + 2 * n + 1]! & DECODE_ENABLE) !== 0;
      const on = enabled && (this.command & COMMAND.io) !== 0;
      if (on === this.decoding[n]) continue;
      this.decoding[n] = on;
      this.options.decoded(n, on);
    }
  }

  private readByte(offset: number): number {
    const master = this.masters[offset < BM.channelStride ? 0 : 1];
    const register = offset % BM.channelStride;
    if (register === BM.command) return master.command;
    if (register === BM.status) return master.status;
    return register >= BM.table ? (master.table >>> (8 * (register - BM.table))) & 0xff : 0;
  }

  private writeByte(offset: number, value: number): void {
    const n = offset < BM.channelStride ? 0 : 1;
    const master = this.masters[n];
    const register = offset % BM.channelStride;
    if (register === BM.command) {
      if (master.writeCommand(value)) this.channels[n].dmaStarted();
    } else if (register === BM.status) master.writeStatus(value);
    else if (register >= BM.table) {
      const shift = 8 * (register - BM.table);
      master.table = ((master.table & ~(0xff << shift)) | (value << shift)) & ~3;
      master.table >>>= 0;
    }
  }
}
