/**
 * What is translated: asks the compiler for blocks that are entered often, installs the functions that it makes, finds
 * them, and drops them when their page's words change, which the MMU tells through {@link WatchedPages}.
 */
import type { Cpu } from '../cpu/cpu.ts';
import { RAM_AT, type LinearMemory } from '../memory.ts';
import type { Mmu } from '../mmu/mmu.ts';
import { BlockQueue } from './block-queue.ts';
import { BATCH_WANTED, ROOM_MADE, type CacheCounts, type CacheOptions } from './cache-options.ts';
import { MODES } from './code-map.ts';
import { DirectCompiler, type Compiled, type CompiledRegion, type Compiler } from './compiler.ts';
import { DeviceAccesses } from './device-accesses.ts';
import type { Dispatcher } from './dispatcher.ts';
import { FunctionsInUse } from './functions-in-use.ts';
import { Gathering } from './gathering.ts';
import type { HeldModule, ModuleSource } from './held-modules.ts';
import { brokenInvariants } from './invariants.ts';
import type { RegionCode } from './kept-code.ts';
import { ANYWHERE } from './late-links.ts';
import { lookAround, warmBeside, type Hot, type NearPage } from './neighbours.ts';
import { PAGE_WORDS } from './region.ts';
import type { PageCode } from './translated-pages.ts';
import { SentBatches, haveChanged, type SentBatch } from './sent-batches.ts';
import { StoredCode, type Importable, type StoredHost, type ToSave } from './stored-code.ts';

/** Places, for each region, that it may leave to when there is code for them. */
const CELLS = 8;

/** Functions of a module that are made known while the guest stands still: each takes some 10 µs. */
const MOST_PLACED = 128;

/** A module whose functions are being made known. */
interface Installing {
  batch: SentBatch;
  regions: readonly CompiledRegion[];
  calls: readonly CallableFunction[];
  own: HeldModule;
  /** The next region. */
  next: number;
}

export class CodeCache extends FunctionsInUse implements StoredHost {
  private readonly compiler: Compiler;
  private dispatcher!: Dispatcher;
  private readonly devices = new DeviceAccesses();
  private readonly queue: BlockQueue;
  private readonly sent = new SentBatches();
  private readonly gathering: Gathering;
  private installing: Installing | null = null;
  private batches = 0;
  private restsUntil = 0;
  /** What is kept from run to run, if anything is. */
  private readonly stored: StoredCode | null;

  /** @param at byte offset of the code map */
  constructor(
    cpu: Cpu,
    mmu: Mmu,
    memory: LinearMemory,
    at: number,
    hostBytes: number,
    options: CacheOptions,
    counts: CacheCounts,
  ) {
    super(cpu, mmu, memory, at, hostBytes, options, counts);
    this.queue = new BlockQueue(BATCH_WANTED * options.batch);
    this.gathering = new Gathering(options.gather);
    this.compiler = options.compiler ?? new DirectCompiler(options);
    mmu.watched.onChange = (host, length) => this.changed(host, length);
    this.stored = options.store ? new StoredCode(options.store, this.map.mostGuards) : null;
    if (this.stored) this.map.reserveGuards(this.stored.guards);
  }

  /** Before anything is translated: who finds it. */
  connect(dispatcher: Dispatcher): void {
    this.dispatcher = dispatcher;
  }

  /** Before the guest goes on: some of what can wait. @param now instructions executed since power-on */
  catchUp(now: number): void {
    this.goOn(now);
    this.gather(now);
    this.late.look(this.find);
    for (const mode of this.modes) mode.emptySome();
  }

  /** Whether there is something for {@link goOn} to do. */
  get isWaiting(): boolean {
    return !this.sent.areNone || (this.stored?.isLoading ?? false);
  }

  /** Has the compiler go on, and takes what it has ready, unless the guest has only just begun to run again. */
  goOn(now: number): void {
    this.now = now;
    if (!this.isWaiting || now < this.restsUntil) return;
    const started = performance.now();
    if (this.stored?.isLoading) this.stored.loadSome(this, started);
    else this.receive();
    this.restsUntil = now + this.options.rest;
    this.stoodStill(started);
  }
  private stoodStill(since: number): void {
    const milliseconds = performance.now() - since;
    this.counts.milliseconds += milliseconds;
    this.counts.longest = Math.max(this.counts.longest, milliseconds);
  }

