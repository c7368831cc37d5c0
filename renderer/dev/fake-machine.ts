/** An invented machine: page tables that fill and are flushed, a TLB that is written at random. Plausible, no more. */
import {
  PAGE_COMMPAGE,
  PAGE_DIRTY,
  PAGE_PRESENT,
  PAGE_WRITABLE,
  type FlushInfo,
  type MachineInfo,
  type MachineKind,
  type SegmentName,
  type TableName,
  type TableView,
  type ViewRequest,
  type ViewUpdate,
} from '../../emulator/protocol.ts';
import { defaultLayout } from '../lib/layouts.ts';

class FakeTable {
  readonly pages: Uint8Array;
  readonly stats: Partial<
    Record<SegmentName, { highWater: number; flushedTotal: number; flushedLast: number; refillsSince: number }>
  > = {};
  flushes = 0;
  lastFlush: FlushInfo | null = null;
  asid = 0x12;
  stale = false;
  readonly #info: MachineInfo;
  readonly #name: TableName;

  constructor(info: MachineInfo, name: TableName) {
    this.#info = info;
    this.#name = name;
    this.pages = new Uint8Array(info.geometry.slots * info.geometry.pagesPerSlot);
    for (const segment of this.#own()) {
      this.stats[segment.name] = { highWater: 0, flushedTotal: 0, flushedLast: 0, refillsSince: 0 };
    }
  }

  #own() {
    return this.#info.segments.filter((part) => part.name !== 'kseg1' && (this.#name === 'kernel' || part.user));
  }

  fill(address: number, bits: number): void {
    const page = address >>> 12;
    if (!this.pages[page]) {
      const part = this.#own().find((segment) => address >= segment.start && address <= segment.end);
      if (part) this.stats[part.name]!.refillsSince++;
    }
    this.pages[page] = this.pages[page]! | bits | PAGE_PRESENT;
  }

  counts(): Uint16Array {
    const counts = new Uint16Array(this.#info.geometry.slots);
    for (let page = 0; page < this.pages.length; page++) if (this.pages[page]) counts[page >> 10]!++;
    return counts;
  }

  flush(instructions: number, newAsid: number): void {
    const freed: number[] = [];
    const bySegment: FlushInfo['bySegment'] = {};
    let pages = 0;
    const before = this.counts();
    for (const part of this.#own().filter((segment) => segment.mapped)) {
      const lost = { pages: 0, tables: 0 };
      for (let slot = part.start / 2 ** 22; slot < (part.end + 1) / 2 ** 22; slot++) {
        if (!before[slot]) continue;
        lost.pages += before[slot];
        lost.tables++;
        freed.push(slot);
        this.pages.fill(0, slot << 10, (slot + 1) << 10);
      }
      bySegment[part.name] = lost;
      pages += lost.pages;
      const stats = this.stats[part.name]!;
      stats.flushedTotal += lost.pages;
      stats.flushedLast = lost.pages;
      stats.refillsSince = 0;
    }
    this.lastFlush = {
      serial: ++this.flushes,
      table: this.#name,
      kind: this.#name === 'kernel' ? 'KMF_KERN' : 'KMF_USER',
      instructions,
      pc: 0x40102a58,
      symbol: 'switch_mm+0x18',
      oldAsid: this.asid,
      newAsid,
      ranges: [],
      pages,
      tablesFreed: freed.length,
      entriesCleared: freed.length,
      bySegment,
      kept: {},
      freedSlots: Uint16Array.from(freed),
    };
    this.asid = newAsid;
    this.stale = false;
  }

  view(): TableView {
    const counts = this.counts();
    const segments: TableView['segments'] = {};
    for (const part of this.#own()) {
      const [from, to] = [part.start / 2 ** 22, (part.end + 1) / 2 ** 22];
      const inside = counts.subarray(from, to);
      const pages = inside.reduce((sum, value) => sum + value, 0);
      const stats = this.stats[part.name]!;
      stats.highWater = Math.max(stats.highWater, pages);
      segments[part.name] = { pages, tables: inside.filter((value) => value > 0).length, ...stats };
    }
    const { flushes, lastFlush, asid, stale } = this;
    return { counts, segments, flushes, lastFlush, asid, stale };
  }
}

export class FakeMachine {
  readonly info: MachineInfo;
  readonly #kernel: FakeTable;
  readonly #user: FakeTable;
  readonly #tlb: { hi: Uint32Array; lo0: Uint32Array; lo1: Uint32Array; at: Float64Array };
  #instructions = 1_000_000;
  #asid = 0x12;
  #changes = 0;
  #pending = 0;
  #random = 7;

