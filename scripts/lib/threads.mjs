/** CPU time of a process's threads, from Linux's /proc (proc(5)): what a thread got does not depend on its neighbours. */
import { readFileSync, readdirSync } from 'node:fs';
import { isLinux } from './run.mjs';

/** Linux counts times in these a second. */
const CLOCK_TICKS = 100;

/** @returns {number | null} CPU seconds that a `stat` file tells of; null where there is none */
export function statSeconds(file) {
  if (!isLinux) return null;
  try {
    // After the program's name, in parentheses, utime and stime are the 12th and 13th.
    const fields = readFileSync(file, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
  } catch {
    return null;
  }
}

/** @returns {Map<string, number>} CPU seconds by thread id; empty where nobody tells */
export function threadSeconds(pid) {
  if (!isLinux) return new Map();
  const folder = `/proc/${pid}/task`;
  return new Map(readdirSync(folder).map((thread) => [thread, statSeconds(`${folder}/${thread}/stat`) ?? 0]));
}

/**
 * What was used between two calls of {@link threadSeconds}.
 * @returns {{ busiest: number | null, all: number | null }} CPU seconds of the thread that used most, which is the
 *   emulator's when a guest ran, and of all threads: those that compile for it as well
 */
export function used(before, after) {
  if (after.size === 0) return { busiest: null, all: null };
  const spans = [...after].map(([thread, seconds]) => seconds - (before.get(thread) ?? 0));
  return { busiest: Math.max(...spans), all: spans.reduce((sum, span) => sum + span, 0) };
}
