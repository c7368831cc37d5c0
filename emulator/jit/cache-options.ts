/** What is chosen of the code cache for a machine, and what the cache counts. */
import { MOST_GUARDS, MOST_PAGES } from './code-map.ts';
import type { Compiler, CompilerOptions } from './compiler.ts';
import type { SavedCode, SavedModule } from './kept-code.ts';

/** What the code cache may hold before everything is dropped; with too many bytes, the modules that are used least. */
export interface CacheLimits {
  /** Functions of one mode, one more than may be in use at once. */
  functions: number;
  /** Pages that something was executed in often, both modes together. */
  pages: number;
  /** Regions that are translated before everything is dropped. */
  guards: number;
  /** WebAssembly of all modules that the host must keep. V8 takes some five times as much memory for it, all in all. */
  bytes: number;
}
export const CACHE_LIMITS: CacheLimits = {
  functions: 1 << 14,
  pages: MOST_PAGES,
  guards: MOST_GUARDS,
  bytes: 48 << 20,
};
/** What there is after modules have been let go, as a part of those bytes. */
export const ROOM_MADE = 0.75;
/**
 * Regions that are translated at a time. Making a module costs much by itself, and regions of one module call each other
 * at once: with 16 a storm of forks took half as long again.
 */
export const BATCH = 256;
/** The part of a batch that is waited for; the rest is for what is nearly wanted beside it. */
export const BATCH_WANTED = 0.75;
/** Instructions that the guest runs for at least between two times that it stands still for the compiler. */
export const REST = 8000;
/** Instructions between two times that it is looked whether functions should be made again, see gathering.ts. */
export const GATHER = 500_000_000;

/** Translations from run to run. */
export interface CodeStore {
  /** What the last run of the same guest, under the same translator, left; null: nothing. */
  saved: SavedCode | null;
  /** A module of it, or null when the host cannot use it. */
  load(module: SavedModule): WebAssembly.Module | null;
  /** One that is the same in every run, or null when it has not been left. */
  fixed(wire: Uint8Array<ArrayBuffer>): WebAssembly.Module | null;
}

export interface CacheOptions extends CompilerOptions {
  limits: CacheLimits;
  /** Regions that are translated at a time. */
  batch: number;
  /** See {@link REST}. */
  rest: number;
  /** See {@link GATHER}. */
  gather: number;
  /** What another run has left, if anything is kept from run to run. */
  store?: CodeStore | undefined;
  /** What makes the modules; absent: the engine itself, at once. */
  compiler?: Compiler | undefined;
}

export interface CacheCounts {
  /** Regions translated, modules they are in, guest instructions in them, bytes of WebAssembly, milliseconds it took. */
  regions: number;
  modules: number;
  instructions: number;
  bytes: number;
  milliseconds: number;
  /** The longest that the guest has stood still for it at a time, in milliseconds. */
  longest: number;
  /** Regions that were there already: of an earlier run, or of code that has come back. */
  recalled: number;
  /** Regions dropped because their code changed; times that everything was dropped for want of room. */
  dropped: number;
  evictions: number;
  /** Bytes of WebAssembly of the modules there are, and modules let go because these were too many. */
  held: number;
  letGo: number;
  /** Regions made again, with others in large modules. */
  gathered: number;
  /** Leavings of generated code, by reason; see exits.ts. */
  exits: number[];
}
