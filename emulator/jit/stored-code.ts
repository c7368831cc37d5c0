/**
 * Translations from run to run: loads the modules that an earlier run of the same guest left, a few at a time, and says
 * what of this run the next one can use. Guards and cells stay what they were, so those of the earlier run are reserved
 * before any other.
 */
import type { CodeStore } from './cache-options.ts';
import type { HeldModule, HeldModules, ModuleSource } from './held-modules.ts';
import type { RegionCode, SavedModule } from './kept-code.ts';

/** WebAssembly that is saved of a guest, in bytes (see CacheLimits), and the part of all guards that it may have. */
const MOST_SAVED_BYTES = 36 << 20;
const MOST_SAVED_GUARDS = 0.5;
/** Milliseconds that the guest stands still for loading at a time. */
const MOST_LOADING = 1;
/** Runs after which what has not been used any more is not saved again. */
const MOST_UNUSED = 8;

/** A function that a module may import, and the module that it is of. */
export type Importable = Pick<RegionCode, 'call' | 'module'>;

/** A module to save, and where V8 has it. */
export interface ToSave {
  saved: SavedModule;
  /** Null where `saved.native` is all there is. */
  module: WebAssembly.Module | null;
  /** Those of its functions that are to be saved. */
  calls: CallableFunction[];
}

/** The code cache, as far as loading needs it. */
export interface StoredHost {
  readonly held: HeldModules;
  /** Makes an instance, which has one use as a module. */
  instantiate(
    mode: number,
    source: ModuleSource,
    callees: readonly (Importable | null)[],
  ): { calls: CallableFunction[]; own: HeldModule };
  /** A function that can be used where memory has its words. */
  adopt(code: RegionCode): void;
}

export class StoredCode {
  /** Guards that must not be given out, from the first one on. */
  readonly guards: number;
  /** Modules that are not loaded yet, the next one last; and functions of those that are, by guard. */
  private waiting: SavedModule[] = [];
  private readonly functions = new Map<number, Importable>();
  private hasEnded = false;

  constructor(
    private readonly store: CodeStore,
    mostGuards: number,
  ) {
    const { saved } = store;
    // Where they run short, everything begins anew.
    if (!saved || saved.guards > MOST_SAVED_GUARDS * mostGuards) {
      this.guards = 0;
      return;
    }
    this.guards = saved.guards;
    this.waiting = saved.modules.toReversed();
  }

  get isLoading(): boolean {
    return this.waiting.length > 0;
  }

  /** Loads some of what is waiting, each after what it imports from. @param started when the guest was stopped */
  loadSome(host: StoredHost, started: number): void {
    do this.load(host, this.waiting.pop()!);
    while (this.isLoading && performance.now() - started < MOST_LOADING);
    if (!this.isLoading) this.functions.clear();
  }

  private load(host: StoredHost, saved: SavedModule): void {
    const { mode, odd, wire, imports, cells, firstCell, unused } = saved;
    const module = this.store.load(saved);
    if (!module) return;
    const source = { module, wire, imports, cells, firstCell, unused };
    const callees = imports.map((guard) => this.functions.get(guard) ?? null);
    const { calls, own } = host.instantiate(mode, source, callees);
    own.source = source;
    for (const region of saved.regions) {
      const call = calls[region.index]!;
      this.functions.set(region.guard, { call, module: own });
      host.adopt({ ...region, mode, odd, call, module: own, restsUntil: 0 });
    }
    host.held.release(own);
  }

  /** Nothing is loaded or saved any more: guards are given out anew. */
  end(): void {
    this.waiting = [];
    this.functions.clear();
    this.hasEnded = true;
  }

  /**
   * What to save, as far as there is room.
   * @param functions those there are, what is wanted most first; of two made from the same words, the first is taken
   */
  toSave(functions: Iterable<RegionCode>): ToSave[] {
    if (this.hasEnded) return [];
    let room = MOST_SAVED_BYTES;
    for (const { wire } of this.waiting) room -= wire.length;
    const modules = new Map<HeldModule, ToSave>();
    const known = new Set<string>();
    for (const { mode, odd, pc, host, guard, spans, words, module, index, call } of functions) {
      const { source } = module;
      if (!source) continue;
      const name = nameOf(mode, odd, pc, words);
      if (known.has(name)) continue;
      let one = modules.get(module);
      if (!one) {
        if (source.wire.length > room) continue;
        room -= source.wire.length;
        const { imports, cells, firstCell, wire } = source;
        const unused = module.used ? 0 : source.unused + 1;
        const saved = { mode, odd, imports, cells, firstCell, wire, unused, native: null, regions: [] };
        modules.set(module, (one = { saved, module: source.module, calls: [] }));
      }
      known.add(name);
      one.calls.push(call);
      one.saved.regions.push({ pc, host, guard, spans, words, index });
    }
    const rest = this.waiting.map((saved) => {
      return { saved: { ...saved, unused: saved.unused + 1 }, module: null, calls: [] };
    });
    // A module's guards come after those of what it imports.
    return [...modules.values(), ...rest]
      .filter(({ saved }) => saved.unused <= MOST_UNUSED)
      .sort((a, b) => a.saved.firstCell - b.saved.firstCell);
  }
}

/** The same for functions that do the same, and hardly for any others: these would be translated again. */
function nameOf(mode: number, odd: number, pc: number, words: Int32Array): string {
  let [a, b] = [0, 0];
  for (const word of words) {
    a = (Math.imul(a, 0x01000193) ^ word) | 0;
    b = (Math.imul(b, 0x9e3779b1) + word + 1) | 0;
  }
  return `${mode},${odd},${pc & 0xfff},${words.length},${a},${b}`;
}
