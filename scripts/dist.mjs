/**
 * `npm run dist`: the app as it is given away, into release/: the unpacked app and a Debian package. With `--dir` the
 * unpacked app only, which is the very one that the tests drive and the package holds.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { electronRuntime } from './electron-runtime.mjs';
import { Problem, ROOT, endOnSignals, fail, isLinux, mustRun, run, step } from './lib/run.mjs';
import { checkNode, ensureBuilt, ensureNodeModules } from './lib/setup.mjs';

const RELEASE = path.join(ROOT, 'release');
const UNPACKED = path.join(RELEASE, 'linux-unpacked');

async function builder(args, { dist, version }, env = {}) {
  const script = path.join(ROOT, 'node_modules/electron-builder/cli.js');
  const runtime = [`-c.electronDist=${dist}`, `-c.electronVersion=${version}`];
  await mustRun(process.execPath, [script, '--linux', ...args, ...runtime], { env, timeoutMs: 15 * 60_000 });
}

/** Where electron-builder's own fpm cannot be had, ours: it is asked for only when there is no network to get theirs. */
async function fpm() {
  if (process.env.CUSTOM_FPM_PATH || process.env.USE_SYSTEM_FPM) return {};
  if ((await run('fpm', ['--version'])).code === 0) return { USE_SYSTEM_FPM: 'true' };
  return { CUSTOM_FPM_PATH: path.join(ROOT, 'scripts/fpm-deb.mjs') };
}

async function main() {
  const dirOnly = process.argv.includes('--dir');
  if (!isLinux) throw new Problem('`npm run dist` packages for Linux, on Linux.');
  checkNode();
  await ensureNodeModules();
  const runtime = await electronRuntime();
  await ensureBuilt();

  rmSync(UNPACKED, { recursive: true, force: true });
  await step('Making the unpacked app', () => builder(['dir'], runtime));
  if (!dirOnly) {
    const environment = await fpm();
    await step('Making the Debian package', () => builder(['deb', '--prepackaged', UNPACKED], runtime, environment));
  }
  for (const name of existsSync(RELEASE) ? readdirSync(RELEASE) : []) {
    if (name.endsWith('.deb'))
      console.log(`release/${name}: ${Math.round(statSync(path.join(RELEASE, name)).size / 1e6)} MB`);
  }
  console.log(`release/linux-unpacked: run ./release/linux-unpacked/kseg`);
}

endOnSignals();
main().catch(fail);
