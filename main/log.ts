/** The log file, `<userData>/logs/kseg.log`: one line an event, the previous megabyte kept beside it. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';

const MAX_BYTES = 1024 * 1024;
let file: string | undefined;
let last = Promise.resolve();

/** @returns the log file's path, to be shown to the user */
export function openLog(userData: string): string {
  const folder = path.join(userData, 'logs');
  file = path.join(folder, 'kseg.log');
  try {
    mkdirSync(folder, { recursive: true });
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`);
  } catch {
    // A log that cannot be written must not keep the app from starting.
  }
  return file;
}

function line(event: string, detail: unknown): string {
  const text = detail instanceof Error ? (detail.stack ?? detail.message) : JSON.stringify(detail);
  return `${new Date().toISOString()} ${event}${text === undefined ? '' : ` ${text}`}\n`;
}

export function log(event: string, detail?: unknown): void {
  const to = file;
  if (to) last = last.then(() => appendFile(to, line(event, detail))).catch(() => {});
}

/** For what happens just before the end. */
export function logNow(event: string, detail?: unknown): void {
  try {
    if (file) appendFileSync(file, line(event, detail));
  } catch {
    // Nothing left to tell it to.
  }
}
