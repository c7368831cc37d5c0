/** Programs that a guest runs at its prompt between a `start` and a `done` line, on Kseg and on QEMU in turns. */
import { nextPasses, instructionsOf, parseRun } from './bench-report.mjs';
import { scriptedStats } from './bench-systems.mjs';
import { Problem, step } from './run.mjs';

async function once(console, { name, command }, passes) {
  return parseRun(await console.command(command(passes)), name);
}

/** Passes for a run of `target` seconds; the tries warm the guest up. */
async function calibrate(console, program, target) {
  const seconds = async (passes) => (await once(console, program, passes)).seconds;
  for (let passes = 1; ;) {
    let next = nextPasses(target, passes, await seconds(passes));
    // A first run may have been long for translation's sake, or another's.
    if (next === passes) next = nextPasses(target, passes, await seconds(passes));
    if (next === passes) return passes;
    passes = next;
  }
}

/** The better of two runs, wall and CPU time each for itself. */
const better = (a, b) => ({
  seconds: Math.min(a.seconds, b.seconds),
  cpuSeconds: a.cpuSeconds === null || b.cpuSeconds === null ? null : Math.min(a.cpuSeconds, b.cpuSeconds),
});

/**
 * Has Kseg run a program for at least `warm` seconds: it translates, and V8 optimizes what it has translated.
 * @returns the first run
 */
async function warmUp(console, program, passes, warm) {
  const first = await once(console, program, passes);
  for (let sum = first.seconds; sum < warm;) sum += (await once(console, program, passes)).seconds;
  return first;
}

/**
 * One program on every system, `runs` times in turns. How long a run is, QEMU decides where it is there.
 * @param {import('./bench-console.mjs').Console[]} consoles Kseg's first
 * @param {{ name: string, command: (passes: number) => string }} program
 * @param {{ runs: number, target: number, warm?: number }} options `target` in seconds; see {@link warmUp} for `warm`,
 *   without which Kseg runs half of it before
 * @throws Problem when two runs end in different checksums
 */
async function compare(consoles, program, { runs, target, warm }) {
  const passes = await calibrate(consoles.at(-1), program, target);
  const first = warm === undefined ? undefined : await warmUp(consoles[0], program, passes, warm);
  // Kseg, too, translates at first.
  if (warm === undefined && consoles.length > 1) await once(consoles[0], program, Math.ceil(passes / 2));
  const best = {};
  let checksum;
  for (let run = 0; run < runs; run++) {
    for (const console of consoles) {
      const taken = await once(console, program, passes);
      checksum ??= taken.checksum;
      if (taken.checksum !== checksum) {
        throw new Problem(`${program.name}: ${console.name} gives ${taken.checksum}, not ${checksum} as before.`);
      }
      best[console.name] = best[console.name] ? better(best[console.name], taken) : taken;
    }
  }
  const of = (what) => Object.fromEntries(consoles.map(({ name }) => [name, best[name][what]]));
  return { name: program.name, passes, checksum, first, seconds: of('seconds'), cpuSeconds: of('cpuSeconds') };
}

/** Instructions of each program, counted by Kseg in one scripted run. @param {string[]} kseg arguments of `kseg run` */
async function count(kseg, prompt, programs, results) {
  const turns = results.flatMap(({ name, passes }) => {
    const { command } = programs.find((program) => program.name === name);
    const start = ['--expect', prompt, '--send', `${command(passes)}\\r`, '--expect', `start ${name}\\r\\n`];
    return [...start, '--expect', `done ${name} `];
  });
  const { marks } = await scriptedStats([...kseg, ...turns]);
  return instructionsOf(marks);
}

/**
 * @param {string[]} kseg arguments of `kseg run`, for counting
 * @returns what {@link compare} does of each program, and its `instructions`
 */
export async function comparePrograms(consoles, kseg, programs, options) {
  const results = [];
  for (const program of programs) {
    await step(program.name, async () => results.push(await compare(consoles, program, options)));
  }
  let counted;
  await step('Counting instructions', async () => {
    counted = await count(kseg, consoles[0].promptText, programs, results);
  });
  return results.map((result) => ({ ...result, instructions: counted[result.name] }));
}
