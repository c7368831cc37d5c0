/** Requests to the virtio disk, and what the ring does with them, good and bad. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  AVAILABLE,
  COMMON,
  DATA,
  Driver,
  DRIVER_OK,
  FEATURES_OK,
  FLUSH,
  GET_ID,
  GT,
  IN,
  ISR,
  NEEDS_RESET,
  NEXT,
  OUT,
  WRITE,
} from '../testing/virtio-driver.ts';

let driver: Driver;

describe.each([
  ['little', false],
  ['big', true],
])('requests, %s endian', (_name, bigEndian) => {
  beforeEach(() => {
    driver = new Driver(bigEndian);
    driver.start();
  });

  test('read', () => {
    expect(driver.request(IN, 30, 1024)).toEqual({ status: 0, written: 1025 });
    expect(driver.data(1024)).toEqual(driver.disk.bytes.slice(30 * 512, 32 * 512));
  });

  test('write', () => {
    driver.host.ram.fill(0x77, DATA + 0x1000, DATA + 0x1400);
    expect(driver.request(OUT, 40, 1024)).toEqual({ status: 0, written: 1 });
    expect([40, 41, 42].map((sector) => driver.disk.sector(sector)[3])).toEqual([0x77, 0x77, 42]);
  });

  test('flush', () => {
    expect(driver.request(FLUSH, 0, 0)).toEqual({ status: 0, written: 1 });
    expect(driver.disk.flushes).toBe(1);
  });

  test('identity', () => {
    expect(driver.request(GET_ID, 0, 20)).toEqual({ status: 0, written: 21 });
    expect(String.fromCharCode(...driver.data(6))).toBe('KSEG0\0');
  });

  test.each([
    ['an unknown request', 99, 0, 512, 2],
    ['beyond the end', IN, 999, 1024, 1],
    ['far beyond it', IN, 2 ** 40, 512, 1],
    ['writing beyond it', OUT, 1000, 512, 1],
    ['part of a sector', IN, 0, 500, 1],
  ])('%s', (_what, type, sector, length, status) => {
    expect(driver.request(type, sector, length)).toEqual({ status, written: 1 });
    expect(driver.request(IN, 1, 512).status).toBe(0);
  });

  test('the host fails', () => {
    driver.disk.broken = true;
    expect(driver.request(IN, 0, 512).status).toBe(1);
    expect(driver.request(FLUSH, 0, 0).status).toBe(1);
  });

  test('the ring runs round', () => {
    for (let i = 0; i < 20; i++) {
      expect(driver.request(IN, i, 512).status).toBe(0);
      expect(driver.data(1)[0]).toBe(i);
    }
  });

  test('the interrupt stays until the ISR is read', () => {
    driver.request(IN, 0, 512);
    expect(driver.host.pins.get(2)).toBe(true);
    // Slot 1's INTA is PIRQA, which goes to IRQ 10.
    expect(driver.read(GT + 0xc34, 4)).toBe(10);
    expect(driver.config(0x04) & 0x80000).toBe(0x80000);
    driver.out(0xa0, 0x20);
    driver.out(0x20, 0x20);
    expect(driver.host.pins.get(2)).toBe(true);
    expect(driver.read(ISR, 1)).toBe(1);
    expect(driver.host.pins.get(2)).toBe(false);
    expect(driver.read(ISR, 1)).toBe(0);
  });

  test('no interrupt when the ring or the command register says so', () => {
    driver.view.setUint16(AVAILABLE, 1, true);
    driver.request(IN, 0, 512);
    expect(driver.read(ISR, 1)).toBe(0);
    driver.view.setUint16(AVAILABLE, 0, true);
    driver.config(0x04, 0x0407);
    driver.request(IN, 0, 512);
    expect(driver.host.pins.get(2)).toBe(false);
    driver.config(0x04, 0x0007);
    expect(driver.host.pins.get(2)).toBe(true);
  });

  test('several at once are served in order, and any layout will do', () => {
    driver.header(IN, 5);
    // The header in two pieces, the status at the end of the data.
    driver.descriptor(3, DATA, 10, NEXT, 4);
    driver.descriptor(4, DATA + 10, 6, NEXT, 5);
    driver.descriptor(5, DATA + 0x1000, 513, WRITE);
    driver.descriptor(6, DATA, 16, NEXT, 7);
    driver.descriptor(7, DATA + 0x2000, 513, WRITE);
    driver.offer(6);
    driver.offer(3);
    driver.notify();
    driver.finish();
    expect([driver.used(0), driver.used(1)]).toEqual([
      [6, 513],
      [3, 513],
    ]);
    for (const at of [0x1000, 0x2000]) {
      expect([driver.host.ram[DATA + at], driver.host.ram[DATA + at + 512]]).toEqual([5, 0]);
    }
  });

  test('a request without room for a status is handed back', () => {
    driver.header(IN, 5);
    driver.descriptor(0, DATA, 16, 0);
    driver.offer(0);
    driver.notify();
    driver.finish();
    expect(driver.used(0)).toEqual([0, 0]);
  });

  test('reset in flight: nothing happens any more', () => {
    driver.header(IN, 5);
    driver.descriptor(0, DATA, 16, NEXT, 1);
    driver.descriptor(1, DATA + 0x1000, 513, WRITE);
    driver.offer(0);
    driver.notify();
    expect(driver.host.clock.pending).toBeGreaterThan(0);
    driver.status = 0;
    driver.finish();
    expect([driver.usedIndex, driver.host.ram[DATA + 0x1000], driver.read(ISR, 1)]).toEqual([0, 0, 0]);
  });

  test('without bus mastering requests wait', () => {
    driver.config(0x04, 0x0003);
    driver.header(IN, 5);
    driver.descriptor(0, DATA, 16, NEXT, 1);
    driver.descriptor(1, DATA + 0x1000, 513, WRITE);
    driver.offer(0);
    driver.notify();
    driver.finish();
    expect(driver.usedIndex).toBe(0);
    driver.config(0x04, 0x0007);
    driver.finish();
    expect(driver.usedIndex).toBe(1);
  });

  test.each<[string, () => void]>([
    [
      'a chain in a circle',
      () => {
        driver.descriptor(0, DATA, 16, NEXT, 1);
        driver.descriptor(1, DATA, 16, NEXT, 0);
      },
    ],
    ['a descriptor beyond the table', () => driver.descriptor(0, DATA, 16, NEXT, 8)],
    ['an indirect descriptor', () => driver.descriptor(0, DATA, 16, 4)],
    [
      'reading after writing',
      () => {
        driver.descriptor(0, DATA, 16, NEXT | WRITE, 1);
        driver.descriptor(1, DATA, 16, 0);
      },
    ],
    ['more requests than entries', () => driver.view.setUint16(AVAILABLE + 2, 99, true)],
  ])('%s breaks the device until it is reset', (_what, make) => {
    driver.header(IN, 0);
    make();
    if (driver.view.getUint16(AVAILABLE + 2, true) === 0) driver.offer(0);
    driver.notify();
    driver.finish();
    expect(driver.status & NEEDS_RESET).toBe(NEEDS_RESET);
    expect(driver.read(ISR, 1)).toBe(2);
    expect(driver.usedIndex).toBe(0);
    driver.view.setUint16(AVAILABLE + 2, 0, true);
    driver.start();
    expect(driver.status & NEEDS_RESET).toBe(0);
    expect(driver.request(IN, 3, 512).status).toBe(0);
  });

  test('buffers and rings that are no memory hurt nobody', () => {
    driver.header(IN, 0);
    driver.descriptor(0, DATA, 16, NEXT, 1);
    driver.descriptor(1, 0xfffff000, 0xffffffff, NEXT | WRITE, 2);
    driver.descriptor(2, 2 ** 60, 1, WRITE);
    driver.offer(0);
    driver.notify();
    driver.finish();
    expect(driver.used(0)).toEqual([0, 1]);
    driver.status = 0;
    driver.start();
    driver.status = 0;
    driver.write(COMMON + 40, 4, 0xf0000000);
    driver.write(COMMON + 28, 2, 1);
    driver.accept(0, 1);
    driver.status = FEATURES_OK | DRIVER_OK;
    driver.notify();
    driver.finish();
    expect(driver.host.clock.pending).toBeLessThan(5);
  });
});

test('a read-only disk takes no writes', () => {
  driver = new Driver(false, 0x12, true);
  driver.start();
  expect(driver.request(OUT, 0, 512)).toEqual({ status: 1, written: 1 });
});
