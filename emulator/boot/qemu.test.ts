/** The firmware against QEMU's Malta: what it leaves in RAM, and our ROM on QEMU's own board. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { haveQemu, qemuBinary } from '../testing/qemu.ts';
import { addiu, assemble, beq, lui, nop, R, sw } from './assemble.ts';
import { parseElf } from './elf.ts';
import { fakeElf } from './fake-elf.ts';
import { planBoot } from './load.ts';

const MEMORY_MIB = 64;
const folder = mkdtempSync(join(tmpdir(), 'kseg-boot-'));
afterAll(() => rmSync(folder, { recursive: true }));

function save(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Guest physical memory as QEMU has it before the first instruction. */
async function memoryBeforeStart(bigEndian: boolean, gpa: number, size: number, args: string[]): Promise<Uint8Array> {
  const qemu = spawn(
    qemuBinary(bigEndian),
    ['-M', 'malta', '-m', String(MEMORY_MIB), '-S', '-display', 'none', '-nodefaults', '-vga', 'none']
      .concat(['-qtest', 'stdio', '-qtest-log', 'none', '-monitor', 'none'])
      .concat(args),
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const ended = new Promise((resolve) => qemu.once('close', resolve));
  qemu.stdin.write(`read ${gpa} ${size}\n`);
  try {
    for await (const line of createInterface({ input: qemu.stdout })) {
      if (line.startsWith('OK 0x')) return Uint8Array.from(Buffer.from(line.slice(5), 'hex'));
    }
    throw new Error('QEMU ended before it answered.');
  } finally {
    qemu.kill('SIGKILL');
    await ended;
  }
}

describe.runIf(haveQemu()).each([false, true])('as QEMU does it (big endian: %s)', (bigEndian) => {
  test('arguments, environment and initrd', async () => {
    const kernel = save(`kernel-${bigEndian}`, fakeElf({ bigEndian }));
    const initrd = new Uint8Array(300_000).fill(0x55);
    const options = ['-kernel', kernel, '-append', 'console=ttyS0 quiet', '-initrd', save('initrd', initrd)];
    const theirs = await memoryBeforeStart(bigEndian, 0x2000, 0x940, options);

    const elf = parseElf(kernel, fakeElf({ bigEndian }));
    const plan = planBoot({
      elf,
      ramSize: MEMORY_MIB << 20,
      commandLine: 'console=ttyS0 quiet',
      initrd: { name: 'initrd', bytes: initrd },
    });
    const ours = plan.writes.find(({ gpa }) => gpa === 0x2000)!.bytes;
    // All but the random seed, the last of ten strings.
    expect(Buffer.from(ours.subarray(0, 0x940)).toString('latin1')).toBe(Buffer.from(theirs).toString('latin1'));
    const disk = plan.writes.find(({ bytes }) => bytes === initrd)!;
    expect((await memoryBeforeStart(bigEndian, disk.gpa, 16, options)).every((byte) => byte === 0x55)).toBe(true);
  });

  test('our ROM starts a kernel on its board, and prints', () => {
    const [s1, s2, s3, s4] = [17, 18, 19, 20] as const;
    const lw = (rt: number, offset: number, base: number): number =>
      ((0x23 << 26) | (base << 21) | (rt << 16) | offset) >>> 0;
    const jalr = (rs: number): number => (rs << 21) | (31 << 11) | 0x09;
    // Prints argv[1], the value of memsize, and three characters of argv[0]; then resets the board.
    const code = [
      addiu(s1, R.a1, 0),
      addiu(s2, R.a2, 0),
      lui(R.t0, 0x9fc0),
      lw(s3, 0x534, R.t0),
      lw(s4, 0x504, R.t0),
      ...[lw(R.a1, 4, s1), jalr(s3), nop],
      ...[lw(R.a1, 4, s2), jalr(s3), nop],
      ...[lw(R.a1, 0, s1), addiu(R.a2, R.zero, 3), jalr(s4), nop],
      lui(R.t0, 0xbf00),
      addiu(R.t1, R.zero, 0x42),
      sw(R.t1, 0x500, R.t0),
      beq(R.zero, R.zero, -1),
      nop,
    ];
    const segments = [{ virtualAddress: 0x80100000, bytes: assemble(code, bigEndian) }];
    const elf = parseElf('kernel', fakeElf({ bigEndian, segments }));
    const plan = planBoot({ elf, ramSize: MEMORY_MIB << 20, commandLine: 'quiet ' });

    const rom = Buffer.alloc(0x10000);
    for (const { offset, bytes } of plan.rom) rom.set(bytes, offset);
    // QEMU takes ROM files in big-endian words.
    if (!bigEndian) rom.swap32();
    const loads = plan.writes.flatMap(({ gpa, bytes }, i) => [
      '-device',
      `loader,file=${save(`part-${bigEndian}-${i}`, bytes)},addr=${gpa},force-raw=on`,
    ]);
    const text = execFileSync(
      qemuBinary(bigEndian),
      ['-M', 'malta', '-m', String(MEMORY_MIB), '-bios', save(`rom-${bigEndian}`, rom), '-display', 'none']
        .concat(['-nodefaults', '-vga', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot'])
        .concat(loads),
      { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    expect(text).toBe('quiet 67108864ker');
  });
});
