/** The same guest and work headless and in the app, in turns: what the window and its panels cost the guest. */
import path from 'node:path';
import { Console } from './bench-console.mjs';
import { scriptedStats } from './bench-systems.mjs';
import { table } from './bench-report.mjs';
import { ROOT } from './run.mjs';
import { threadSeconds, used } from './threads.mjs';

const PROMPT = 'lab$ ';
const MACHINE = ['--machine', 'kvm'];
const CLI = path.join(ROOT, 'scripts/kseg.mjs');
/** Until the programs below are translated, and the caches warm. */
const WARM_UP = ['pingpong 20000', 'bench quick', 'bench quick', 'bench'];
const AS_NODE = { ELECTRON_RUN_AS_NODE: '1' };
const REFERENCE = 'headless, Electron';

/** By name: what computes, and what does nothing but switch address spaces, exit and flush. */
const work = (quick) => ({
  bench: quick ? ['bench'] : Array(8).fill('bench'),
  pingpong: [`pingpong ${quick ? 10_000 : 500_000}`],
});

/** `kseg run` at a prompt, in Node.js or in Electron as Node. */
class Headless {
  constructor(name, program, env, flags = []) {
    this.name = name;
    this.guest = new Console({ name, command: [program, ...flags, CLI, 'run', ...MACHINE], prompt: PROMPT, env });
  }
  async prepare() {
    await this.guest.prompt();
    for (const line of WARM_UP) await this.guest.command(line);
  }
  async timed(lines, instructions) {
    const before = threadSeconds(this.guest.child.pid);
    const start = performance.now();
    for (const line of lines) await this.guest.command(line);
    const seconds = (performance.now() - start) / 1000;
    return { instructions, seconds, cpu: used(before, threadSeconds(this.guest.child.pid)).busiest };
  }
  stop() {
    this.guest.stop();
  }
}

/** Exact instructions of each work, from the machine's own clock. */
async function count(lines) {
  const typed = [...WARM_UP, ...lines].flatMap((line) => ['--send', `${line}\\r`, '--expect', PROMPT]);
  const { marks } = await scriptedStats([...MACHINE, '--expect', PROMPT, ...typed]);
  return marks.at(-1).instructions - marks.at(-1 - lines.length).instructions;
}

/**
 * @param {import('./ui-app.mjs').App} app
 * @param {{ electron: string, quick: boolean, runs: number }} options `electron`: its executable
 * @returns MIPS by work and system, best of `runs`: `cpu` by CPU time of the thread that emulates, `wall`; and `text`
 */
export async function speed(app, { electron, quick, runs }) {
  const works = work(quick);
  const counted = {};
  for (const [name, lines] of Object.entries(works)) counted[name] = await count(lines);
  const headless = [
    new Headless(REFERENCE, electron, AS_NODE),
    new Headless('the same, bounds checked', electron, AS_NODE, ['--wasm-enforce-bounds-checks']),
    new Headless('headless, Node.js', process.execPath),
  ];
  const inApp = (name, show) => ({
    name,
    timed: async (lines) => {
      await show();
      return app.timed(lines, PROMPT);
    },
  });
  const record = (on) => app.page.evaluate((wanted) => window.kseg.recordTimeline(wanted), on);
  const layout =
    (name, recorded = true) =>
    async () => {
      await app.show(true);
      await app.layout(name);
      await record(recorded);
    };
  const systems = [
    ...headless,
    inApp('window hidden', async () => {
      await record(true);
      await app.show(false);
    }),
    inApp('MMU layout', layout('mmu')),
    inApp('Debug layout', layout('debug')),
    inApp('MMU layout, not recorded', layout('mmu', false)),
    inApp('Debug layout, not recorded', layout('debug', false)),
  ];
  const mips = Object.fromEntries(Object.keys(works).map((name) => [name, {}]));
  try {
    for (const each of headless) await each.prepare();
    await app.boot({ machine: 'kvm' });
    await app.printed(PROMPT);
    await app.commands(WARM_UP, PROMPT);
    for (let run = 0; run < runs; run++) {
      for (const system of systems) {
        for (const [name, lines] of Object.entries(works)) {
          const { instructions, seconds, cpu } = await system.timed(lines, counted[name]);
          const best = (mips[name][system.name] ??= { cpu: null, wall: 0 });
          best.wall = Math.max(best.wall, instructions / seconds / 1e6);
          if (cpu) best.cpu = Math.max(best.cpu ?? 0, instructions / cpu / 1e6);
        }
      }
    }
  } finally {
    for (const each of headless) each.stop();
    await app.show(true);
    await app.layout('mmu');
    await record(true);
  }
  return { mips, text: speedTable(mips, systems) };
}

function speedTable(mips, systems) {
  const works = Object.keys(mips);
  const columns = works.flatMap((work) => [`${work}, MIPS`, 'of headless', 'by wall']);
  const rows = systems.map(({ name }) => [
    name,
    ...works.flatMap((work) => {
      const { cpu, wall } = mips[work][name];
      const reference = mips[work][REFERENCE];
      const own = cpu ?? wall;
      return [own.toFixed(0), (own / (reference.cpu ?? reference.wall)).toFixed(3), (wall / reference.wall).toFixed(3)];
    }),
  ]);
  return table([['guest speed by CPU time', ...columns], ...rows]);
}
