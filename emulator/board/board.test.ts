import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { Board, type BoardOptions, COST_NS } from './board.ts';
import type { AccessSize } from './device.ts';
import { FakeDisk } from './fake-disk.ts';
import { FakeHost } from './fake-host.ts';
import { swap32 } from './lanes.ts';

const IO = 0x18000000;
const GT = 0x1be00000;

/** A board as the firmware leaves it. */
function boot(bigEndian: boolean, options: BoardOptions = {}): { host: FakeHost; board: Board } {
  const host = new FakeHost(bigEndian);
  const board = new Board(host, options);
  const order = bigEndian ? swap32 : (value: number): number => value;
  board.write(0x14000068, 4, order(0xdf));
  const map = [
    [0x48, 0xc0],
    [0x50, 0x40],
    [0x58, 0x80],
    [0x60, 0x3f],
    [0x80, 0xc1],
    [0x88, 0x5e],
  ] as const;
  for (const [register, value] of map) board.write(GT + register, 4, order(value));
  return { host, board };
}

let host: FakeHost;
let board: Board;
const outb = (port: number, ...values: number[]): void => values.forEach((value) => board.write(IO + port, 1, value));
const inb = (port: number): number => board.read(IO + port, 1);

describe.each([
  ['little', false],
  ['big', true],
])('%s endian', (_name, bigEndian) => {
  beforeEach(() => ({ host, board } = boot(bigEndian)));

  test('COM1 interrupts through the i8259 and the GT', () => {
    outb(0x20, 0x11);
    outb(0x21, 0x00, 0x04, 0x01, 0xef);
    outb(0x3fc, 0x08);
    outb(0x3f9, 0x01);
    expect(host.pins.get(2)).toBe(false);
    board.receive('com1', Uint8Array.of(0x21));
    expect(host.pins.get(2)).toBe(true);
    const vector = board.read(GT + 0xc34, 4);
    expect(bigEndian ? swap32(vector) : vector).toBe(4);
    expect(host.pins.get(2)).toBe(false);
    expect(inb(0x3f8)).toBe(0x21);
  });

  test('serial ports send', () => {
    outb(0x3f8, 0x41);
    outb(0x2f8, 0x42);
    board.write(0x1f000900, 4, 0x43);
    expect(host.sent).toEqual({ com1: [0x41], com2: [0x42], cbus: [0x43], hvc0: [] });
  });

  test('the CBUS UART interrupts pin 4', () => {
    board.write(0x1f000908, 4, 0x02);
    expect(host.pins.get(4)).toBe(true);
    expect(board.read(0x1f000910, 4)).toBe(0x02);
    expect(host.pins.get(4)).toBe(false);
  });

  test('ports keep their byte addresses', () => {
    outb(0x3ff, 0x5a);
    // Port 0x3fe is MSR, 0x3ff SCR.
    expect(board.read(IO + 0x3fe, 2)).toBe(bigEndian ? 0xb05a : 0x5ab0);
  });

  test('power off through the PIIX4', () => {
    board.write(IO + 0x1004, 2, bigEndian ? 0x0020 : 0x2000);
    expect(host.powerOffs).toBe(1);
  });

  test('FPGA, ROM and revision', () => {
    expect(board.read(0x1f000208, 4)).toBe(bigEndian ? 0x12 : 0x10);
    board.rom.load(0x580, Uint8Array.of(0x12, 0x34, 0x56, 0x78));
    const word = bigEndian ? 0x12345678 : 0x78563412;
    expect([board.read(0x1fc00580, 4), board.read(0x1e000580, 4)]).toEqual([word, word]);
    expect(board.read(0x1fc00010, 4)).toBe(0x420);
    board.write(0x1fc00580, 4, 0);
    expect(board.read(0x1fc00580, 4)).toBe(word);
    board.write(0x1f000500, 4, 0x42);
    expect(host.resets).toBe(1);
  });
});

