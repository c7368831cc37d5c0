/**
 * The thread that emulates goes before those that optimize for it. While a guest starts, V8 has up to four of them at work;
 * on a machine of two cores the emulating thread stood still for an eighth of that time, waiting for a core, with no
 * difference between them.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import { basename } from 'node:path';
import process from 'node:process';

/** How much nicer (setpriority(2)) the others are; and the nicest that there is. */
const NICER = 10;
const NICEST = 19;

/**
 * Lowers the priority of all threads of the process that there are but for the one that asks. Linux has priorities of
 * single threads; elsewhere, and where it is not allowed, all stays as it is.
 */
export function preferThisThread(): void {
  if (process.platform !== 'linux') return;
  let own: string;
  let threads: string[];
  try {
    own = basename(readlinkSync('/proc/thread-self'));
    threads = readdirSync('/proc/self/task');
  } catch {
    return;
  }
  // Of the thread, as Linux has it.
  const priority = Math.min(NICEST, os.getPriority() + NICER);
  for (const thread of threads) {
    if (thread === own) continue;
    try {
      os.setPriority(Number(thread), priority);
    } catch {
      // It has ended meanwhile, or may not be changed.
    }
  }
}