  constructor(machine: MachineKind) {
    this.info = {
      ...defaultLayout(machine),
      policy: 'lazy-user',
      keepReplaced: false,
      migrateEvery: 0,
      guest: machine === 'kvm' ? 'Lab' : 'Lab malta',
      bigEndian: false,
      memoryMiB: 256,
      tlbEntries: 64,
      nsPerInstruction: 10,
      commandLine: '',
    };
    this.#kernel = new FakeTable(this.info, 'kernel');
    this.#user = new FakeTable(this.info, 'user');
    this.#tlb = {
      hi: Uint32Array.from({ length: 64 }, (_, i) => 0x80000000 + i * 0x2000),
      lo0: new Uint32Array(64),
      lo1: new Uint32Array(64),
      at: new Float64Array(64),
    };
  }

  /** kseg0 as after a boot. */
  warmUp(): void {
    const base = this.#segment('kseg0').start;
    for (let slot = 0; slot < 64; slot++) {
      const level = this.#next();
      const pages = slot < 3 || slot > 60 ? 900 : level < 0.3 ? 700 : level < 0.55 ? 120 : level < 0.65 ? 12 : 0;
      for (let i = 0; i < pages; i++) {
        this.#kernel.fill(base + slot * 2 ** 22 + i * 4096, PAGE_WRITABLE | (i % 3 ? PAGE_DIRTY : 0));
      }
    }
    if (this.info.machine === 'kvm') this.#kernel.fill(0x7000, PAGE_COMMPAGE);
  }

  /** Tables as they are some time after a flush. */
  settle(): void {
    for (let i = 0; i < 200; i++) this.changeAsid();
    this.#user.flush(this.#instructions, this.#asid);
    for (let i = 0; i < 260; i++) this.#touch();
    for (let i = 0; i < 64; i++) this.#writeTlb(i);
    for (const i of [6, 23, 40, 41]) this.#tlb.hi[i] = 0x80000000 + i * 0x2000;
    this.#tlb.hi[22] = this.#tlb.hi[16]!;
  }

  run(seconds: number): void {
    this.#instructions += Math.round(seconds * 41.6e6);
    for (let i = 0; i < 6; i++) this.#touch();
    if (this.#next() < 0.15) this.#writeTlb(Math.floor(this.#next() * 64));
    if (this.#user.stale && --this.#pending <= 0) this.#user.flush(this.#instructions, this.#asid);
  }

  step(): void {
    this.#instructions++;
    this.#touch();
  }

  changeAsid(): void {
    const next = this.#asid === 0x12 ? 0x13 : 0x12;
    this.#instructions += 96 + Math.floor(this.#next() * 4000);
    this.#kernel.flush(this.#instructions - 96, next);
    this.#asid = next;
    this.#changes++;
    this.#user.stale = true;
    this.#pending = 30;
    if (this.info.machine === 'kvm') this.#kernel.fill(0x7000, PAGE_COMMPAGE);
    this.#writeTlb(20);
  }

  view(sequence: number, request: ViewRequest): ViewUpdate {
    const { hi, lo0, lo1, at } = this.#tlb;
    const slot = request.slot;
    const inSlot = (pages: Uint8Array) => pages.slice((slot ?? 0) << 10, ((slot ?? 0) + 1) << 10);
    return structuredClone({
      sequence,
      reading: true,
      instructions: this.#instructions,
      virtualNs: this.#instructions * 10,
      mips: 41.6 + this.#next(),
      pace: 41_600,
      generated: 0.97,
      idle: 0.12,
      mode: this.#next() < 0.5 ? ('kernel' as const) : ('user' as const),
      asid: this.#asid,
      pc: 0x40101c2c,
      symbol: 'copy_out+0x2c',
      asidChanges: this.#changes,
      recording: true,
      ...(request.segments ? { kernel: this.#kernel.view(), user: this.#user.view() } : {}),
      ...(request.tlb
        ? {
            tlb: {
              entryHi: hi,
              pageMask: new Uint32Array(64),
              entryLo0: lo0,
              entryLo1: lo1,
              writtenAt: at,
              random: new Uint8Array(64),
              writes: 0,
            },
          }
        : {}),
      ...(slot !== null ? { slot: { slot, kernel: inSlot(this.#kernel.pages), user: inSlot(this.#user.pages) } } : {}),
    });
  }

  #segment(name: SegmentName) {
    return this.info.segments.find((part) => part.name === name)!;
  }

  /** A page fault somewhere likely. */
  #touch(): void {
    const useg = this.#segment('useg').end + 1;
    const bases = [0x10000, 0x10000, 0x40000, 0x100000, useg / 2, useg * 0.66, useg - 0x400000, useg - 0x100000];
    const base = bases[Math.floor(this.#next() * bases.length)]!;
    const address = (base + Math.floor(this.#next() ** 2 * 60) * 4096) >>> 0;
    const kind = this.#next();
    const bits = kind < 0.3 ? 0 : kind < 0.6 ? PAGE_WRITABLE : PAGE_WRITABLE | PAGE_DIRTY;
    if (!this.#user.stale && address < useg) this.#user.fill(address, bits);
    if (this.#next() < 0.3 && address < useg) this.#kernel.fill(address, bits);
    if (this.#next() < 0.2) {
      this.#kernel.fill(this.#segment('kseg23').start + Math.floor(this.#next() ** 3 * 3000) * 4096, bits);
    }
  }

  #writeTlb(index: number): void {
    const kseg = this.#next() < 0.15;
    const base = kseg
      ? this.#segment('kseg23').start
      : [0x10000, 0x20000000, 0x3fe00000][Math.floor(this.#next() * 3)]!;
    const asid = this.#next() < 0.5 ? this.#asid : 0x11 + Math.floor(this.#next() * 3);
    const pfn = Math.floor(0x1000 + this.#next() * 0xe000) & ~1;
    this.#tlb.hi[index] = (base + Math.floor(this.#next() * 7) * 0x2000 + index * 0x2000 + (kseg ? 0 : asid)) >>> 0;
    const flags = (): number => 0x1a | (this.#next() < 0.5 ? 4 : 0) | (kseg ? 1 : 0);
    this.#tlb.lo0[index] = this.#next() < 0.1 && !kseg ? 0 : (pfn << 6) | flags();
    this.#tlb.lo1[index] = this.#next() < 0.15 && !kseg ? 0 : ((pfn + 1) << 6) | flags();
    this.#tlb.at[index] = this.#instructions - Math.floor(this.#next() * 60000);
  }

  #next(): number {
    this.#random = (this.#random + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#random ^ (this.#random >>> 15), 1 | this.#random);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
}
