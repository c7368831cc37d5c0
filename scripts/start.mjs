/**
 * `npm start`: sets up what is missing, builds what has changed, opens the app. Without a display it runs the bundled
 * guest in this terminal. Arguments after `--` go to the app.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { electronRuntime } from './electron-runtime.mjs';
import { ROOT, endOnSignals, fail, isLinux, isRoot } from './lib/run.mjs';
import { APP_PACKAGES, checkNode, ensureBuilt, ensureNodeModules, ensurePackages, hasDisplay } from './lib/setup.mjs';

/** Chromium's own log, which tells a user of Kseg nothing; ELECTRON_ENABLE_LOGGING=1 shows it. */
const NOISE = /^\[\d+:\d{4}\/\d{6}\.\d+:(?:INFO|WARNING|ERROR|VERBOSE\d*):/;

/** Hands this terminal to a program and ends as it ends. Ctrl-C is the program's to handle. */
function become(command, args, { quiet = false } = {}) {
  const filtered = quiet && !process.env.ELECTRON_ENABLE_LOGGING;
  const stdio = ['inherit', 'inherit', filtered ? 'pipe' : 'inherit'];
  const child = spawn(command, args, { cwd: ROOT, stdio });
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!NOISE.test(line)) console.error(line);
    });
  }
  process.removeAllListeners('SIGINT');
  process.removeAllListeners('SIGTERM');
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('error', fail);
  child.once('close', (code, signal) => process.exit(signal ? (signal === 'SIGINT' ? 130 : 143) : code));
}

/** Chromium's sandbox needs user namespaces or a setuid helper, and refuses to run as root. */
function sandboxFlags(dist) {
  if (!isLinux) return [];
  if (isRoot) return ['--no-sandbox'];
  const helper = path.join(dist, 'chrome-sandbox');
  if (existsSync(helper) && statSync(helper).uid === 0 && statSync(helper).mode & 0o4000) return [];
  if (spawnSync('unshare', ['--user', 'true'], { stdio: 'ignore' }).status === 0) return [];
  console.log("This system grants no user namespaces, so Chromium's sandbox is off.");
  return ['--no-sandbox'];
}

async function main() {
  const args = process.argv.slice(2);
  checkNode();
  const display = hasDisplay();
  if (display) await ensurePackages(APP_PACKAGES, 'The app');
  await ensureNodeModules();
  if (!display) {
    await ensureBuilt();
    console.log('No display here, so the bundled guest runs in this terminal.');
    become(process.execPath, [path.join(ROOT, 'dist/emulator/cli.js'), 'run', ...args]);
    return;
  }
  const { dist, executable } = await electronRuntime();
  await ensureBuilt();
  become(executable, [...sandboxFlags(dist), ROOT, ...args], { quiet: true });
}

endOnSignals();
main().catch(fail);
