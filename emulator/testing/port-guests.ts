/** Guests of a few instructions that do nothing but speak to the board's ports, for tests. */
import type { ToEmulator } from '../protocol.ts';
import { op } from './bare-machine.ts';
import { tinyElf } from './elf.ts';

/** A guest that sends to COM1 without end, and a time per instruction that makes the line keep up. */
export function talker(): Extract<ToEmulator, { type: 'boot' }> {
  const [T0, T1] = [8, 9];
  const store = (value: number, register: number) => [
    op('addiu', { t: T1, i: value }),
    op('sb', { s: T0, t: T1, i: 0x3f8 + register }),
  ];
  const words = [op('lui', { t: T0, i: 0xb800 })]
    .concat(store(0x83, 3), store(1, 0), store(0, 1), store(3, 3))
    .concat(store(0x2e, 0), op('beq', { i: 0xfffe }), 0);
  const kernel = { name: 'talker', bytes: tinyElf(false, 0x80100000, words) };
  return { type: 'boot', config: { kernel, memoryMiB: 16, nsPerInstruction: 1000 } };
}

/** A guest that sends the first byte of its IDE disk to COM1, and writes that byte's successor there. */
export function diskReader(): { name: string; bytes: Uint8Array } {
  const [PORTS, BRIDGE, VALUE, BYTE, REST] = [8, 9, 10, 11, 12];
  const out = (port: number, value: number) => [
    op('addiu', { t: VALUE, i: value }),
    op('sb', { s: PORTS, t: VALUE, i: port }),
  ];
  const word = (register: number, value: number) => [
    op('lui', { t: VALUE, i: value >>> 16 }),
    op('ori', { s: VALUE, t: VALUE, i: value & 0xffff }),
    op('sw', { s: BRIDGE, t: VALUE, i: register }),
  ];
  const config = (register: number, value: number) => [...word(0xcf8, 0x80005100 | register), ...word(0xcfc, value)];
  /** Until the drive has data to give or to take. */
  const ready = [
    op('lbu', { s: PORTS, t: VALUE, i: 0x1f7 }),
    op('andi', { s: VALUE, t: VALUE, i: 8 }),
    op('beq', { s: VALUE, i: 0xfffd }),
    0,
  ];
  const command = (code: number) => [
    ...[0xe0, 1, 0, 0, 0].flatMap((value, i) => out([0x1f6, 0x1f2, 0x1f3, 0x1f4, 0x1f5][i]!, value)),
    ...out(0x1f7, code),
    ...ready,
  ];
  const kernel = [
    op('lui', { t: PORTS, i: 0xb800 }),
    op('lui', { t: BRIDGE, i: 0xbbe0 }),
    ...config(0x40, 0x80008000),
    ...config(0x04, 1),
    ...command(0x20),
    op('lhu', { s: PORTS, t: BYTE, i: 0x1f0 }),
    op('addiu', { t: REST, i: 255 }),
    op('lhu', { s: PORTS, i: 0x1f0 }),
    op('addiu', { s: REST, t: REST, i: 0xffff }),
    op('bne', { s: REST, i: 0xfffd }),
    0,
    ...command(0x30),
    op('addiu', { s: BYTE, t: VALUE, i: 1 }),
    op('sh', { s: PORTS, t: VALUE, i: 0x1f0 }),
    op('addiu', { t: REST, i: 255 }),
    op('sh', { s: PORTS, i: 0x1f0 }),
    op('addiu', { s: REST, t: REST, i: 0xffff }),
    op('bne', { s: REST, i: 0xfffd }),
    0,
    op('sb', { s: PORTS, t: BYTE, i: 0x3f8 }),
    op('beq', { i: 0xffff }),
    0,
  ];
  return { name: 'disk-reader', bytes: tinyElf(false, 0x80100000, kernel) };
}
