import { beforeEach, describe, expect, test } from 'vitest';
import { Board } from './board.ts';
import { FakeDisk } from './fake-disk.ts';
import { FakeHost } from './fake-host.ts';

const GT = 0x14000000;
const IO = 0x18000000;
const BM = 0x1080;
const [TABLE, BUFFER] = [0x10000, 0x20000] as const;
const [START, TO_MEMORY] = [0x01, 0x08] as const;
const [ACTIVE, INTERRUPT] = [0x01, 0x04] as const;

let host: FakeHost;
let disk: FakeDisk;
let board: Board;

const config = (register: number, value: number): void => {
  board.write(GT + 0xcf8, 4, (0x80005100 | register) >>> 0);
  board.write(GT + 0xcfc, 4, value);
};
const readConfig = (register: number): number => {
  board.write(GT + 0xcf8, 4, (0x80005100 | register) >>> 0);
  return board.read(GT + 0xcfc, 4);
};
const out = (port: number, value: number, size: 1 | 2 | 4 = 1): void => board.write(IO + port, size, value);
const inb = (port: number): number => board.read(IO + port, 1);

/** The I/O window, as the firmware sets it; the GT's registers stay where reset puts them. */
function openWindow(): void {
  board.write(GT + 0x48, 4, 0xc0);
  board.write(GT + 0x50, 4, 0x40);
}

beforeEach(() => {
  host = new FakeHost();
  disk = new FakeDisk(2000);
  board = new Board(host, { disks: [{ disk, attach: 'ide' }] });
  openWindow();
  config(0x20, BM | 1);
  config(0x40, 0x80008000);
  config(0x04, 0x0005);
  // IRQ 14 through both interrupt controllers.
  out(0x20, 0x11);
  for (const value of [0x00, 0x04, 0x01, 0xfb]) out(0x21, value);
  out(0xa0, 0x11);
  for (const value of [0x08, 0x02, 0x01, 0xbf]) out(0xa1, value);
});

/** A table of physical regions at TABLE: addresses and byte counts. */
function regions(...entries: readonly (readonly [gpa: number, bytes: number])[]): void {
  const view = new DataView(host.ram.buffer, TABLE);
  entries.forEach(([gpa, bytes], i) => {
    view.setUint32(8 * i, gpa, true);
    view.setUint32(8 * i + 4, (bytes & 0xffff) | (i === entries.length - 1 ? 0x80000000 : 0), true);
  });
}

function command(code: number, lba: number, count: number): void {
  out(0x1f6, 0xe0 | (lba >>> 24));
  // The upper halves, for commands with 48-bit addresses.
  for (const register of [0x1f2, 0x1f3, 0x1f4, 0x1f5]) out(register, 0);
  out(0x1f2, count & 0xff);
  out(0x1f3, lba & 0xff);
  out(0x1f4, (lba >>> 8) & 0xff);
  out(0x1f5, (lba >>> 16) & 0xff);
  out(0x1f7, code);
}

/** As a driver does it: table, direction, status cleared, command, start. */
function dma(code: number, lba: number, count: number, toMemory: boolean): void {
  out(BM + 4, TABLE, 4);
  out(BM, toMemory ? TO_MEMORY : 0);
  out(BM + 2, 0x06);
  command(code, lba, count);
  out(BM, (toMemory ? TO_MEMORY : 0) | START);
}

const finish = (): void => host.clock.advance(1_000_000_000);
const ram = (gpa: number, length: number): Uint8Array => host.ram.slice(gpa, gpa + length);

describe('configuration', () => {
  test('identity', () => {
    expect(readConfig(0x00)).toBe(0x71118086);
    expect(readConfig(0x08)).toBe(0x01018000);
    config(0x20, 0xffffffff);
    expect(readConfig(0x20)).toBe(0x0000fff1);
  });

  test('the channels answer only where IDETIM and the command register let them', () => {
    out(0x1f3, 0x5a);
    expect(inb(0x1f3)).toBe(0x5a);
    // Nothing is on the secondary channel.
    expect(inb(0x177)).toBe(0x7f);
    config(0x40, 0x00008000);
    expect(inb(0x177)).toBe(0xff);
    config(0x40, 0x00000000);
    expect([inb(0x1f3), inb(0x3f6)]).toEqual([0xff, 0xff]);
    config(0x40, 0x80008000);
    expect(inb(0x1f3)).toBe(0x5a);
    expect(inb(0x3f6)).toBe(0x50);
    config(0x04, 0x0004);
    expect([inb(0x1f3), inb(BM + 2)]).toEqual([0xff, 0xff]);
  });

  test('a reset closes them', () => {
    board.reset();
    openWindow();
    expect(inb(0x1f7)).toBe(0xff);
    expect(readConfig(0x40)).toBe(0);
  });
});

test('the data register, 16 and 32 bits wide, and IRQ 14', () => {
  command(0x20, 7, 1);
  finish();
  expect(host.pins.get(2)).toBe(true);
  expect(board.read(GT + 0xc34, 4)).toBe(14);
  expect(inb(BM + 2) & INTERRUPT).toBe(INTERRUPT);
  expect(inb(0x1f7)).toBe(0x58);
  expect(board.read(IO + 0x1f0, 2)).toBe(0x0707);
  expect(board.read(IO + 0x1f0, 4)).toBe(0x07070707);
  for (let i = 6; i < 512; i += 2) board.read(IO + 0x1f0, 2);
  expect(inb(0x1f7)).toBe(0x50);
});

