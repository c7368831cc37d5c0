/** The modules there are: how much WebAssembly they have, and which of them are worth least of it. */

export interface ModuleSource {
  module: WebAssembly.Module;
  wire: Uint8Array<ArrayBuffer>;
  /** Guards of the functions that it imports. */
  imports: number[];
  cells: number[];
  firstCell: number;
  /** Runs before this one that it was not used in. */
  unused: number;
}

export interface HeldModule {
  /** Its cells (see late-links.ts), for as long as any function of it may be called. */
  table: WebAssembly.Table | null;
  /** Bytes of WebAssembly. */
  readonly bytes: number;
  /** How many of its functions there are, in use or kept, and how many are kept. */
  live: number;
  kept: number;
  /** A function of it has been in use. */
  used: boolean;
  /** Modules that it imports functions of, which the host keeps for it; and how many others import functions of it. */
  readonly imports: readonly HeldModule[];
  importers: number;
  /** What the next run needs of it, if it is to be saved. */
  source: ModuleSource | null;
}

export class HeldModules {
  private readonly all = new Set<HeldModule>();
  /** Of all modules that the host must keep, in WebAssembly. */
  bytes = 0;

  get size(): number {
    return this.all.size;
  }

  /** A module with one use, its maker's. @param imports those that it imports functions of, each any number of times */
  add(table: WebAssembly.Table, bytes: number, imports: Iterable<HeldModule>): HeldModule {
    const distinct = [...new Set(imports)];
    const module = { table, bytes, live: 1, kept: 0, used: false, imports: distinct, importers: 0, source: null };
    for (const each of distinct) each.importers++;
    this.all.add(module);
    this.bytes += bytes;
    return module;
  }

  /** Gives up one of the uses that a module has. */
  release(module: HeldModule): void {
    if (--module.live > 0) return;
    module.table = null;
    this.free(module);
  }
  private free(module: HeldModule): void {
    if (module.live > 0 || module.importers > 0 || !this.all.delete(module)) return;
    this.bytes -= module.bytes;
    for (const each of module.imports) {
      each.importers--;
      this.free(each);
    }
  }

  /**
   * Modules without which there are so many bytes less, or all of them: those first that have the least in use for their
   * size, of those that no other is left to import from.
   */
  leastUsed(bytes: number): Set<HeldModule> {
    const found = new Set<HeldModule>();
    const importers = new Map([...this.all].map((module) => [module, module.importers]));
    const open = [...this.all].filter((module) => module.importers === 0);
    while (bytes > 0 && open.length > 0) {
      const least = open.reduce((a, b) => (inUse(b) < inUse(a) ? b : a));
      open.splice(open.indexOf(least), 1);
      found.add(least);
      bytes -= least.bytes;
      for (const each of least.imports) {
        const left = importers.get(each)! - 1;
        importers.set(each, left);
        if (left === 0) open.push(each);
      }
    }
    return found;
  }

  /** Nothing is called any more. */
  clear(): void {
    this.all.clear();
    this.bytes = 0;
  }
}

/** Functions in use for each byte. */
function inUse({ live, kept, bytes }: HeldModule): number {
  return (live - kept) / bytes;
}
