/** The command line of `kseg`. */
import { parseArgs } from 'node:util';
import { MOST_DISKS } from './board/board.ts';
import { MAX_HOST_CPUS, type DiskConfig, type MachineKind } from './protocol.ts';
import { parseSpec } from './debug/breakpoint-spec.ts';
import { DEFAULTS, ENGINES as MACHINE_ENGINES, type EngineName } from './machine-options.ts';
import { CPU_MODELS, type CpuModel } from './cpu/models.ts';
import { FLUSH_POLICIES, type FlushPolicy } from './mmu/policy.ts';

export class UsageError extends Error {}

/** One turn of a scripted run: wait for `expect` on the console, then type `send`. */
export interface Turn {
  expect: string;
  send: string;
}

/** `both`: two machines in lock step. */
const ENGINES = [...MACHINE_ENGINES, 'both'] as const;

export interface RunOptions {
  kernel?: string;
  machine?: MachineKind;
  bigEndian: boolean;
  memoryMiB: number;
  tlbEntries?: 16 | 32 | 64;
  cpu?: CpuModel;
  append?: string;
  initrd?: string;
  symbols?: string;
  bios?: string;
  disks: DiskConfig[];
  virtioConsole: boolean;
  script: Turn[];
  /** Guest seconds. */
  timeout: number;
  instructions: number;
  noReboot: boolean;
  stats?: string;
  trace?: string;
  traceLimitMiB: number;
  /** Specifications of breakpoints; see debug/breakpoint-spec.ts. */
  breaks: string[];
  timeline?: string;
  timelineLimitMiB: number;
  nsPerInstruction: number;
  seed: number;
  policy: FlushPolicy;
  keepReplaced: boolean;
  check: boolean;
  hostCpus: number;
  migrateEvery: number;
  hostUnmapEvery: number;
  hostProtectEvery: number;
  dynamicTranslation: boolean;
  geometry: 'm32_4k' | 'm64_4k';
  engine: EngineName | 'both';
  compileThread: boolean;
  /** Whether translations are kept from run to run, and where, if not in the usual place. */
  codeCache: boolean;
  codeFolder?: string;
}

/** KVM needs host pages of the guest's page size, so only these of the geometries can run a guest of 4 KiB pages. */
const GEOMETRY_OPTIONS: Record<string, 'm32_4k' | 'm64_4k'> = { '32-bit': 'm32_4k', '64-bit': 'm64_4k' };

/** Guest seconds after which a scripted run has failed, if --timeout does not say. */
const SCRIPT_TIMEOUT = 600;
/** MiB that the files of --trace and --timeline may have, if their limits do not say; and at most: 1 TiB. */
const FILE_LIMIT = 1024;
const MOST_FILE_LIMIT = 2 ** 20;

