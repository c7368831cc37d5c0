/**
 * `npm run bench [-- --runs N] [--quick] [--json FILE]`: the Lab kernel's benchmark on Kseg and on QEMU, side by side;
 * and, where `npm run guests` has fetched it and unless --quick, the boot of Debian's kernel to its shell.
 *
 * Every system runs the same programs at its own shell prompt, driven over a pipe; the systems take turns, and the best
 * of N runs counts. Guest MIPS are guest instructions by wall time: the instructions are exact, counted by one run on
 * Kseg's own clock, and the same for QEMU, which runs the same file.
 */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createServer } from 'vite';
import { bootBench, debianGuest } from './lib/bench-boot.mjs';
import { Problem, ROOT, endOnSignals, fail, step } from './lib/run.mjs';
import { checkNode, ensureBuilt, ensureNodeModules } from './lib/setup.mjs';

const PROMPT = 'lab$ ';
const QEMU = 'qemu-system-mipsel';
const guest = (machine) => path.join(ROOT, `resources/guests/lab/lab-${machine}-el.elf`);

/**
 * QEMU's soft TLB grows only when it is flushed, which it is at a change of the guest's ASID, and then by a factor of
 * two: without some of both before it, a program runs up to ten times slower than it can.
 */
const WARM_UP = ['pingpong 200', 'bench quick', 'bench quick', 'bench quick'];

const kseg = (machine) => [
  process.execPath,
  path.join(ROOT, 'dist/emulator/cli.js'),
  'run',
  guest(machine),
  '--machine',
  machine,
];

/** What is measured: `counted` is the machine whose instructions it executes. */
const SYSTEMS = [
  { name: 'Kseg malta', counted: 'malta', command: kseg('malta') },
  { name: 'Kseg kvm', counted: 'kvm', command: kseg('kvm') },
  {
    name: 'QEMU malta',
    counted: 'malta',
    command: [
      QEMU,
      '-M',
      'malta',
      '-cpu',
      '24Kf',
      '-m',
      '128',
      '-net',
      'none',
      '-vga',
      'none',
      '-display',
      'none',
    ].concat(['-monitor', 'none', '-serial', 'stdio', '-kernel', guest('malta')]),
  },
];

/** A guest's console on a pipe; every line is stamped as it comes. */
class Console {
  constructor({ name, command: [program, ...args] }) {
    this.name = name;
    this.text = '';
    this.lines = [];
    this.wake = () => {};
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = false;
    const end = () => {
      this.ended = true;
      this.wake();
    };
    this.child.on('error', end);
    this.child.on('exit', end);
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (data) => {
      const at = performance.now();
      const parts = (this.text + data.toString('latin1')).split('\n');
      this.text = parts.pop();
      for (const line of parts) this.lines.push({ at, line: line.trimEnd() });
      this.wake();
    });
  }

  async prompt() {
    const giveUp = Date.now() + 600_000;
    while (!this.text.endsWith(PROMPT)) {
      if (this.ended) throw new Problem(`${this.name} ended before it gave a prompt.`);
      if (Date.now() > giveUp) throw new Problem(`${this.name} gave no prompt for ten minutes.`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.wake = () => (clearTimeout(timer), resolve());
      });
    }
  }

  /** Runs a command; returns what it printed, with times in seconds from its being typed. */
  async command(line) {
    this.lines = [];
    this.text = '';
    const start = performance.now();
    // QEMU's UART takes 16 bytes at once.
    for (let i = 0; i < line.length + 1; i += 8) {
      this.child.stdin.write(`${line}\r`.slice(i, i + 8));
      if (i + 8 < line.length + 1) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.prompt();
    const printed = this.lines.map((l) => ({ at: (l.at - start) / 1000, line: l.line }));
    if (printed.some((l) => /BAD|panic/.test(l.line))) throw new Problem(`${this.name}: ${line} went wrong.`);
    return printed;
  }

  stop() {
    if (!this.ended) this.child.kill('SIGKILL');
  }
}

