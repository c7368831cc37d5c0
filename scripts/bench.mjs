/**
 * `npm run bench`: Kseg's speed beside that of QEMU, where it is installed. Options after `--`:
 *
 *   --group LIST     of lab, a, b, c, c64, d; see GROUPS in lib/bench-report.mjs (default: all but c64; with --quick:
 *                    lab,a,b)
 *   --program LIST   only these programs of groups a, b and c
 *   --runs N         runs of each program on each system, in turns, of which the best counts (default 3; with --quick: 1)
 *   --quick          short runs: whether it works, not how fast it is
 *   --engine NAME    interpreter or jit (default: Kseg's own choice)
 *   --cpu-time       by the processes' CPU time and not by the wall's, for a busy host (groups a, b and c; Linux)
 *   --drop-replaced  groups c and c64: what TLBWR replaces goes at once, as on hardware; QEMU keeps it, and so does
 *                    Kseg (--keep-replaced) without this option
 *   --be             groups a and b in big-endian order
 *   --json FILE      writes all of it
 *
 * Guest MIPS are guest instructions by time: the instructions are exact, counted by a run on Kseg's own clock, and the
 * same for QEMU, which runs the same file. Ratios are of times.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { bareBench } from './lib/bench-bare.mjs';
import { bootBench, debianGuest } from './lib/bench-boot.mjs';
import { labBench } from './lib/bench-lab.mjs';
import { linuxBench } from './lib/bench-linux.mjs';
import { GROUPS, chosenGroups, geometricMean, groupTable, table } from './lib/bench-report.mjs';
import { engineArguments, qemuProgram, version } from './lib/bench-systems.mjs';
import { Problem, endOnSignals, fail, isLinux, step, parseOptions } from './lib/run.mjs';
import { checkNode, ensureBuilt, ensureNodeModules } from './lib/setup.mjs';

/** Seconds of a run, where markers that come a millisecond late are noise; and of one that is to be quick. */
const TARGET = 1.3;
const QUICK_TARGET = 0.05;
/** Wall time of a whole boot is less noisy than a program's, and longer. */
const MOST_BOOTS = 2;

function bootTable({ instructions, seconds }) {
  const names = Object.keys(seconds);
  const reference = names.find((name) => name.startsWith('QEMU'));
  const head = ['Debian boot to the shell', 'M instr.', 'seconds'];
  if (reference) head.push('speed / QEMU');
  const rows = names.map((name) => {
    const row = [name, (instructions / 1e6).toFixed(0), seconds[name].toFixed(1)];
    return reference ? [...row, (seconds[reference] / seconds[name]).toFixed(3)] : row;
  });
  return table([head, ...rows]);
}

const OPTIONS = {
  runs: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'string' },
  group: { type: 'string' },
  program: { type: 'string' },
  engine: { type: 'string' },
  'cpu-time': { type: 'boolean', default: false },
  'drop-replaced': { type: 'boolean', default: false },
  be: { type: 'boolean', default: false },
};

function options() {
  const values = parseOptions(OPTIONS);
  const runs = Number(values.runs ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(runs) || runs < 1) throw new Problem(`--runs ${values.runs}: must be a whole number from 1.`);
  if (values['cpu-time'] && !isLinux) throw new Problem('--cpu-time: only Linux tells the time of a running process.');
  return { ...values, runs, groups: chosenGroups(values) };
}

/** What is printed and written of one of the groups a, b and c. */
function summary(group, results, { qemu, 'cpu-time': cpuTime }) {
  const reference = qemu ? 'QEMU' : null;
  const systems = ['Kseg', ...(reference ? [reference] : [])];
  const time = cpuTime ? 'cpuSeconds' : 'seconds';
  const timed = results.map((result) => ({ ...result, seconds: result[time], first: result.first?.[time] }));
  const title = `(${group}) ${GROUPS[group]}`;
  console.log(`\n${groupTable({ title, systems, reference, results: timed })}`);
  const ratios = timed.map(({ seconds }) => (reference ? seconds[reference] / seconds.Kseg : null));
  return {
    title: GROUPS[group],
    programs: Object.fromEntries(results.map((result, i) => [result.name, { ...result, ratio: ratios[i] }])),
    geometricMean: reference ? geometricMean(ratios) : null,
  };
}

async function main() {
  const values = options();
  const { groups, quick, runs, json } = values;
  checkNode();
  await ensureNodeModules();
  await ensureBuilt();
  const qemu = version(qemuProgram(values.be));
  const engine = engineArguments(values.engine);
  const common = { engine, qemu: qemu !== null, runs };

  const chosen = values.program?.split(',');
  const met = new Set();
  const wanted = (name) => !chosen || (chosen.includes(name) && met.add(name));
  const timing = { ...common, wanted, target: quick ? QUICK_TARGET : TARGET };

  console.log(`${os.cpus()[0].model}, Node.js ${process.version}${qemu ? `, ${qemu}` : ''}; best of ${runs}`);
  if (!qemu) console.log('No comparison: QEMU is not installed (Debian: sudo apt-get install qemu-system-mips).');
  const result = {
    host: { cpu: os.cpus()[0].model, node: process.version, qemu },
    runs,
    engine: values.engine ?? null,
    boot: null,
    groups: {},
  };

  if (groups.includes('lab')) {
    const { text, ...lab } = await labBench({ ...common, quick });
    console.log(`\n${text}`);
    Object.assign(result, lab);
  }
  const bare = groups.filter((group) => group === 'a' || group === 'b');
  if (bare.length > 0) {
    const results = await bareBench({ ...timing, groups: bare, bigEndian: values.be });
    for (const [group, of] of Object.entries(results)) {
      if (of.length > 0) result.groups[group] = summary(group, of, { ...values, qemu });
    }
  }
  const linux = groups.filter((group) => group === 'c' || group === 'c64');
  const debian = linux.length > 0 || groups.includes('d') ? debianGuest() : null;
  for (const core of debian ? linux : []) {
    const results = await linuxBench(debian, { ...timing, quick, core, keep: !values['drop-replaced'] });
    if (results.length > 0) result.groups[core] = summary(core, results, { ...values, qemu });
  }
  if (debian && groups.includes('d')) {
    await step('Booting Debian', async () => {
      result.boot = await bootBench(debian, common, Math.min(runs, MOST_BOOTS));
    });
    console.log(`\n${bootTable(result.boot)}`);
  }
  if (!debian && (linux.length > 0 || groups.includes('d'))) {
    console.log("\nNothing with Debian's kernel: `npm run guests` fetches it.");
  }
  const missed = chosen?.filter((name) => !met.has(name)) ?? [];
  if (missed.length > 0) throw new Problem(`--program: there is no ${missed.join(', ')} in ${groups.join(', ')}.`);
  if (json) writeFileSync(json, JSON.stringify(result, null, 2) + '\n');
  process.exit(0);
}

endOnSignals();
main().catch(fail);
