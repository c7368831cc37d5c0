/**
 * Which guest code has been translated, by host page: in linear memory, where the dispatcher and the interpreter look.
 *
 * For each mode there is a directory with a word for each host page, the byte offset of the page's entries. A page has an
 * entry for each of its words: the function's slot in the table where the code there has been translated, or minus how
 * often the interpreter entered a block there. Pages nobody has visited share a page of zeros.
 *
 * Generated code that goes straight to other generated code looks at that code's guard: a word that is the host address
 * of its entry as long as it may be called, and -1 before and after. No guard is used twice until all is forgotten, as
 * who looks at it may outlive what it guards. Beside it is the last address that who found it closed has gone to, for
 * late-links.ts.
 */
import { PAGE_WORDS } from './region.ts';
import type { LinearMemory } from '../memory.ts';

const PAGE_BYTES = 4 * PAGE_WORDS;
/** Pages with entries of their own, both modes together. */
export const MOST_PAGES = 6144;
export const MODES = 2;
/** Guards; four MiB of them. What is translated once more has others. */
export const MOST_GUARDS = 1 << 20;
/** The word of a guard of code that must not be called. */
export const CLOSED = -1;

/** Bytes that a map takes for a guest with `hostBytes` of host memory up to the end of its RAM. */
export function codeMapBytes(hostBytes: number, mostPages = MOST_PAGES, mostGuards = MOST_GUARDS): number {
  return MODES * directoryBytes(hostBytes) + (1 + mostPages) * PAGE_BYTES + 8 * mostGuards;
}
function directoryBytes(hostBytes: number): number {
  return ((hostBytes >>> 12) * 4 + 0xfff) & ~0xfff;
}

export class CodeMap {
  /** Byte offsets of the directories' words for host page 0. */
  readonly directories: number[] = [];
  /** Byte offset of the shared page. */
  readonly unvisited: number;
  private readonly words: Int32Array;
  private readonly firstPage: number;
  private pages = 0;
  private readonly firstGuard: number;
  /** From a guard to the address that is noted for it, in bytes. */
  readonly toSeen: number;
  private guards = 0;

  /** @param at byte offset of {@link codeMapBytes} bytes, a multiple of 4 KiB */
  constructor(
    memory: LinearMemory,
    at: number,
    private readonly hostBytes: number,
    private readonly mostPages = MOST_PAGES,
    readonly mostGuards = MOST_GUARDS,
  ) {
    this.words = memory.words;
    for (let mode = 0; mode < MODES; mode++) this.directories.push(at + mode * directoryBytes(hostBytes));
    this.unvisited = at + MODES * directoryBytes(hostBytes);
    this.firstPage = this.unvisited + PAGE_BYTES;
    this.firstGuard = this.firstPage + mostPages * PAGE_BYTES;
    this.toSeen = 4 * mostGuards;
    this.clear();
  }

  /** Forgets everything. */
  clear(): void {
    for (const directory of this.directories) {
      this.words.fill(this.unvisited, directory >>> 2, (directory + directoryBytes(this.hostBytes)) >>> 2);
    }
    this.pages = 0;
    this.guards = 0;
  }

  /** Gives the host page entries of its own. False when there is no room. */
  visit(mode: number, host: number): boolean {
    if (this.pages === this.mostPages) return false;
    const at = this.firstPage + this.pages++ * PAGE_BYTES;
    // It may have been another's before everything was forgotten.
    this.words.fill(0, at >>> 2, (at + PAGE_BYTES) >>> 2);
    this.words[(this.directories[mode]! >>> 2) + (host >>> 12)] = at;
    return true;
  }

  /** Byte offset of as many guards, closed, one after the other; -1 when there is no room. */
  reserveGuards(count: number): number {
    if (this.guards + count > this.mostGuards) return -1;
    const at = this.firstGuard + 4 * this.guards;
    this.words.fill(CLOSED, at >>> 2, (at >>> 2) + count);
    this.guards += count;
    return at;
  }
  /** How many have been reserved. */
  get reserved(): number {
    return this.guards;
  }
  /** Takes back what has been reserved from `at` on, up to `end`, unless more has been since. */
  returnGuards(at: number, end: number): void {
    if (this.firstGuard + 4 * this.guards === end) this.guards = (at - this.firstGuard) >>> 2;
  }
  /** The address noted for a guard. */
  seen(guard: number): number {
    return this.words[(guard + this.toSeen) >>> 2]!;
  }
  setSeen(guard: number, pc: number): void {
    this.words[(guard + this.toSeen) >>> 2] = pc;
  }
  /** Lets the code at `host` be called by those who look at the guard at a byte offset. */
  openGuard(guard: number, host: number): void {
    this.words[guard >>> 2] = host;
  }
  closeGuard(guard: number): void {
    this.words[guard >>> 2] = CLOSED;
  }
  isOpen(guard: number): boolean {
    return this.words[guard >>> 2] !== CLOSED;
  }
  /** Byte offsets and words of all guards that are in use. */
  *usedGuards(): Generator<[guard: number, word: number]> {
    for (let i = 0; i < this.guards; i++) {
      const at = this.firstGuard + 4 * i;
      yield [at, this.words[at >>> 2]!];
    }
  }

  private index(mode: number, host: number): number {
    return (this.words[(this.directories[mode]! >>> 2) + (host >>> 12)]! + (host & 0xffc)) >>> 2;
  }
  /** The entry for the instruction at `host`. */
  entry(mode: number, host: number): number {
    return this.words[this.index(mode, host)]!;
  }
  /** @param entry a slot, or minus a count; the page has been visited */
  setEntry(mode: number, host: number, entry: number): void {
    this.words[this.index(mode, host)] = entry;
  }
  /** Whether the host page has entries of its own. */
  isVisited(mode: number, host: number): boolean {
    return this.words[(this.directories[mode]! >>> 2) + (host >>> 12)] !== this.unvisited;
  }
  /** A page's entries, or null when it has none. */
  entries(mode: number, host: number): Int32Array | null {
    if (!this.isVisited(mode, host)) return null;
    const at = this.index(mode, host & ~0xfff);
    return this.words.subarray(at, at + PAGE_WORDS);
  }
}
