/** The boot of Debian's kernel to its shell, on Kseg and on QEMU in turns: a part of `npm run bench`. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { hasCodeCache, ksegCommand, qemuCommand, scriptedStats } from './bench-systems.mjs';
import { Problem, ROOT } from './run.mjs';

const FOLDER = path.join(ROOT, '.cache/guests');
const PROMPT = '/ # ';
const APPEND = 'console=ttyS0';
const MEMORY = 256;
const LONGEST_MS = 300_000;

/** The kernel, initial RAM disk and busybox package of `npm run guests`, or null. */
export function debianGuest() {
  const find = (folder, start) => {
    const name = existsSync(folder) && readdirSync(folder).find((name) => name.startsWith(start));
    return name ? path.join(folder, name) : null;
  };
  const kernel = find(FOLDER, 'vmlinuz-');
  const initrd = find(FOLDER, 'initramfs.cpio.gz');
  const busybox = find(path.join(FOLDER, 'debs'), 'busybox-static_');
  return kernel && initrd && busybox ? { kernel, initrd, busybox } : null;
}

/** Kseg where the run before has left its code, as it does by itself. */
const AGAIN = 'Kseg again';

/** The environment without what has Node.js do more as it starts: certificates alone may take it a tenth of a second. */
const ENVIRONMENT = { ...process.env };
for (const name of ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS']) delete ENVIRONMENT[name];

/** Wall seconds from the program's start to the guest's shell prompt. */
function secondsToPrompt(name, [program, ...args]) {
  const start = performance.now();
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'ignore'] });
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

/**
 * @param {{ kernel: string, initrd: string }} guest
 * @param {{ engine: string[], qemu: boolean }} options `engine`: Kseg's options that choose it
 * @returns best wall seconds of `runs` boots by system, and the guest's instructions
 */
export async function bootBench({ kernel, initrd }, { engine, qemu }, runs) {
  const kseg = [kernel, '--machine', 'malta', '--memory', `${MEMORY}M`, '--initrd', initrd, '--append', APPEND].concat(
    engine,
  );
  const code = mkdtempSync(path.join(os.tmpdir(), 'kseg-bench-'));
  const systems = [{ name: 'Kseg malta', command: ksegCommand(kseg) }];
  const keeps = hasCodeCache() && !engine.includes('interpreter');
  if (keeps) systems.push({ name: AGAIN, command: ksegCommand([...kseg, '--code-cache', code]) });
  if (qemu) {
    const files = ['-kernel', kernel, '-initrd', initrd, '-append', APPEND];
    systems.push({ name: 'QEMU malta', command: qemuCommand(false, MEMORY, files) });
  }
  try {
    // What is timed is ended at the prompt; this run ends by itself, and leaves its code.
    const keeping = keeps ? ['--code-cache', code] : [];
    const { instructions } = await scriptedStats([...kseg, ...keeping, '--expect', PROMPT]);
    const seconds = {};
    for (let run = 0; run < runs; run++) {
      for (const { name, command } of systems) {
        seconds[name] = Math.min(seconds[name] ?? Infinity, await secondsToPrompt(name, command));
      }
    }
    return { instructions, seconds };
  } finally {
    rmSync(code, { recursive: true });
  }
}