describe('the map', () => {
  beforeEach(() => ({ host, board } = boot(false)));

  test('where nothing is, PCI reads ones and the rest zeros', () => {
    expect(inb(0x123)).toBe(0xff);
    expect(board.read(IO + 0x20000, 4)).toBe(0xffffffff);
    expect(board.read(0x10000000, 2)).toBe(0xffff);
    expect(board.read(0x1d000000, 4)).toBe(0);
  });

  test('only implemented PCI functions answer', () => {
    const found: number[] = [];
    for (let devfn = 0; devfn < 256; devfn++) {
      board.write(GT + 0xcf8, 4, (0x80000000 | (devfn << 8)) >>> 0);
      if (board.read(GT + 0xcfc, 4) !== 0xffffffff) found.push(devfn);
    }
    // GT-64120, PIIX4's ISA bridge, IDE and power management, virtio-rng.
    expect(found).toEqual([0x00, 0x50, 0x51, 0x53, 0x98]);
  });

  test('there is no keyboard controller, so Linux looks for none', () => {
    expect([inb(0x60), inb(0x64)]).toEqual([0xff, 0xff]);
  });

  test('the SMBus is there, and nobody on it', () => {
    expect(inb(0x1100)).toBe(0);
    outb(0x1104, 0xa1);
    outb(0x1102, 0x48);
    expect([inb(0x1100), inb(0x1102), inb(0x1104)]).toEqual([0x04, 0x08, 0xa1]);
    outb(0x1100, 0x1e);
    expect(inb(0x1100)).toBe(0);
    // SMBBA moves it.
    board.write(GT + 0xcf8, 4, 0x80005390);
    expect(board.read(GT + 0xcfc, 4)).toBe(0x1101);
    board.write(GT + 0xcfc, 4, 0x2201);
    expect([inb(0x1100), inb(0x2204)]).toEqual([0xff, 0xa1]);
  });

  test('accesses cost virtual time and are counted', () => {
    const before = host.clock.now();
    inb(0x3fd);
    expect(host.clock.now() - before).toBe(COST_NS.isaPort);
    board.read(0x1f000208, 4);
    expect(host.clock.now() - before).toBe(COST_NS.isaPort + COST_NS.register);
    board.read(0x1fc00000, 4);
    expect(host.clock.now() - before).toBe(COST_NS.isaPort + COST_NS.register + COST_NS.rom);
    expect(board.accesses.get('com1')).toEqual({ reads: 1, writes: 0 });
    expect(board.accesses.get('malta-fpga')).toEqual({ reads: 1, writes: 0 });
  });

  test('reset puts the windows back and forgets interrupts', () => {
    board.write(0x1f000908, 4, 0x02);
    board.reset();
    expect(board.gt.isd.base).toBe(0x14000000);
    expect(host.pins.get(4)).toBe(false);
    expect(host.pins.get(2)).toBe(false);
  });

  test('the PIT ticks on IRQ 0', () => {
    // The timer first: choosing the mode raises its output, which is an edge, too.
    outb(0x43, 0x34);
    outb(0x40, 0xa9, 0x04);
    outb(0x20, 0x11);
    outb(0x21, 0x00, 0x04, 0x01, 0xfe);
    let ticks = 0;
    for (let i = 0; i < 1000; i++) {
      host.clock.advance(100_000);
      if (!host.pins.get(2)) continue;
      ticks++;
      board.read(GT + 0xc34, 4);
      outb(0x20, 0x20);
    }
    // 0.1 s and what the accesses took, at 1000 Hz.
    expect(ticks).toBe(100);
  });
});

