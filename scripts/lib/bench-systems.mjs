/** The command lines of what is compared: Kseg's and QEMU's. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Problem, ROOT } from './run.mjs';

const CLI = path.join(ROOT, 'dist/emulator/cli.js');
const ENGINES = ['interpreter', 'jit'];

/**
 * The options that choose Kseg's engine.
 * @param {string | undefined} engine undefined: Kseg's own choice
 * @throws Problem for an engine that this build does not have
 */
export function engineArguments(engine) {
  if (engine === undefined) return [];
  if (!ENGINES.includes(engine)) throw new Problem(`--engine ${engine}: the engines are ${ENGINES.join(' and ')}.`);
  if (/^ {2}--engine /m.test(helpText())) return ['--engine', engine];
  // A build with one engine has no option to choose it by.
  if (engine === 'interpreter') return [];
  throw new Problem(`--engine ${engine}: this build of Kseg has the interpreter only.`);
}

/** Without what another run has left, unless they say otherwise. @param {string[]} args of `kseg run` */
export function ksegCommand(args) {
  const code = args.includes('--code-cache') || !hasCodeCache() ? [] : ['--no-code-cache'];
  return [process.execPath, CLI, 'run', ...args, ...code];
}

let help;
const helpText = () => (help ??= spawnSync(process.execPath, [CLI, 'help'], { encoding: 'utf8' }).stdout);
/** Whether this build can keep what it has translated. */
export const hasCodeCache = () => /^ {2}--code-cache /m.test(helpText());

export const qemuProgram = (bigEndian) => (bigEndian ? 'qemu-system-mips' : 'qemu-system-mipsel');

/** Without the devices whose ROM files a distribution may lack. @param {string[]} args what it is to boot */
export function qemuCommand(bigEndian, memoryMiB, args, cpu = '24Kf') {
  const machine = ['-M', 'malta', '-cpu', cpu, '-m', String(memoryMiB), '-net', 'none', '-vga', 'none'];
  const console = ['-display', 'none', '-monitor', 'none', '-serial', 'stdio'];
  return [qemuProgram(bigEndian), ...machine, ...console, ...args];
}

/** A program's version, or null where it is not installed. */
export function version(program) {
  const { stdout, status } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0] : null;
}

/**
 * A scripted run of Kseg, and its statistics.
 * @param {string[]} args of `kseg run`, with its --expect and --send
 * @returns {Promise<{ instructions: number, marks: { expect: string, instructions: number }[] }>} of --stats
 */
export async function scriptedStats(args) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-bench-'));
  const stats = path.join(folder, 'stats.json');
  const [program, ...rest] = ksegCommand([...args, '--timeout', '20000', '--stats', stats]);
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let errors = '';
  child.stderr.on('data', (data) => (errors += data));
  try {
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (code !== 0) throw new Problem(`Counting instructions failed: ${errors.trim()}`);
    return JSON.parse(readFileSync(stats, 'utf8'));
  } finally {
    process.off('exit', kill);
    rmSync(folder, { recursive: true });
  }
}
