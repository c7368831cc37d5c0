/** The benchmark's arithmetic and its tables: all that needs no guest. */
import { Problem } from './run.mjs';

/** Groups of programs, in the order they run. */
export const GROUPS = {
  lab: "the Lab kernel's benchmark",
  a: 'integer programs on the bare board',
  b: 'floating-point programs on the bare board',
  c: "work for Debian's kernel",
  c64: "work for Debian's kernel on cores with 64 TLB entries",
  d: "the boot of Debian's kernel",
};
/** Only when asked for: what `c` has shown before, on another core. */
const EXTRA = ['c64'];
/** Those that need no fetched guest and are over soon. */
const QUICK = ['lab', 'a', 'b'];

/**
 * @param {{ group?: string, program?: string, quick?: boolean }} values of the command line
 * @returns {string[]} names of {@link GROUPS}
 * @throws Problem naming a group there is not
 */
export function chosenGroups({ group, program, quick }) {
  const all = Object.keys(GROUPS);
  if (group === undefined) {
    // Programs are chosen by name among those that have one of their own.
    const usual = quick ? QUICK : all.filter((name) => !EXTRA.includes(name));
    return program === undefined ? usual : usual.filter((name) => 'abc'.includes(name));
  }
  const wanted = group.split(',');
  for (const name of wanted) {
    if (!all.includes(name)) throw new Problem(`--group ${group}: the groups are ${all.join(', ')}, not "${name}".`);
  }
  return all.filter((name) => wanted.includes(name));
}

export const geometricMean = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

/** Rows of text, the first column to the left and the others to the right. */
export function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const cell = (text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]));
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

/** The guest's `list`: names by group. */
export function parsePrograms(lines) {
  const found = [];
  for (const { line } of lines) {
    const [, group, name] = /^program (\w) (\w+)$/.exec(line) ?? [];
    if (group) found.push({ group, name });
  }
  return found;
}

/**
 * One run of a program, out of the console's lines.
 * @param {{ at: number, cpu?: number | null, line: string }[]} lines with the wall and CPU seconds of their coming
 * @returns {{ seconds: number, cpuSeconds: number | null, checksum: string }}
 * @throws Problem when the program did not start and end
 */
export function parseRun(lines, name) {
  const start = lines.find(({ line }) => line === `start ${name}`);
  const done = lines.find(({ line }) => line.startsWith(`done ${name} `));
  if (!start || !done) {
    const last = lines.map(({ line }) => line).filter(Boolean);
    throw new Problem(`${name} did not run to its end: ${JSON.stringify(last.at(-1) ?? 'nothing was printed')}.`);
  }
  return {
    seconds: done.at - start.at,
    cpuSeconds: start.cpu == null || done.cpu == null ? null : done.cpu - start.cpu,
    checksum: done.line.slice(`done ${name} `.length),
  };
}

/** A try of so many seconds tells how long a pass takes; of a shorter one, its first passes are too much. */
const TELLING = 0.1;
/** A run may be so much shorter than wished. */
const NEAR = 0.8;
const MOST_PASSES = 100_000_000;

/**
 * How many passes to try next, after `passes` took `seconds`, for a run of `target` seconds; the same number again when
 * that is near enough, or more.
 * @throws Problem when any number of passes takes no time
 */
export function nextPasses(target, passes, seconds) {
  if (seconds >= NEAR * target) return passes;
  if (passes >= MOST_PASSES) throw new Problem(`${passes} passes took no more than ${seconds} s.`);
  if (seconds < Math.min(TELLING, target / 2)) {
    const factor = seconds > 0 ? Math.min(10, Math.max(2, TELLING / seconds)) : 10;
    return Math.min(MOST_PASSES, Math.ceil(passes * factor));
  }
  const wanted = (passes * target) / seconds;
  // Two digits, rounded up, are as good and easier to read.
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(wanted)) - 1);
  return Math.min(MOST_PASSES, Math.ceil(wanted / unit) * unit);
}

/**
 * Instructions between each program's `start` and `done`.
 * @param {{ expect: string, instructions: number }[]} marks of `kseg run --stats`
 * @returns {Record<string, number>} by program
 */
export function instructionsOf(marks) {
  const started = {};
  const counted = {};
  for (const { expect, instructions } of marks) {
    const [, what, name] = /^(start|done) (\w+)/.exec(expect) ?? [];
    if (what === 'start') started[name] = instructions;
    else if (what === 'done') counted[name] = instructions - started[name];
  }
  return counted;
}

/**
 * A group's table: guest MIPS of every system, and how many times as fast as the reference ours is.
 * @param {{ title: string, systems: string[], reference: string | null,
 *   results: { name: string, passes: number, instructions: number, seconds: Record<string, number>, first?: number }[] }}
 *   group `first`: seconds of our first run, where that is told
 */
export function groupTable({ title, systems, reference, results }) {
  const own = systems.filter((name) => name !== reference);
  const mips = (result, system) => result.instructions / result.seconds[system] / 1e6;
  const firsts = results.every(({ first }) => first !== undefined);
  const ratios = ({ seconds, first }) => {
    if (!reference) return [];
    const taken = [...own.map((system) => seconds[system]), ...(firsts ? [first] : [])];
    return taken.map((each) => seconds[reference] / each);
  };
  const head = [title, 'M instr.', ...systems.map((name) => `${name}, MIPS`)];
  if (reference) head.push(...own.map((name) => `${name} / QEMU`), ...(firsts ? ['first run'] : []));
  const row = (result) => [
    result.name,
    (result.instructions / 1e6).toFixed(0),
    ...systems.map((system) => mips(result, system).toFixed(0)),
    ...ratios(result).map((ratio) => ratio.toFixed(3)),
  ];
  const mean = (of) => geometricMean(results.map(of));
  const means = [
    'geometric mean',
    '',
    ...systems.map((system) => mean((result) => mips(result, system)).toFixed(0)),
    ...ratios(results[0]).map((_, i) => mean((result) => ratios(result)[i]).toFixed(3)),
  ];
  return table([head, ...results.map(row), ...(results.length > 1 ? [means] : [])]);
}
