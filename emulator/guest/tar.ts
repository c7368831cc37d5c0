/**
 * Reader of tar archives as they stream past: names and sizes of all entries, contents of those that are asked for.
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format"
 * (long names, base-256 sizes).
 */
import { LoadError } from '../boot/elf.ts';
import { joined } from './decompress.ts';
import { archivePath } from './path.ts';

export type TarKind = 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';

export interface TarEntry {
  /** As {@link archivePath} makes it. */
  path: string;
  kind: TarKind;
  /** Permission bits. */
  mode: number;
  /** Bytes of contents. */
  size: number;
  /** Where a link leads, as written. */
  target: string;
  /** The contents; only before the next entry is asked for. @throws LoadError above `MAX_CONTENTS` bytes */
  read(): Promise<Uint8Array>;
}

/** Bytes of one file that may be read. */
export const MAX_CONTENTS = 512 * 1024 * 1024;
const MAX_ENTRIES = 1_000_000;
/** Bytes of a long name or pax header. */
const MAX_EXTENSION = 1024 * 1024;
const BLOCK = 512;

const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  checksum: [148, 8],
  type: [156, 1],
  target: [157, 100],
  magic: [257, 5],
  version: [262, 3],
  prefix: [345, 155],
} as const;

const KINDS: Readonly<Record<string, TarKind>> = {
  '': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
  '7': 'file',
};

/** Bytes of a stream by count. */
class Source {
  private piece: Uint8Array = new Uint8Array(0);
  /** Bytes taken so far. */
  at = 0;
  constructor(private readonly pieces: AsyncIterator<Uint8Array>) {}

  /** Up to `count` bytes, at least one; null at the end. */
  private async some(count: number): Promise<Uint8Array | null> {
    while (this.piece.length === 0) {
      const { done, value } = await this.pieces.next();
      if (done) return null;
      this.piece = value;
    }
    const taken = this.piece.subarray(0, count);
    this.piece = this.piece.subarray(taken.length);
    this.at += taken.length;
    return taken;
  }

  /** `count` bytes, or fewer where the stream ends. */
  async take(count: number): Promise<Uint8Array> {
    const taken: Uint8Array[] = [];
    for (let left = count; left > 0;) {
      const piece = await this.some(left);
      if (!piece) break;
      taken.push(piece);
      left -= piece.length;
    }
    return taken.length === 1 ? taken[0]! : joined(taken);
  }

  /** @returns false when the stream ended before */
  async skip(count: number): Promise<boolean> {
    for (let left = count; left > 0;) {
      const piece = await this.some(left);
      if (!piece) return false;
      left -= piece.length;
    }
    return true;
  }
}

/**
 * @param name the archive's name, for error messages
 * @throws LoadError when the archive is damaged, ends early or names paths outside its root
 */
export async function* readTar(name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    yield* entries(name, new Source(iterator));
  } finally {
    await iterator.return?.();
  }
}

async function* entries(name: string, source: Source): AsyncGenerator<TarEntry> {
  const ended = (): LoadError =>
    new LoadError(`${name}: the tar archive ends early, at byte ${source.at}; copy the file again.`);
  let long: { path?: string; target?: string; size?: number } = {};
  for (let count = 0; ; count++) {
    const start = source.at;
    const header = await source.take(BLOCK);
    // The end is two blocks of zeros; some writers leave them out.
    if (header.length === 0 || (header.length === BLOCK && header.every((byte) => byte === 0))) return;
    if (header.length < BLOCK) throw ended();
    const damaged = (): LoadError =>
      new LoadError(`${name}: the tar header at byte ${start} is damaged; copy the file again.`);
    if (count === MAX_ENTRIES)
      throw new LoadError(`${name}: has more than ${MAX_ENTRIES} entries; do not use this file.`);
    if (numberAt(header, FIELD.checksum) !== checksum(header)) throw damaged();
    const type = textAt(header, FIELD.type);
    const size = long.size ?? numberAt(header, FIELD.size);
    if (!Number.isSafeInteger(size) || size < 0) throw damaged();
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;

    if ('LKxg'.includes(type) && type !== '') {
      if (size > MAX_EXTENSION) throw damaged();
      const contents = await source.take(size);
      if (contents.length < size || !(await source.skip(padding))) throw ended();
      if (type === 'L') long.path = text(contents);
      else if (type === 'K') long.target = text(contents);
      else if (type === 'x') {
        const records = paxRecords(contents);
        if (!records) throw damaged();
        long = { ...long, ...records };
      }
      continue;
    }

    const ustar = textAt(header, FIELD.magic) === 'ustar' && textAt(header, FIELD.version) !== ' ';
    const prefix = ustar ? textAt(header, FIELD.prefix) : '';
    const written = long.path ?? (prefix ? `${prefix}/` : '') + textAt(header, FIELD.name);
    const target = long.target ?? textAt(header, FIELD.target);
    long = {};
    let unread = size;
    yield {
      path: archivePath(name, written),
      kind: KINDS[type] ?? 'other',
      mode: numberAt(header, FIELD.mode) & 0o7777,
      size,
      target,
      async read() {
        if (size > MAX_CONTENTS) {
          throw new LoadError(
            `${name}: ${written} is larger than ${MAX_CONTENTS / 1024 / 1024} MiB; choose another file.`,
          );
        }
        if (unread !== size) throw new Error('the contents are gone already');
        unread = 0;
        const contents = await source.take(size);
        if (contents.length < size) throw ended();
        return contents;
      },
    };
    if (!(await source.skip(unread + padding))) throw ended();
  }
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function textAt(header: Uint8Array, [at, length]: readonly [number, number]): string {
  return text(header.subarray(at, at + length));
}

/** An octal number, or a base-256 one where the first bit is set; NaN for anything else. */
function numberAt(header: Uint8Array, [at, length]: readonly [number, number]): number {
  const first = header[at]!;
  if (first & 0x80) {
    let value = first & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + header[at + i]!;
    return value;
  }
  const digits = textAt(header, [at, length]).trim();
  return /^[0-7]*$/.test(digits) ? parseInt(digits || '0', 8) : NaN;
}

/** The sum of the header's bytes, those of the checksum itself as spaces. */
function checksum(header: Uint8Array): number {
  const [at, length] = FIELD.checksum;
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= at && i < at + length ? 0x20 : header[i]!;
  return sum;
}

/** Records are `LENGTH KEY=VALUE\n`, LENGTH counting all of it; null when one is not. */
function paxRecords(bytes: Uint8Array): { path?: string; target?: string; size?: number } | null {
  const found: { path?: string; target?: string; size?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? '' : text(bytes.subarray(at, space));
    const end = at + Number(digits);
    if (!/^\d{1,7}$/.test(digits) || end <= space || end > bytes.length || bytes[end - 1] !== 0x0a) return null;
    const [, key, value] = /^([^=]+)=([\s\S]*)$/.exec(text(bytes.subarray(space + 1, end - 1))) ?? [];
    if (key === 'path') found.path = value!;
    else if (key === 'linkpath') found.target = value!;
    else if (key === 'size') found.size = /^\d+$/.test(value!) ? Number(value) : NaN;
    at = end;
  }
  return found;
}
