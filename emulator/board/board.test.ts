import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { Board, COST_NS } from './board.ts';
import type { AccessSize } from './device.ts';
import { FakeHost } from './fake-host.ts';
import { swap32 } from './lanes.ts';

const IO = 0x18000000;
const GT = 0x1be00000;

/** A board as the firmware leaves it. */
function boot(bigEndian: boolean): { host: FakeHost; board: Board } {
  const host = new FakeHost(bigEndian);
  const board = new Board(host);
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
    expect(host.sent).toEqual({ com1: [0x41], com2: [0x42], cbus: [0x43] });
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
    expect(found).toEqual([0x00, 0x50, 0x53]);
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
          // One event each: PIT, RTC, PM timer and three UARTs.
          if (machine.host.clock.pending > 6) throw new Error(`${machine.host.clock.pending} events`);
        }
        machine.board.reset();
      }),
      { numRuns: 300 },
    );
  });
});