describe('DMA', () => {
  test('reads into scattered regions', () => {
    regions([BUFFER, 0x200], [BUFFER + 0x1002, 0x5fe], [BUFFER + 0x2000, 2]);
    dma(0xc8, 10, 4, true);
    expect(inb(BM + 2)).toBe(ACTIVE);
    expect(inb(0x3f6)).toBe(0x80);
    finish();
    expect(inb(BM + 2)).toBe(INTERRUPT);
    expect(inb(0x1f7)).toBe(0x50);
    const data = disk.bytes.slice(10 * 512, 14 * 512);
    expect(ram(BUFFER, 0x200)).toEqual(data.slice(0, 0x200));
    expect(ram(BUFFER + 0x1002, 0x5fe)).toEqual(data.slice(0x200, 0x7fe));
    expect(ram(BUFFER + 0x2000, 4)).toEqual(Uint8Array.of(13, 13, 0, 0));
    // The status is cleared by ones, and start by a zero.
    out(BM + 2, 0x64);
    expect(inb(BM + 2)).toBe(0x60);
    out(BM, 0);
    expect(inb(BM)).toBe(0);
  });

  test('writes, with 48-bit addresses', () => {
    host.ram.fill(0x3c, BUFFER, BUFFER + 1024);
    regions([BUFFER, 1024]);
    dma(0x35, 500, 2, false);
    finish();
    expect(inb(BM + 2)).toBe(INTERRUPT);
    expect([disk.sector(500)[0], disk.sector(501)[511], disk.sector(502)[0]]).toEqual([0x3c, 0x3c, 502 & 0xff]);
  });

  test('a count of 0 is 64 KiB', () => {
    regions([BUFFER, 0], [BUFFER + 0x10000, 0]);
    dma(0xc8, 0, 0, true);
    finish();
    expect(inb(BM + 2)).toBe(INTERRUPT);
    expect(host.ram[BUFFER + 0x1ffff]).toBe(255);
  });

  test('regions larger than the transfer: the interrupt comes, and the master stays active', () => {
    regions([BUFFER, 0x1000]);
    dma(0xc8, 1, 1, true);
    finish();
    expect(inb(BM + 2)).toBe(INTERRUPT | ACTIVE);
    out(BM, 0);
    expect(inb(BM + 2)).toBe(INTERRUPT);
  });

  test('regions smaller than the transfer: the master ends, and the drive waits until it is reset', () => {
    regions([BUFFER, 0x200]);
    dma(0xc8, 1, 2, true);
    finish();
    expect(inb(BM + 2)).toBe(0);
    expect(inb(0x3f6)).toBe(0x80);
    out(0x3f6, 0x04);
    out(0x3f6, 0x00);
    finish();
    expect(inb(0x1f7)).toBe(0x50);
    expect(inb(BM + 2)).toBe(0);
  });

  test('start before the command', () => {
    regions([BUFFER, 0x200]);
    out(BM + 4, TABLE, 4);
    out(BM, TO_MEMORY | START);
    command(0xc8, 9, 1);
    finish();
    expect(inb(BM + 2)).toBe(INTERRUPT);
    expect(host.ram[BUFFER]).toBe(9);
  });

  test('stopped in flight, nothing is moved', () => {
    regions([BUFFER, 0x200]);
    dma(0xc8, 9, 1, true);
    out(BM, 0);
    finish();
    expect(inb(BM + 2)).toBe(0);
    expect(host.ram[BUFFER]).toBe(0);
  });

  test('reset in flight, nothing is moved', () => {
    regions([BUFFER, 0x200]);
    dma(0xc8, 9, 1, true);
    board.reset();
    finish();
    expect(host.ram[BUFFER]).toBe(0);
    expect(host.pins.get(2)).toBe(false);
  });

  test('without bus mastering or in the wrong direction, nothing is moved', () => {
    regions([BUFFER, 0x200]);
    config(0x04, 0x0001);
    dma(0xc8, 9, 1, true);
    finish();
    config(0x04, 0x0005);
    out(0x3f6, 0x04);
    out(0x3f6, 0x00);
    finish();
    out(BM, 0);
    dma(0xc8, 9, 1, false);
    finish();
    expect(host.ram[BUFFER]).toBe(0);
    expect(disk.sector(9)[0]).toBe(9);
  });

  test('a table without an end stops where a table must', () => {
    // Entries of 2 bytes, all over the 64 KiB that a table can lie in.
    const view = new DataView(host.ram.buffer, TABLE, 0x10000);
    for (let i = 0; i < 0x10000; i += 8) {
      view.setUint32(i, BUFFER, true);
      view.setUint32(i + 4, 2, true);
    }
    out(BM + 4, TABLE + 0x8000, 4);
    out(BM, TO_MEMORY);
    command(0xc8, 0, 0);
    out(BM, TO_MEMORY | START);
    finish();
    expect(inb(BM + 2)).toBe(0);
    expect(inb(0x3f6)).toBe(0x80);
  });

  test('an error of the drive interrupts too', () => {
    regions([BUFFER, 0x400]);
    dma(0xca, 1999, 2, false);
    finish();
    expect(inb(BM + 2)).toBe(INTERRUPT | ACTIVE);
    expect([inb(0x1f7), inb(0x1f1)]).toEqual([0x51, 0x10]);
  });

  test('the table pointer is written in any width, and its lowest bits are 0', () => {
    out(BM + 4, 0x12345677, 4);
    expect(board.read(IO + BM + 4, 4)).toBe(0x12345674);
    out(BM + 6, 0xabcd, 2);
    out(BM + 5, 0xef);
    expect(board.read(IO + BM + 4, 4)).toBe(0xabcdef74);
    expect(board.read(IO + BM + 0xc, 4)).toBe(0);
  });
});
