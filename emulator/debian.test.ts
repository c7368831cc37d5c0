/**
 * Debian's own mipsel kernel, unmodified, to a busybox shell and through a script of applets with checked output. The
 * guest is not part of the repository: `npm run guests` fetches it, and without it these tests are skipped.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createMachine, type CreateConfig } from './create.ts';
import { differences } from './lockstep.ts';
import type { EngineName } from './machine-options.ts';
import { Script } from './script.ts';
import type { Turn } from './cli-options.ts';

const FOLDER = fileURLToPath(new URL('../.cache/guests', import.meta.url));
const KERNEL = existsSync(FOLDER) ? readdirSync(FOLDER).find((name) => name.startsWith('vmlinuz-')) : undefined;
const INITRAMFS = join(FOLDER, 'initramfs.cpio.gz');
const present = KERNEL !== undefined && existsSync(INITRAMFS);
if (!present) console.log('debian: skipped, the guest is not here; `npm run guests` fetches it');

const PROMPT = '/ # ';

/** Commands, and what their output must hold. */
const APPLETS: [command: string, output: RegExp][] = [
  ['ls /', /bin[\s\S]*dev[\s\S]*init/],
  ['ps | head -3', /PID\s+USER[\s\S]*1 0[\s\S]*init/],
  ['dd if=/dev/zero bs=1M count=8 2>/dev/null | md5sum', /96995b58d4cbf6aaa9041b4f00c7f6ae/],
  ['seq 1 20000 | md5sum; seq 1 20000 | gzip | zcat | md5sum', /([0-9a-f]{32})[\s\S]*\1/],
  [`awk 'BEGIN { for (i = 1; i < 2000; i++) x += 1 / i; printf "%.9f\\n", x }'`, /8\.177868104/],
  ['i=0; while [ $i -lt 30 ]; do (exit 7); i=$((i + $?)); done; echo sum $i', /sum 35/],
  ['vi /tmp/file; echo left $?', /left 0/],
  ['uname -m', /mips/],
];

function run(config: CreateConfig, turns: Turn[]) {
  const file = (path: string) => ({ name: path, bytes: new Uint8Array(readFileSync(path)) });
  const kernel = file(join(FOLDER, KERNEL!));
  const wanted = { commandLine: 'console=ttyS0', ...config, kernel, initrd: file(INITRAMFS) };
  const { machine } = createMachine(wanted, () => {
    throw new Error('the bundled guest is not wanted here');
  });
  const bytes: number[] = [];
  const script = new Script(machine, turns, (more) => bytes.push(...more));
  const outcome = script.run({ instructions: 20e9, ns: 300e9 });
  return { machine, outcome, output: new TextDecoder().decode(Uint8Array.from(bytes)) };
}

describe.skipIf(!present)("Debian's kernel", () => {
  it('boots with KASLR, runs applets, and powers off', { timeout: 600_000 }, () => {
    const commands = [...APPLETS.map(([command]) => command), 'poweroff -f'];
    const turns = commands.flatMap((command) => [
      { expect: PROMPT, send: `${command}\n` },
      // The editor's status line is there: it reads keys.
      ...(command.startsWith('vi ') ? [{ expect: '- /tmp/file', send: ':q!\n' }] : []),
    ]);
    const { machine, outcome, output } = run({ memoryMiB: 256 }, [...turns, { expect: 'Power down', send: '' }]);
    expect(outcome, output.slice(-2000)).toEqual({ ok: true, message: '' });
    const answers = output.split(PROMPT).slice(1);
    for (const [i, [command, wanted]] of APPLETS.entries()) {
      // What comes after the echo of the command.
      expect(answers[i]!.slice(answers[i]!.indexOf('\n')), command).toMatch(wanted);
    }
    machine.run(1e9, machine.clock.now() + 1e9);
    expect(machine.end).toMatchObject({ reason: 'powerOff' });
    const { kernel, user } = machine.mmu.totals;
    expect(kernel.count).toBe(machine.counters.asidChanges);
    expect(user.count).toBeLessThanOrEqual(machine.counters.userEntriesWithNewAsid);
    expect(kernel.kseg0TablesFreed).toBe(0);
  });

  it(
    'boots with 64 MiB, 64 TLB entries and no KASLR, alike on both engines, and its symbols are found',
    { timeout: 600_000 },
    () => {
      const config: CreateConfig = { memoryMiB: 64, tlbEntries: 64, commandLine: 'console=ttyS0 nokaslr quiet' };
      const boot = (engine: EngineName) => {
        const { machine, outcome, output } = run({ ...config, engine }, [{ expect: PROMPT, send: '' }]);
        expect(outcome, output.slice(-2000)).toEqual({ ok: true, message: '' });
        return machine;
      };
      const [interpreter, jit] = [boot('interpreter'), boot('jit')];
      expect(interpreter.symbols.describe(0x80ea59b8)).toBe('start_kernel');
      expect(jit.stats()).toEqual(interpreter.stats());
      expect(differences({ interpreter, jit })).toEqual([]);
      expect(jit.engine!.verify()).toEqual([]);
    },
  );
});
