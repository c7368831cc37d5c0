/**
 * Translations that nothing leads to, for when their code comes back: a page that is written and then has the same words
 * again, the same program in other pages, or the next run of the same guest, which the host has kept them for.
 *
 * A function needs no more than that memory has the words it was made from: it gets its page's virtual address as an
 * argument, and its guard says where it is. So it is found by its entry's first word and place in the page, and used
 * where all of its words are as they were.
 */
import { PAGE_WORDS } from './region.ts';
import type { HeldModule, HeldModules } from './held-modules.ts';

/** A function and what it was made from. */
export interface RegionCode {
  mode: number;
  /** Status.FR = 0: 1. */
  odd: number;
  /** Virtual and host address of its entry, as it was used last. */
  pc: number;
  host: number;
  guard: number;
  /** Places in the page, each first and one past the last, and the words there, one span after the other. */
  spans: readonly number[];
  words: Int32Array;
  call: CallableFunction;
  module: HeldModule;
  /** Its place among its module's functions. */
  index: number;
  /** It is not to come back before so many instructions have been executed since power-on. */
  restsUntil: number;
}

/** A module as another run can use it. */
export interface SavedModule {
  mode: number;
  odd: number;
  /** Guards of the functions that it imports. */
  imports: number[];
  /** What its cells are for, and the first one's guard; see late-links.ts. */
  cells: number[];
  firstCell: number;
  /** Runs since one of its functions was used. */
  unused: number;
  /** In WebAssembly, and as the host's V8 had compiled it. */
  wire: Uint8Array<ArrayBuffer>;
  native: Uint8Array<ArrayBuffer> | null;
  regions: SavedRegion[];
}
export type SavedRegion = Pick<RegionCode, 'pc' | 'host' | 'guard' | 'index' | 'spans' | 'words'>;

/** A module of every machine like this one, as V8 had compiled it. */
export interface SavedFixed {
  wire: Uint8Array<ArrayBuffer>;
  native: Uint8Array<ArrayBuffer>;
}

/** All of a run, its modules after those that they import from. */
export interface SavedCode {
  /** Guards that are in use, from the first one on. */
  guards: number;
  modules: SavedModule[];
  fixed: SavedFixed[];
}

/** Functions that may wait for their code; with more, those that have waited longest are forgotten. */
const MOST_RESTING = 1 << 14;
/** Instructions that a function rests for after it has been dropped, so that code that changes all the time is left alone. */
const REST_AFTER_DROP = 200_000;
export class KeptCode {
  /** By what {@link keyOf} says, and all of them, in the order they came. */
  private readonly byKey = new Map<number, RegionCode[]>();
  private readonly all = new Set<RegionCode>();

  /** @param words linear memory */
  constructor(
    private readonly words: Int32Array,
    private readonly held: HeldModules,
    private readonly most = MOST_RESTING,
  ) {}

  get size(): number {
    return this.all.size;
  }
  values(): Iterable<RegionCode> {
    return this.all;
  }

  clear(): void {
    this.all.clear();
    this.byKey.clear();
  }

  /** Keeps a function that nothing leads to. @param now instructions executed, when it has been dropped */
  add(code: RegionCode, now?: number): void {
    if (now !== undefined) code.restsUntil = now + REST_AFTER_DROP;
    code.module.live++;
    code.module.kept++;
    this.all.add(code);
    const key = keyOf(code.mode, code.odd, entryOf(code), firstWord(code));
    const others = this.byKey.get(key);
    if (others) others.push(code);
    else this.byKey.set(key, [code]);
    if (this.all.size > this.most) {
      const [oldest] = this.all;
      this.forget(oldest!);
    }
  }

  /** Forgets all functions of these modules. */
  forgetAll(modules: ReadonlySet<HeldModule>): void {
    for (const code of this.all) if (modules.has(code.module)) this.forget(code);
  }
  private forget(code: RegionCode): void {
    this.take(code);
    this.held.release(code.module);
  }

  /**
   * A function made from the words that are at `host` now, the latest first, or null. It is the caller's then, and its
   * module's `live` with it.
   */
  recall(mode: number, odd: number, host: number, now: number): RegionCode | null {
    const found = this.byKey.get(keyOf(mode, odd, (host & 0xfff) >>> 2, this.words[host >>> 2]!));
    for (let i = (found?.length ?? 0) - 1; i >= 0; i--) {
      const code = found![i]!;
      if (now < code.restsUntil || !this.holds(code, host)) continue;
      this.take(code);
      return code;
    }
    return null;
  }

  /** Whether the words of the page of `host` are those that the function was made from. */
  holds({ spans, words }: Pick<RegionCode, 'spans' | 'words'>, host: number): boolean {
    const first = (host & ~0xfff) >>> 2;
    let next = 0;
    for (let i = 0; i < spans.length; i += 2) {
      for (let at = first + spans[i]!; at < first + spans[i + 1]!; at++) {
        if (this.words[at] !== words[next++]) return false;
      }
    }
    return true;
  }

  /** The words of these places in the page of `host`. */
  copy(spans: readonly number[], host: number): Int32Array {
    const first = (host & ~0xfff) >>> 2;
    let size = 0;
    for (let i = 0; i < spans.length; i += 2) size += spans[i + 1]! - spans[i]!;
    const words = new Int32Array(size);
    let next = 0;
    for (let i = 0; i < spans.length; i += 2) {
      words.set(this.words.subarray(first + spans[i]!, first + spans[i + 1]!), next);
      next += spans[i + 1]! - spans[i]!;
    }
    return words;
  }

  private take(code: RegionCode): void {
    this.all.delete(code);
    code.module.kept--;
    const key = keyOf(code.mode, code.odd, entryOf(code), firstWord(code));
    const others = this.byKey.get(key)!;
    others.splice(others.indexOf(code), 1);
    if (others.length === 0) this.byKey.delete(key);
  }
}

function entryOf({ pc }: RegionCode): number {
  return (pc & 0xfff) >>> 2;
}

/** The word at the entry; the first span is the first block's. */
function firstWord({ words }: RegionCode): number {
  return words[0]!;
}

function keyOf(mode: number, odd: number, place: number, word: number): number {
  return (word >>> 0) * (4 * PAGE_WORDS) + place * 4 + mode * 2 + odd;
}
