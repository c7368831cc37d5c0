/**
 * `npm run bench:ui`: what the window costs the guest, and what it costs itself, in the real app. Options after `--`:
 *
 *   --part LIST      of speed, frames, memory (default: all; with --quick: speed, frames)
 *   --runs N         runs of each work on each system, in turns, of which the best counts (default 3; with --quick: 1)
 *   --minutes N      of the fork loop before memory is looked at (default 10)
 *   --quick          short runs: whether it works, not how fast it is
 *   --soak           a long use of the window instead; see `npm run soak:ui`
 *   --events N       of the soak: timeline events (default 1000000)
 *   --mb N           of the soak: megabytes printed by the guest (default 200)
 *   --json FILE      writes all of it
 *
 * Speed is in guest MIPS by the CPU time of the thread that emulates: what a busy host takes from it does not count
 * (Linux; elsewhere by the wall's). `by wall` has the window's own threads compete with it, as they do on few cores.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { electronRuntime } from './electron-runtime.mjs';
import { debianGuest } from './lib/bench-boot.mjs';
import { Problem, endOnSignals, fail, step, parseOptions } from './lib/run.mjs';
import { checkNode, ensureBuilt, ensureNodeModules } from './lib/setup.mjs';

const PARTS = ['speed', 'frames', 'memory'];
const OPTIONS = {
  part: { type: 'string' },
  runs: { type: 'string' },
  minutes: { type: 'string', default: '10' },
  quick: { type: 'boolean', default: false },
  soak: { type: 'boolean', default: false },
  events: { type: 'string', default: '1000000' },
  mb: { type: 'string', default: '200' },
  json: { type: 'string' },
};

function options() {
  const values = parseOptions(OPTIONS);
  const number = (name, value) => {
    if (!(Number(value) > 0)) throw new Problem(`--${name} ${value}: must be a number above 0.`);
    return Number(value);
  };
  const parts = values.part?.split(',') ?? (values.quick ? PARTS.slice(0, 2) : PARTS);
  for (const part of parts) {
    if (!PARTS.includes(part)) throw new Problem(`--part: the parts are ${PARTS.join(', ')}, not "${part}".`);
  }
  const { quick, soak, json } = values;
  const runs = number('runs', values.runs ?? (quick ? 1 : 3));
  const minutes = number('minutes', values.minutes);
  return {
    quick,
    soak,
    json,
    parts,
    runs,
    minutes,
    events: number('events', values.events),
    mb: number('mb', values.mb),
  };
}

async function bench(app, values, electron) {
  const { parts, minutes } = values;
  const debian = debianGuest();
  const result = {};
  const part = async (title, name, work) => {
    await step(title, async () => (result[name] = await work()));
    console.log(`\n${result[name].text}\n`);
  };
  if (parts.includes('speed')) await part('Guest speed', 'speed', () => speed(app, { ...values, electron }));
  if (parts.includes('frames') || (parts.includes('memory') && debian)) {
    await part('Frames', 'frames', () => frames(app, debian, values));
  }
  if (parts.includes('memory') && debian) {
    await part(`Forks for ${minutes} min`, 'memory', () => forkLoop(app, minutes));
  }
  if (!debian && parts.some((name) => name !== 'speed')) {
    console.log("Nothing with Debian's kernel: `npm run guests` fetches it.");
  }
  return result;
}

checkNode();
await ensureNodeModules();
const { App, ensureDisplay } = await import('./lib/ui-app.mjs');
const { speed } = await import('./lib/ui-speed.mjs');
const { forkLoop, frames } = await import('./lib/ui-frames.mjs');
const { soak } = await import('./lib/ui-soak.mjs');

async function main() {
  const values = options();
  ensureDisplay();
  await ensureBuilt();
  const runtime = await electronRuntime();
  const [load] = os.loadavg();
  console.log(`${os.cpus().length} × ${os.cpus()[0].model}, load ${load.toFixed(1)}, Electron ${runtime.version}`);
  const app = await App.start(runtime);
  const result = values.soak ? await soak(app, values) : await bench(app, values, runtime.executable);
  await app.stop();
  if (values.json) writeFileSync(values.json, JSON.stringify(result, null, 2) + '\n');
  process.exit(0);
}

endOnSignals();
main().catch(fail);