export const USAGE = `usage: kseg run [KERNEL] [option]...

Boots KERNEL, a MIPS ELF file, or the bundled Lab kernel, with its console on this terminal (Ctrl-A x leaves).

  --machine kvm|malta     the machine; default: what KERNEL's entry address asks for, else kvm
  --big-endian            the bundled kernel for a big-endian malta
  --memory SIZE           guest RAM, e.g. 128M (16M to 1024M)
  --cpu NAME              the core of a malta: ${CPU_MODELS.join('|')} (default 24Kf)
  --tlb 16|32|64          guest TLB entries; default 64 on kvm, the core's on malta
  --append STRING         kernel command line
  --initrd FILE           initial RAM disk
  --symbols FILE          names for addresses: a System.map (kernels' own tables are found without)
  --disk FILE[,if=ide|virtio][,writable]
                          a disk, of a raw image that stays as it is unless writable (default if=ide)
  --virtio-console        a virtio console card, hvc0: its output comes here too
  --bios FILE             raw image at the reset vector, run instead of a kernel
  --expect TEXT           scripted run: wait for TEXT on the console (\\n, \\r, \\t, \\\\, \\xHH)
  --send TEXT             type TEXT once the --expect before it has matched
  --timeout SECONDS       guest seconds after which the run has failed (scripted runs: ${SCRIPT_TIMEOUT})
  --instructions N        instructions after which the run has failed
  --no-reboot             a reset by the guest ends the run instead of restarting the machine
  --stats FILE            write counts as JSON
  --trace FILE            write events as JSON lines
  --trace-limit SIZE      how long that file may get, as with --timeline-limit
  --break SPEC            end the run, well, where SPEC says, and print registers: a symbol or address, write:SYMBOL,
                          asid:N, tlb:N, flush:KIND, exit:KIND, exception:KIND; then [ignore N] [if CONDITION]
  --timeline FILE         write the timeline's events: FILE.csv, FILE.json (Chrome trace, for Perfetto), else NDJSON
  --timeline-limit SIZE   how long that file may get, e.g. 512M (1M to 1024G, default ${sizeText(FILE_LIMIT)}); the run then goes on
                          without it
  --ns-per-instruction N  virtual time of an instruction (default ${DEFAULTS.nsPerInstruction})
  --policy NAME           when page tables are flushed: ${FLUSH_POLICIES.join('|')} (default lazy-user)
  --keep-replaced         malta: what TLBWR replaces stays mapped for as long as the guest cannot tell, as in QEMU
  --check                 compare every translation used with the guest TLB (slow)
  --dynamic-translation   kvm: rewrite trapping CP0 instructions into commpage accesses
  --engine NAME           what executes instructions: ${ENGINES.join('|')} (default jit);
                          both compares the two as they run, and takes no keys but --send's
  --compile-thread        translate in a thread of its own, as the app does, and not while the guest stands still
  --code-cache FOLDER     where translated code is kept for the next run of the same kernel (default ~/.cache/kseg/code)
  --no-code-cache         keep none, and use none
  --geometry NAME         host page tables: 32-bit (default) or 64-bit, both with 4 KiB pages
  --host-cpus N           host CPUs the guest may run on (1 to 8, default 1)
  --migrate-every N       move to the next host CPU every N instructions
  --host-unmap-every N    the host takes all guest RAM away every N instructions
  --host-protect-every N  the host write-protects all guest RAM every N instructions
  --seed N                seed of everything random (default ${DEFAULTS.seed})

To get a guest, and the options of initramfs and guests:

  kseg import FILE...     copy kernels, initial RAM disks, disk images and Debian packages into the guest library
  kseg guests             list the library
  kseg initramfs          make an initial RAM disk of busybox, with a shell on the console
  --remove ID             take a guest out of the library
  --busybox FILE          a static busybox for MIPS: the program, or Debian's busybox-static package
  --out FILE              where to write the initial RAM disk
  --modules FILE          a linux-image package, for its kernel's disk drivers and ext4
  --add PATH[:TARGET]     put a file or folder into it, as TARGET or under its own name in /root

Exit status: 0 when every --expect matched (with none: the guest powered off), 1 when a limit passed or the guest
panicked, 2 for bad usage, 3 when --engine both found a difference.
`;

