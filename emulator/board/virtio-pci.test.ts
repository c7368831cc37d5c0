/** Virtio cards on the bus: configuration space, negotiation, the legacy interface, and the card of random numbers. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ACKNOWLEDGE,
  COMMON,
  CONFIG,
  DATA,
  DRIVER,
  Driver,
  DRIVER_OK,
  FEATURES_OK,
  GT,
  IN,
  IO,
  LEGACY,
  MEMORY,
  NEXT,
  WRITE,
} from '../testing/virtio-driver.ts';

let driver: Driver;

describe('on the bus', () => {
  beforeEach(() => (driver = new Driver()));

  test('a transitional block device', () => {
    expect(driver.config(0x00)).toBe(0x10011af4);
    expect(driver.config(0x08)).toBe(0x01000000);
    expect(driver.config(0x2c)).toBe(0x00021af4);
    expect(driver.config(0x3c)).toBe(0x00000100);
    expect(driver.config(0x04) >>> 16).toBe(0x0010);
  });

  test('capabilities lead to the registers', () => {
    const found: number[][] = [];
    for (let at = driver.config(0x34) & 0xff; at !== 0; at = (driver.config(at) >>> 8) & 0xff) {
      const header = driver.config(at);
      expect(header & 0xff).toBe(0x09);
      const [type, bar] = [header >>> 24, driver.config(at + 4) & 0xff];
      found.push([type, bar, driver.config(at + 8), driver.config(at + 12)]);
      if (type === 2) expect(driver.config(at + 16)).toBe(4);
      expect(((header >>> 16) & 0xff) % 4).toBe(0);
    }
    expect(found).toEqual([
      [1, 4, 0x0000, 56],
      [2, 4, 0x3000, 0x1000],
      [3, 4, 0x1000, 4],
      [4, 4, 0x2000, 0x1000],
      [5, 0, 0, 0],
    ]);
  });

  test('base addresses are sized, moved and switched off', () => {
    expect(driver.read(CONFIG, 4)).toBe(1000);
    driver.config(0x20, 0xffffffff);
    expect(driver.config(0x20)).toBe(0xffffc000);
    driver.config(0x20, MEMORY + 0x100000);
    expect(driver.read(CONFIG, 4)).toBe(0xffffffff);
    expect(driver.read(CONFIG + 0x100000, 4)).toBe(1000);
    driver.config(0x04, 0x0005);
    expect(driver.read(CONFIG + 0x100000, 4)).toBe(0xffffffff);
    driver.config(0x10, 0xffffffff);
    expect(driver.config(0x10)).toBe(0x0000ffc1);
  });

  test('the window in configuration space', () => {
    driver.config(0x88, 4);
    driver.config(0x8c, 0x2000);
    driver.config(0x90, 4);
    expect(driver.config(0x94)).toBe(1000);
    driver.config(0x8c, 20);
    driver.config(0x90, 1);
    driver.config(0x94, ACKNOWLEDGE);
    expect(driver.status).toBe(ACKNOWLEDGE);
    // What the window cannot show reads 0.
    for (const [offset, length] of [
      [2, 4],
      [0x4000, 4],
      [0, 3],
    ] as const) {
      driver.config(0x8c, offset);
      driver.config(0x90, length);
      expect(driver.config(0x94, 0xffffffff)).toBe(0);
    }
  });
});

describe('negotiation', () => {
  beforeEach(() => (driver = new Driver()));

  test('features', () => {
    expect([0, 1, 2].map((select) => driver.feature(select))).toEqual([0x244, 1, 0]);
    expect(new Driver(false, 0x12, true).feature(0)).toBe(0x264);
    expect([driver.read(COMMON + 18, 2), driver.read(COMMON + 16, 2)]).toEqual([1, 0xffff]);
  });

  test.each([
    ['what is not offered', 0x1, 1],
    ['no version 1', 0x0, 0],
    ['more than version 1', 0x0, 3],
  ])('%s is refused', (_name, low, high) => {
    driver.status = ACKNOWLEDGE | DRIVER;
    driver.accept(low, high);
    driver.status = ACKNOWLEDGE | DRIVER | FEATURES_OK;
    expect(driver.status).toBe(ACKNOWLEDGE | DRIVER);
  });

  test('queues: size, areas, one that is not there', () => {
    driver.write(COMMON + 22, 2, 0);
    expect([driver.read(COMMON + 24, 2), driver.read(COMMON + 28, 2)]).toEqual([256, 0]);
    for (const refused of [0, 3, 512]) driver.write(COMMON + 24, 2, refused);
    expect(driver.read(COMMON + 24, 2)).toBe(256);
    driver.write(COMMON + 24, 2, 16);
    driver.write(COMMON + 48, 4, 0x89abcdef);
    driver.write(COMMON + 52, 4, 0x12);
    expect([24, 48, 52].map((at) => driver.read(COMMON + at, 4))).toEqual([0xffff0010, 0x89abcdef, 0x12]);
    driver.write(COMMON + 22, 2, 1);
    expect([driver.read(COMMON + 24, 2), driver.read(COMMON + 28, 2)]).toEqual([0, 0]);
  });

  test('a status of 0 resets', () => {
    driver.start();
    driver.status = 0;
    driver.write(COMMON + 22, 2, 0);
    expect([driver.status, driver.read(COMMON + 24, 2), driver.read(COMMON + 28, 2)]).toEqual([0, 256, 0]);
  });

  test('the device configuration', () => {
    expect([0, 4, 8, 12, 20, 24].map((at) => driver.read(CONFIG + at, 4))).toEqual([1000, 0, 0, 254, 512, 0]);
    expect(driver.read(CONFIG, 1)).toBe(0xe8);
  });
});

describe.each([
  ['little', false],
  ['big', true],
])('the legacy interface, %s endian', (_name, bigEndian) => {
  test('in the byte order of the CPU', () => {
    driver = new Driver(bigEndian);
    driver.littleEndian = !bigEndian;
    const port = IO + LEGACY;
    const status = (value: number): void => driver.write(port + 18, 1, value);
    status(0);
    status(ACKNOWLEDGE | DRIVER);
    expect(driver.read(port, 4)).toBe(0x08000244);
    driver.write(port + 4, 4, 0x200);
    // Device fields are read byte by byte.
    const capacity = Uint8Array.from({ length: 8 }, (_, i) => driver.board.read(port + 20 + i, 1));
    expect(new DataView(capacity.buffer).getBigUint64(0, !bigEndian)).toBe(1000n);
    driver.write(port + 14, 2, 0);
    expect(driver.read(port + 12, 2)).toBe(256);
    expect(driver.read(port + 8, 4)).toBe(0);
    driver.write(port + 8, 4, 0x10);
    expect(driver.read(port + 8, 4)).toBe(0x10);
    driver.rings = { descriptors: 0x10000, available: 0x11000, used: 0x12000, size: 256 };
    status(ACKNOWLEDGE | DRIVER | DRIVER_OK);
    driver.header(IN, 77);
    driver.descriptor(0, DATA, 16, NEXT, 1);
    driver.descriptor(1, DATA + 0x1000, 512, NEXT | WRITE, 2);
    driver.descriptor(2, DATA + 16, 1, WRITE);
    driver.offer(0);
    driver.write(port + 16, 2, 0);
    driver.finish();
    expect([driver.usedIndex, driver.used(0), driver.host.ram[DATA + 16]]).toEqual([1, [0, 513], 0]);
    expect(driver.data(512)).toEqual(driver.disk.sector(77));
    expect(driver.read(port + 19, 1)).toBe(1);
    expect(driver.read(port + 19, 1)).toBe(0);
    status(0);
    expect(driver.read(port + 8, 4)).toBe(0);
  });
});

describe('random numbers', () => {
  const draw = (): Uint8Array => {
    driver = new Driver(false, 0x13);
    driver.start();
    driver.descriptor(0, DATA, 32, NEXT | WRITE, 1);
    driver.descriptor(1, DATA + 0x1000, 32, WRITE);
    driver.offer(0);
    driver.notify();
    driver.finish();
    expect(driver.used(0)).toEqual([0, 64]);
    return Uint8Array.of(...driver.host.ram.slice(DATA, DATA + 32), ...driver.data(32));
  };

  test('the same ones for the same seed', () => {
    const bytes = draw();
    expect(new Set(bytes).size).toBeGreaterThan(32);
    expect(draw()).toEqual(bytes);
    expect(driver.config(0x00)).toBe(0x10051af4);
    // Slot 2's INTA is PIRQB, which goes to IRQ 10, too.
    expect(driver.read(GT + 0xc34, 4)).toBe(10);
  });

  test('a vast buffer gets some, and one to be read none', () => {
    driver = new Driver(false, 0x13);
    driver.start();
    driver.descriptor(0, DATA, 0xffffffff, WRITE);
    driver.descriptor(1, DATA, 16, 0);
    driver.offer(0);
    driver.offer(1);
    driver.notify();
    driver.finish();
    expect([driver.used(0), driver.used(1)]).toEqual([
      [0, 4096],
      [1, 0],
    ]);
  });
});
