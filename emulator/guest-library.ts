/**
 * The guest library: a folder of kernels, initial RAM disks and disk images that stay at hand, with an index.
 *
 * The command and the app share it, so changes are made under a lock, and a file is in the index only when it is whole.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { LoadError } from './boot/elf.ts';

export const GUEST_KINDS = ['kernel', 'busybox', 'initramfs', 'disk'] as const;
export type GuestKind = (typeof GUEST_KINDS)[number];

export interface GuestEntry {
  /** A name that is safe as a file's; unique in the library. */
  id: string;
  kind: GuestKind;
  /** The file's name where it came from. */
  name: string;
  /** Empty where unknown, like `architecture`. */
  version: string;
  architecture: string;
  sha256: string;
  /** In bytes. */
  size: number;
  /** When, as ISO 8601. */
  imported: string;
  /** The name of the file that was imported: a package's, for instance. */
  source: string;
}

export type NewGuest = Pick<GuestEntry, 'kind' | 'name' | 'version' | 'architecture' | 'source'>;

const FORMAT = 1;
const INDEX = 'index.json';
const FILES = 'files';
const LOCK = 'index.lock';
const LOCK_TRIES = 100;
const LOCK_WAIT_MS = 50;
/** A lock as old as this was left by a process that ended; the index is written in far less. */
const LOCK_STALE_MS = 30_000;
const MAX_INDEX = 4 * 1024 * 1024;
const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}$/;

/** Where the library is: `KSEG_GUESTS`, or the place the system has for a user's data. */
export function guestFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
  home: string = homedir(),
): string {
  const { KSEG_GUESTS, XDG_DATA_HOME, LOCALAPPDATA } = environment;
  if (KSEG_GUESTS) return KSEG_GUESTS;
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'kseg', 'guests');
  if (platform === 'win32') return join(LOCALAPPDATA || join(home, 'AppData', 'Local'), 'kseg', 'guests');
  // The specification has relative paths ignored.
  const data = XDG_DATA_HOME && isAbsolute(XDG_DATA_HOME) ? XDG_DATA_HOME : join(home, '.local', 'share');
  return join(data, 'kseg', 'guests');
}

/** Why a folder cannot be written, by the error's code. */
export const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'it may not be written',
  EPERM: 'it may not be written',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no folder',
  EEXIST: 'a file is in its place',
};

export class GuestLibrary {
  constructor(readonly folder: string) {}

  /** Oldest first. @throws LoadError when the index is damaged */
  async list(): Promise<GuestEntry[]> {
    const file = join(this.folder, INDEX);
    let text: string;
    try {
      if ((await stat(file)).size > MAX_INDEX) throw damaged(file);
      text = await readFile(file, 'utf8');
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw this.failure(error);
    }
    return parseIndex(file, text);
  }

  /** Where an entry's file is. */
  path(entry: Pick<GuestEntry, 'id'>): string {
    return join(this.folder, FILES, entry.id);
  }

