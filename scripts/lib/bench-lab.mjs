/** The Lab kernel's benchmark, at its shell prompt, on both of Kseg's machines and on QEMU. */
import path from 'node:path';
import { createServer } from 'vite';
import { Console } from './bench-console.mjs';
import { geometricMean, table } from './bench-report.mjs';
import { ksegCommand, qemuCommand } from './bench-systems.mjs';
import { Problem, ROOT, step } from './run.mjs';

const PROMPT = 'lab$ ';
const MEMORY = 128;
const guest = (machine) => path.join(ROOT, `resources/guests/lab/lab-${machine}-el.elf`);

/**
 * QEMU's soft TLB grows only when it is flushed, which it is at a change of the guest's ASID, and then by a factor of
 * two: without some of both before it, a program runs up to ten times slower than it can.
 */
const WARM_UP = ['pingpong 200', 'bench quick', 'bench quick', 'bench quick'];

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
    server: { middlewareMode: true, ws: false },
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

/** Types a benchmark's command; what it printed must be good. */
async function run(console, line) {
  const printed = await console.command(line);
  if (printed.some((l) => /BAD|panic/.test(l.line))) throw new Problem(`${console.name}: ${line} went wrong.`);
  return printed;
}

/**
 * @param {{ quick: boolean, engine: string[], qemu: boolean, runs: number }} options
 * @returns `instructions` by machine and program, `seconds` and `mips` by system and program, and the `text` to print
 */
export async function labBench({ quick, engine, qemu, runs }) {
  const bench = quick ? 'bench quick' : 'bench';
  const kseg = (machine) => ksegCommand([guest(machine), '--machine', machine, ...engine]);
  // `counted` is the machine whose instructions a system executes.
  const systems = [
    { name: 'Kseg malta', counted: 'malta', command: kseg('malta') },
    { name: 'Kseg kvm', counted: 'kvm', command: kseg('kvm') },
  ];
  const files = ['-kernel', guest('malta')];
  if (qemu) systems.push({ name: 'QEMU malta', counted: 'malta', command: qemuCommand(false, MEMORY, files) });
  const modules = await loadModules();
  const instructions = {};
  await step('Counting instructions', async () => {
    for (const machine of ['malta', 'kvm']) instructions[machine] = await count(modules, machine, bench);
  });

  const running = systems.map((system) => ({
    ...system,
    guest: new Console({ ...system, prompt: PROMPT }),
    best: {},
  }));
  try {
    await step('Warming up', async () => {
      for (const { guest } of running) {
        await guest.prompt();
        for (const command of WARM_UP) await run(guest, command);
      }
    });
    for (let turn = 1; turn <= runs; turn++) {
      await step(`Run ${turn} of ${runs}`, async () => {
        for (const { guest, best } of running) {
          // The best of each mark, not of each span: a line that came late would shorten the next program's.
          const taken = marks(await run(guest, bench));
          for (const [name, at] of Object.entries(taken)) best[name] = Math.min(best[name] ?? Infinity, at);
        }
      });
    }
  } finally {
    for (const { guest } of running) guest.stop();
  }
  for (const system of running) system.seconds = spans(system.best);

  // A program of the quick benchmark is over within a millisecond or two, too soon to tell.
  const programs = quick ? [] : Object.keys(instructions.malta).filter((name) => name !== 'all');
  const mips = ({ counted, seconds }, name) => instructions[counted][name] / seconds[name] / 1e6;
  return {
    bench,
    instructions,
    seconds: Object.fromEntries(running.map(({ name, seconds }) => [name, seconds])),
    mips: Object.fromEntries(
      running.map((system) => [
        system.name,
        Object.fromEntries([...programs, 'all'].map((name) => [name, mips(system, name)])),
      ]),
    ),
    text: labTable({ running, programs, mips, instructions, qemu }),
  };
}

function labTable({ running, programs, mips, instructions, qemu }) {
  const reference = qemu ? running.at(-1) : null;
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
  return table([head, ...programs.map(row), row('all'), ...(programs.length > 0 ? [means] : [])]);
}
