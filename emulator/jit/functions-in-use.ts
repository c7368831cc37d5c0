/**
 * The functions that are in use: known to the dispatcher by the code map and their slots, to each other by guards and
 * cells, and listed by page. Those that nothing leads to are kept for when their code comes back.
 */
import type { Cpu } from '../cpu/cpu.ts';
import { RAM_AT, type LinearMemory } from '../memory.ts';
import type { Mmu } from '../mmu/mmu.ts';
import type { CacheCounts, CacheOptions } from './cache-options.ts';
import { CodeMap } from './code-map.ts';
import { FunctionSlots } from './function-slots.ts';
import { HeldModules } from './held-modules.ts';
import { KeptCode, type RegionCode } from './kept-code.ts';
import { LateLinks, type Callee } from './late-links.ts';
import { readsOf } from './neighbours.ts';
import { TranslatedPages, type PageCode, type PlacedCode } from './translated-pages.ts';

/**
 * A block in the middle of a function is translated by itself when it has been entered so many times more, as a part of
 * the threshold, with no more instructions than that from one time to the next.
 */
const WITHIN = 1 / 8;
const SELDOM = 10_000;

export abstract class FunctionsInUse {
  readonly map: CodeMap;
  readonly modes: readonly FunctionSlots[];
  /** Counts what makes code on the host's stack unfit to go on. */
  epoch = 0;
  protected readonly words: Int32Array;
  protected readonly late: LateLinks;
  protected readonly pages = new TranslatedPages();
  readonly held = new HeldModules();
  protected readonly kept: KeptCode;
  /** Instructions executed since power-on, a while ago. */
  protected now = 0;
  /** Entries of a block in the middle of a function after which it is wanted; see {@link WITHIN}. */
  private readonly within: number;

  /** @param at byte offset of the code map */
  constructor(
    protected readonly cpu: Cpu,
    protected readonly mmu: Mmu,
    protected readonly memory: LinearMemory,
    at: number,
    hostBytes: number,
    protected readonly options: CacheOptions,
    protected readonly counts: CacheCounts,
  ) {
    this.words = memory.words;
    this.within = Math.ceil(WITHIN * options.threshold);
    const { functions, pages, guards } = options.limits;
    this.map = new CodeMap(memory, at, hostBytes, pages, guards);
    this.modes = [0, 1].map(() => new FunctionSlots(functions));
    this.late = new LateLinks(
      this.map,
      this.modes.map(({ table }) => table),
      this.held,
    );
    this.kept = new KeptCode(this.words, this.held);
  }

  /** How many there are. */
  protected get inUse(): number {
    return this.modes.reduce((sum, { used }) => sum + used, 0);
  }
  protected *placed(): Iterable<RegionCode> {
    for (const { slots } of this.pages.values()) for (const { code } of slots) yield code;
  }

  /** What is translated at a virtual address of a mode, as it is mapped now. */
  protected readonly find = (mode: number, pc: number): { callee: Callee; host: number } | null => {
    const host = this.words[readsOf(mode) + (pc >>> 12)]! ^ pc;
    const callee = host < 0 ? undefined : this.pages.at(mode, host);
    return callee ? { callee, host } : null;
  };

  /** Lets a function be found; there is a slot for it, its page has entries, and its module's `live` counts it. */
  protected place(code: RegionCode): void {
    const { mode, pc, host, guard, spans, module, call } = code;
    const slot = this.modes[mode]!.add(call);
    this.map.setEntry(mode, host, slot);
    const callee = { slot, at: (host & 0xfff) >>> 2, guard, module, cells: [], code };
    this.pages.add(mode, host, callee).since = this.now;
    module.used = true;
    this.map.openGuard(guard, host);
    this.late.installed(mode, pc, host, callee);
    for (let i = 0; i < spans.length; i += 2) this.counts.instructions += spans[i + 1]! - spans[i]!;
    this.countWithin(mode, host, spans);
  }

  /** Blocks in the middle of a function must be entered some more before they are wanted by themselves. */
  protected countWithin(mode: number, host: number, spans: readonly number[]): void {
    const entries = this.map.entries(mode, host)!;
    const most = this.within - this.options.threshold;
    for (let i = 0; i < spans.length; i += 2) {
      for (let at = spans[i]!; at < spans[i + 1]!; at++) entries[at] = Math.max(entries[at]!, most);
    }
  }

  /**
   * Whether a block is in the middle of a function and takes longer to be entered by itself than that is worth, such as
   * where a loop is gone on with after each slice. It is counted anew then.
   */
  protected isSeldomEntered(mode: number, host: number): boolean {
    const page = this.pages.get(mode, host);
    const place = (host & 0xfff) >>> 2;
    if (!page || page.covered[place] === 0) return false;
    if (this.now - page.since < SELDOM * this.within) return false;
    page.since = this.now;
    this.countWithin(mode, host, [place, place + 1]);
    return true;
  }

  /** Takes the function whose entry is at `host` away, for another of the same code. */
  protected replace(mode: number, host: number): void {
    const page = this.pages.get(mode, host)!;
    const callee = this.pages.at(mode, host)!;
    this.remove(page, callee);
    this.pages.keep(
      page,
      page.slots.filter((each) => each !== callee),
    );
  }

  /** A function is no longer to be found, but by its page. */
  protected remove({ mode, host }: PageCode, callee: PlacedCode): void {
    const { slot, at, guard } = callee;
    this.modes[mode]!.remove(slot);
    this.map.closeGuard(guard);
    this.late.dropped(callee);
    this.map.setEntry(mode, host + 4 * at, 0);
  }

  // What was translated before

  /** Uses what is kept for the block at `host`, if its words are the same. @param now instructions executed */
  recall(mode: number, pc: number, host: number, now: number): boolean {
    if (this.kept.size === 0 || host < RAM_AT || !this.canPlace(mode, host)) return false;
    const code = this.kept.recall(mode, this.cpu.fpu.odd, host, now);
    if (!code) return false;
    this.placeAgain(code, pc, host);
    return true;
  }

  protected canPlace(mode: number, host: number): boolean {
    const { map } = this;
    if (!map.isVisited(mode, host) && !map.visit(mode, host)) return false;
    return map.entry(mode, host) <= 0 && this.modes[mode]!.hasRoom(1);
  }

  protected placeAgain(code: RegionCode, pc: number, host: number): void {
    code.pc = pc;
    code.host = host;
    this.mmu.watch(host & ~0xfff);
    this.place(code);
    this.counts.recalled++;
  }
}
