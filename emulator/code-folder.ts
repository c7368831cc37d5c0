/**
 * Translations of guests, kept in a folder from run to run: a file for each guest, which is good for nothing but the same
 * kernel on the same machine, under the same Kseg and the same V8.
 *
 * A file is MAGIC, the SHA-256 of what follows, the length of a header, the header in JSON, and the bytes that it tells
 * the places of. What is damaged, or of another version, is as if it were not there: everything is translated anew.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';
import type { GuestName } from './create.ts';
import type { CodeStore } from './jit/cache-options.ts';
import { makeModule, type FixedModule } from './jit/make-module.ts';
import type { SavedCode, SavedFixed, SavedModule, SavedRegion } from './jit/kept-code.ts';
import type { ToSave } from './jit/stored-code.ts';
import { moduleOf, nativeCodeOf } from './native-code.ts';

const MAGIC = Buffer.from('KSEGCODE');
const DIGEST = 32;
const EXTENSION = '.code';
const PARTIAL = '.partial';
/** A file is written in far less. */
const STALE_MS = 3600_000;
/** Guests that there are files for, and bytes of them all; those used least lately go first. */
const MOST_FILES = 16;
const MOST_BYTES = 512 << 20;

/** Where translations are kept: `KSEG_CODE`, or the place the system has for what can be made again. */
export function codeFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
  home: string = homedir(),
): string {
  const { KSEG_CODE, XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (KSEG_CODE) return KSEG_CODE;
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'kseg', 'code');
  if (platform === 'win32') return join(LOCALAPPDATA || join(home, 'AppData', 'Local'), 'kseg', 'cache', 'code');
  // The specification has relative paths ignored.
  const cache = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home, '.cache');
  return join(cache, 'kseg', 'code');
}

/** What Kseg itself is: the programs in the folder of this one. Null where it runs from its sources, which may change. */
export function programName(folder: string = import.meta.dirname): string | null {
  const programs = readdirSync(folder).filter((name) => name.endsWith('.js'));
  if (programs.length === 0) return null;
  const hash = createHash('sha256');
  for (const name of programs.sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

/** A view of bytes in a file: its place and its length. */
type Place = [at: number, length: number];
interface Header {
  guards: number;
  modules: (Omit<SavedModule, 'wire' | 'native' | 'regions'> & {
    wire: Place;
    native: Place | null;
    regions: (Omit<SavedRegion, 'words'> & { words: Place })[];
  })[];
  fixed: { wire: Place; native: Place }[];
}

/** What an engine has to save. */
interface Saving {
  guards: number;
  modules: readonly ToSave[];
  fixed: readonly FixedModule[];
}

/** The translations of one guest. */
export class GuestCode implements CodeStore {
  readonly saved: SavedCode | null;
  private readonly file: string;

  /** Reads what there is. */
  constructor(
    private readonly folder: string,
    program: string,
    { kernel, machine }: GuestName,
  ) {
    const name = createHash('sha256').update(JSON.stringify([program, process.versions.v8, process.arch, machine]));
    this.file = join(folder, name.update(kernel).digest('hex').slice(0, 32) + EXTENSION);
    this.saved = readCode(this.file);
  }

  load({ native, wire }: SavedModule): WebAssembly.Module | null {
    return (native && moduleOf(native, wire)) ?? makeModule(wire);
  }

  fixed(wire: Uint8Array<ArrayBuffer>): WebAssembly.Module | null {
    const found = this.saved?.fixed.find((each) => Buffer.compare(each.wire, wire) === 0);
    return found ? moduleOf(found.native, wire) : null;
  }

  /**
   * Writes what is to be saved, whole or not at all, and deletes what is too much in the folder. A folder that cannot be
   * written leaves everything as it was.
   */
  save({ guards, modules, fixed }: Saving): void {
    if (modules.length === 0) return;
    const partial = `${this.file}.${process.pid}${PARTIAL}`;
    try {
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(partial, encode(guards, modules.map(withNative), fixed.flatMap(fixedWithNative)));
      renameSync(partial, this.file);
      tidy(this.folder);
    } catch {
      this.discard(partial);
    }
  }

  private discard(partial: string): void {
    try {
      rmSync(partial, { force: true });
    } catch {
      // It never came to be.
    }
  }
}

/** Makes the folder, so that one that cannot be is known at once. Throws what `mkdir` does. */
export function makeCodeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
}

function withNative({ saved, module, calls }: ToSave): SavedModule {
  return module ? { ...saved, native: nativeCodeOf(module, calls) } : saved;
}

function fixedWithNative({ wire, module, calls }: FixedModule): SavedFixed[] {
  const native = nativeCodeOf(module, calls);
  return native ? [{ wire, native }] : [];
}

function encode(guards: number, modules: readonly SavedModule[], fixed: readonly SavedFixed[]): Buffer {
  const parts: Uint8Array[] = [];
  let length = 0;
  const put = (bytes: Uint8Array): Place => {
    parts.push(bytes);
    length += bytes.length;
    return [length - bytes.length, bytes.length];
  };
  const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array) => new Uint8Array(buffer, byteOffset, byteLength);
  const header: Header = {
    guards,
    modules: modules.map((module) => ({
      ...module,
      wire: put(module.wire),
      native: module.native && put(module.native),
      regions: module.regions.map((region) => ({ ...region, words: put(bytesOf(region.words)) })),
    })),
    fixed: fixed.map(({ wire, native }) => ({ wire: put(wire), native: put(native) })),
  };
  const head = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  const hash = createHash('sha256').update(size).update(head);
  for (const part of parts) hash.update(part);
  return Buffer.concat([MAGIC, hash.digest(), size, head, ...parts]);
}

