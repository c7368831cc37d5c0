/** Files the user chose. The page knows them by number; path and bytes stay here. */
import { type BrowserWindow, dialog } from 'electron';
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MAX_FILE, type TimelineFormat } from '../emulator/protocol.ts';
import type { OpenedFile } from './bridge.ts';
import type { SettingsStore } from './settings.ts';

/** Disk images are not read as a whole. */
const MAX_DISK = 2 ** 40;
/** Files remembered; the oldest is forgotten first. */
const KEPT = 1024;

const TIMELINE_FORMATS: Record<TimelineFormat, string> = {
  ndjson: 'JSON Lines',
  csv: 'CSV',
  json: 'Chrome Trace',
};

const REASONS: Record<string, string> = {
  ENOENT: 'it is not there',
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
};

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return REASONS[code] ?? (code || String(error));
}

async function opened<T>(
  file: string,
  use: (handle: FileHandle, size: number) => Promise<T>,
  largest = MAX_FILE,
): Promise<T> {
  const name = path.basename(file);
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r').catch((error: unknown) => {
      throw new Error(`${name} cannot be opened: ${reason(error)}.`);
    });
    const status = await handle.stat();
    if (!status.isFile()) throw new Error(`${name} cannot be opened: it is not a file.`);
    if (status.size === 0) throw new Error(`${name} cannot be used: it is empty.`);
    if (status.size > largest) {
      throw new Error(`${name} cannot be used: it is larger than ${largest / 1024 / 1024} MiB.`);
    }
    return await use(handle, status.size);
  } finally {
    await handle?.close();
  }
}

export class Files {
  private readonly paths = new Map<number, string>();
  private nextId = 1;

  constructor(private readonly settings: SettingsStore) {}

  /** Takes a file into the table. @throws Error with one sentence when it cannot be used */
  async add(file: string, largest = MAX_FILE): Promise<OpenedFile> {
    const size = await opened(file, async (_handle, bytes) => bytes, largest);
    const id = this.nextId++;
    this.paths.set(id, file);
    for (const oldest of this.paths.keys()) {
      if (this.paths.size <= KEPT) break;
      this.paths.delete(oldest);
    }
    return { id, name: path.basename(file), size };
  }

  /** A number for a file that may not be there now: whoever boots with it is told. */
  number(file: string): number {
    for (const [id, known] of this.paths) if (known === file) return id;
    this.paths.set(this.nextId, file);
    return this.nextId++;
  }

  name(id: number): string {
    return path.basename(this.path(id));
  }

  /** Read anew for every boot, so that a kernel just compiled is the one that boots. */
  async read(id: number): Promise<{ name: string; bytes: Uint8Array }> {
    const file = this.path(id);
    const bytes = await opened(file, async (handle, size) => {
      const whole = new Uint8Array(size);
      let at = 0;
      while (at < size) {
        const { bytesRead } = await handle.read(whole, at, size - at, at);
        if (bytesRead === 0) throw new Error(`${path.basename(file)} was cut short while it was read: open it again.`);
        at += bytesRead;
      }
      return whole;
    });
    return { name: path.basename(file), bytes };
  }

  /** @throws Error with one sentence for a number that was never given, or too long ago */
  path(id: number): string {
    const file = this.paths.get(id);
    if (file === undefined) throw new Error(`File number ${id} is not open: open it again.`);
    return file;
  }

  async chooseDisk(window: BrowserWindow): Promise<OpenedFile | null> {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      title: 'Open Disk Image',
      buttonLabel: 'Open',
      defaultPath: this.settings.get().folder ?? undefined,
      properties: ['openFile'],
      filters: [
        { name: 'All Files', extensions: ['*'] },
        { name: 'Raw Disk Images', extensions: ['img', 'raw', 'ext4'] },
      ],
    });
    const file = filePaths[0];
    if (canceled || file === undefined) return null;
    this.settings.set({ folder: path.dirname(file) });
    return this.add(file, MAX_DISK);
  }

  async chooseKernel(window: BrowserWindow): Promise<OpenedFile | null> {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      title: 'Open Kernel',
      buttonLabel: 'Open',
      defaultPath: this.settings.get().folder ?? undefined,
      properties: ['openFile'],
      filters: [
        { name: 'All Files', extensions: ['*'] },
        { name: 'ELF Kernels', extensions: ['elf'] },
      ],
    });
    const file = filePaths[0];
    if (canceled || file === undefined) return null;
    this.settings.set({ folder: path.dirname(file) });
    return this.add(file);
  }

  /** Native dialog for files of the guest library; none when cancelled. */
  async chooseGuests(window: BrowserWindow): Promise<string[]> {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      title: 'Import Guests',
      buttonLabel: 'Import',
      defaultPath: this.settings.get().folder ?? undefined,
      properties: ['openFile', 'multiSelections'],
      filters: [
        { name: 'All Files', extensions: ['*'] },
        { name: 'Debian Packages', extensions: ['deb'] },
        { name: 'Initial RAM Disks', extensions: ['cpio', 'gz', 'img', 'xz', 'zst'] },
      ],
    });
    if (canceled || filePaths[0] === undefined) return [];
    this.settings.set({ folder: path.dirname(filePaths[0]) });
    return filePaths;
  }

  /** Save dialog for an export of the timeline; null when cancelled. */
  async chooseTimeline(window: BrowserWindow, format: TimelineFormat): Promise<string | null> {
    const { canceled, filePath } = await dialog.showSaveDialog(window, {
      title: 'Export Timeline',
      buttonLabel: 'Export',
      defaultPath: path.join(this.settings.get().folder ?? '', `timeline.${format}`),
      filters: [{ name: TIMELINE_FORMATS[format], extensions: [format] }],
    });
    if (canceled || !filePath) return null;
    this.settings.set({ folder: path.dirname(filePath) });
    return filePath;
  }

  async saveText(window: BrowserWindow, suggestedName: string, text: string): Promise<string | null> {
    const name = path.basename(suggestedName) || 'kseg.txt';
    const { canceled, filePath } = await dialog.showSaveDialog(window, {
      title: 'Save',
      defaultPath: path.join(this.settings.get().folder ?? '', name),
    });
    if (canceled || !filePath) return null;
    try {
      await writeFile(filePath, text);
    } catch (error) {
      throw new Error(`${path.basename(filePath)} cannot be written: ${reason(error)}.`, { cause: error });
    }
    this.settings.set({ folder: path.dirname(filePath) });
    return path.basename(filePath);
  }
}