  // Translation

  /** Has the block at `host` translated with the next batch. */
  enqueue(mode: number, pc: number, host: number): void {
    // The commpage changes without being stored to.
    if (host < RAM_AT || this.isSeldomEntered(mode, host)) return;
    if (this.queue.add({ mode, pc, host })) this.translateQueue();
  }

  /** The block at `host` has been entered as often again as it takes to be wanted, and there is still no code for it. */
  waits(mode: number, host: number): void {
    if (this.queue.waits(mode, host, this.counts.modules)) this.translateQueue();
  }

  /** Has what is queued translated, a module for each mode. */
  translateQueue(): void {
    const started = performance.now();
    const blocks = this.queue.take();
    for (let mode = 0; mode < MODES; mode++) {
      const awaited = this.sent.blocks(mode);
      const hot = blocks.filter((each) => {
        return each.mode === mode && this.isWanted(each) && !awaited.has(each.host);
      });
      if (hot.length > 0) this.sendWarm(mode, hot, awaited);
    }
    this.stoodStill(started);
  }

  /** Whether a block has been entered often enough, since it came to be in the middle of a function if it did. */
  private isWanted({ mode, host }: Hot): boolean {
    return this.map.entry(mode, host) <= -this.options.threshold;
  }

  /** @param awaited host addresses of the mode's blocks that have been sent before */
  private sendWarm(mode: number, wantedNow: readonly Hot[], awaited: ReadonlySet<number>): void {
    const { words, map } = this;
    const near = lookAround(words, mode, wantedNow);
    const most = Math.max(0, this.options.batch - wantedNow.length);
    const beside = { threshold: this.options.threshold, most, awaited };
    const warm = warmBeside(map, mode, wantedNow, near, beside);
    this.send(mode, [...wantedNow, ...warm], warm.length > 0 ? lookAround(words, mode, warm, near) : near, false);
  }

  /** @param near their pages; for the rest see {@link Batch} */
  private send(
    mode: number,
    hot: readonly Hot[],
    near: readonly NearPage[],
    again: boolean,
    odd = this.cpu.fpu.odd,
  ): void {
    const { words, map, mmu } = this;
    const places = CELLS * hot.length;
    const guards = map.reserveGuards(hot.length + places);
    if (guards < 0) return this.evict();
    const cells = { at: guards + 4 * hot.length, most: places, toSeen: map.toSeen };
    const wanted = hot.map(({ pc, host }, i) => {
      const first = (host & ~0xfff) >>> 2;
      return {
        pc,
        host,
        page: words.subarray(first, first + PAGE_WORDS),
        entries: map.entries(mode, host),
        devices: [...(this.devices.placesIn(mode, host) ?? [])],
        guard: guards + 4 * i,
      };
    });
    const linked = new Map<number, Importable>();
    const links = this.pages.links(mode, near, linked, (code) => this.gathering.replaces(code));
    const batch = { id: this.batches++, mode, odd, again, wanted, links, cells };
    for (const page of this.sent.add(batch, linked)) mmu.watch(page);
    this.compiler.submit(batch);
  }

  /** Has what is in use made again in large modules, when it is time; see gathering.ts. */
  private gather(now: number): void {
    const { gathering, options, held, counts } = this;
    if (this.isWaiting) return;
    if (!gathering.isOn) {
      if (!gathering.isDue(now, counts.regions, this.inUse, counts.exits) || 2 * held.bytes > options.limits.bytes)
        return;
      gathering.begin([...this.placed()]);
    }
    const started = performance.now();
    const group = gathering.next();
    const left = group.filter(({ mode, host }) => this.map.entry(mode, host) > 0);
    const [first] = left;
    if (first) this.send(first.mode, left, lookAround(this.words, first.mode, left), true, mostOften(left));
    else gathering.hasCome(counts.regions);
    this.stoodStill(started);
  }

