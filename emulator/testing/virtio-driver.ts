/** A guest's driver of the board's virtio cards, and the addresses and numbers that it and its tests use. */
import { expect } from 'vitest';
import { Board } from '../board/board.ts';
import type { AccessSize } from '../board/device.ts';
import { FakeDisk } from '../board/fake-disk.ts';
import { FakeHost } from '../board/fake-host.ts';
import { swapBytes } from '../board/lanes.ts';

export const GT = 0x14000000;
export const IO = 0x18000000;
export const MEMORY = 0x10000000;
export const LEGACY = 0x1100 + 0x100;
export const [COMMON, ISR, CONFIG, NOTIFY] = [MEMORY, MEMORY + 0x1000, MEMORY + 0x2000, MEMORY + 0x3000] as const;
export const [DESCRIPTORS, AVAILABLE, USED, DATA] = [0x10000, 0x12000, 0x13000, 0x20000] as const;
export const [NEXT, WRITE] = [1, 2] as const;
export const [ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET] = [1, 2, 4, 8, 0x40] as const;
export const [IN, OUT, FLUSH, GET_ID] = [0, 1, 4, 8] as const;

/** A driver: registers and rings of the card in `slot`, in either byte order. */
export class Driver {
  readonly host: FakeHost;
  readonly disk = new FakeDisk(1000);
  readonly board: Board;
  private available = 0;
  /** Rings and request headers; the legacy interface has them in the CPU's order. */
  littleEndian = true;
  view: DataView;

  constructor(
    readonly bigEndian = false,
    private readonly slot = 0x12,
    readOnly = false,
  ) {
    this.host = new FakeHost(bigEndian);
    this.disk = new FakeDisk(1000, readOnly);
    this.board = new Board(this.host, {
      disks: [{ disk: this.disk, attach: 'virtio' }],
      seed: 7,
      virtioConsole: true,
    });
    this.view = new DataView(this.host.ram.buffer);
    for (const [register, value] of [
      [0x48, 0xc0],
      [0x50, 0x40],
      [0x58, 0x80],
      [0x60, 0x3f],
    ] as const) {
      this.write(GT + register, 4, value);
    }
    this.config(0x10, LEGACY | 1);
    this.config(0x20, MEMORY);
    this.config(0x04, 0x0007);
    this.out(0x20, 0x11);
    for (const value of [0x00, 0x04, 0x01, 0xfb]) this.out(0x21, value);
    this.out(0xa0, 0x11);
    for (const value of [0x08, 0x02, 0x01, 0xf3]) this.out(0xa1, value);
  }

  private order(value: number, size: AccessSize): number {
    return this.bigEndian ? swapBytes(value, size) : value;
  }

  read(gpa: number, size: AccessSize): number {
    return this.order(this.board.read(gpa, size), size);
  }

  write(gpa: number, size: AccessSize, value: number): void {
    this.board.write(gpa, size, this.order(value >>> 0, size));
  }

  out(port: number, value: number): void {
    this.board.write(IO + port, 1, value);
  }

  config(register: number, value?: number): number {
    this.write(GT + 0xcf8, 4, (0x80000000 | (this.slot << 11) | register) >>> 0);
    // Configuration data of other devices is not swapped again on a big-endian board.
    if (value !== undefined) this.board.write(GT + 0xcfc, 4, value >>> 0);
    return this.board.read(GT + 0xcfc, 4);
  }

  get status(): number {
    return this.read(COMMON + 20, 1);
  }
  set status(value: number) {
    this.write(COMMON + 20, 1, value);
  }

  feature(select: number): number {
    this.write(COMMON, 4, select);
    return this.read(COMMON + 4, 4);
  }

  accept(low: number, high: number): void {
    this.write(COMMON + 8, 4, 0);
    this.write(COMMON + 12, 4, low);
    this.write(COMMON + 8, 4, 1);
    this.write(COMMON + 12, 4, high);
  }

  /** The initialisation of 3.1.1. */
  start(size = 8, queue = 0): void {
    this.status = 0;
    this.status = ACKNOWLEDGE;
    this.status = ACKNOWLEDGE | DRIVER;
    this.accept(this.feature(0), 1);
    this.status = ACKNOWLEDGE | DRIVER | FEATURES_OK;
    expect(this.status & FEATURES_OK).toBe(FEATURES_OK);
    this.write(COMMON + 22, 2, queue);
    this.write(COMMON + 24, 2, size);
    this.write(COMMON + 32, 4, DESCRIPTORS);
    this.write(COMMON + 40, 4, AVAILABLE);
    this.write(COMMON + 48, 4, USED);
    this.write(COMMON + 28, 2, 1);
    this.status = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;
    this.available = 0;
  }

  /** Where the rings are, and how many entries they have. */
  rings = { descriptors: DESCRIPTORS as number, available: AVAILABLE as number, used: USED as number, size: 8 };

  descriptor(n: number, gpa: number, length: number, flags: number, next = 0): void {
    const at = this.rings.descriptors + 16 * n;
    const le = this.littleEndian;
    this.view.setBigUint64(at, BigInt(gpa), le);
    this.view.setUint32(at + 8, length, le);
    this.view.setUint16(at + 12, flags, le);
    this.view.setUint16(at + 14, next, le);
  }

  offer(head: number): void {
    const { available, size } = this.rings;
    this.view.setUint16(available + 4 + 2 * (this.available % size), head, this.littleEndian);
    this.available = (this.available + 1) & 0xffff;
    this.view.setUint16(available + 2, this.available, this.littleEndian);
  }

  notify(queue = 0): void {
    this.write(NOTIFY + 4 * queue, 2, queue);
  }

  finish(): void {
    this.host.clock.advance(1_000_000_000);
  }

  get usedIndex(): number {
    return this.view.getUint16(this.rings.used + 2, this.littleEndian);
  }

  used(n: number): [head: number, length: number] {
    const at = this.rings.used + 4 + 8 * (n % this.rings.size);
    return [this.view.getUint32(at, this.littleEndian), this.view.getUint32(at + 4, this.littleEndian)];
  }

  header(type: number, sector: number): void {
    this.view.setUint32(DATA, type, this.littleEndian);
    this.view.setBigUint64(DATA + 8, BigInt(sector), this.littleEndian);
    this.host.ram[DATA + 16] = 0xff;
  }

  /** A request with its data at DATA + 0x1000: the status byte and the length of what was written. */
  request(type: number, sector: number, length: number): { status: number; written: number } {
    this.header(type, sector);
    this.descriptor(0, DATA, 16, NEXT, length ? 1 : 2);
    if (length) this.descriptor(1, DATA + 0x1000, length, NEXT | (type === OUT ? 0 : WRITE), 2);
    this.descriptor(2, DATA + 16, 1, WRITE);
    const before = this.usedIndex;
    this.offer(0);
    this.notify();
    this.finish();
    expect(this.usedIndex).toBe((before + 1) & 0xffff);
    const [head, written] = this.used(before);
    expect(head).toBe(0);
    return { status: this.host.ram[DATA + 16]!, written };
  }

  data(length: number): Uint8Array {
    return this.host.ram.slice(DATA + 0x1000, DATA + 0x1000 + length);
  }
}
