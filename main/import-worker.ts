/** A worker thread that imports one file into the guest library, answers, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { importGuest } from '../emulator/guest-import.ts';
import { GuestLibrary } from '../emulator/guest-library.ts';
import type { GuestEntry } from './bridge.ts';
import { sentence } from './errors.ts';

export interface ImportRequest {
  /** The library's. */
  folder: string;
  file: string;
}

export type ImportAnswer = { entry: GuestEntry } | { refused: string };

const { folder, file } = workerData as ImportRequest;
let answer: ImportAnswer;
try {
  const { entry } = await importGuest(new GuestLibrary(folder), file);
  answer = { entry };
} catch (error) {
  answer = { refused: sentence(error) };
}
parentPort?.postMessage(answer);
