/**
 * What every script here needs: the repository's root, child processes whose output stays out of the way unless they
 * fail, and progress lines. Plain Node, no dependencies: these run before `npm ci` has.
 */
import { parseArgs } from 'node:util';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const isRoot = process.getuid?.() === 0;
export const isLinux = process.platform === 'linux';

/** An error whose message is a sentence for the user: shown without a stack. */
export class Problem extends Error {}

/** @param {number} since as Date.now() gave it */
export function elapsed(since) {
  const seconds = (Date.now() - since) / 1000;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

/**
 * One long step: a line when it starts, one every 15 s while it lasts, and one when it is done.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const since = Date.now();
  console.log(`${title} ...`);
  const beat = setInterval(() => console.log(`  still at it after ${elapsed(since)}`), 15_000);
  try {
    const result = await work();
    console.log(`  done in ${elapsed(since)}`);
    return result;
  } finally {
    clearInterval(beat);
  }
}

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, timeoutMs?: number, inherit?: boolean,
 *   shell?: boolean, onOutput?: (text: string) => void }} [options] `inherit` hands it this terminal; otherwise its
 *   output is collected, and `onOutput` gets whole lines as they come.
 * @returns {Promise<{ code: number, output: string }>} A program that a signal or the time-out ended, or that could
 *   not be started, has code 1 or above and says so in its output.
 */
export function run(command, args, options = {}) {
  const { cwd = ROOT, env, timeoutMs, inherit = false, shell = false, onOutput } = options;
  return new Promise((resolve) => {
    const own = timeoutMs !== undefined && process.platform !== 'win32';
    const child = spawn(command, args, {
      cwd,
      // Collected output may end in a file or a log: no colours.
      env: { ...process.env, ...(inherit ? {} : { NO_COLOR: '1' }), ...env },
      stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a time-out ends the program's children too.
      detached: own,
      shell,
    });
    let output = '';
    let told = 0;
    const take = (chunk) => {
      output += chunk;
      const end = output.lastIndexOf('\n') + 1;
      if (end > told) onOutput?.(output.slice(told, end));
      told = Math.max(told, end);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const kill = (signal) => {
      try {
        if (own) process.kill(-child.pid, signal);
        else child.kill(signal);
      } catch {
        // It has ended meanwhile.
      }
    };
    const timer = timeoutMs
      ? setTimeout(() => {
          output += `\n${path.basename(command)} did not end within ${Math.round(timeoutMs / 1000)} s and was stopped.\n`;
          kill('SIGKILL');
        }, timeoutMs)
      : undefined;
    const interrupted = () => kill('SIGTERM');
    if (own) process.once('exit', interrupted);
    const finish = (code) => {
      clearTimeout(timer);
      process.removeListener('exit', interrupted);
      resolve({ code, output });
    };
    child.once('error', (error) => {
      output += `${error.message}\n`;
      finish(127);
    });
    child.once('close', (code, signal) => {
      if (signal) output += `\n${path.basename(command)} was ended by ${signal}.\n`;
      finish(code ?? 1);
    });
  });
}

/** Like {@link run}, but a failure throws a Problem that carries the program's output. */
export async function mustRun(command, args, options = {}) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) {
    const text = output.trim();
    throw new Problem(
      `\`${[path.basename(command), ...args].join(' ')}\` failed (${code})${text ? `:\n${text}` : '.'}`,
    );
  }
  return output;
}

/** Runs npm with this very Node, wherever npm was found. */
export function npm(args, options = {}) {
  const script = process.env.npm_execpath;
  if (script && /npm-cli\.[cm]?js$/.test(script) && existsSync(script)) {
    return mustRun(process.execPath, [script, ...args], options);
  }
  const windows = process.platform === 'win32';
  return mustRun(windows ? 'npm.cmd' : 'npm', args, { ...options, shell: windows });
}

/** Ends the process after a failure: one sentence for a {@link Problem}, the stack for everything else. */
export function fail(error) {
  console.error(error instanceof Problem ? error.message : (error?.stack ?? error));
  process.exit(1);
}

// Ctrl-C ends the script and, through `exit`, what it has started; the shell sees the usual 130.
export function endOnSignals() {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

/**
 * The command line's options.
 * @param {import('node:util').ParseArgsConfig['options']} options
 * @throws Problem naming an option there is not, and those there are
 */
export function parseOptions(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const names = Object.keys(options).map((name) => `--${name}`);
    throw new Problem(`${error.message.split(/\. |\n/)[0]}; the options are ${names.join(', ')}.`);
  }
}
