/**
 * `npm run soak`: Debian's kernel with ever-new code for ten minutes, to see that the translator's memory is bounded and
 * its speed steady. Rounds of a program that writes functions and calls them, of many small programs one after the other,
 * and of forks. Options after `--`:
 *
 *   --minutes N     how long (default 10)
 *   --engine NAME   interpreter or jit (default: Kseg's own choice)
 *   --thread        translate in a thread, as the app does, and not while the guest stands still
 *
 * Prints a line a minute: rounds, seconds of each part (median), and the process's memory; in the end the translator's
 * counts, and the longest that the guest stood still for it. Fails when a round ends in another checksum than the one
 * before.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { debianGuest } from './lib/bench-boot.mjs';
import { Console } from './lib/bench-console.mjs';
import { PROMPT, ksegArguments, makeInitrd } from './lib/bench-linux.mjs';
import { table } from './lib/bench-report.mjs';
import { engineArguments, ksegCommand } from './lib/bench-systems.mjs';
import { Problem, endOnSignals, fail, parseOptions } from './lib/run.mjs';
import { checkNode, ensureBuilt, ensureNodeModules } from './lib/setup.mjs';

const APPLETS = [
  'date',
  'uname -a',
  'id',
  'ls -lR /bin',
  'df',
  'ps',
  'sort /etc/passwd',
  'wc /bin/busybox',
  'md5sum /bin/busybox',
  'od -x /bench/run',
  'awk "BEGIN { for (i = 0; i < 9999; i++) s += i % 7; print s }"',
  'sed s/root/toor/ /etc/passwd',
  'find / -xdev -name run',
  'gzip -c /bench/run',
  'expr 17 \\* 23',
  'hexdump /bench/tools',
];
/** Parts of a round, with what each prints at its end. */
const PARTS = [
  { name: 'new code', command: '/bench/run newcode 1000' },
  { name: 'programs', command: `(${APPLETS.join('; ')}) >/dev/null 2>&1; echo "done programs -"` },
  { name: 'forks', command: '/bench/run forks 10' },
];

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Resident memory of a process in MiB, or null where the host does not tell. */
function residentMiB(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return null;
  }
}

function minutesOf(text) {
  const minutes = Number(text);
  if (!(minutes > 0 && minutes <= 1440)) throw new Problem(`--minutes ${text}: must be a number up to 1440.`);
  return minutes;
}

/** Runs each part once. @returns {Promise<number[]>} seconds of each */
async function round(console, checksums) {
  const seconds = [];
  for (const { name, command } of PARTS) {
    const lines = await console.command(command);
    const done = lines.find(({ line }) => line.startsWith('done '));
    if (!done) throw new Problem(`${name}: it ended without a result: ${lines.at(-1)?.line ?? 'nothing printed'}`);
    const checksum = done.line.split(' ')[2];
    if (checksums.has(name) && checksums.get(name) !== checksum) {
      throw new Problem(`${name}: ${checksum} after ${checksums.get(name)} in the round before.`);
    }
    checksums.set(name, checksum);
    seconds.push(done.at);
  }
  return seconds;
}

async function main() {
  const values = parseOptions({
    minutes: { type: 'string', default: '10' },
    engine: { type: 'string' },
    thread: { type: 'boolean' },
  });
  const minutes = minutesOf(values.minutes);
  checkNode();
  await ensureNodeModules();
  await ensureBuilt();
  const guest = debianGuest();
  if (!guest) throw new Problem('There is no Debian kernel: `npm run guests` fetches it.');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-soak-'));
  const [initrd, stats] = [path.join(folder, 'initramfs.cpio.gz'), path.join(folder, 'stats.json')];
  let guestConsole;
  try {
    await makeInitrd(guest.busybox, initrd);
    const args = [...ksegArguments(guest.kernel, initrd, 'c'), ...engineArguments(values.engine)];
    if (values.thread) args.push('--compile-thread');
    guestConsole = new Console({ name: 'Kseg', prompt: PROMPT, command: ksegCommand([...args, '--stats', stats]) });
    await guestConsole.prompt();
    const rows = [['minute', 'rounds', ...PARTS.map(({ name }) => `${name}, s`), 'memory, MiB']];
    const checksums = new Map();
    for (let minute = 1; minute <= Math.ceil(minutes); minute++) {
      const until = performance.now() + 60_000 * Math.min(1, minutes - minute + 1);
      const rounds = [];
      while (performance.now() < until) rounds.push(await round(guestConsole, checksums));
      const memory = residentMiB(guestConsole.child.pid);
      const seconds = PARTS.map((_, i) => median(rounds.map((each) => each[i])).toFixed(2));
      rows.push([String(minute), String(rounds.length), ...seconds, memory?.toFixed(0) ?? 'unknown']);
      console.log(
        rows
          .at(-1)
          .map((cell, i) => `${rows[0][i]} ${cell}`)
          .join(', '),
      );
    }
    console.log(`\n${table(rows)}`);
    const ended = new Promise((resolve) => guestConsole.child.once('exit', resolve));
    guestConsole.child.stdin.write('poweroff -f\r');
    await ended;
    const { instructions, translator } = JSON.parse(readFileSync(stats, 'utf8'));
    console.log(
      `\n${(instructions / 1e9).toFixed(1)} G instructions; translator: ${JSON.stringify(translator ?? null)}`,
    );
    if (translator)
      console.log(`The guest stood still for translation for ${translator.longest.toFixed(1)} ms at most.`);
  } finally {
    guestConsole?.stop();
    rmSync(folder, { recursive: true });
  }
  process.exit(0);
}

endOnSignals();
main().catch(fail);
