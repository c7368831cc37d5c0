/** The board against QEMU's Malta, register by register, over QEMU's qtest protocol with the CPU halted. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { haveQemu, qemuBinary } from '../testing/qemu.ts';
import { Board } from './board.ts';
import type { AccessSize } from './device.ts';
import { FakeHost } from './fake-host.ts';
import { swap32 } from './lanes.ts';

interface Access {
  gpa: number;
  size: AccessSize;
  /** Absent: a read. */
  value?: number;
}

const LETTER = { 1: 'b', 2: 'w', 4: 'l' } as const;

/** What QEMU's reads give. */
async function runQemu(bigEndian: boolean, accesses: readonly Access[]): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'kseg-qtest-'));
  const bios = join(folder, 'bios');
  writeFileSync(bios, new Uint8Array(0x10000));
  const qemu = spawn(
    qemuBinary(bigEndian),
    ['-M', 'malta', '-m', '64', '-S', '-bios', bios, '-display', 'none', '-nodefaults', '-vga', 'none'].concat([
      '-qtest',
      'stdio',
      '-qtest-log',
      'none',
      '-monitor',
      'none',
    ]),
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const ended = new Promise((resolve) => qemu.once('close', resolve));
  const script = accesses.map(({ gpa, size, value }) =>
    value === undefined ? `read${LETTER[size]} ${gpa}\n` : `write${LETTER[size]} ${gpa} ${value}\n`,
  );
  qemu.stdin.write(script.join(''));
  let answers = 0;
  const values: number[] = [];
  try {
    for await (const line of createInterface({ input: qemu.stdout })) {
      if (line.startsWith('OK 0x')) values.push(Number(line.slice(3)));
      if (line.startsWith('OK') && ++answers === accesses.length) break;
    }
  } finally {
    qemu.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  }
  return values;
}

function runHere(bigEndian: boolean, accesses: readonly Access[]): number[] {
  const board = new Board(new FakeHost(bigEndian));
  const values: number[] = [];
  for (const { gpa, size, value } of accesses) {
    if (value === undefined) values.push(board.read(gpa, size));
    else board.write(gpa, size, value);
  }
  return values;
}

/** What of a value may go to a UART register, for the two machines to be comparable. */
function limited(register: number, value: number): number {
  // QEMU raises no modem status interrupts in loopback, as the datasheet has it.
  if (register === 1) return value & 0x07;
  // QEMU takes clearing the transmit FIFO for a new transmitter-empty event.
  if (register === 2) return (value & 0xc2) | 0x01;
  // The divisor latch stays closed.
  if (register === 3) return value & 0x3f;
  return register === 4 ? value | 0x10 : value;
}

const GT = 0x1be00000;
const IO = 0x18000000;

function firmware(order: (value: number) => number): Access[] {
  const map = [
    [0x48, 0xc0],
    [0x50, 0x40],
    [0x58, 0x80],
    [0x60, 0x3f],
    [0x80, 0xc1],
    [0x88, 0x5e],
  ] as const;
  const write = (gpa: number, value: number): Access => ({ gpa, size: 4, value: order(value) });
  return [write(0x14000068, 0xdf), ...map.map(([register, value]) => write(GT + register, value))];
}

/** A fixed sequence of small random numbers. */
function* random(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state >>> 16;
  }
}

