/** The boot of Debian's kernel to its shell, on Kseg and on QEMU in turns: a part of `npm run bench`. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Problem, ROOT } from './run.mjs';

const FOLDER = path.join(ROOT, '.cache/guests');
const PROMPT = '/ # ';
const APPEND = 'console=ttyS0';
const MEMORY = 256;
const LONGEST_MS = 300_000;

/** The kernel and initial RAM disk of `npm run guests`, or null. */
export function debianGuest() {
  const kernel = existsSync(FOLDER) && readdirSync(FOLDER).find((name) => name.startsWith('vmlinuz-'));
  const initrd = path.join(FOLDER, 'initramfs.cpio.gz');
  return kernel && existsSync(initrd) ? { kernel: path.join(FOLDER, kernel), initrd } : null;
}

/** Wall seconds from the program's start to the guest's shell prompt. */
function secondsToPrompt(name, [program, ...args]) {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (settle) => {
      clearTimeout(timer);
      process.off('exit', kill);
      kill();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Problem(`${name} reached no prompt in time.`))), LONGEST_MS);
    child.on('error', (error) => end(() => reject(error)));
    child.on('exit', () => end(() => reject(new Problem(`${name} ended before its guest reached a prompt.`))));
    child.stdout.on('data', (data) => {
      text = (text + data.toString('latin1')).slice(-64);
      if (text.includes(PROMPT)) end(() => resolve((performance.now() - start) / 1000));
    });
  });
}

/** Guest instructions to the prompt, counted by one run on Kseg. */
function instructionsToPrompt(cli, guest) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-bench-'));
  const stats = path.join(folder, 'stats.json');
  const child = spawn(process.execPath, [...cli(guest), '--expect', PROMPT, '--stats', stats], { stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => {
      const counted = code === 0 ? JSON.parse(readFileSync(stats, 'utf8')).instructions : 0;
      rmSync(folder, { recursive: true });
      if (counted) resolve(counted);
      else reject(new Problem('Counting the instructions of the Debian boot failed.'));
    });
  });
}

/**
 * @param {string | null} qemu QEMU's program, or null without it
 * @returns best wall seconds of `runs` boots by system, and the guest's instructions
 */
export async function bootBench(guest, qemu, runs) {
  const cli = ({ kernel, initrd }) =>
    [path.join(ROOT, 'dist/emulator/cli.js'), 'run', kernel, '--machine', 'malta'].concat([
      '--memory',
      `${MEMORY}M`,
      '--initrd',
      initrd,
      '--append',
      APPEND,
    ]);
  const systems = [{ name: 'Kseg malta', command: [process.execPath, ...cli(guest)] }];
  if (qemu) {
    const machine = ['-M', 'malta', '-cpu', '24Kf', '-m', String(MEMORY), '-net', 'none', '-vga', 'none'];
    const files = ['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', APPEND];
    const quiet = ['-display', 'none', '-monitor', 'none', '-serial', 'stdio'];
    systems.push({ name: 'QEMU malta', command: [qemu, ...machine, ...quiet, ...files] });
  }
  const instructions = await instructionsToPrompt(cli, guest);
  const seconds = {};
  for (let run = 0; run < runs; run++) {
    for (const { name, command } of systems) {
      seconds[name] = Math.min(seconds[name] ?? Infinity, await secondsToPrompt(name, command));
    }
  }
  return { instructions, seconds };
}