function readCode(file: string): SavedCode | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
    // It is the one used last.
    utimesSync(file, new Date(), new Date());
  } catch {
    return null;
  }
  const body = bytes.subarray(MAGIC.length + DIGEST);
  const digest = bytes.subarray(MAGIC.length, MAGIC.length + DIGEST);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  if (!createHash('sha256').update(body).digest().equals(digest)) return null;
  // What has the digest was written by this program.
  const blobs = 4 + body.readUInt32LE(0);
  const { guards, modules, fixed } = JSON.parse(body.toString('utf8', 4, blobs)) as Header;
  const at = ([from, length]: Place) => new Uint8Array(body.subarray(blobs + from, blobs + from + length));
  return {
    guards,
    modules: modules.map((module) => ({
      ...module,
      wire: at(module.wire),
      native: module.native && at(module.native),
      regions: module.regions.map((region) => ({ ...region, words: new Int32Array(at(region.words).buffer) })),
    })),
    fixed: fixed.map(({ wire, native }) => ({ wire: at(wire), native: at(native) })),
  };
}

/** Deletes the files used least lately, and what a process has not come to finish. */
function tidy(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.endsWith(PARTIAL) && Date.now() - sizeAndTime(path).time > STALE_MS) rmSync(path, { force: true });
  }
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .map((name) => ({ path: join(folder, name), ...sizeAndTime(join(folder, name)) }))
    .sort((a, b) => b.time - a.time);
  let bytes = 0;
  for (const [i, { path, size }] of files.entries()) {
    bytes += size;
    if (i > 0 && (i >= MOST_FILES || bytes > MOST_BYTES)) rmSync(path, { force: true });
  }
}
function sizeAndTime(path: string): { size: number; time: number } {
  const { size, mtimeMs } = statSync(path);
  return { size, time: mtimeMs };
}

/** Kseg's own name in file names, or null where nothing can be kept; read once, and not at each boot. */
let program: string | null | undefined;

/** The translations kept of a guest; undefined where they cannot be. */
export function guestCode(folder: string, guest: GuestName): GuestCode | undefined {
  if (program === undefined) program = programName();
  return program === null ? undefined : new GuestCode(folder, program, guest);
}
