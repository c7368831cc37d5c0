/** The `kseg` command as it is shipped: exit codes, files in and out, a console on a pipe. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assemble } from './boot/assemble.ts';
import { bundleEmulator, type Bundle } from './testing/bundle.ts';
import { op } from './testing/bare-machine.ts';
import { RESOURCES } from './testing/lab.ts';

let bundle: Bundle;
let file: (name: string) => string;
beforeAll(() => {
  bundle = bundleEmulator();
  file = (name) => join(bundle.folder, name);
});
afterAll(() => bundle?.remove());

interface Result {
  code: number | null;
  out: string;
  err: string;
}

/** Runs `kseg` with `keys` on its standard input; `onOutput` may type more as output comes. */
function kseg(
  args: string[],
  keys = '',
  onOutput?: (out: string, type: (keys: string) => void) => void,
): Promise<Result> {
  return new Promise((resolve) => {
    const env = { ...process.env, KSEG_CODE: file('code') };
    const child = spawn(process.execPath, [bundle.cli, ...args], { env });
    const result: Result = { code: null, out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => {
      result.out += data.toString('latin1');
      onOutput?.(result.out, (more) => child.stdin.write(more));
    });
    child.stderr.on('data', (data: Buffer) => (result.err += data.toString()));
    child.stdin.on('error', () => {});
    if (onOutput) child.stdin.write(keys);
    else child.stdin.end(keys);
    child.on('close', (code) => resolve({ ...result, code }));
  });
}

const lab = (name: string) => join(RESOURCES, 'guests/lab', name);
/** One sentence on stderr, nothing else. */
const oneSentence = (err: string) => expect(err).toMatch(/^kseg: [^\n]*\.\n$/);

