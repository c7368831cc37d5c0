/**
 * The Lab's kernel for KVM on the `kvm` machine and on QEMU, which without KVM treats 0x40000000 as kseg0: what the guest
 * sees, as far as it prints it, must be the same.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Lab, PROMPT, RESOURCES } from '../testing/lab.ts';
import { haveQemu, qemuBinary } from '../testing/qemu.ts';

const COMMANDS = ['help', 'ps', 'echo one two', 'fault', 'touch 20', 'vmalloc 10', 'fork 5', 'pingpong 20', 'nonsense'];

if (!haveQemu()) console.log('qemu-oracle: skipped, qemu-system-mips and qemu-system-mipsel are not installed');

/**
 * What depends on the clock or on how much memory there is: a tick in a round trip makes one more switch, and a tick
 * between the shell's fork and its wait leaves it ready while `ps` runs.
 */
function settle(text: string): string {
  return text
    .replaceAll('\r', '')
    .replace(/(\d+) round trips, (\d+) switches/, (all, trips: string, switches: string) =>
      Number(switches) >= 2 * Number(trips) ? `${trips} round trips, a switch each way` : all,
    )
    .replace(/(ready {3}|sleeping)( +\d+ sh\n)/, 'waiting $2')
    .replace(/\d+ Count ticks/g, 'N Count ticks')
    .replace(/pages free \d+ -> \d+/g, 'pages free N -> N');
}

/** Types the commands one by one at QEMU's prompt; returns what each printed. */
function onQemu(): Promise<string[]> {
  const kernel = join(RESOURCES, 'guests/lab/lab-kvm-el.elf');
  const args = ['-M', 'malta', '-cpu', '24Kf', '-m', '128', '-net', 'none', '-vga', 'none', '-display', 'none'];
  const qemu = spawn(qemuBinary(false), [...args, '-monitor', 'none', '-serial', 'stdio', '-kernel', kernel], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return new Promise((resolve, reject) => {
    const answers: string[] = [];
    let seen = '';
    let next = -1;
    const timer = setTimeout(() => {
      qemu.kill('SIGKILL');
      reject(new Error(`QEMU printed no prompt after ${COMMANDS[next] ?? 'boot'}: ${seen.slice(-200)}`));
    }, 60_000);
    qemu.stdout.setEncoding('latin1');
    qemu.stdout.on('data', (text: string) => {
      seen += text;
      if (!seen.endsWith(PROMPT)) return;
      if (next >= 0) answers.push(seen);
      seen = '';
      next++;
      if (next < COMMANDS.length) qemu.stdin.write(`${COMMANDS[next]}\n`);
      else {
        clearTimeout(timer);
        qemu.kill('SIGKILL');
        resolve(answers);
      }
    });
    qemu.on('error', reject);
  });
}

it.skipIf(!haveQemu())('the guest prints the same', { timeout: 90_000 }, async () => {
  const theirs = await onQemu();
  const lab = new Lab({ memoryMiB: 128 });
  const ours = COMMANDS.map((command) => lab.command(command));
  for (const [i, command] of COMMANDS.entries()) {
    expect(settle(ours[i]!), command).toBe(settle(theirs[i]!));
  }
});
