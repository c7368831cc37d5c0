/** The command line: what every option becomes, and what is refused, in one sentence that names the option. */
import { describe, expect, it } from 'vitest';
import { USAGE, UsageError, parseArguments, type RunOptions } from './cli-options.ts';

const parse = (...args: string[]) => parseArguments(['run', ...args]) as RunOptions;

it('defaults', () => {
  expect(parse()).toMatchObject({
    bigEndian: false,
    memoryMiB: 128,
    timelineLimitMiB: 1024,
    disks: [],
    virtioConsole: false,
    script: [],
    timeout: Infinity,
    instructions: Infinity,
    noReboot: false,
    nsPerInstruction: 4,
    seed: 1,
    policy: 'lazy-user',
    keepReplaced: false,
    check: false,
    hostCpus: 1,
    migrateEvery: 0,
    dynamicTranslation: false,
    geometry: 'm32_4k',
    engine: 'jit',
    compileThread: false,
  });
  for (const absent of ['kernel', 'machine', 'tlbEntries', 'append', 'initrd', 'symbols', 'bios', 'stats', 'trace']) {
    expect(parse()).not.toHaveProperty(absent);
  }
});

describe.each<[string[], Partial<RunOptions>]>([
  [['vmlinux'], { kernel: 'vmlinux' }],
  [['--machine', 'kvm'], { machine: 'kvm' }],
  [['--machine=malta'], { machine: 'malta' }],
  [['--big-endian'], { bigEndian: true }],
  [['--memory', '256'], { memoryMiB: 256 }],
  [['--memory', '64M'], { memoryMiB: 64 }],
  [['--memory', '64MiB'], { memoryMiB: 64 }],
  [['--memory', '1g'], { memoryMiB: 1024 }],
  [['--tlb', '32'], { tlbEntries: 32 }],
  [['--append', 'quiet run=ps'], { append: 'quiet run=ps' }],
  [['--append', ''], { append: '' }],
  [['--initrd', 'rd.gz'], { initrd: 'rd.gz' }],
  [['--cpu', '34Kf-like'], { cpu: '34Kf-like' }],
  [['--symbols', 'System.map'], { symbols: 'System.map' }],
  [['--bios', 'yamon.bin'], { bios: 'yamon.bin' }],
  [['--virtio-console'], { virtioConsole: true }],
  [['--disk', 'a.img'], { disks: [{ path: 'a.img', interface: 'ide', writable: false }] }],
  [
    ['--disk', 'a.img,if=virtio', '--disk=b.img,writable,if=ide'],
    {
      disks: [
        { path: 'a.img', interface: 'virtio', writable: false },
        { path: 'b.img', interface: 'ide', writable: true },
      ],
    },
  ],
  [['--timeout', '2.5'], { timeout: 2.5 }],
  [['--instructions', '1000000'], { instructions: 1_000_000 }],
  [['--no-reboot'], { noReboot: true }],
  [['--stats', 's.json'], { stats: 's.json' }],
  [['--trace', 't.ndjson'], { trace: 't.ndjson', traceLimitMiB: 1024 }],
  [['--trace', 't.ndjson', '--trace-limit', '8G'], { traceLimitMiB: 8192 }],
  [['--timeline', 't.csv'], { timeline: 't.csv', timelineLimitMiB: 1024 }],
  [['--code-cache', 'here'], { codeCache: true, codeFolder: 'here' }],
  [['--no-code-cache'], { codeCache: false }],
  [['--timeline', 't.csv', '--timeline-limit', '64M'], { timelineLimitMiB: 64 }],
  [['--timeline', 't.csv', '--timeline-limit', '8GiB'], { timelineLimitMiB: 8192 }],
  [['--timeline', 't.csv', '--timeline-limit=1024g'], { timelineLimitMiB: 2 ** 20 }],
  [['--ns-per-instruction', '10'], { nsPerInstruction: 10 }],
  [['--policy', 'tagged'], { policy: 'tagged' }],
  [['--check'], { check: true }],
  [['--keep-replaced'], { keepReplaced: true }],
  [['--host-cpus', '4'], { hostCpus: 4 }],
  [['--host-cpus', '2', '--migrate-every', '1000'], { hostCpus: 2, migrateEvery: 1000 }],
  [['--host-unmap-every', '5000'], { hostUnmapEvery: 5000 }],
  [['--host-protect-every', '5000'], { hostProtectEvery: 5000 }],
  [['--dynamic-translation'], { dynamicTranslation: true }],
  [['--geometry', '64-bit'], { geometry: 'm64_4k' }],
  [['--engine', 'interpreter'], { engine: 'interpreter' }],
  [['--compile-thread'], { compileThread: true }],
  [['--seed', '0'], { seed: 0 }],
  [['--seed', '4294967295'], { seed: 0xffffffff }],
])('%j', (args, wanted) => {
  it('is taken', () => {
    expect(parse(...args)).toMatchObject(wanted);
  });
});