describe('disks and cards, whatever a guest does', () => {
  const [BUS_MASTER, LEGACY, MEMORY, RINGS] = [0x1080, 0x1400, 0x10000000, 0x8000] as const;
  const SLOTS = [0x12, 0x13, 0x14, 0x15] as const;
  /** A machine with every disk there may be, its cards decoded, and RAM that may hold anything. */
  const prepare = (bigEndian: boolean, ram: Uint8Array): ReturnType<typeof boot> => {
    const machine = boot(bigEndian, {
      disks: (['ide', 'ide', 'virtio', 'virtio'] as const).map((attach) => ({ disk: new FakeDisk(200), attach })),
      virtioConsole: true,
    });
    for (let at = 0; at < 0x20000; at += ram.length) machine.host.ram.set(ram.subarray(0, 0x20000 - at), at);
    const config = (slot: number, fn: number, register: number, value: number): void => {
      const address = (0x80000000 | (slot << 11) | (fn << 8) | register) >>> 0;
      machine.board.write(GT + 0xcf8, 4, bigEndian ? swap32(address) : address);
      machine.board.write(GT + 0xcfc, 4, value);
    };
    config(10, 1, 0x20, BUS_MASTER | 1);
    config(10, 1, 0x40, 0x80008000);
    config(10, 1, 0x04, 0x0005);
    SLOTS.forEach((slot, i) => {
      config(slot, 0, 0x10, (LEGACY + 0x40 * i) | 1);
      config(slot, 0, 0x20, MEMORY + 0x4000 * i);
      config(slot, 0, 0x04, 0x0007);
    });
    return machine;
  };
  const size = fc.constantFrom<AccessSize>(1, 2, 4);
  const value = fc.oneof(
    fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8, 0x0f, 0xff, RINGS, RINGS >> 12),
    fc.constantFrom(0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0x90, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xec, 0xef),
    fc.integer({ min: 0, max: 0xffffffff }),
  );
  const card = fc.integer({ min: 0, max: 3 });
  const address = fc.oneof(
    fc
      .constantFrom(0x1f0, 0x1f1, 0x1f2, 0x1f3, 0x1f4, 0x1f5, 0x1f6, 0x1f7, 0x1f7, 0x3f6, 0x170, 0x177)
      .map((p) => IO + p),
    fc.integer({ min: 0, max: 15 }).map((at) => IO + BUS_MASTER + at),
    fc.tuple(card, fc.integer({ min: 0, max: 63 })).map(([i, at]) => IO + LEGACY + 0x40 * i + at),
    fc
      .tuple(card, fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constantFrom(0x1000, 0x2000, 0x2014, 0x3000, 0x3004)))
      .map(([i, at]) => MEMORY + 0x4000 * i + at),
    fc.constantFrom(GT + 0xcf8, GT + 0xcfc),
  );
  /** A queue set up as it should be, over RAM that is not, but for the head of a request to the disk. */
  const start = (machine: ReturnType<typeof boot>, i: number, seed: number): void => {
    const base = MEMORY + 0x4000 * i;
    const order = (v: number): number => (machine.host.bigEndian ? swap32(v) : v);
    const ram = new DataView(machine.host.ram.buffer);
    machine.board.write(base + 20, 1, 0);
    machine.board.write(base + 8, 4, order(1));
    machine.board.write(base + 12, 4, order(1));
    machine.board.write(base + 20, 1, 0x0b);
    for (const [register, at] of [
      [32, RINGS],
      [40, RINGS + 0x1000],
      [48, RINGS + 0x2000],
    ] as const) {
      machine.board.write(base + register, 4, order(at));
    }
    machine.board.write(base + 28, 2, machine.host.bigEndian ? 0x0100 : 1);
    machine.board.write(base + 20, 1, 0x0f);
    // Type and sector, and who reads them.
    ram.setUint32(0x7000, seed & 1, true);
    ram.setBigUint64(0x7008, BigInt((seed >> 1) & 0xff), true);
    ram.setBigUint64(RINGS, 0x7000n, true);
    ram.setUint32(RINGS + 8, 16, true);
    ram.setUint32(RINGS + 12, 0x00010001, true);
    if (seed & 2) {
      ram.setUint32(RINGS + 16 + 8, 512 * ((seed >> 9) & 3), true);
      ram.setUint32(RINGS + 16 + 12, seed & 1 ? 0x00020001 : 0x00020003, true);
      ram.setUint32(RINGS + 32 + 12, 0x00000002, true);
    }
    // An index near 0 gets some of the chains looked at.
    ram.setUint32(RINGS + 0x1000, 0x00030000, true);
    ram.setUint16(RINGS + 0x1004, 0, true);
    machine.board.write(base + 0x3000, 2, 0);
    machine.host.clock.advance(200_000);
  };
  /** A command on its way to a drive, by DMA over a table that RAM holds. */
  const ata = (machine: ReturnType<typeof boot>, seed: number): void => {
    const codes = [0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xec];
    const out = (port: number, v: number): void => machine.board.write(IO + port, 1, v);
    out(0x3f6, 0x04);
    out(0x3f6, 0x00);
    machine.host.clock.advance(200_000);
    out(0x1f6, 0xe0 | (seed & 0x10));
    for (const v of [0, (seed >> 5) & 7]) out(0x1f2, v);
    for (const v of [0, seed >> 8]) out(0x1f3, v & 0xff);
    for (const port of [0x1f4, 0x1f4, 0x1f5, 0x1f5]) out(port, 0);
    out(BUS_MASTER, 0);
    out(0x1f7, codes[seed % codes.length]!);
    out(BUS_MASTER, seed & 0x08);
    out(BUS_MASTER, (seed & 0x08) | 0x01);
    machine.host.clock.advance(seed & 0x20 ? 200_000 : 0);
  };
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('write' as const), address, size, value }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('read' as const), address, size, value }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('wait' as const, 'start' as const, 'ata' as const, 'drain' as const, 'fill' as const),
        address,
        size,
        value: fc.integer({ min: 0, max: 1_000_000 }),
      }),
    },
  );
  /** Plausible descriptors: small numbers in the right places. */
  const plausible = fc
    .array(
      fc.tuple(
        fc.integer({ min: 0, max: 0x1ffff }),
        fc.constantFrom(1, 16, 512, 513, 1024, 0x10000, 0xffffffff),
        fc.constantFrom(0, 1, 2, 3),
        fc.integer({ min: 0, max: 9 }),
      ),
      { minLength: 8, maxLength: 8 },
    )
    .map((rows) => {
      const view = new DataView(new ArrayBuffer(128));
      rows.forEach(([gpa, length, flags, next], n) => {
        view.setUint32(16 * n, gpa, true);
        view.setUint32(16 * n + 8, length, true);
        view.setUint16(16 * n + 12, flags, true);
        view.setUint16(16 * n + 14, next, true);
      });
      return new Uint8Array(view.buffer);
    });
  const memory = fc.oneof(plausible, fc.uint8Array({ minLength: 16, maxLength: 256 }));

  test.each([false, true])('nothing throws or runs for ever (big endian: %s)', (bigEndian) => {
    fc.assert(
      fc.property(memory, fc.array(step, { maxLength: 80 }), (ram, steps) => {
        const machine = prepare(bigEndian, ram);
        for (const { kind, address: gpa, size: bytes, value: v } of steps) {
          if (kind === 'write') machine.board.write(gpa, bytes, v);
          else if (kind === 'wait') machine.host.clock.advance(v);
          else if (kind === 'start') start(machine, v % 3, v);
          else if (kind === 'ata') ata(machine, v);
          else if (kind === 'fill') for (let i = 0; i < 128; i++) machine.board.write(IO + 0x1f0, 4, v);
          else if (kind === 'drain') for (let i = 0; i < 256; i++) machine.board.read(IO + 0x1f0, 2);
          else {
            const result = machine.board.read(gpa, bytes);
            if (!Number.isInteger(result) || result < 0 || result >= 2 ** (8 * bytes)) {
              throw new Error(`read ${gpa.toString(16)}/${bytes} gave ${result}`);
            }
          }
          // Two IDE channels, three cards, and what other devices have.
          if (machine.host.clock.pending > 11) throw new Error(`${machine.host.clock.pending} events`);
        }
        machine.host.clock.advance(1_000_000_000);
        machine.board.reset();
      }),
      { numRuns: 200 },
    );
  });
});

