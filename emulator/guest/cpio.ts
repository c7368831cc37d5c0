/**
 * Writer and reader of cpio archives in the "newc" format, what Linux takes as an initial RAM disk.
 *
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
 */
import { LoadError } from '../boot/elf.ts';
import { archivePath } from './path.ts';

export interface CpioEntry {
  /** From the root, without a leading slash. */
  path: string;
  kind: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'other';
  /** Permission bits. */
  mode: number;
  /** A file's bytes; of a symlink, where it leads. */
  contents?: Uint8Array;
  /** Major and minor number of a device. */
  device?: readonly [number, number];
}

const MAGIC = '070701';
/** The same with a checksum in each header. */
const MAGIC_CRC = '070702';
const TRAILER = 'TRAILER!!!';
const HEADER_SIZE = 110;
const FIELDS = 13;
const FIELD_SIZE = 8;
/** Order of the 13 fields of 8 hexadecimal digits after the magic. */
const F = { ino: 0, mode: 1, nlink: 4, filesize: 6, rdevmajor: 9, rdevminor: 10, namesize: 11 } as const;

const TYPE_MASK = 0o170000;
const TYPES: Readonly<Record<Exclude<CpioEntry['kind'], 'other'>, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
};

/** Archives are padded to what a disk block was. */
const BLOCK = 512;
const MAX_NAME = 4096;
const MAX_ENTRIES = 1_000_000;

const padded = (size: number): number => (size + 3) & ~3;
const MAX_ARCHIVE = 2 ** 30;

/**
 * An archive of these entries, in their order; every owner is root and every time 0, so equal entries give equal bytes.
 * @throws LoadError when it would be larger than a machine's RAM
 */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const encoder = new TextEncoder();
  const named = [...entries, null].map((entry) => ({ entry, name: encoder.encode((entry?.path ?? TRAILER) + '\0') }));
  const size = named.reduce(
    (sum, { entry, name }) => sum + padded(HEADER_SIZE + name.length) + padded(entry?.contents?.length ?? 0),
    0,
  );
  if (size > MAX_ARCHIVE) {
    throw new LoadError(
      `the initial RAM disk would take ${Math.ceil(size / 1024 / 1024)} MiB; put in less than 1024 MiB.`,
    );
  }
  const out = new Uint8Array(Math.ceil(size / BLOCK) * BLOCK);
  let at = 0;
  named.forEach(({ entry, name }, index) => {
    const fields = new Array<number>(FIELDS).fill(0);
    fields[F.nlink] = 1;
    fields[F.namesize] = name.length;
    if (entry) {
      fields[F.ino] = index + 1;
      fields[F.mode] = (entry.kind === 'other' ? 0 : TYPES[entry.kind]) | entry.mode;
      if (entry.kind === 'directory') fields[F.nlink] = 2;
      fields[F.filesize] = entry.contents?.length ?? 0;
      [fields[F.rdevmajor], fields[F.rdevminor]] = entry.device ?? [0, 0];
    }
    const header = MAGIC + fields.map((value) => value.toString(16).padStart(FIELD_SIZE, '0')).join('');
    out.set(encoder.encode(header), at);
    out.set(name, at + HEADER_SIZE);
    at += padded(HEADER_SIZE + name.length);
    if (entry?.contents) out.set(entry.contents, at);
    at += padded(entry?.contents?.length ?? 0);
  });
  return out;
}

export function isCpio(bytes: Uint8Array): boolean {
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  return magic === MAGIC || magic === MAGIC_CRC;
}

/**
 * The entries of an unpacked archive, up to its trailer; contents are views of it.
 * @param name the archive's name, for error messages
 * @throws LoadError when the archive is damaged, ends early or names paths outside its root
 */
export function readCpio(name: string, bytes: Uint8Array): CpioEntry[] {
  const decoder = new TextDecoder();
  const entries: CpioEntry[] = [];
  for (let at = 0; ;) {
    const start = at;
    const refuse = (what: string): LoadError =>
      new LoadError(`${name}: the cpio header at byte ${start} ${what}; copy the file again.`);
    if (at + HEADER_SIZE > bytes.length) throw refuse(`needs more than the archive's ${bytes.length} bytes`);
    if (!isCpio(bytes.subarray(at))) throw refuse('does not begin with 070701');
    const digits = decoder.decode(bytes.subarray(at + MAGIC.length, at + HEADER_SIZE));
    if (!/^[0-9a-fA-F]*$/.test(digits)) throw refuse('is damaged');
    const field = (index: number): number => parseInt(digits.slice(index * FIELD_SIZE, (index + 1) * FIELD_SIZE), 16);
    const nameSize = field(F.namesize);
    const size = field(F.filesize);
    const nameAt = at + HEADER_SIZE;
    const contentsAt = at + padded(HEADER_SIZE + nameSize);
    if (nameSize < 1 || nameSize > MAX_NAME || contentsAt + size > bytes.length || bytes[nameAt + nameSize - 1] !== 0) {
      throw refuse('names more bytes than there are');
    }
    const path = decoder.decode(bytes.subarray(nameAt, nameAt + nameSize - 1));
    if (path === TRAILER) return entries;
    if (entries.length === MAX_ENTRIES) throw refuse(`comes after ${MAX_ENTRIES} others`);
    const mode = field(F.mode);
    const kind = (Object.keys(TYPES) as (keyof typeof TYPES)[]).find((one) => TYPES[one] === (mode & TYPE_MASK));
    const entry: CpioEntry = { path: archivePath(name, path), kind: kind ?? 'other', mode: mode & 0o7777 };
    if (kind === 'file' || kind === 'symlink') entry.contents = bytes.subarray(contentsAt, contentsAt + size);
    if (kind === 'character' || kind === 'block') entry.device = [field(F.rdevmajor), field(F.rdevminor)];
    entries.push(entry);
    // Sizes reach 4 GiB: no 32-bit arithmetic.
    at = contentsAt + Math.ceil(size / 4) * 4;
  }
}