/** When each of the benchmark's programs had ended, in order, and the whole as `all`: since the command was typed. */
function marks(printed) {
  const result = {};
  for (const { at, line } of printed) {
    const [, program] = /^bench: (\w+) +0x[0-9a-f]+ ok/.exec(line) ?? [];
    if (program) result[program] = at;
    else if (line === 'bench: ok') result.all = at;
  }
  if (result.all === undefined) throw new Problem('The benchmark did not end in `bench: ok`.');
  return result;
}

/** What lies between one mark and the next; `all` stays the whole. */
function spans({ all, ...marked }) {
  let before = 0;
  const result = {};
  for (const [name, at] of Object.entries(marked)) {
    result[name] = at - before;
    before = at;
  }
  return { ...result, all };
}

/** Instructions of each program and of the whole, counted by the machine itself up to each program's line. */
async function count(modules, machine, bench) {
  const { createMachine, readBundledGuest, Script } = modules;
  const resources = path.join(ROOT, 'resources');
  const { machine: m } = createMachine({ machine }, (kind, big) => readBundledGuest(resources, kind, big));
  let line = '';
  let start = 0;
  const ended = [];
  const script = (turns) => {
    const before = new Script(m, turns, () => {});
    const take = m.onConsole;
    m.onConsole = (byte) => {
      take(byte);
      if (byte === 10) {
        ended.push({ at: m.clock.instructions() - start, line: line.trimEnd() });
        line = '';
      } else line += String.fromCharCode(byte);
    };
    const { ok, message } = before.run({ instructions: Infinity, ns: Infinity });
    if (!ok) throw new Problem(`Counting ${bench} on ${machine}: ${message}`);
  };
  const turns = [...WARM_UP, bench].map((command) => ({ expect: PROMPT, send: `${command}\r` }));
  script(turns);
  ended.length = 0;
  start = m.clock.instructions();
  script([{ expect: PROMPT, send: '' }]);
  return spans(marks(ended));
}

async function loadModules() {
  const server = await createServer({
    root: ROOT,
    configFile: false,
    server: { middlewareMode: true },
    optimizeDeps: { noDiscovery: true },
    logLevel: 'error',
  });
  try {
    const load = (file) => server.ssrLoadModule(`/emulator/${file}.ts`);
    return { ...(await load('create')), ...(await load('guests')), ...(await load('script')) };
  } finally {
    await server.close();
  }
}

function version(program) {
  const { stdout, status } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0] : null;
}

/** Rows of text, the first column to the left and the others to the right. */
function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const cell = (text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]));
  return rows.map((row) => row.map(cell).join('  ')).join('\n');
}

const geometricMean = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

/** Wall time of a whole boot is less noisy than a program's, and longer. */
const MOST_BOOTS = 2;

function bootTable({ instructions, seconds }) {
  const names = Object.keys(seconds);
  const [own, reference] = names;
  const head = ['Debian boot to the shell', 'M instr.', ...names.map((name) => `${name}, s`)];
  const row = ['', (instructions / 1e6).toFixed(0), ...names.map((name) => seconds[name].toFixed(1))];
  if (reference) {
    head.push('speed / QEMU');
    row.push((seconds[reference] / seconds[own]).toFixed(3));
  }
  return table([head, row]);
}

function options() {
  try {
    return parseArgs({
      options: { runs: { type: 'string', default: '3' }, quick: { type: 'boolean' }, json: { type: 'string' } },
    }).values;
  } catch (error) {
    throw new Problem(`${error.message.split(/\. |\n/)[0]}; the options are --runs N, --quick and --json FILE.`);
  }
}

