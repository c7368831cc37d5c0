/**
 * An ATA channel: the command block and control block registers, up to two disk drives, and the protocols that move
 * data through the data register or by DMA.
 *
 * Source: ATA/ATAPI-6 (T13/1410D revision 3b): 7 (registers), 9 (protocols), 9.16.1 (a host that selects a drive
 * which is not there).
 */

import { DiskError, SECTOR_SIZE } from '../disk/block-device.ts';
import { accessNs, SECTOR_NS } from '../disk/timing.ts';
import { commandOf, EXECUTE_DEVICE_DIAGNOSTIC, IDENTIFY_DEVICE, type Protocol } from './ata-commands.ts';
import { type AtaDrive, DEVICE, ERROR, STATUS, TASK } from './ata-drive.ts';
import type { AccessSize, Clock, Device, IrqLine } from './device.ts';

/** Offset of the control block's register (Device Control, Alternate Status) for {@link AtaChannel.read} and write. */
export const CONTROL_OFFSET = 8;
const CONTROL = { highOrderByte: 0x80, softReset: 0x04, interruptDisable: 0x02 } as const;

/** With nothing on the cable the lines float high, but DD7 is pulled down so that no drive looks busy. */
const NO_DRIVES = 0x7f;
/** Time of commands that touch no medium, and of a reset. */
const COMMAND_NS = 5_000;
const RESET_NS = 100_000;
/** Sectors moved by DMA at a time. */
const DMA_PIECE = 128;

/** The bus master that serves the channel's DMA requests. */
export interface DmaEngine {
  /** Whether it moves data now, towards memory or from it. */
  ready(toMemory: boolean): boolean;
  /** Takes bytes for memory. Returns how many of them its regions had room for. */
  toMemory(bytes: Uint8Array): number;
  /** Bytes from memory: fewer than `length` when its regions hold no more. */
  fromMemory(length: number): Uint8Array;
}

/** A command's data on the way. */
interface Transfer {
  drive: AtaDrive;
  toHost: boolean;
  dma: boolean;
  /** The first sector not yet moved, and how many there are. */
  lba: number;
  left: number;
  /** Sectors in a block of programmed I/O. */
  block: number;
  /** The block in the data register, and how much of it has gone through. */
  buffer: Uint8Array;
  at: number;
}

const NO_DATA = new Uint8Array(0);

export interface AtaChannelOptions {
  name: string;
  clock: Clock;
  /** Master and slave. */
  drives: readonly [AtaDrive | null, AtaDrive | null];
  /** INTRQ. */
  irq: IrqLine;
  dma: DmaEngine;
}

export class AtaChannel implements Device {
  readonly name: string;
  /** The device register, which every drive on the cable keeps alike. */
  device = 0;
  private control = 0;
  private transfer: Transfer | null = null;
  private cancel: (() => void) | null = null;

  constructor(private readonly options: AtaChannelOptions) {
    this.name = options.name;
  }

  read(offset: number, size: AccessSize): number {
    if (offset === 0) return this.readData(size);
    let value = 0;
    for (let i = 0; i < size; i++) value |= this.readByte(offset + i) << (8 * i);
    return value >>> 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (offset === 0) this.writeData(size, value);
    else for (let i = 0; i < size; i++) this.writeByte(offset + i, (value >>> (8 * i)) & 0xff);
  }

  /** The cable's RESET- line. */
  reset(): void {
    this.control = 0;
    this.stop();
    this.device = 0;
    for (const drive of this.options.drives) drive?.reset(true);
    this.updateInterrupt();
  }

  /** The bus master has been started. */
  dmaStarted(): void {
    const { transfer, options } = this;
    if (!transfer?.dma || this.cancel || !options.dma.ready(transfer.toHost)) return;
    this.later(accessNs(transfer.left), () => this.moveByDma(transfer));
  }

  private get drives(): readonly AtaDrive[] {
    return this.options.drives.filter((drive) => drive !== null);
  }

  private get selected(): AtaDrive | null {
    return this.options.drives[this.device & DEVICE.slave ? 1 : 0];
  }

  private readByte(offset: number): number {
    const { selected } = this;
    // A master alone answers for the slave: with its own registers, but a status of 0.
    const drive = selected ?? this.options.drives[0];
    if (!drive) return NO_DRIVES;
    switch (offset) {
      case TASK.error:
        return drive.error;
      case TASK.device:
        return this.device | 0xa0;
      case TASK.status:
        if (selected) {
          selected.interrupting = false;
          this.updateInterrupt();
        }
        return selected?.status ?? 0;
      case CONTROL_OFFSET:
        return selected?.status ?? 0;
      default:
        return (this.control & CONTROL.highOrderByte ? drive.previous : drive.current)[offset] ?? 0xff;
    }
  }

