/**
 * The guest library, for the page. Importing unpacks and hashes for seconds, so a worker thread does it: this thread
 * also passes the console and the views on.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { GuestLibrary, guestFolder } from '../emulator/guest-library.ts';
import { buildInitramfs } from '../emulator/guest/initramfs.ts';
import type { GuestEntry } from './bridge.ts';
import type { ImportAnswer, ImportRequest } from './import-worker.ts';
import { IMPORT_WORKER } from './paths.ts';

export class Guests {
  private readonly library = new GuestLibrary(guestFolder());
  /** One import at a time, in the order they were asked for. */
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** @param onImporting is told the name of the file at hand, and null when there is none any more */
  constructor(private readonly onImporting: (name: string | null) => void) {}

  /** Newest first. */
  async list(): Promise<GuestEntry[]> {
    return (await this.library.list()).reverse();
  }

  /** @throws Error with one sentence naming the first file that cannot be used; those before it are in the library */
  async import(files: readonly string[]): Promise<GuestEntry[]> {
    const entries: GuestEntry[] = [];
    for (const file of files) entries.push(await this.importOne(file));
    return entries;
  }

  importOne(file: string): Promise<GuestEntry> {
    const work = async () => {
      this.onImporting(path.basename(file));
      try {
        return await importInWorker({ folder: this.library.folder, file });
      } finally {
        if (--this.waiting === 0) this.onImporting(null);
      }
    };
    this.waiting++;
    const done = this.last.then(work, work);
    this.last = done;
    return done;
  }

  async remove(id: string): Promise<void> {
    await this.library.remove(id);
  }

  /** What boots: a file as it is, or of busybox the small system that is made of it. */
  async read(id: string): Promise<{ name: string; bytes: Uint8Array }> {
    const entry = await this.find(id);
    const file = await readFile(this.library.path(entry)).catch(() => {
      throw new Error(`${entry.name} is missing from the guest library's folder: import it again.`);
    });
    return { name: entry.name, bytes: entry.kind === 'busybox' ? buildInitramfs(file) : file };
  }

  /** Where a disk image of the library is. The library knows its files by checksum, so no guest may write to them. */
  async diskPath(id: string, writable: boolean): Promise<string> {
    const entry = await this.find(id);
    if (entry.kind !== 'disk') throw new Error(`${entry.name} is not a disk image: choose one for the drive.`);
    if (writable) {
      throw new Error(`${entry.name} belongs to the guest library, which keeps it as it is: open a copy to write to.`);
    }
    return this.library.path(entry);
  }

  private async find(id: string): Promise<GuestEntry> {
    const entry = (await this.library.list()).find((one) => one.id === id);
    if (!entry) throw new Error(`${id} is not in the guest library any more: choose another guest.`);
    return entry;
  }
}

function importInWorker(request: ImportRequest): Promise<GuestEntry> {
  return new Promise((resolve, reject) => {
    const name = path.basename(request.file);
    const worker = new Worker(IMPORT_WORKER, { workerData: request, name: 'import' });
    worker.on('message', (answer: ImportAnswer) => {
      if ('entry' in answer) resolve(answer.entry);
      else reject(new Error(answer.refused));
    });
    worker.on('error', (error) => reject(new Error(`${name} cannot be imported: ${error.message}.`)));
    worker.on('exit', (code) => reject(new Error(`${name} cannot be imported: the import ended with code ${code}.`)));
  });
}
