import { beforeEach, describe, expect, test } from 'vitest';
import { Board } from './board.ts';
import type { AccessSize } from './device.ts';
import { FakeDisk } from './fake-disk.ts';
import { FakeHost } from './fake-host.ts';
import { swapBytes } from './lanes.ts';

const GT = 0x14000000;
const IO = 0x18000000;
const MEMORY = 0x10000000;
const LEGACY = 0x1100 + 0x100;
const [COMMON, ISR, CONFIG, NOTIFY] = [MEMORY, MEMORY + 0x1000, MEMORY + 0x2000, MEMORY + 0x3000] as const;
const [DESCRIPTORS, AVAILABLE, USED, DATA] = [0x10000, 0x12000, 0x13000, 0x20000] as const;
const [NEXT, WRITE] = [1, 2] as const;
const [ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET] = [1, 2, 4, 8, 0x40] as const;
const [IN, OUT, FLUSH, GET_ID] = [0, 1, 4, 8] as const;

/** A driver: registers and rings of the card in `slot`, in either byte order. */
class Driver {
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

describe('the console', () => {
  const text = (bytes: Iterable<number>): string => String.fromCharCode(...bytes);
  const keys = (typed: string): Uint8Array => new TextEncoder().encode(typed);

  test('output goes to the host, all of a request and in order', () => {
    driver = new Driver(false, 0x15);
    expect(driver.config(0x00)).toBe(0x10031af4);
    driver.start(8, 1);
    driver.host.ram.set(keys('login: '), DATA);
    driver.host.ram.set(keys('root'), DATA + 0x1000);
    driver.descriptor(0, DATA, 7, NEXT, 1);
    driver.descriptor(1, DATA + 0x1000, 4, 0);
    driver.offer(0);
    driver.notify(1);
    driver.finish();
    expect(text(driver.host.sent.hvc0)).toBe('login: root');
    expect(driver.host.sent.com1).toEqual([]);
    expect(driver.used(0)).toEqual([0, 0]);
  });

  test('input waits for a buffer, and a buffer for input', () => {
    driver = new Driver(false, 0x15);
    expect(driver.board.receive('hvc0', keys('early'))).toBe(5);
    driver.start();
    driver.descriptor(0, DATA, 3, WRITE);
    driver.offer(0);
    driver.notify();
    driver.finish();
    expect([driver.usedIndex, driver.used(0)]).toEqual([1, [0, 3]]);
    driver.descriptor(1, DATA + 3, 64, WRITE);
    driver.offer(1);
    driver.notify();
    driver.finish();
    expect(driver.used(1)).toEqual([1, 2]);
    driver.descriptor(2, DATA + 5, 64, WRITE);
    driver.offer(2);
    driver.notify();
    driver.finish();
    expect(driver.usedIndex).toBe(2);
    driver.board.receive('hvc0', keys(' late'));
    driver.finish();
    expect(driver.used(2)).toEqual([2, 5]);
    expect(text(driver.host.ram.slice(DATA, DATA + 10))).toBe('early late');
  });

  test('what is typed at a guest without a driver, or a board without the card, is not kept without end', () => {
    driver = new Driver(false, 0x15);
    const many = new Uint8Array(700_000);
    expect(driver.board.receive('hvc0', many)).toBe(700_000);
    expect(driver.board.receive('hvc0', many)).toBe((1 << 20) - 700_000);
    expect(driver.board.receive('hvc0', many)).toBe(0);
    expect(new Board(new FakeHost()).receive('hvc0', keys('x'))).toBe(0);
  });
});
