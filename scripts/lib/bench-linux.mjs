/** Group c: processes, system calls, page faults and plain tools under Debian's kernel. See resources/bench/linux. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { comparePrograms } from './bench-compare.mjs';
import { Console } from './bench-console.mjs';
import { ksegCommand, qemuCommand } from './bench-systems.mjs';
import { ROOT, mustRun } from './run.mjs';

const MEMORY = 256;
export const PROMPT = '/ # ';
const APPEND = 'console=ttyS0 quiet';

/** Cores by group: the board's own with 16 TLB entries, and one with 64. */
const CORES = {
  c: { kseg: '24Kf', qemu: '24Kf' },
  c64: { kseg: '34Kf-like', qemu: '34Kf' },
};

/**
 * Seconds that Kseg runs each program before it is timed. A kernel's work is spread over thousands of functions, so that
 * a run or two are over before all are translated and optimized; how fast those are, the table says beside the rest.
 */
const WARM = 6;

/** Each with the file that runs it. */
const PROGRAMS = Object.entries({
  pingpong: 'run',
  forks: 'run',
  execs: 'run',
  syscalls: 'run',
  chase: 'run',
  sha256: 'tools',
  md5: 'tools',
  gzip: 'tools',
}).map(([name, file]) => ({ name, command: (passes) => `/bench/${file} ${name} ${passes}` }));

/** An initial RAM disk with busybox and the programs, as `kseg initramfs` makes it. */
export async function makeInitrd(busybox, out) {
  const add = (file, target) => ['--add', `${path.join(ROOT, 'resources/bench', file)}:/bench/${target}`];
  await mustRun(process.execPath, [
    path.join(ROOT, 'dist/emulator/cli.js'),
    ...['initramfs', '--busybox', busybox, '--out', out],
    ...add('bench-linux-el.elf', 'run'),
    ...add('linux/tools.sh', 'tools'),
  ]);
}

/**
 * Arguments of `kseg run` for these programs.
 * @param {keyof typeof CORES} core
 * @param {boolean} [keep] whether replaced TLB entries are kept, as QEMU does by itself
 */
export function ksegArguments(kernel, initrd, core, keep = false) {
  const machine = ['--machine', 'malta', '--memory', `${MEMORY}M`, '--cpu', CORES[core].kseg];
  if (keep) machine.push('--keep-replaced');
  return [kernel, ...machine, '--initrd', initrd, '--append', APPEND];
}

/**
 * @param {{ kernel: string, busybox: string }} guest
 * @param {{ wanted: (name: string) => boolean, engine: string[], qemu: boolean, runs: number, target: number, quick: boolean, core: keyof typeof CORES, keep: boolean }} options
 */
export async function linuxBench({ kernel, busybox }, { wanted, engine, qemu, core, keep, quick, ...options }) {
  const programs = PROGRAMS.filter(({ name }) => wanted(name));
  if (programs.length === 0) return [];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-bench-'));
  const initrd = path.join(folder, 'initramfs.cpio.gz');
  const consoles = [];
  try {
    await makeInitrd(busybox, initrd);
    const kseg = [...ksegArguments(kernel, initrd, core, keep), ...engine];
    consoles.push(new Console({ name: 'Kseg', prompt: PROMPT, command: ksegCommand(kseg) }));
    if (qemu) {
      const files = ['-kernel', kernel, '-initrd', initrd, '-append', APPEND];
      consoles.push(
        new Console({ name: 'QEMU', prompt: PROMPT, command: qemuCommand(false, MEMORY, files, CORES[core].qemu) }),
      );
    }
    for (const console of consoles) await console.prompt();
    return await comparePrograms(consoles, kseg, programs, { ...options, warm: quick ? 0 : WARM });
  } finally {
    for (const console of consoles) console.stop();
    rmSync(folder, { recursive: true });
  }
}