  /** Takes the next module, if the compiler has it ready, and makes some of its functions known. */
  private receive(): void {
    if (!this.installing) {
      const made = this.compiler.receive();
      const batch = made && this.sent.get(made.id);
      if (!batch) return;
      const { at, most } = batch.cells;
      this.map.returnGuards(at + 4 * made.cells.length, at + 4 * most);
      if (!made.module) return this.hasCome(batch);
      this.makeRoom(made.wire.length);
      this.installing = this.beginInstalling(batch, made, made.module);
    }
    const { batch, regions, own } = this.installing;
    const end = Math.min(regions.length, this.installing.next + MOST_PLACED);
    if (!this.modes[batch.mode]!.hasRoom(end - this.installing.next)) return this.evict();
    while (this.installing.next < end) this.install(this.installing, this.installing.next++);
    if (end < regions.length) return;
    this.installing = null;
    this.held.release(own);
    this.hasCome(batch);
  }

  /** All functions of a batch are known. */
  private hasCome(batch: SentBatch): void {
    this.sent.delete(batch);
    if (batch.again) this.gathering.hasCome(this.counts.regions);
    for (const host of batch.changed.keys()) this.unwatch(host);
  }

  private beginInstalling(batch: SentBatch, made: Compiled, module: WebAssembly.Module): Installing {
    const { counts } = this;
    const { regions, imports, cells, wire } = made;
    // What has been dropped meanwhile is not called, but may come back as long as there is its module.
    const callees = imports.map((guard) => {
      const callee = batch.linked.get(guard)!;
      return callee.module.table ? callee : null;
    });
    const source = { module, wire, imports, cells, firstCell: batch.cells.at, unused: 0 };
    const { calls, own } = this.instantiate(batch.mode, source, callees);
    if (this.stored) own.source = source;
    counts.modules++;
    counts.bytes += wire.length;
    return { batch, regions, calls, own, next: 0 };
  }

  /** Makes a function known, if it is still what memory has; there is a slot for it. */
  private install({ batch, regions, calls, own }: Installing, index: number): void {
    const { map } = this;
    const { mode, odd } = batch;
    const { pc, host, guard, spans } = regions[index]!;
    const isThere = map.entry(mode, host) > 0;
    if (isThere && !batch.again) return;
    if (haveChanged(batch, host, spans)) {
      // Who changed it has dropped the function that this was to replace.
      if (batch.again) return;
      // It may be wanted again as it is now, or what was to be in the middle of it.
      this.countWithin(mode, host, spans);
      map.setEntry(mode, host, 0);
      return;
    }
    if (isThere) this.replace(mode, host);
    const words = this.kept.copy(spans, host);
    own.live++;
    this.place({ mode, odd, pc, host, guard, spans, words, call: calls[index]!, module: own, index, restsUntil: 0 });
    this.counts.regions++;
    if (batch.again) this.counts.gathered++;
  }

  /** @param callees what it imports, or null: what has been dropped */
  instantiate(
    mode: number,
    source: ModuleSource,
    callees: readonly (Importable | null)[],
  ): { calls: CallableFunction[]; own: HeldModule } {
    const { step, enter, resume, trap } = this.dispatcher;
    const imports: Record<string, WebAssembly.Memory | CallableFunction> = {
      memory: this.memory.memory,
      enter: enter[mode]!,
      step,
      resume,
      trap,
    };
    for (const [i, callee] of callees.entries()) imports[`f${i}`] = callee?.call ?? enter[mode]!;
    const { exports } = new WebAssembly.Instance(source.module, { k: imports });
    const { table, ...functions } = exports;
    const from = callees.flatMap((callee) => (callee ? [callee.module] : []));
    // Whatever becomes of the first of its functions, it is there until the last is.
    const own = this.held.add(table as WebAssembly.Table, source.wire.length, from);
    for (const [index, pc] of source.cells.entries()) {
      const cell = { mode, module: own, index, guard: source.firstCell + 4 * index, pc };
      // It may have come while this module was made.
      const found = pc === ANYWHERE ? null : this.find(mode, pc);
      if (found) this.late.fill(cell, found.host, found.callee);
      else this.late.wait(cell);
    }
    return { calls: Object.values(functions) as CallableFunction[], own };
  }

  // From run to run

  /** A function of an earlier run. A kernel's code is where it was, as soon as the kernel has been loaded. */
  adopt(code: RegionCode): void {
    const { mode, pc, host } = code;
    if (this.kept.holds(code, host) && this.canPlace(mode, host)) {
      code.module.live++;
      this.placeAgain(code, pc, host);
    } else this.kept.add(code);
  }