describe.runIf(haveQemu()).each([false, true])('as QEMU has it (big endian: %s)', (bigEndian) => {
  const order = bigEndian ? swap32 : (value: number): number => value;
  const compare = async (accesses: Access[]): Promise<void> => {
    const reads = accesses.filter(({ value }) => value === undefined);
    const describeAll = (values: number[]): string[] =>
      values.map((value, i) => `${reads[i]?.gpa.toString(16)}/${reads[i]?.size}: ${value.toString(16)}`);
    const theirs = await runQemu(bigEndian, accesses);
    expect(theirs.length).toBe(reads.length);
    expect(describeAll(runHere(bigEndian, accesses))).toEqual(describeAll(theirs));
  };

  test('reset values of GT-64120 and FPGA', async () => {
    const accesses: Access[] = [];
    for (let offset = 0; offset < 0x1000; offset += 4) {
      // Device identification words, timers' control and the acknowledge are QEMU's own or not compared here.
      if ([0x0c0, 0x0c8, 0xc34].includes(offset)) continue;
      accesses.push({ gpa: 0x14000000 + offset, size: 4 });
    }
    for (let offset = 0; offset < 0x1000; offset += 8) {
      if (offset < 0x900 || offset >= 0x940) accesses.push({ gpa: 0x1f000000 + offset, size: 4 });
    }
    accesses.push({ gpa: 0x1fc00010, size: 4 });
    await compare(accesses);
  });

  test('configuration space', async () => {
    const accesses = firmware(order);
    const select = (devfn: number, register: number): Access => ({
      gpa: GT + 0xcf8,
      size: 4,
      value: order((0x80000000 | (devfn << 8) | register) >>> 0),
    });
    for (const devfn of [0x00, 0x50, 0x51, 0x53, 0xe8]) {
      for (const register of [0, 8, 0xc, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x60]) {
        if (register >= 0x60 && devfn !== 0x50) continue;
        accesses.push(select(devfn, register), { gpa: GT + 0xcfc, size: 4 });
      }
      // The datasheet's PIIX4 ISA bridge always has its command bits 2 to 0 set, QEMU's has not.
      if (devfn === 0x50) continue;
      accesses.push(select(devfn, 4), { gpa: GT + 0xcfc, size: 4, value: 0xffffffff });
      accesses.push({ gpa: GT + 0xcfc, size: 4 }, { gpa: GT + 0xcf8, size: 4 });
    }
    await compare(accesses);
  });

  const serial = [0x3f8, 0x2f8] as const;
  const ports = (): {
    accesses: Access[];
    out: (port: number, ...values: number[]) => void;
    read: (port: number, size?: AccessSize) => void;
  } => {
    const accesses = firmware(order);
    return {
      accesses,
      out: (port, ...values) => values.forEach((value) => accesses.push({ gpa: IO + port, size: 1, value })),
      read: (port, size = 1) => accesses.push({ gpa: IO + port, size }),
    };
  };

  test('wide accesses to ports', async () => {
    const { accesses, read } = ports();
    for (const size of [1, 2, 4] as const) {
      for (let port = 0x3f8; port < 0x400; port += size) read(port, size);
      read(0x123 & ~(size - 1), size);
    }
    await compare(accesses);
  });

  test('serial ports', async () => {
    const { accesses, out, read } = ports();
    const numbers = random(0x6b736567);
    const next = (): number => numbers.next().value;
    for (const base of serial) {
      // Loopback, so that nothing leaves.
      out(base + 4, 0x10);
      out(base + 2, 0x01);
    }
    for (let i = 0; i < 2000; i++) {
      const base = serial[(next() & 1) as 0 | 1];
      const register = [1, 2, 3, 4, 7, 0, 2, 5][next() % 8]!;
      // THR is left alone: QEMU takes virtual time to send, which stands still here.
      if (register === 0 || register === 5 || next() & 1) read(base + register);
      else out(base + register, limited(register, next() & 0xff));
    }
    await compare(accesses);
  });

  test.each([
    ['edge', 0x00],
    ['level', 0x18],
  ])('interrupt controllers, %s-triggered', async (_kind, elcr) => {
    const { accesses, out, read } = ports();
    out(0x20, 0x11);
    out(0x21, 0x00, 0x04, 0x01);
    out(0xa0, 0x11);
    out(0xa1, 0x08, 0x02, 0x01);
    out(0x4d0, 0xff);
    out(0x4d1, 0xff);
    read(0x4d0);
    read(0x4d1);
    out(0x4d0, elcr);
    out(0x4d1, 0x00);
    const numbers = random(0x38323539);
    const next = (): number => numbers.next().value;
    // IRQ 4 and 3 follow the ports' transmitter interrupts.
    for (const base of serial) out(base + 1, 0x02);
    for (let i = 0; i < 1000; i++) {
      switch (next() % 6) {
        case 0:
          // QEMU keeps an edge whose line falls before the acknowledge; the datasheet makes it a spurious IR7.
          if (elcr) out(serial[(next() & 1) as 0 | 1] + 1, next() & 0x02);
          break;
        case 1:
          out(0x21, next() & 0xff);
          read(0x21);
          break;
        case 2:
          out(0x20, [0x20, 0xa0, 0xe3, 0x80, 0x00][next() % 5]!);
          break;
        case 3:
          out(0x20, [0x60, 0xc0][next() & 1]! | (next() & 7));
          break;
        case 4:
          // Not special mask mode: QEMU's non-specific EOI ends masked inputs in it, the datasheet's does not.
          out(0x20, [0x0a, 0x0b][next() & 1]!);
          read(0x20);
          break;
        default:
          accesses.push({ gpa: GT + 0xc34, size: 4 });
      }
    }
    await compare(accesses);
  });
});
