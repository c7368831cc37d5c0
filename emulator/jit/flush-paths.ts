/**
 * The flushes of a change of ASID without leaving WebAssembly: the kernel's table at once, the user's when user mode is
 * entered under another ASID. AddressSpace.flush and Mmu.flushKernel and flushUser are the reference.
 *
 * Either takes whole segments, so each table of theirs goes, and what is left to do is to count. Where more of them would
 * go than an event or the list of spare tables has room for, or host ASIDs run out, the MMU does it.
 */
import {
  COUNTED_AT,
  HOST_TLB,
  HOST_TLB_LISTS,
  HOST_TLB_LIST_BYTES,
  MMU_AT,
  MOST_SPARES,
  PATHS_AT,
  PRESENT_AT,
  TOUCHED,
} from '../memory.ts';
import { RECORD } from '../mmu/flush-record.ts';
import { HOST_ASID_MASK } from '../mmu/host-cpus.ts';
import { KMF_KERN, KMF_USER, KSEG0, KSEG1, KSEG23, SEGMENTS, USEG } from '../mmu/layout.ts';
import { FIGURES, Figure } from '../mmu/segment-figures.ts';
import { FLUSH_KERNEL, FLUSH_USER, KERNEL_TABLE, NONE } from '../timeline/categories.ts';
import { FREED_SLOTS } from '../timeline/event-ring.ts';
import type { Expressions, Local, Value } from './expressions.ts';
import { PART_SHIFT, REMOVALS, pushInstructions, type MmuPaths, type TableAddresses } from './mmu-paths.ts';
import type { RecordPaths } from './record-paths.ts';
import { Op, Simd } from './wasm.ts';

/** Of an address, to the word of MMU_AT.occupied that has its page-directory slot. */
const GROUP_SHIFT = 27;

export class FlushPaths {
  /** Functions of this class, by name, and their parameters; none returns anything. */
  static readonly FUNCTIONS = { clearHost: 1, freeTables: 3, flush: 4 } as const;

  constructor(
    private readonly e: Expressions,
    private readonly mmu: MmuPaths,
    private readonly tables: TableAddresses,
    private readonly log: RecordPaths | null,
    private readonly index: Record<keyof typeof FlushPaths.FUNCTIONS, number>,
  ) {}

  /** Writes all of {@link FUNCTIONS}, in order. */
  emit(): void {
    const { e } = this;
    e.body(1, (mode) => this.clearHost(mode!));
    e.body(3, (mode, group, end) => this.freeTables(mode!, group!, end!));
    e.body(4, (mode, old, now, pc) => this.flush(mode!, old!, now!, pc!));
  }

  private record(mode: Value): Value {
    return this.e.select(mode, MMU_AT.flushes[1], MMU_AT.flushes[0]);
  }
  private figure(mode: Value, segment: number, figure: Figure): Value {
    const { e } = this;
    const table = e.mul(mode, MMU_AT.figures[1] - MMU_AT.figures[0]);
    return e.low(e.loadDouble(table, figureAt(segment, figure)));
  }

  /** Whether the table can be flushed here. */
  canFlush(mode: Value): Value {
    const { e } = this;
    if (!this.tables.flushes) return 0;
    const going = e.add(this.figure(mode, USEG, Figure.Tables), this.figure(mode, KSEG23, Figure.Tables));
    const held = e.local(going);
    const room = e.isLess(e.add(held, e.load(0, PATHS_AT.spares)), MOST_SPARES + 1);
    const recorded = this.log ? e.isLess(held, FREED_SLOTS + 1) : 1;
    const context = e.low(e.loadDouble(0, MMU_AT.asidCache));
    const hasAsid = e.isNot(e.and(context, HOST_ASID_MASK), HOST_ASID_MASK);
    return e.and(e.and(room, recorded), hasAsid);
  }