/** Reads the arguments after the program's name. Throws UsageError with one sentence. */
export function parseArguments(args: string[]): RunOptions | 'help' {
  const [command, ...rest] = args;
  if (command === undefined || command === 'help' || command === '--help' || command === '-h') return 'help';
  if (command !== 'run')
    throw new UsageError(`${command}: no such command; the commands are: run, import, guests, initramfs, help.`);
  let parsed;
  try {
    parsed = parseArgs({
      args: rest,
      allowPositionals: true,
      tokens: true,
      options: {
        machine: { type: 'string' },
        'big-endian': { type: 'boolean' },
        memory: { type: 'string' },
        cpu: { type: 'string' },
        tlb: { type: 'string' },
        append: { type: 'string' },
        initrd: { type: 'string' },
        symbols: { type: 'string' },
        bios: { type: 'string' },
        disk: { type: 'string', multiple: true },
        'virtio-console': { type: 'boolean' },
        expect: { type: 'string', multiple: true },
        send: { type: 'string', multiple: true },
        timeout: { type: 'string' },
        instructions: { type: 'string' },
        'no-reboot': { type: 'boolean' },
        stats: { type: 'string' },
        trace: { type: 'string' },
        'trace-limit': { type: 'string' },
        break: { type: 'string', multiple: true },
        timeline: { type: 'string' },
        'timeline-limit': { type: 'string' },
        'ns-per-instruction': { type: 'string' },
        seed: { type: 'string' },
        policy: { type: 'string' },
        'keep-replaced': { type: 'boolean' },
        check: { type: 'boolean' },
        'host-cpus': { type: 'string' },
        'migrate-every': { type: 'string' },
        'host-unmap-every': { type: 'string' },
        'host-protect-every': { type: 'string' },
        'dynamic-translation': { type: 'boolean' },
        geometry: { type: 'string' },
        engine: { type: 'string' },
        'compile-thread': { type: 'boolean' },
        'code-cache': { type: 'string' },
        'no-code-cache': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\. |\n/)[0]!.replace(/\.$/, '')}; see \`kseg help\`.`);
  }
  const { values, positionals, tokens } = parsed;
  if (values.help) return 'help';
  if (positionals.length > 1) throw new UsageError(`one kernel at a time: ${positionals.join(', ')} are too many.`);
  if (positionals[0] !== undefined && values.bios !== undefined) {
    throw new UsageError('--bios runs an image instead of a kernel; give one of the two.');
  }
  if (values.machine !== undefined && values.machine !== 'kvm' && values.machine !== 'malta') {
    throw new UsageError(`--machine ${values.machine}: the machines are kvm and malta.`);
  }
  if (values.bios !== undefined && values.machine === 'kvm') {
    throw new UsageError('--bios needs --machine malta: a kvm guest cannot run code from the boot ROM.');
  }
  if (values.bios !== undefined && (values.initrd ?? values.append) !== undefined) {
    throw new UsageError('--bios runs firmware alone: --initrd and --append are for kernels.');
  }
  if (values.tlb !== undefined && !['16', '32', '64'].includes(values.tlb)) {
    throw new UsageError(`--tlb ${values.tlb}: a TLB has 16, 32 or 64 entries.`);
  }
  const policy = (values.policy ?? 'lazy-user') as FlushPolicy;
  if (!FLUSH_POLICIES.includes(policy)) {
    throw new UsageError(`--policy ${policy}: the policies are ${FLUSH_POLICIES.join(', ')}.`);
  }
  const engine = ENGINES.find((name) => name === (values.engine ?? 'jit'));
  if (!engine) throw new UsageError(`--engine ${values.engine}: choose one of ${ENGINES.join(', ')}.`);
  if (engine === 'both' && values.check) {
    throw new UsageError('--engine both: the checker needs the interpreter alone; leave --check out.');
  }
  if (values['keep-replaced'] && values.check) {
    throw new UsageError('--keep-replaced: the checker would take what is kept for mistakes; leave --check out.');
  }
  const geometry = GEOMETRY_OPTIONS[values.geometry ?? '32-bit'];
  if (!geometry) {
    throw new UsageError(
      `--geometry ${values.geometry}: the geometries for guests of 4 KiB pages are 32-bit and 64-bit.`,
    );
  }
  const hostCpus = number('--host-cpus', values['host-cpus'], 1, true, MAX_HOST_CPUS);
  if (values['migrate-every'] !== undefined && hostCpus === 1) {
    throw new UsageError('--migrate-every: with one host CPU there is nowhere to go; add --host-cpus 2.');
  }
  const cpu = values.cpu as CpuModel | undefined;
  if (cpu !== undefined && !CPU_MODELS.includes(cpu)) {
    throw new UsageError(`--cpu ${cpu}: the cores are ${CPU_MODELS.join(', ')}.`);
  }
  if (cpu !== undefined && values.machine === 'kvm') {
    throw new UsageError('--cpu: a kvm guest sees the core that KVM shows it; the option is for malta.');
  }
  for (const text of values.break ?? []) {
    try {
      parseSpec(text);
    } catch (error) {
      throw new UsageError(`--break: ${(error as Error).message}`);
    }
  }
  for (const file of ['trace', 'timeline'] as const) {
    if (values[`${file}-limit`] !== undefined && values[file] === undefined) {
      throw new UsageError(`--${file}-limit: limits the file of --${file} FILE, which is missing.`);
    }
  }
  if (values['code-cache'] !== undefined && values['no-code-cache']) {
    throw new UsageError('--no-code-cache: keeps no code, --code-cache says where; give one of the two.');
  }
  const script: Turn[] = [];
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (token.name === 'expect') {
      const expect = unescape('--expect', token.value ?? '');
      if (expect === '') throw new UsageError('--expect: an empty text is there from the start; name some output.');
      script.push({ expect, send: '' });
    } else if (token.name === 'send') {
      const turn = script.at(-1);
      if (!turn) throw new UsageError('--send: comes after the --expect whose match it answers.');
      turn.send += unescape('--send', token.value ?? '');
    }
  }
  const allDisks = disks(values.disk ?? []);
  if (engine === 'both' && allDisks.some((disk) => disk.writable)) {
    throw new UsageError('--engine both: two machines cannot write to one disk; leave writable out.');
  }
  const options: RunOptions = {
    bigEndian: values['big-endian'] ?? false,
    memoryMiB: mebibytes('--memory', values.memory, DEFAULTS.memoryMiB, 16, 1024),
    traceLimitMiB: mebibytes('--trace-limit', values['trace-limit'], FILE_LIMIT, 1, MOST_FILE_LIMIT),
    timelineLimitMiB: mebibytes('--timeline-limit', values['timeline-limit'], FILE_LIMIT, 1, MOST_FILE_LIMIT),
    disks: allDisks,
    virtioConsole: values['virtio-console'] ?? false,
    script,
    timeout: number('--timeout', values.timeout, script.length > 0 ? SCRIPT_TIMEOUT : Infinity, false),
    instructions: number('--instructions', values.instructions, Infinity, true),
    noReboot: values['no-reboot'] ?? false,
    nsPerInstruction: number(
      '--ns-per-instruction',
      values['ns-per-instruction'],
      DEFAULTS.nsPerInstruction,
      true,
      1000,
    ),
    policy,
    keepReplaced: values['keep-replaced'] ?? false,
    check: values.check ?? false,
    hostCpus,
    migrateEvery: number('--migrate-every', values['migrate-every'], 0, true),
    hostUnmapEvery: number('--host-unmap-every', values['host-unmap-every'], 0, true),
    hostProtectEvery: number('--host-protect-every', values['host-protect-every'], 0, true),
    dynamicTranslation: values['dynamic-translation'] ?? false,
    geometry,
    engine,
    compileThread: values['compile-thread'] ?? false,
    codeCache: !values['no-code-cache'],
    breaks: values.break ?? [],
    seed: number('--seed', values.seed, DEFAULTS.seed, true, 0xffffffff, 0),
  };
  if (positionals[0] !== undefined) options.kernel = positionals[0];
  if (values.machine) options.machine = values.machine;
  if (cpu) options.cpu = cpu;
  if (values['code-cache'] !== undefined) options.codeFolder = values['code-cache'];
  if (values.tlb) options.tlbEntries = Number(values.tlb) as 16 | 32 | 64;
  for (const name of ['append', 'initrd', 'symbols', 'bios', 'stats', 'trace', 'timeline'] as const) {
    if (values[name] !== undefined) options[name] = values[name];
  }
  return options;
}

