/** Files from anywhere into the guest library: each is recognised by its contents, checked and copied. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { LoadError } from './boot/elf.ts';
import { type FileKind, HEAD_SIZE, identify } from './guest/identify.ts';
import { type Taken, takeElf, takeFromPackage, takeInitramfs } from './guest/take.ts';
import { type GuestEntry, type GuestLibrary } from './guest-library.ts';

/** Bytes of a file that is held in memory: all but disk images, which are copied piece by piece. */
const MAX_FILE = 512 * 1024 * 1024;
const MAX_DISK = 2 ** 40;
const DISK_PIECE = 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
};

export interface Imported {
  entry: GuestEntry;
  /** False when the library had it already. */
  added: boolean;
}

const TAKE: Readonly<Record<Exclude<FileKind, 'disk'>, (name: string, bytes: Uint8Array) => Taken | Promise<Taken>>> = {
  package: takeFromPackage,
  elf: takeElf,
  initramfs: takeInitramfs,
};

/**
 * A file named on the command line, in memory.
 * @throws LoadError when it cannot be read
 */
export function readSmall(path: string): Promise<Uint8Array> {
  return withFile(path, (file, size) => readAll(basename(path), file, size));
}

/** @throws LoadError with one sentence when the file is none that a guest boots from */
export async function importGuest(library: GuestLibrary, path: string): Promise<Imported> {
  const source = basename(path);
  return withFile(path, async (file, size) => {
    const kind = await identify(source, await readAt(file, 0, Math.min(size, HEAD_SIZE)));
    if (kind === 'disk') {
      if (size > MAX_DISK) throw new LoadError(`${source}: is larger than 1 TiB; choose a smaller disk image.`);
      return library.add({ kind, name: source, version: '', architecture: '', source }, pieces(file, size));
    }
    const { bytes, ...taken } = await TAKE[kind](source, await readAll(source, file, size));
    return library.add({ ...taken, source }, [bytes]);
  });
}

async function withFile<T>(path: string, use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    // Asked first, for to open a pipe is to wait.
    const status = await stat(path);
    if (status.isDirectory()) throw new LoadError(`${path}: cannot read this file: it is a folder.`);
    if (!status.isFile()) throw new LoadError(`${path}: cannot read this file: it is a device or a pipe.`);
    file = await open(path, 'r');
  } catch (error) {
    if (error instanceof LoadError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new LoadError(`${path}: cannot read this file: ${REASONS[code] ?? code}.`);
  }
  try {
    return await use(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

async function readAll(name: string, file: FileHandle, size: number): Promise<Uint8Array> {
  if (size <= MAX_FILE) return readAt(file, 0, size);
  throw new LoadError(`${name}: is larger than ${MAX_FILE / 1024 / 1024} MiB; choose another file.`);
}

async function readAt(file: FileHandle, position: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, size - at, position + at);
    if (bytesRead === 0) throw new LoadError('the file became shorter while it was read; try again.');
    at += bytesRead;
  }
  return bytes;
}

async function* pieces(file: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += DISK_PIECE) yield await readAt(file, at, Math.min(DISK_PIECE, size - at));
}
