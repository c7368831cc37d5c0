/** The benchmark's programs, a pass each: their checksums are those that QEMU's Malta gives. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createMachine } from './create.ts';
import { Script } from './script.ts';

const CHECKSUMS: Record<string, string> = {
  alu: '0x0174de01',
  sieve: '0xfff0a918',
  crc32: '0xc22130fa',
  sha256: '0xbd6c9d2c',
  memcpy: '0xf706601e',
  stride: '0xafecfe4c',
  qsort: '0xe5c26b51',
  interpreter: '0xfc0a54cb',
  fib: '0x00002ac2',
  hash: '0x00017208',
  linked: '0x42694dcb',
  matrix: '0x3fb23c8c',
  bignum: '0xc51e1547',
  parser: '0x5d8a27de',
  records: '0x0f4de0c5',
  calls: '0xa4dda3e2',
  queens: '0xc0da259b',
  mandelbrot: '0x7787a7fb',
  nbody: '0x6c60881d',
  matmul: '0x220a7e73',
  fft: '0xb4a4c940',
  spectral: '0xc74d3710',
  linpack: '0xe60f0b9d',
  julia: '0x80574ce7',
  audio: '0x71b331c3',
};
/** Words made of bytes differ with the byte order. */
const BIG_ENDIAN: Record<string, string> = { ...CHECKSUMS, memcpy: '0x304ed442' };

const PROMPT = 'bench> ';

describe.each([
  ['el', CHECKSUMS],
  ['eb', BIG_ENDIAN],
])('bench-malta-%s', (order, checksums) => {
  const name = `bench-malta-${order}.elf`;
  const bytes = new Uint8Array(readFileSync(new URL(`../resources/bench/${name}`, import.meta.url)));
  const { machine } = createMachine({ kernel: { name, bytes }, machine: 'malta', memoryMiB: 64 }, () => {
    throw new Error('the bundled guest is not wanted here');
  });

  /** What the guest prints until its next prompt. */
  function output(): string {
    let text = '';
    const script = new Script(machine, [{ expect: PROMPT, send: '' }], (piece) => {
      text += String.fromCharCode(...piece);
    });
    const outcome = script.run({ instructions: machine.clock.instructions() + 1e9, ns: Infinity });
    expect(outcome, text).toEqual({ ok: true, message: '' });
    return text;
  }

  let prompted = false;
  function command(line: string): string {
    if (!prompted) output();
    prompted = true;
    machine.input(new TextEncoder().encode(`${line}\r`));
    return output();
  }

  it('lists them', () => {
    const listed = [...command('list').matchAll(/^program [ab] (\w+)\r$/gm)].map(([, program]) => program!);
    expect(listed).toEqual(Object.keys(checksums));
  });

  it.each(Object.entries(checksums))('%s', (program, checksum) => {
    expect(command(`${program} 1 0`)).toContain(`start ${program}\r\ndone ${program} ${checksum}\r\n`);
  });

  it('changes the ASID before a run', () => {
    const before = machine.counters.asidChanges;
    command('fib 1');
    expect(machine.counters.asidChanges - before).toBe(10);
  });
});