  /** What the next run can use; see {@link CodeStore}. Nothing once everything has been dropped. */
  toSave(): ToSave[] {
    return this.stored?.toSave([...this.placed(), ...[...this.kept.values()].toReversed()]) ?? [];
  }

  // Changes

  /** Bytes of a watched page change: translations of any of them go. */
  private changed(host: number, length: number): void {
    const first = (host & 0xfff) >>> 2;
    const last = ((host & 0xfff) + length - 1) >>> 2;
    for (let mode = 0; mode < MODES; mode++) {
      const page = this.pages.get(mode, host);
      if (!page) continue;
      for (let i = first; i <= last; i++) {
        if (page.covered[i] === 0) continue;
        this.drop(page, true);
        break;
      }
    }
    this.sent.note(host, first, last + 1);
    this.unwatch(host);
  }

  /** Nobody need know of changes to the page, if it has no code and none is on its way. */
  private unwatch(host: number): void {
    if (this.pages.has(host)) return;
    if (!this.sent.hasPage(host)) this.mmu.watched.delete(host);
  }

  /** The instruction at `host` has left generated code for a device. */
  noteDevice(mode: number, host: number): void {
    if (!this.devices.note(host)) return;
    const page = this.pages.get(mode, host);
    if (!page) return;
    const places = new Set(this.devices.placesIn(mode, host));
    places.add((host & 0xfff) >>> 2);
    this.drop(page, false);
    this.unwatch(page.host);
    this.devices.remember(mode, host, places);
    // All of it is wanted again, at once.
    for (const { at } of page.slots) this.map.setEntry(mode, page.host + 4 * at, 1 - this.options.threshold);
  }

  /** @param keep whether its functions are to come back when their words do */
  private drop(page: PageCode, keep: boolean): void {
    for (const callee of page.slots) {
      if (keep) this.kept.add(callee.code, this.now);
      this.remove(page, callee);
    }
    this.counts.dropped += page.slots.length;
    this.pages.delete(page);
    this.devices.forget(page.mode, page.host);
    this.epoch++;
  }

  /** Lets modules go until there is room for so many bytes more, while no generated code runs. */
  private makeRoom(bytes: number): void {
    const { held, options } = this;
    const most = options.limits.bytes;
    if (held.bytes + bytes <= most) return;
    const left = Math.max(0, Math.min(ROOM_MADE * most, most - bytes));
    this.letGo(held.leastUsed(held.bytes - left));
  }
  private letGo(modules: ReadonlySet<HeldModule>): void {
    this.counts.letGo += modules.size;
    this.kept.forgetAll(modules);
    for (const page of [...this.pages.values()]) {
      const gone = page.slots.filter(({ module }) => modules.has(module));
      if (gone.length === 0) continue;
      // What is entered often is soon translated again.
      for (const callee of gone) this.remove(page, callee);
      this.counts.dropped += gone.length;
      this.pages.keep(
        page,
        page.slots.filter(({ module }) => !modules.has(module)),
      );
      this.unwatch(page.host);
    }
    this.epoch++;
  }

  /** What is wrong with the code cache, a sentence each; nothing, if all is well. Looks at everything, so it is slow. */
  verify(): string[] {
    const { map, mmu, words, modes } = this;
    return brokenInvariants({ map, mmu, words, modes, pages: this.pages.values(), awaited: this.sent.pages() });
  }

  /** Drops everything, for want of room, while no generated code runs. What need not be done at once is left for later. */
  evict(): void {
    this.counts.evictions++;
    for (const host of this.sent.pages()) this.mmu.watched.delete(host);
    for (const { mode, host, slots } of this.pages.values()) {
      for (const { slot } of slots) this.modes[mode]!.leave(slot);
      this.counts.dropped += slots.length;
      this.mmu.watched.delete(host);
    }
    this.sent.clear();
    this.gathering.clear();
    this.installing = null;
    this.pages.clear();
    this.epoch++;
    // Guards are given out anew, so nothing made before may come back.
    this.kept.clear();
    this.held.clear();
    this.stored?.end();
    this.map.clear();
    this.late.clear();
    this.queue.take();
    this.devices.clear();
  }
}

/** Status.FR = 0 of most of these, which matters to few. */
function mostOften(functions: readonly RegionCode[]): number {
  return 2 * functions.filter(({ odd }) => odd === 1).length > functions.length ? 1 : 0;
}