async function main() {
  const values = options();
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Problem(`--runs ${values.runs}: must be a whole number from 1.`);
  const bench = values.quick ? 'bench quick' : 'bench';
  checkNode();
  await ensureNodeModules();
  await ensureBuilt();

  const qemu = version(QEMU);
  const systems = SYSTEMS.filter(({ command }) => command[0] !== QEMU || qemu);
  const modules = await loadModules();
  const instructions = {};
  await step('Counting instructions', async () => {
    for (const machine of ['malta', 'kvm']) instructions[machine] = await count(modules, machine, bench);
  });

  const running = systems.map((system) => ({ ...system, guest: new Console(system), best: {} }));
  process.once('exit', () => running.forEach(({ guest }) => guest.stop()));
  await step('Warming up', async () => {
    for (const { guest } of running) {
      await guest.prompt();
      for (const command of WARM_UP) await guest.command(command);
    }
  });
  for (let run = 1; run <= runs; run++) {
    await step(`Run ${run} of ${runs}`, async () => {
      for (const { guest, best } of running) {
        // The best of each mark, not of each span: a line that came late would shorten the next program's.
        const taken = marks(await guest.command(bench));
        for (const [name, at] of Object.entries(taken)) best[name] = Math.min(best[name] ?? Infinity, at);
      }
    });
  }
  for (const system of running) {
    system.guest.stop();
    system.seconds = spans(system.best);
  }

  // A program of the quick benchmark is over within a millisecond or two, too soon to tell.
  const programs = values.quick ? [] : Object.keys(instructions.malta).filter((name) => name !== 'all');
  const mips = ({ counted, seconds }, name) => instructions[counted][name] / seconds[name] / 1e6;
  const reference = running.find(({ command }) => command[0] === QEMU);
  const own = running.filter((system) => system !== reference);
  const head = ['guest MIPS', 'M instr.', ...running.map(({ name }) => name)];
  const ratios = (name) => (reference ? own.map((s) => mips(s, name) / mips(reference, name)) : []);
  if (reference) head.push(...own.map(({ name }) => `${name} / QEMU`));
  const row = (name) => [
    name,
    (instructions.malta[name] / 1e6).toFixed(1),
    ...running.map((system) => mips(system, name).toFixed(0)),
    ...ratios(name).map((ratio) => ratio.toFixed(3)),
  ];
  const mean = (of) => geometricMean(programs.map(of));
  const means = [
    'geometric mean',
    '',
    ...running.map((system) => mean((name) => mips(system, name)).toFixed(0)),
    ...ratios('all').map((_, i) => mean((name) => ratios(name)[i]).toFixed(3)),
  ];
  console.log(`\n${os.cpus()[0].model}, Node.js ${process.version}${qemu ? `, ${qemu}` : ''}; best of ${runs}\n`);
  console.log(table([head, ...programs.map(row), row('all'), ...(programs.length > 0 ? [means] : [])]));
  if (!qemu) console.log(`\nNo comparison: ${QEMU} is not installed (Debian: sudo apt-get install qemu-system-mips).`);

  const debian = values.quick ? null : debianGuest();
  let boot = null;
  if (debian) {
    await step('Booting Debian', async () => {
      boot = await bootBench(debian, qemu && QEMU, Math.min(runs, MOST_BOOTS));
    });
    console.log(`\n${bootTable(boot)}`);
  } else if (!values.quick) console.log('\nNo Debian boot: `npm run guests` fetches the guest.');

  if (values.json) {
    const result = {
      host: { cpu: os.cpus()[0].model, node: process.version, qemu },
      bench,
      runs,
      boot,
      instructions,
      seconds: Object.fromEntries(running.map(({ name, seconds }) => [name, seconds])),
      mips: Object.fromEntries(
        running.map((system) => [
          system.name,
          Object.fromEntries([...programs, 'all'].map((name) => [name, mips(system, name)])),
        ]),
      ),
    };
    writeFileSync(values.json, JSON.stringify(result, null, 2) + '\n');
  }
  process.exit(0);
}

endOnSignals();
main().catch(fail);