describe('whatever a guest does', () => {
  const size = fc.constantFrom<AccessSize>(1, 2, 4);
  const address = fc.oneof(
    fc.integer({ min: IO, max: IO + 0xfff }),
    fc.integer({ min: IO + 0x1000, max: IO + 0x1040 }),
    fc
      .constantFrom(0x20, 0x21, 0xa0, 0xa1, 0x40, 0x43, 0x61, 0x70, 0x71, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc)
      .map((p) => IO + p),
    fc.integer({ min: GT, max: GT + 0x1003 }),
    fc.constantFrom(GT + 0xcf8, GT + 0xcfc, GT + 0xc18, GT + 0xc34),
    fc.integer({ min: 0x1f000000, max: 0x1f001003 }),
    fc.integer({ min: 0x10000000, max: 0x1000ffff }),
    fc.integer({ min: 0x1e000000, max: 0xffffffff }),
    fc.integer({ min: 0, max: 0xffffffff }),
  );
  const value = fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0, max: 0xffffffff }));
  const step = fc.oneof(
    fc.record({ kind: fc.constant('read' as const), address, size, value }),
    fc.record({ kind: fc.constant('write' as const), address, size, value }),
    fc.record({ kind: fc.constant('wait' as const), address, size, value: fc.integer({ min: 0, max: 1_000_000 }) }),
    fc.record({ kind: fc.constant('input' as const), address, size, value: fc.integer({ min: 0, max: 100 }) }),
  );

  test.each([false, true])('nothing throws or grows (big endian: %s)', (bigEndian) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const machine = boot(bigEndian);
        for (const { kind, address: gpa, size: bytes, value: v } of steps) {
          if (kind === 'read') {
            const result = machine.board.read(gpa, bytes);
            if (!Number.isInteger(result) || result < 0 || result >= 2 ** (8 * bytes)) {
              throw new Error(`read ${gpa.toString(16)}/${bytes} gave ${result}`);
            }
          } else if (kind === 'write') machine.board.write(gpa, bytes, v);
          else if (kind === 'wait') machine.host.clock.advance(v);
          else machine.board.receive('com1', new Uint8Array(v));
          // One event each: PIT, RTC, PM timer, three UARTs, two IDE channels, the random number card.
          if (machine.host.clock.pending > 9) throw new Error(`${machine.host.clock.pending} events`);
        }
        machine.board.reset();
      }),
      { numRuns: 300 },
    );
  });
});