  private writeByte(offset: number, value: number): void {
    if (offset === CONTROL_OFFSET) {
      this.writeControl(value);
      return;
    }
    const { selected } = this;
    this.control &= ~CONTROL.highOrderByte;
    if (offset === TASK.status) this.command(value);
    else if (offset > TASK.status || (selected && selected.status & STATUS.busy)) return;
    else if (offset === TASK.device) {
      this.device = value;
      this.updateInterrupt();
    } else for (const drive of this.drives) drive.writeRegister(offset, value);
  }

  private writeControl(value: number): void {
    const before = this.control;
    this.control = value;
    if (value & CONTROL.softReset) {
      this.stop();
      for (const drive of this.drives) {
        drive.status = STATUS.busy;
        drive.interrupting = false;
      }
    } else if (before & CONTROL.softReset) this.later(RESET_NS, () => this.resetDrives());
    this.updateInterrupt();
  }

  private resetDrives(): void {
    this.device = 0;
    for (const drive of this.drives) drive.reset(false);
    this.updateInterrupt();
  }

  private command(code: number): void {
    const drive = this.selected;
    if (this.control & CONTROL.softReset) return;
    if (code === EXECUTE_DEVICE_DIAGNOSTIC && this.drives.length > 0 && !this.drives.some(isBusy)) {
      this.stop();
      for (const each of this.drives) this.begin(each);
      this.later(RESET_NS, () => {
        this.resetDrives();
        const [master] = this.options.drives;
        if (master) master.interrupting = true;
        this.updateInterrupt();
      });
      return;
    }
    if (!drive || this.drives.some(isBusy)) return;
    this.stop();
    this.begin(drive);
    if (code === IDENTIFY_DEVICE) {
      const buffer = drive.identify();
      this.transfer = { drive, toHost: true, dma: false, lba: 0, left: 0, block: 1, buffer, at: 0 };
      this.later(COMMAND_NS, () => this.offer(drive, true));
      return;
    }
    const command = commandOf(code);
    if (!command) {
      this.later(COMMAND_NS, () => this.fail(drive, ERROR.aborted));
    } else if (command.protocol === 'none') {
      const ok = command.run?.(this, drive) ?? true;
      this.later(COMMAND_NS, () => (ok ? this.succeed(drive) : this.fail(drive, ERROR.aborted)));
    } else if (command.protocol === 'flush') {
      this.later(accessNs(0), () => {
        if (this.attempt(drive, ERROR.aborted, () => drive.disk.flush()) !== null) this.succeed(drive);
      });
    } else this.startMedium(drive, command.protocol, command.extended ?? false, command.multiple ?? false);
  }

  private startMedium(drive: AtaDrive, protocol: Protocol, extended: boolean, multiple: boolean): void {
    const count = drive.count(extended);
    const lba = drive.address(extended, this.device);
    const dma = protocol === 'dmaRead' || protocol === 'dmaWrite';
    const toHost = protocol === 'read' || protocol === 'dmaRead';
    const writes = protocol === 'write' || protocol === 'dmaWrite';
    drive.setStandby(false);
    let error = 0;
    if ((multiple && drive.multiple === 0) || (writes && drive.disk.readOnly)) error = ERROR.aborted;
    else if (lba < 0 || lba + count > drive.disk.sectors) error = ERROR.notFound;
    if (error) {
      this.later(COMMAND_NS, () => this.fail(drive, error));
      return;
    }
    if (protocol === 'verify') {
      this.later(accessNs(count), () => this.succeed(drive));
      return;
    }
    const block = multiple ? drive.multiple : 1;
    this.transfer = { drive, toHost, dma, lba, left: count, block, buffer: NO_DATA, at: 0 };
    if (dma) this.dmaStarted();
    else if (toHost) this.later(accessNs(Math.min(block, count)), () => this.nextRead());
    else this.nextWrite(false);
  }

  // Programmed I/O

  /** Puts the next block to be read into the data register. */
  private nextRead(): void {
    const transfer = this.transfer!;
    const { drive } = transfer;
    const count = Math.min(transfer.block, transfer.left);
    const buffer = this.attempt(drive, ERROR.uncorrectable, () => drive.disk.read(transfer.lba, count));
    if (!buffer) return;
    transfer.buffer = buffer;
    transfer.at = 0;
    transfer.lba += count;
    transfer.left -= count;
    this.offer(drive, true);
  }

  /** Asks for the next block to be written. */
  private nextWrite(interrupt: boolean): void {
    const transfer = this.transfer!;
    transfer.buffer = new Uint8Array(Math.min(transfer.block, transfer.left) * SECTOR_SIZE);
    transfer.at = 0;
    this.offer(transfer.drive, interrupt);
  }