function number(
  option: string,
  text: string | undefined,
  absent: number,
  whole: boolean,
  most = 1e15,
  least = 1,
): number {
  if (text === undefined) return absent;
  const value = Number(text);
  const ok = text.trim() !== '' && Number.isFinite(value) && (!whole || Number.isInteger(value));
  const inRange = whole ? value >= least && value <= most : value > 0;
  if (ok && inRange) return value;
  const kind = whole ? `a whole number from ${least} to ${most}` : 'a number above 0';
  throw new UsageError(`${option} ${text}: must be ${kind}.`);
}

/** `FILE[,if=ide|virtio][,writable]`, so the file's name has no comma. */
function disks(texts: readonly string[]): DiskConfig[] {
  const parsed = texts.map((text): DiskConfig => {
    const [path = '', ...settings] = text.split(',');
    if (path === '') throw new UsageError(`--disk ${text}: name the image file first.`);
    const disk: DiskConfig = { path, interface: 'ide', writable: false };
    for (const setting of settings) {
      if (setting === 'if=ide') disk.interface = 'ide';
      else if (setting === 'if=virtio') disk.interface = 'virtio';
      else if (setting === 'writable') disk.writable = true;
      else throw new UsageError(`--disk ${text}: after the file come if=ide, if=virtio or writable, not "${setting}".`);
    }
    return disk;
  });
  for (const attach of ['ide', 'virtio'] as const) {
    const count = parsed.filter((disk) => disk.interface === attach).length;
    if (count > MOST_DISKS) {
      throw new UsageError(`--disk: there is room for ${MOST_DISKS} disks with if=${attach}, not ${count}.`);
    }
  }
  return parsed;
}

/** A size of so many MiB, `M` and `MiB` being the same and none as well; from `least` to `most`. */
function mebibytes(option: string, text: string | undefined, absent: number, least: number, most: number): number {
  if (text === undefined) return absent;
  const match = /^(\d+)(M|MiB|G|GiB)?$/i.exec(text);
  const mib = match ? Number(match[1]) * (match[2]?.toUpperCase().startsWith('G') ? 1024 : 1) : NaN;
  if (mib >= least && mib <= most) return mib;
  const whole = most === 1024 ? '1024M (or 1G)' : `${most / 1024}G`;
  throw new UsageError(`${option} ${text}: must be ${least}M to ${whole}.`);
}

/** A size as one reads it: `512 MiB`, `1 GiB`. */
export function sizeText(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`;
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', '0': '\0', e: '\x1b', '\\': '\\' };

function unescape(option: string, text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|[\s\S]|$)/g, (whole, code: string) => {
    if (/^x..$/.test(code)) return String.fromCharCode(parseInt(code.slice(1), 16));
    const character = ESCAPES[code];
    if (character === undefined) throw new UsageError(`${option}: ${whole} is no escape; write \\\\ for a backslash.`);
    return character;
  });
}