describe('exit 0', () => {
  it('help', async () => {
    const { code, out, err } = await kseg(['help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^usage: kseg run/);
  });

  it('every --expect matched', async () => {
    const args = [
      'run',
      '--expect',
      'lab$ ',
      '--send',
      String.raw`echo \x41\\B\n`,
      '--expect',
      String.raw`\r\nA\\B\r\n`,
    ];
    const { code, out, err } = await kseg(args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('A\\B');
  });

  it('the guest powered off', async () => {
    expect(await kseg(['run', '--append', 'run=echo bye;halt'])).toMatchObject({ code: 0, err: '' });
  });

  it('keys come from a pipe', async () => {
    let typed = false;
    const { code, out } = await kseg(['run'], '', (soFar, type) => {
      if (typed || !soFar.includes('lab$ ')) return;
      typed = true;
      type('echo from a pipe\nhalt\n');
    });
    expect(code).toBe(0);
    expect(out).toContain('\r\nfrom a pipe\r\n');
  });

  it.each(['lab-malta-el.elf', 'lab-malta-eb.elf', 'lab-kvm-el.elf'])('a kernel by name: %s', async (name) => {
    const { code, out } = await kseg(['run', lab(name), '--expect', 'layout, ', '--expect', 'lab$ ']);
    expect(code).toBe(0);
    expect(out).toContain(
      `(${name.includes('kvm') ? 'kvm' : 'malta'} layout, ${name.includes('eb') ? 'big' : 'little'}`,
    );
  });

  it('options reach the guest', async () => {
    const more = ['--memory', '32M', '--tlb', '32', '--append', 'quiet run=mem', '--machine', 'malta', '--big-endian'];
    const { code, out } = await kseg(['run', ...more, '--expect', 'pages: ', '--expect', 'lab$ ', '--expect', 'lab$']);
    expect(code).toBe(1);
    expect(out).toMatch(/pages: \d+ of 7\d\d\d/);
  });

  it('an initial RAM disk is told to the kernel', async () => {
    writeFileSync(file('rd'), new Uint8Array(5000));
    const { code, out } = await kseg(['run', '--initrd', file('rd'), '--expect', 'rd_size=5000']);
    expect(code, out).toBe(0);
  });
});

describe('exit 1', () => {
  it.each<[string, string[], RegExp]>([
    ['--instructions', ['--instructions', '10000'], /stopped after 1000\d instructions\./],
    ['--timeout', ['--timeout', '0.001'], /stopped after 0\.0\d+ guest seconds\./],
    ['--instructions of a script', ['--expect', 'never', '--instructions', '200000'], /waiting for "never"\./],
    ['--timeout of a script', ['--expect', 'never', '--timeout', '0.1'], /guest seconds, waiting for "never"\./],
    ['a panic', ['--append', 'run=panic'], /panicked/],
    ['a panic in a script', ['--append', 'run=panic', '--expect', 'never'], /panicked.*, waiting for "never"\./],
    ['a power-off in a script', ['--append', 'run=halt', '--expect', 'never'], /power off, waiting for "never"\./],
  ])('%s', async (_, args, message) => {
    const { code, err } = await kseg(['run', ...args]);
    expect(code).toBe(1);
    oneSentence(err);
    expect(err).toMatch(message);
  });
});

describe('exit 2, before anything runs', () => {
  const kernel = () => readFileSync(lab('lab-malta-el.elf'));
  it.each<[string, () => string[], RegExp]>([
    ['an option that is none', () => ['--frob'], /--frob/],
    ['a kernel that is not there', () => [file('none.elf')], /none\.elf: .* no such file/],
    ['a folder', () => [bundle.folder], /it is a folder/],
    ['an empty kernel', () => (writeFileSync(file('empty'), ''), [file('empty')]), /empty/],
    ['text', () => (writeFileSync(file('text'), 'hello, world\n'), [file('text')]), /text/],
    ['half a kernel', () => (writeFileSync(file('half'), kernel().subarray(0, 20000)), [file('half')]), /half/],
    ['an x86 kernel', () => (writeFileSync(file('x86'), kernel().fill(62, 18, 19)), [file('x86')]), /x86/],
    ['a malta kernel on kvm', () => [lab('lab-malta-el.elf'), '--machine', 'kvm'], /lab-malta-el\.elf.*malta/],
    ['a kvm kernel on malta', () => [lab('lab-kvm-el.elf'), '--machine', 'malta'], /lab-kvm-el\.elf.*kvm/],
    ['a big-endian kvm guest', () => ['--machine', 'kvm', '--big-endian'], /endian/],
    ['an initrd that is not there', () => ['--initrd', file('none.gz')], /none\.gz: .*initrd/],
    ['a firmware image that is not there', () => ['--bios', file('none.bin')], /none\.bin: .*firmware image/],
    ['an empty firmware image', () => (writeFileSync(file('rom0'), ''), ['--bios', file('rom0')]), /rom0/],
    ['a stats file in no folder', () => ['--stats', file('no/s.json')], /s\.json: cannot write there/],
    [
      'a trace file that is a folder',
      () => (mkdirSync(file('dir')), ['--trace', file('dir')]),
      /dir: cannot write there/,
    ],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await kseg(['run', ...args()]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    oneSentence(err);
    expect(err).toMatch(message);
  });
});

it('--timeline writes the events as the name of the file asks', async () => {
  const [ndjson, csv, json, stats] = ['t.ndjson', 't.csv', 't.json', 's.json'].map(file) as [string, ...string[]];
  for (const timeline of [ndjson, csv!, json!]) {
    const { code } = await kseg(['run', '--append', 'run=pingpong 5;halt', '--timeline', timeline, '--stats', stats!]);
    expect(code).toBe(0);
  }
  const { asidChanges, tlbWrites } = JSON.parse(readFileSync(stats!, 'utf8')) as Record<string, number>;
  const lines = readFileSync(ndjson, 'utf8').trimEnd().split('\n');
  const lanes = lines.map((line) => (JSON.parse(line) as { lane: string }).lane);
  expect(lanes.filter((lane) => lane === 'asid')).toHaveLength(asidChanges!);
  expect(lanes.filter((lane) => lane === 'tlbWrites')).toHaveLength(tlbWrites!);
  expect(readFileSync(csv!, 'utf8').trimEnd().split('\r\n')).toHaveLength(lines.length + 1);
  const { traceEvents } = JSON.parse(readFileSync(json!, 'utf8')) as { traceEvents: { ph: string; cat: string }[] };
  expect(traceEvents.filter(({ cat, ph }) => cat === 'asid' && ph === 'i')).toHaveLength(asidChanges!);
});

it('--timeline ends at its limit, whole, and the run goes on', async () => {
  const [limited, stats] = [file('limited.json'), file('limited-stats.json')];
  const run = ['run', '--append', 'run=pingpong 300;halt', '--timeline', limited, '--stats', stats];
  const { code, out, err } = await kseg([...run, '--timeline-limit', '1M']);
  expect(code).toBe(0);
  expect(out).toContain('300 round trips');
  oneSentence(err);
  expect(err).toContain(`${limited} has its 1 MiB and is complete up to instruction `);
  expect(statSync(limited).size).toBeLessThanOrEqual(2 ** 20);
  const { traceEvents } = JSON.parse(readFileSync(limited, 'utf8')) as {
    traceEvents: { ph: string; args?: { instructions?: number } }[];
  };
  const last = traceEvents.findLast(({ ph }) => ph === 'i')!.args!.instructions!;
  expect(err).toContain(last.toLocaleString('en-US'));
  const { instructions } = JSON.parse(readFileSync(stats, 'utf8')) as { instructions: number };
  expect(instructions).toBeGreaterThan(last);
});

it('--trace ends at its limit, says so itself, and the run goes on', async () => {
  const [whole, limited, stats] = [file('whole.ndjson'), file('limited.ndjson'), file('limited-trace-stats.json')];
  const run = ['run', '--append', 'run=pingpong 300;halt', '--stats', stats];
  await kseg([...run, '--trace', whole]);
  const { code, out, err } = await kseg([...run, '--trace', limited, '--trace-limit', '1M']);
  expect(code).toBe(0);
  expect(out).toContain('300 round trips');
  oneSentence(err);
  const text = readFileSync(limited, 'utf8');
  expect(statSync(limited).size).toBeLessThanOrEqual(2 ** 20);
  expect(statSync(limited).size).toBeGreaterThan(2 ** 20 * 0.99);
  const lines = text.trimEnd().split('\n');
  const last = JSON.parse(lines.at(-1)!) as { event: string; instructions: number };
  expect(last.event).toBe('cut');
  expect(err).toContain(
    `${limited} has its 1 MiB and is complete up to instruction ${last.instructions.toLocaleString('en-US')}; ` +
      'the run goes on without it (--trace-limit)',
  );
  expect(readFileSync(whole, 'utf8').startsWith(lines.slice(0, -1).join('\n') + '\n')).toBe(true);
  const { instructions } = JSON.parse(readFileSync(stats, 'utf8')) as { instructions: number };
  expect(instructions).toBeGreaterThan(last.instructions);
});

// A device that has no room, where there is one.
describe.runIf(existsSync('/dev/full'))('a disk that is full', () => {
  it.each(['--timeline', '--trace'])('%s says so in one sentence', async (option) => {
    const { code, err } = await kseg(['run', '--append', 'run=pingpong 5;halt', option, '/dev/full']);
    expect(code).toBe(1);
    oneSentence(err);
    expect(err).toContain('/dev/full: cannot write on: there is no space left');
  });
});

describe('--code-cache', () => {
  const run = async (...options: string[]) => {
    const stats = file('code-stats.json');
    const args = ['run', '--append', 'run=pingpong 3000;halt', '--stats', stats, ...options];
    expect(await kseg(args)).toMatchObject({ code: 0 });
    const { hostSeconds, hostMips, translator, ...same } = JSON.parse(readFileSync(stats, 'utf8')) as {
      hostSeconds: number;
      hostMips: number;
      translator: { regions: number; recalled: number };
      instructions: number;
    };
    expect(hostSeconds * hostMips).toBeGreaterThan(0);
    return { same, translator };
  };

  it('has the next run of the guest begin with what this one has translated', async () => {
    const folder = ['--code-cache', file('code of a guest')];
    const first = await run(...folder);
    const [name] = readdirSync(folder[1]!);
    expect(name).toMatch(/^[0-9a-f]{32}\.code$/);
    const second = await run(...folder);
    expect(second.same).toEqual(first.same);
    expect(first.translator.recalled).toBe(0);
    expect(first.translator.regions).toBeGreaterThan(20);
    expect(second.translator.recalled).toBeGreaterThan(20);
    expect(second.translator.regions).toBeLessThan(first.translator.regions);
    // A file that is damaged is no obstacle, and is written anew.
    writeFileSync(join(folder[1]!, name!), 'nonsense');
    expect((await run(...folder)).translator.recalled).toBe(0);
    expect((await run(...folder)).translator.recalled).toBeGreaterThan(20);
    // In lock step with the interpreter.
    const both = ['run', '--engine', 'both', '--append', 'run=pingpong 3000;halt', ...folder];
    expect(await kseg(both)).toMatchObject({ code: 0 });
    const without = await run('--no-code-cache');
    expect(without.same).toEqual(first.same);
    expect(without.translator.recalled).toBe(0);
  });

  it('in a place that cannot be', async () => {
    writeFileSync(file('no-folder'), '');
    const { code, err } = await kseg(['run', '--code-cache', file('no-folder')]);
    expect(code).toBe(2);
    oneSentence(err);
    expect(err).toMatch(/no-folder: cannot keep code there: a file is in its place/);
  });
});

describe('--stats and --trace', () => {
  it('tell of the same run', async () => {
    const [stats, trace] = [file('stats.json'), file('trace.ndjson')];
    const { code } = await kseg(['run', '--append', 'run=pingpong 5;halt', '--stats', stats, '--trace', trace]);
    expect(code).toBe(0);
    const counts = JSON.parse(readFileSync(stats, 'utf8'));
    expect(counts).toMatchObject({
      machine: 'kvm',
      resets: 0,
      hostSeconds: expect.any(Number),
      hostMips: expect.any(Number),
    });
    const lines = readFileSync(trace, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const line of lines) {
      expect(line).toMatchObject({
        instructions: expect.any(Number),
        pc: expect.stringMatching(/^0x[0-9a-f]{8}$/),
        symbol: expect.any(String),
        event: expect.any(String),
      });
    }
    const flushes = lines.filter(({ event, table }) => event === 'flush' && table === 'kernel');
    expect(flushes).toHaveLength(counts.flushes.kernel.count);
    expect(lines.at(-1)).toMatchObject({ event: 'powerOff' });
    expect(lines.at(-1).instructions).toBeLessThanOrEqual(counts.instructions);
  });

  it('a script has its marks in the statistics', async () => {
    const stats = file('marks.json');
    const script = ['--expect', 'lab$ ', '--send', 'echo b\\n', '--expect', 'echo b', '--expect', '\\r\\nb'];
    const { code } = await kseg(['run', ...script, '--stats', stats]);
    expect(code).toBe(0);
    const { marks, instructions } = JSON.parse(readFileSync(stats, 'utf8'));
    expect(marks.map(({ expect }: { expect: string }) => expect)).toEqual(['lab$ ', 'echo b', '\r\nb']);
    const counts = marks.map((mark: { instructions: number }) => mark.instructions);
    expect(counts[0]).toBeGreaterThan(100_000);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(new Set(counts).size).toBe(3);
    expect(counts[2]).toBeLessThanOrEqual(instructions);
  });

  it('are written when the run fails, too', async () => {
    const { code } = await kseg([
      'run',
      '--append',
      'run=panic',
      '--stats',
      file('p.json'),
      '--trace',
      file('p.ndjson'),
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(readFileSync(file('p.json'), 'utf8')).instructions).toBeGreaterThan(100_000);
    expect(readFileSync(file('p.ndjson'), 'utf8')).toMatch(/"event":"panic"}\n$/);
  });
});

it('--bios runs an image from the reset vector', async () => {
  // Writes "ok" to the board's own UART (CBUS, 0x1f000900), each when the transmitter is empty, then resets the board.
  const [T0, T1, T2] = [8, 9, 10];
  const store = (value: number, offset: number) => [
    op('addiu', { t: T1, i: value }),
    op('sb', { s: T0, t: T1, i: offset }),
  ];
  const empty = [
    op('lbu', { s: T0, t: T2, i: 0x928 }),
    op('andi', { s: T2, t: T2, i: 0x40 }),
    op('beq', { s: T2, i: 0xfffd }),
    0,
  ];
  const base = op('lui', { t: T0, i: 0xbf00 });
  const words = [base, ...store(0x6f, 0x900), ...empty, ...store(0x6b, 0x900), ...empty, ...store(0x42, 0x500)];
  writeFileSync(file('rom'), assemble(words, false));
  const { code, out, err } = await kseg(['run', '--bios', file('rom'), '--no-reboot']);
  expect({ code, out, err }).toEqual({ code: 0, out: 'ok', err: '' });
});

it('a reader that goes away ends the run', async () => {
  const child = spawn(process.execPath, [
    bundle.cli,
    'run',
    '--expect',
    'lab$ ',
    '--send',
    'help\n',
    '--expect',
    'never',
  ]);
  child.stdout.once('data', () => child.stdout.destroy());
  let err = '';
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(1);
  expect(err).not.toContain('Error');
});

it.runIf(process.platform === 'linux')('the thread that emulates goes before those that optimize for it', async () => {
  const child = spawn(process.execPath, [bundle.cli, 'run', '--expect', 'never']);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const threads = readdirSync(`/proc/${child.pid}/task`).map(Number);
  const others = threads.filter((thread) => thread !== child.pid).map((thread) => os.getPriority(thread));
  const own = os.getPriority(child.pid!);
  child.kill();
  await new Promise((resolve) => child.on('close', resolve));
  // Those that V8 has had from the start.
  expect(others.filter((priority) => priority === Math.min(19, own + 10)).length).toBeGreaterThan(1);
  expect(own).toBeLessThan(Math.max(...others));
});