  private offer(drive: AtaDrive, interrupt: boolean): void {
    drive.status = STATUS.ready | STATUS.seekComplete | STATUS.request;
    drive.interrupting = interrupt;
    this.updateInterrupt();
  }

  /** The transfer whose block is in the data register, for the selected drive and the direction asked for. */
  private open(toHost: boolean): Transfer | null {
    const { transfer, selected } = this;
    if (!transfer || transfer.drive !== selected || transfer.toHost !== toHost) return null;
    return selected.status & STATUS.request ? transfer : null;
  }

  private readData(size: number): number {
    const transfer = this.open(true);
    if (!transfer) return this.drives.length > 0 ? 0 : NO_DRIVES;
    let value = 0;
    for (let i = 0; i < size; i++) value |= (transfer.buffer[transfer.at + i] ?? 0) << (8 * i);
    transfer.at += size;
    if (transfer.at >= transfer.buffer.length) this.blockRead(transfer);
    return value >>> 0;
  }

  private blockRead(transfer: Transfer): void {
    const { drive, left } = transfer;
    if (left === 0) {
      this.transfer = null;
      drive.status = STATUS.ready | STATUS.seekComplete;
      return;
    }
    drive.status = STATUS.busy;
    this.later(Math.min(transfer.block, left) * SECTOR_NS, () => this.nextRead());
  }

  private writeData(size: number, value: number): void {
    const transfer = this.open(false);
    if (!transfer) return;
    for (let i = 0; i < size; i++) transfer.buffer[transfer.at++] = value >>> (8 * i);
    if (transfer.at < transfer.buffer.length) return;
    const { drive, buffer } = transfer;
    const count = buffer.length / SECTOR_SIZE;
    drive.status = STATUS.busy;
    this.later(accessNs(count), () => {
      if (this.attempt(drive, ERROR.aborted, () => drive.disk.write(transfer.lba, buffer)) === null) return;
      transfer.lba += count;
      transfer.left -= count;
      if (transfer.left > 0) this.nextWrite(true);
      else this.succeed(drive);
    });
  }

  // DMA

  /** Moves all that the bus master's regions take. When they end too early the drive goes on waiting. */
  private moveByDma(transfer: Transfer): void {
    const { drive, toHost } = transfer;
    const { dma } = this.options;
    if (!dma.ready(toHost)) return;
    while (transfer.left > 0) {
      const count = Math.min(transfer.left, DMA_PIECE);
      const length = count * SECTOR_SIZE;
      const { lba } = transfer;
      if (toHost) {
        const bytes = this.attempt(drive, ERROR.uncorrectable, () => drive.disk.read(lba, count));
        if (!bytes || dma.toMemory(bytes) < length) return;
      } else {
        const bytes = dma.fromMemory(length);
        if (bytes.length < length) return;
        if (this.attempt(drive, ERROR.aborted, () => drive.disk.write(lba, bytes)) === null) return;
      }
      transfer.lba += count;
      transfer.left -= count;
    }
    this.succeed(drive);
  }

  // Ends and beginnings

  private begin(drive: AtaDrive): void {
    drive.status = STATUS.busy;
    drive.error = 0;
    drive.interrupting = false;
    this.updateInterrupt();
  }

  private succeed(drive: AtaDrive): void {
    this.transfer = null;
    drive.status = STATUS.ready | STATUS.seekComplete;
    drive.interrupting = true;
    this.updateInterrupt();
  }

  private fail(drive: AtaDrive, error: number): void {
    this.transfer = null;
    drive.error = error;
    drive.status = STATUS.ready | STATUS.seekComplete | STATUS.error;
    drive.interrupting = true;
    this.updateInterrupt();
  }

  /** Does something with the medium; a failure of the host's becomes the drive's, and null. */
  private attempt<T>(drive: AtaDrive, error: number, act: () => T): T | null {
    try {
      return act();
    } catch (failure) {
      if (!(failure instanceof DiskError)) throw failure;
      this.fail(drive, error);
      return null;
    }
  }

  private later(ns: number, act: () => void): void {
    const { clock } = this.options;
    this.cancel?.();
    this.cancel = clock.schedule(clock.now() + ns, () => {
      this.cancel = null;
      act();
    });
  }

  /** Ends whatever is under way. */
  private stop(): void {
    this.cancel?.();
    this.cancel = null;
    if (this.transfer) this.transfer.drive.status = STATUS.ready | STATUS.seekComplete;
    this.transfer = null;
  }

  private updateInterrupt(): void {
    this.options.irq((this.selected?.interrupting ?? false) && !(this.control & CONTROL.interruptDisable));
  }
}

function isBusy(drive: AtaDrive): boolean {
  return (drive.status & STATUS.busy) !== 0;
}