describe('scripts', () => {
  it('--send belongs to the --expect before it, and a script has a time limit', () => {
    const { script, timeout } = parse('--expect', 'a', '--send', 'b', '--send', 'c', '--expect', 'd');
    expect(script).toEqual([
      { expect: 'a', send: 'bc' },
      { expect: 'd', send: '' },
    ]);
    expect(timeout).toBe(600);
    expect(parse('--expect', 'a', '--timeout', '5').timeout).toBe(5);
  });

  it('escapes', () => {
    const [turn] = parse('--expect', String.raw`\x41\\n`, '--send', String.raw`a\n\r\t\\\x1b\e\0`).script;
    expect(turn).toEqual({ expect: 'A\\n', send: 'a\n\r\t\\\x1b\x1b\0' });
  });
});

it.each([[], ['help'], ['--help'], ['-h'], ['run', '--help'], ['run', '-h']])('help: %j', (...args) => {
  expect(parseArguments(args.flat())).toBe('help');
});

it('the usage names every option', () => {
  const names = [...USAGE.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name);
  for (const name of [
    '--machine',
    '--bios',
    '--expect',
    '--send',
    '--timeout',
    '--stats',
    '--trace',
    '--seed',
    '--trace-limit',
    '--timeline-limit',
  ]) {
    expect(names).toContain(name);
  }
});

it.each<[string[], string]>([
  [['frobnicate'], 'frobnicate'],
  [['run', '--frobnicate'], '--frobnicate'],
  [['run', '--machine', 'sparc'], '--machine sparc'],
  [['run', '--machine'], '--machine'],
  [['run', '--big-endian=yes'], '--big-endian'],
  [['run', '--memory', '8M'], '--memory 8M'],
  [['run', '--memory', '2G'], '--memory 2G'],
  [['run', '--memory', 'lots'], '--memory lots'],
  [['run', '--memory', '-64'], '--memory'],
  [['run', '--timeline', 't', '--timeline-limit', '0'], '--timeline-limit 0: must be 1M to 1024G'],
  [['run', '--timeline', 't', '--timeline-limit', '2048G'], '--timeline-limit 2048G'],
  [['run', '--timeline', 't', '--timeline-limit', '100K'], '--timeline-limit 100K'],
  [['run', '--timeline', 't', '--timeline-limit', 'all'], '--timeline-limit all'],
  [['run', '--code-cache', 'x', '--no-code-cache'], '--no-code-cache: keeps no code'],
  [['run', '--timeline-limit', '1G'], '--timeline-limit: limits the file of --timeline'],
  [['run', '--timeline', 't', '--trace-limit', '1G'], '--trace-limit: limits the file of --trace'],
  [['run', '--trace', 't', '--trace-limit', '0'], '--trace-limit 0: must be 1M to 1024G'],
  [['run', '--tlb', '48'], '--tlb 48'],
  [['run', '--timeout', '0'], '--timeout 0'],
  [['run', '--timeout', 'soon'], '--timeout soon'],
  [['run', '--timeout', ''], '--timeout'],
  [['run', '--instructions', '1.5'], '--instructions 1.5'],
  [['run', '--instructions', '0'], '--instructions 0'],
  [['run', '--ns-per-instruction', '0'], '--ns-per-instruction 0'],
  [['run', '--ns-per-instruction', '1001'], '--ns-per-instruction 1001'],
  [['run', '--seed', '-1'], '--seed'],
  [['run', '--seed', '4294967296'], '--seed 4294967296'],
  [['run', '--policy', 'lazy'], '--policy lazy'],
  [['run', '--keep-replaced', '--check'], '--keep-replaced'],
  [['run', '--geometry', '16K'], '--geometry 16K'],
  [['run', '--engine', 'fast'], '--engine fast'],
  [['run', '--host-cpus', '9'], '--host-cpus 9'],
  [['run', '--migrate-every', '100'], '--migrate-every'],
  [['run', '--send', 'x'], '--send'],
  [['run', '--expect', ''], '--expect'],
  [['run', '--expect', '\\q'], '--expect: \\q'],
  [['run', '--expect', 'a\\'], '--expect'],
  [['run', '--expect', 'a', '--send', '\\x4'], '--send: \\x'],
  [['run', 'one', 'two'], 'one, two'],
  [['run', 'vmlinux', '--bios', 'rom'], '--bios'],
  [['run', '--bios', 'rom', '--machine', 'kvm'], '--bios'],
  [['run', '--disk', 'a.img,if=scsi'], '"if=scsi"'],
  [['run', '--disk', ',writable'], '--disk ,writable'],
  [['run', '--disk', 'a', '--disk', 'b', '--disk', 'c'], 'if=ide'],
])('%j is refused by name', (args, named) => {
  let message = '';
  try {
    parseArguments(args);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    message = (error as Error).message;
  }
  expect(message).toContain(named);
  expect(message).toMatch(/^[^\n]*[.`]\.?$/);
  expect(message).not.toMatch(/[a-z]\. [A-Z]/);
});