  /** clearHost(mode): every mapped page leaves the host TLB. */
  private clearHost(mode: Local): void {
    const { e, mmu } = this;
    const state = e.local(mmu.hostState(mode));
    const length = e.local(e.load(state, MMU_AT.hostTlbs[0]));
    e.returnIf(e.not(length));
    const place = e.local(e.shl(mode, 31 - Math.clz32(2 * HOST_TLB_LIST_BYTES)));
    const end = e.local(e.add(place, e.shl(length, 2)));
    e.loop((again) => {
      const va = e.local(e.shl(e.load(place, HOST_TLB_LISTS[0]), 12));
      const word = e.local(mmu.hostWord(mode, va));
      const entry = e.local(e.load(word, HOST_TLB.reads[0]));
      const invalid = e.local(mmu.invalid(va));
      // An entry dropped by itself stays listed.
      e.if(e.isNot(entry, invalid), () => {
        const removed = e.isNot(mmu.isWatched(e.xor(entry, va)), 0);
        e.increase(state, MMU_AT.hostTlbs[0] + REMOVALS, removed);
        e.store(word, HOST_TLB.reads[0], invalid);
        e.store(word, HOST_TLB.writes[0], invalid);
      });
      e.set(place, e.add(place, 4));
      again(e.isBelow(place, end));
    });
    e.store(state, MMU_AT.hostTlbs[0], 0);
  }

  /** freeTables(mode, group, end): each table of the page-directory slots from 32 * group up to 32 * end. */
  private freeTables(mode: Local, group: Local, end: Local): void {
    const { e, mmu } = this;
    const record = e.local(this.record(mode));
    const pgd = e.local(mmu.pgd(mode));
    const occupied = e.local(e.mul(mode, MMU_AT.occupied[1] - MMU_AT.occupied[0]));
    const count = e.local(e.load(record, RECORD.freedSlotCount));
    const spares = e.local(e.load(0, PATHS_AT.spares));
    const [bits, slot, table] = [e.local(0), e.local(0), e.local(0)];
    e.loop((nextGroup) => {
      const place = e.local(e.add(occupied, e.shl(group, 2)));
      e.set(bits, e.load(place, MMU_AT.occupied[0]));
      e.store(place, MMU_AT.occupied[0], 0);
      e.if(bits, () =>
        e.loop((nextSlot) => {
          const lowest = e.sub(31, e.clz(e.and(bits, e.sub(0, bits))));
          e.set(slot, e.add(e.shl(group, 5), lowest));
          const entry = e.add(pgd, e.shl(slot, 2));
          e.set(table, e.load(entry));
          e.store(entry, 0, 0);
          this.zero(table);
          e.store(e.shl(spares, 2), PATHS_AT.spare, table);
          e.set(spares, e.add(spares, 1));
          e.store16(e.add(record, e.shl(count, 1)), RECORD.freedSlots, slot);
          e.set(count, e.add(count, 1));
          e.set(bits, e.and(bits, e.sub(bits, 1)));
          nextSlot(bits);
        }),
      );
      e.set(group, e.add(group, 1));
      nextGroup(e.isBelow(group, end));
    });
    e.store(0, PATHS_AT.spares, spares);
    e.store(record, RECORD.freedSlotCount, count);
  }

  /** Zeroes a table's parts that have had entries. */
  private zero(table: Local): void {
    const { e } = this;
    const touched = e.local(e.load(this.mmu.presentWord(table), PRESENT_AT + TOUCHED));
    e.if(touched, () =>
      e.loop((nextPart) => {
        const part = e.local(e.add(table, e.shl(e.ctz(touched), PART_SHIFT)));
        for (let at = 0; at < 1 << PART_SHIFT; at += 16) {
          e.push(part);
          e.push(0);
          e.out.simd(Simd.I32x4Splat);
          e.out.storeVector(at);
        }
        e.set(touched, e.and(touched, e.sub(touched, 1)));
        nextPart(touched);
      }),
    );
  }