  /**
   * Copies a file into the library; one that is there already, byte for byte and as the same kind, is not taken twice.
   * @throws LoadError when the library cannot be written; what `contents` throws passes through
   */
  async add(
    guest: NewGuest,
    contents: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<{ entry: GuestEntry; added: boolean }> {
    const partial = join(this.folder, FILES, `.${randomBytes(8).toString('hex')}.partial`);
    try {
      await mkdir(join(this.folder, FILES), { recursive: true });
      const { size, sha256 } = await writeWhole(partial, contents);
      return await this.locked(async () => {
        const entries = await this.list();
        const old = entries.find((one) => one.sha256 === sha256 && one.kind === guest.kind);
        if (old) {
          // The copy at hand is whole, whatever has become of the old one.
          await rename(partial, this.path(old));
          return { entry: old, added: false };
        }
        const entry: GuestEntry = {
          id: freeId(guest, entries),
          ...guest,
          sha256,
          size,
          imported: new Date().toISOString(),
        };
        await rename(partial, this.path(entry));
        await this.writeIndex([...entries, entry]);
        return { entry, added: true };
      });
    } catch (error) {
      throw this.failure(error);
    } finally {
      await rm(partial, { force: true }).catch(() => {});
    }
  }

  /** @throws LoadError when there is no such entry */
  async remove(id: string): Promise<GuestEntry> {
    try {
      return await this.locked(async () => {
        const entries = await this.list();
        const entry = entries.find((one) => one.id === id);
        if (!entry) throw new LoadError(`${id}: no guest in the library has this name; \`kseg guests\` lists them.`);
        await this.writeIndex(entries.filter((one) => one !== entry));
        await rm(this.path(entry), { force: true });
        return entry;
      });
    } catch (error) {
      throw this.failure(error);
    }
  }

  private async writeIndex(guests: GuestEntry[]): Promise<void> {
    const partial = join(this.folder, `.${INDEX}.partial`);
    await rm(partial, { force: true });
    await writeWhole(partial, [new TextEncoder().encode(JSON.stringify({ format: FORMAT, guests }, null, 2) + '\n')]);
    await rename(partial, join(this.folder, INDEX));
  }

  private async locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = join(this.folder, LOCK);
    for (let tries = 1; ; tries++) {
      try {
        await mkdir(lock);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
          await mkdir(this.folder, { recursive: true });
          continue;
        }
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const since = (await stat(lock).catch(() => null))?.mtimeMs ?? Date.now();
        if (Date.now() - since > LOCK_STALE_MS) await rmdir(lock).catch(() => {});
        else if (tries === LOCK_TRIES) {
          throw new LoadError(
            `${this.folder}: another Kseg is changing the library; try again, or remove ${LOCK} there.`,
          );
        } else await new Promise((resolve) => setTimeout(resolve, LOCK_WAIT_MS));
      }
    }
    try {
      return await work();
    } finally {
      await rmdir(lock).catch(() => {});
    }
  }

  private failure(error: unknown): unknown {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof LoadError || code === undefined) return error;
    return new LoadError(`${this.folder}: cannot use this guest library: ${REASONS[code] ?? code}.`, { cause: error });
  }
}

/** Pieces of zeros are left out where the file system keeps holes, as disk images are mostly holes. */
async function writeWhole(
  path: string,
  contents: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o644);
  try {
    let size = 0;
    let zeros = Buffer.alloc(0);
    for await (const piece of contents) {
      hash.update(piece);
      if (zeros.length < piece.length) zeros = Buffer.alloc(piece.length);
      if (Buffer.compare(piece, zeros.subarray(0, piece.length)) !== 0) await writeAt(file, piece, size);
      size += piece.length;
    }
    await file.truncate(size);
    await file.sync();
    return { size, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

function freeId({ name, version, kind }: NewGuest, entries: GuestEntry[]): string {
  const stem = basename(name).replace(/\.(?=(?:cpio|img|gz|xz|zst)\b)[\w.]*$/, '');
  const plain = version.replace(/^\d+:/, '');
  const words = plain && !name.includes(plain) && kind !== 'kernel' ? `${stem}-${plain}` : name;
  const base =
    words
      .replace(/[^A-Za-z0-9._+~-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 90) || kind;
  // File systems that do not tell capitals apart are in use.
  const taken = new Set(entries.map(({ id }) => id.toLowerCase()));
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!taken.has(id.toLowerCase())) return id;
  }
}

function damaged(file: string): LoadError {
  return new LoadError(`${file}: is not the index of a guest library; move the file away and import the guests again.`);
}

function parseIndex(file: string, text: string): GuestEntry[] {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    throw damaged(file);
  }
  const { format, guests } = (index ?? {}) as { format?: unknown; guests?: unknown };
  if (typeof format === 'number' && format > FORMAT) {
    throw new LoadError(`${file}: was written by a newer Kseg; use that one, or set KSEG_GUESTS to another folder.`);
  }
  if (format !== FORMAT || !Array.isArray(guests) || !guests.every(isEntry)) throw damaged(file);
  return guests;
}

function isEntry(value: unknown): value is GuestEntry {
  const entry = (value ?? {}) as Record<string, unknown>;
  const texts = ['id', 'kind', 'name', 'version', 'architecture', 'sha256', 'imported', 'source'];
  return (
    texts.every((key) => typeof entry[key] === 'string') &&
    SAFE_ID.test(entry.id as string) &&
    GUEST_KINDS.includes(entry.kind as GuestKind) &&
    Number.isSafeInteger(entry.size)
  );
}