  /** flush(mode, old, now, pc): by a change of ASID, which is the guest's already; see {@link canFlush}. */
  private flush(mode: Local, old: Local, now: Local, pc: Local): void {
    const { e, index } = this;
    const record = e.local(this.record(mode));
    const figures = e.local(e.mul(mode, MMU_AT.figures[1] - MMU_AT.figures[0]));
    const flags = e.select(mode, KMF_USER, KMF_KERN);
    e.increaseDouble(record, RECORD.serial, 1);
    e.storeDouble(record, RECORD.instructions, () => pushInstructions(e));
    e.store(record, RECORD.pc, pc);
    e.store(record, RECORD.flags, flags);
    e.store(record, RECORD.oldAsid, old);
    e.store(record, RECORD.newAsid, now);
    e.store(record, RECORD.entriesCleared, 0);
    e.store(record, RECORD.freedSlotCount, 0);

    const [pages, tables] = [e.local(0), e.local(0)];
    for (const segment of [USEG, KSEG23]) {
      const held = e.local(this.figure(mode, segment, Figure.Pages));
      const freed = e.local(this.figure(mode, segment, Figure.Tables));
      e.store(record, RECORD.pagesBySegment + 4 * segment, held);
      e.store(record, RECORD.tablesBySegment + 4 * segment, freed);
      e.store(record, RECORD.keptBySegment + 4 * segment, 0);
      e.set(pages, e.add(pages, held));
      e.set(tables, e.add(tables, freed));
      const of = (figure: Figure) => figureAt(segment, figure);
      const sum = e.double(
        Op.F64Add,
        e.loadDouble(figures, of(Figure.FlushedTotal)),
        e.loadDouble(figures, of(Figure.Pages)),
      );
      e.storeDouble(figures, of(Figure.FlushedTotal), sum);
      e.storeDouble(figures, of(Figure.FlushedLast), e.loadDouble(figures, of(Figure.Pages)));
      for (const gone of [Figure.Pages, Figure.Tables, Figure.RefillsSince]) {
        e.storeDouble(figures, of(gone), () => e.out.double(0));
      }
      const { start, end } = this.tables.layout.segments.find(({ name }) => name === SEGMENTS[segment])!;
      const groups = [start >>> GROUP_SHIFT, (end >>> GROUP_SHIFT) + 1] as const;
      e.if(freed, () => e.do(e.call(index.freeTables, mode, ...groups)));
    }
    for (const segment of [KSEG0, KSEG1]) {
      e.store(record, RECORD.pagesBySegment + 4 * segment, 0);
      e.store(record, RECORD.tablesBySegment + 4 * segment, 0);
      e.store(record, RECORD.keptBySegment + 4 * segment, this.figure(mode, segment, Figure.Pages));
    }
    e.store(record, RECORD.pages, pages);
    e.store(record, RECORD.tablesFreed, tables);
    const counted = e.local(e.mul(mode, COUNTED_AT.flushes[1] - COUNTED_AT.flushes[0]));
    for (const [i, by] of [1, tables, pages].entries()) e.increase(counted, COUNTED_AT.flushes[0] + 4 * i, by);
    this.recordFlush(mode, record, pc, e.or(old, e.shl(now, 8)));

    e.increaseDouble(0, MMU_AT.asidCache, 1);
    const context = e.mul(mode, MMU_AT.contexts[1] - MMU_AT.contexts[0]);
    e.storeDouble(context, MMU_AT.contexts[0], e.loadDouble(0, MMU_AT.asidCache));
    e.do(e.call(index.clearHost, mode));
  }

  /** @param asids the old one, and the new one in bits 15:8 */
  private recordFlush(mode: Local, record: Local, pc: Local, asids: Value): void {
    const { e, log, mmu } = this;
    if (!log) return;
    const own = (offset: number) => e.load(record, offset);
    const common = { asid: mmu.asid(), user: mode };
    const flags = e.select(mode, KMF_USER << 16, (KMF_KERN << 16) | KERNEL_TABLE);
    const sums = [own(RECORD.pages), own(RECORD.tablesFreed), 0, e.or(asids, flags)];
    const category = e.select(mode, FLUSH_USER, FLUSH_KERNEL);
    const segments = e.select(mode, 1 << USEG, (1 << USEG) | (1 << KSEG23));
    const slots = own(RECORD.freedSlotCount);
    log.keepTogether(e.select(slots, 3, 2), pc, { ...common, category: NONE });
    log.push(pc, { ...common, category, segments }, ...sums);
    const [pages, tables] = [RECORD.pagesBySegment, RECORD.tablesBySegment];
    const freed = e.or(own(tables + 4 * USEG), e.shl(own(tables + 4 * KSEG23), 21));
    log.push(pc, { ...common, category: NONE, own: slots }, own(pages + 4 * USEG), 0, own(pages + 4 * KSEG23), freed);
    const places = [0, 4, 8, 12].map((at) => own(RECORD.freedSlots + at));
    e.if(slots, () => log.push(pc, { ...common, category: NONE }, ...places));
  }
}

/** Where a figure of a segment of the kernel's table is. */
function figureAt(segment: number, figure: Figure): number {
  return MMU_AT.figures[0] + 8 * (FIGURES * segment + figure);
}
