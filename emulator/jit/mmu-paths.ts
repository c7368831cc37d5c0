/**
 * What the MMU does most often, for generated code to do without leaving WebAssembly: serving an access from the GVA
 * tables or the guest TLB, and writing a guest TLB entry. The MMU itself (mmu/mmu.ts) is the reference; whatever is not
 * the common case is left to it, before anything has been changed.
 *
 * Modes are 0 for the kernel's table and 1 for the user's.
 */
import { Cp0 } from '../cpu/cp0.ts';
import {
  CLOCK_AT,
  COUNTED_AT,
  CP0_AT,
  HOST_TLB,
  HOST_TLB_LISTS,
  HOST_TLB_LIST_BYTES,
  JIT_LEFT_AT,
  MMU_AT,
  PATHS_AT,
  PRESENT_AT,
  TABLES_AT,
  TABLE_UNIT,
  TOUCHED,
  WATCHED_AT,
} from '../memory.ts';
import { PTE_YOUNG } from '../mmu/gpa-table.ts';
import { GUEST_TLB, LO_D, LO_G, LO_V } from '../mmu/guest-tlb.ts';
import { PTE_DIRTY, PTE_FLAGS, PTE_PRESENT, PTE_WRITABLE } from '../mmu/gva-page-table.ts';
import { MOST_KEPT } from '../mmu/kept-pairs.ts';
import { KSEG0, KSEG23, USEG, type Layout } from '../mmu/layout.ts';
import { NOTHING_MISSED } from '../mmu/guest-tables.ts';
import { FIGURES, Figure } from '../mmu/segment-figures.ts';
import type { Expressions, Local, Value } from './expressions.ts';
import { Op, Simd } from './wasm.ts';

/** What {@link MmuPaths.fill} answers. */
export const enum Filled {
  /** The MMU must do it; nothing has been changed. */
  No = -1,
  /** The host TLB has it. */
  Yes = 0,
  /** The guest must be told: no entry matches, it is not valid, it may not be written. */
  Missed = 1,
  Invalid = 2,
  Modified = 3,
}

export interface TableAddresses {
  /** Page directories of the GVA tables by mode, and of the GPA table. */
  pgd: readonly [kernel: number, user: number];
  gpa: number;
  tlbEntries: number;
  layout: Layout;
  /** Whether changes of ASID flush the tables lazily, as {@link FlushPaths} does. */
  flushes: boolean;
  /** Whether pages of what TLBWR replaces stay in the tables for as long as the guest cannot tell; see KeptPairs. */
  keepsReplaced: boolean;
}

const OFFSET = 0xfff;
const PAGE = ~OFFSET;
const PAIR = ~0x1fff;
/** Where the count of watched pages that a host TLB has dropped is in its words. */
export const REMOVALS = 8;
/** Of a pte table, the parts that TOUCHED has a bit for, as a power of two: each has both pages of a pair. */
export const PART_SHIFT = 7;
const [SEGMENT_SHIFT, BUDDY] = [29, 0x1000];

/** The index in SEGMENTS of an address, from four bits for each value of address bits 31:29; 15 outside the layout. */
export function segmentOf(e: Expressions, layout: Layout, va: Value): Value {
  const all = layout.segmentOf.reduce((sum, segment, i) => sum | ((segment & 15) << (4 * i)), 0);
  return e.and(e.shr(all, e.shl(e.shr(va, SEGMENT_SHIFT), 2)), 15);
}

export const cp0 = (register: number): number => CP0_AT + 4 * register;

export class MmuPaths {
  /** Functions of this class, by name, and their parameters. */
  static readonly FUNCTIONS = { tablePlace: 2, clear: 2, insert: 3, lookup: 2, fill: 3, write: 2 } as const;

  /** @param index of a function of {@link FUNCTIONS} */
  constructor(
    private readonly e: Expressions,
    private readonly tables: TableAddresses,
    private readonly index: Record<keyof typeof MmuPaths.FUNCTIONS, number>,
  ) {}

  /** Writes all of {@link FUNCTIONS}, in order. */
  emit(): void {
    const { e } = this;
    e.body(2, (pgd, va) => this.tablePlace(pgd!, va!));
    e.body(2, (mode, va) => this.clear(mode!, va!));
    e.body(3, (mode, va, pte) => this.insert(mode!, va!, pte!));
    e.body(2, (va, asid) => this.lookup(va!, asid!));
    e.body(3, (mode, va, write) => this.fill(mode!, va!, write!));
    e.body(2, (index, random) => this.write(index!, random!));
  }

  // Places

  pgd(mode: Value): Value {
    const [kernel, user] = this.tables.pgd;
    return this.e.select(mode, user, kernel);
  }
  /** Addresses of the host TLB's words for `va`, less those of the kernel's tables. */
  hostWord(mode: Value, va: Value): Value {
    const { e } = this;
    const table = e.mul(mode, HOST_TLB.reads[1] - HOST_TLB.reads[0]);
    return e.add(table, e.shl(e.shr(va, 12), 2));
  }
  invalid(va: Value): Value {
    return this.e.and(this.e.xor(va, -1), 0x80000000);
  }
  hostState(mode: Value): Value {
    return this.e.mul(mode, MMU_AT.hostTlbs[1] - MMU_AT.hostTlbs[0]);
  }
  private listLength(mode: Value, kseg0: Value): Value {
    return this.e.add(this.hostState(mode), this.e.shl(kseg0, 2));
  }
  isWatched(host: Value): Value {
    return this.e.load8(this.e.shr(host, 12), WATCHED_AT);
  }
  isIn(va: Value, ...segments: number[]): Value {
    const { e } = this;
    const { segmentOf } = this.tables.layout;
    const bits = segmentOf.reduce((mask, segment, i) => mask | (segments.includes(segment) ? 1 << i : 0), 0);
    return e.and(e.shr(bits, e.shr(va, SEGMENT_SHIFT)), 1);
  }
  asid(): Value {
    return this.e.load8(0, cp0(Cp0.EntryHi));
  }

  /** tablePlace(pgd, va): address of the entry for `va`, or 0 where there is no table. */
  private tablePlace(pgd: Local, va: Local): void {
    const { e } = this;
    const table = e.local(e.load(e.add(pgd, e.shl(e.shr(va, 22), 2))));
    e.returnIf(e.not(table), 0);
    e.return(e.add(table, e.and(e.shr(va, 10), 0xffc)));
  }

  /** Where the present pages of an entry's table are counted, less PRESENT_AT: tables are of 4 KiB, at multiples of that. */
  presentWord(place: Value): Value {
    const { e } = this;
    return e.shl(e.shr(e.sub(e.and(place, PAGE), TABLES_AT), 31 - Math.clz32(TABLE_UNIT)), 2);
  }
  /** Where the figures of the segment of `va` are, less those of the kernel's first. */
  private figures(mode: Value, va: Value): Value {
    const { e } = this;
    const table = e.mul(mode, MMU_AT.figures[1] - MMU_AT.figures[0]);
    return e.add(table, e.mul(segmentOf(e, this.tables.layout, va), 8 * FIGURES));
  }

  /** Where a figure of a segment is, less {@link figures}. */
  private figure(figure: Figure): number {
    return MMU_AT.figures[0] + 8 * figure;
  }

  /** So many pages went from the table: `place` is an entry's address, `va` what it maps. */
  private countGone(mode: Value, place: Value, va: Value, pages: Local): void {
    const { e } = this;
    const change = e.local(e.sub(0, pages));
    e.increase(this.presentWord(place), PRESENT_AT, change);
    e.increaseDouble(this.figures(mode, va), this.figure(Figure.Pages), change);
  }

  /** So many came. */
  private countNew(mode: Value, place: Value, va: Value, pages: Local): void {
    const { e } = this;
    const present = e.local(this.presentWord(place));
    e.increase(present, PRESENT_AT, pages);
    const part = e.shl(1, e.shr(e.and(place, OFFSET), PART_SHIFT));
    e.store(present, PRESENT_AT + TOUCHED, e.or(e.load(present, PRESENT_AT + TOUCHED), part));
    const at = e.local(this.figures(mode, va));
    e.increaseDouble(at, this.figure(Figure.Pages), pages);
    e.increaseDouble(at, this.figure(Figure.RefillsSince), pages);
    const held = e.loadDouble(at, this.figure(Figure.Pages));
    const most = e.loadDouble(at, this.figure(Figure.HighWater));
    e.if(e.double(Op.F64Gt, held, most), () => e.storeDouble(at, this.figure(Figure.HighWater), held));
  }

  /** Enters one of the tables that are ready in the page directory. */
  private takeSpare(mode: Value, va: Value): void {
    const { e } = this;
    e.increase(0, PATHS_AT.spares, -1);
    const table = e.local(e.load(e.shl(e.load(0, PATHS_AT.spares), 2), PATHS_AT.spare));
    e.store(e.add(this.pgd(mode), e.shl(e.shr(va, 22), 2)), 0, table);
    const present = e.local(this.presentWord(table));
    e.store(present, PRESENT_AT, 0);
    e.store(present, PRESENT_AT + TOUCHED, 0);
    const group = e.shl(e.shr(va, 27), 2);
    const at = e.local(e.add(e.mul(mode, MMU_AT.occupied[1] - MMU_AT.occupied[0]), group));
    const bit = e.shl(1, e.shr(va, 22));
    e.store(at, MMU_AT.occupied[0], e.or(e.load(at, MMU_AT.occupied[0]), bit));
    e.increaseDouble(this.figures(mode, va), this.figure(Figure.Tables), 1);
  }

  /** The page of `va` leaves the host TLB. */
  private dropHost(mode: Value, va: Value): void {
    const { e } = this;
    const word = e.local(this.hostWord(mode, va));
    const entry = e.local(e.load(word, HOST_TLB.reads[0]));
    e.if(e.isNot(entry, this.invalid(va)), () => {
      e.if(this.isWatched(e.xor(entry, va)), () => {
        e.increase(this.hostState(mode), MMU_AT.hostTlbs[0] + REMOVALS, 1);
      });
      e.store(word, HOST_TLB.reads[0], this.invalid(va));
      e.store(word, HOST_TLB.writes[0], this.invalid(va));
    });
  }

  /** clear(mode, start): the page pair leaves the GVA table, and the host TLB as far as it was in the table. */
  private clear(mode: Local, start: Local): void {
    const { e } = this;
    const place = e.local(e.call(this.index.tablePlace, this.pgd(mode), start));
    e.returnIf(e.not(place));
    const gone = e.local(0);
    for (const half of [0, 1]) {
      e.if(e.load(place, 4 * half), () => {
        e.store(place, 4 * half, 0);
        e.set(gone, e.add(gone, 1));
        this.dropHost(mode, e.local(e.or(start, half * BUDDY)));
      });
    }
    e.if(gone, () => this.countGone(mode, place, start, gone));
  }

  /** insert(mode, va, pte): the host TLB gets the page of `va`; its list must have room. */
  private insert(mode: Local, va: Local, pte: Local): void {
    const { e } = this;
    e.increase(0, COUNTED_AT.hostRefills, 1);
    const word = e.local(this.hostWord(mode, va));
    const entry = e.local(e.and(e.xor(pte, va), PAGE));
    e.if(e.is(e.load(word, HOST_TLB.reads[0]), this.invalid(va)), () => {
      const kseg0 = e.local(this.isIn(va, KSEG0));
      const state = e.local(this.listLength(mode, kseg0));
      const length = e.local(e.load(state, MMU_AT.hostTlbs[0]));
      const list = e.mul(e.add(e.shl(mode, 1), kseg0), HOST_TLB_LIST_BYTES);
      e.store(e.add(list, e.shl(length, 2)), HOST_TLB_LISTS[0], e.shr(va, 12));
      e.store(state, MMU_AT.hostTlbs[0], e.add(length, 1));
    });
    e.store(word, HOST_TLB.reads[0], entry);
    const stores = e.select(this.isWatched(pte), e.xor(entry, 0x80000001), entry);
    e.store(word, HOST_TLB.writes[0], e.select(e.and(pte, PTE_DIRTY), stores, this.invalid(va)));
  }

  /** lookup(va, asid): index of the first guest TLB entry that matches, or -1. Four of them are compared at once. */
  private lookup(va: Local, asid: Local): void {
    const { e } = this;
    const { out } = e;
    const tag = e.local(e.or(e.and(va, ~0xff), asid));
    for (let first = 0; first < this.tables.tlbEntries; first += 4) {
      // Where an entry matches, zero.
      const differences = () => {
        for (const kind of [GUEST_TLB.tags, GUEST_TLB.tagged]) {
          e.push(0);
          out.loadVector(kind + 4 * first);
          if (kind === GUEST_TLB.tags) {
            e.push(tag);
            out.simd(Simd.I32x4Splat);
            out.simd(Simd.Xor);
          }
        }
        out.simd(Simd.And);
      };
      const matches = () => {
        differences();
        e.push(0);
        for (const op of [Simd.I32x4Splat, Simd.I32x4Eq, Simd.I32x4Bitmask]) out.simd(op);
      };
      const none = () => {
        differences();
        out.simd(Simd.I32x4AllTrue);
      };
      e.returnIf(e.not(none), e.add(first, e.ctz(matches)));
    }
    e.return(-1);
  }

  /** fill(mode, va, write): a {@link Filled}. */
  private fill(mode: Local, va: Local, write: Local): void {
    const { e, index } = this;
    // Beyond user mode's own addresses; the unmapped segment that is no table's.
    e.returnIf(e.and(mode, e.not(this.isIn(va, USEG))), Filled.No);
    e.returnIf(e.not(this.isIn(va, USEG, KSEG0, KSEG23)), Filled.No);
    const room = HOST_TLB_LIST_BYTES >>> 2;
    e.returnIf(e.is(e.load(this.listLength(mode, this.isIn(va, KSEG0)), MMU_AT.hostTlbs[0]), room), Filled.No);
    const place = e.local(e.call(index.tablePlace, this.pgd(mode), va));
    const allows = (pte: Value) => e.or(e.not(write), e.and(e.shr(pte, 31 - Math.clz32(PTE_DIRTY)), 1));
    e.if(place, () => {
      const pte = e.local(e.load(place));
      e.if(e.and(e.isNot(pte, 0), allows(pte)), () => {
        e.do(e.call(index.insert, mode, va, pte));
        e.return(Filled.Yes);
      });
    });
    e.returnIf(this.isIn(va, KSEG0), Filled.No);

    const entry = e.local(e.call(index.lookup, va, this.asid()));
    e.returnIf(e.isLess(entry, 0), Filled.Missed);
    e.set(entry, e.shl(entry, 2));
    e.returnIf(e.load(entry, GUEST_TLB.mask), Filled.No);
    const half = (address: Value) => {
      const odd = e.and(address, BUDDY);
      return e.load(e.add(entry, e.shr(odd, 12 - LO_STEP)), GUEST_TLB.lo0);
    };
    const lo = e.local(half(va));
    e.returnIf(e.not(e.and(lo, LO_V)), Filled.Invalid);
    e.returnIf(e.and(e.isNot(write, 0), e.not(e.and(lo, LO_D))), Filled.Modified);

    const known = (address: Value) => {
      const own = e.local(e.call(index.tablePlace, this.tables.gpa, address));
      e.if(own, () => e.set(own, e.load(own)));
      e.if(e.not(e.and(own, PTE_YOUNG)), () => e.set(own, 0));
      return own;
    };
    const own = known(frame(e, lo));
    e.returnIf(e.or(e.not(own), e.not(allows(own))), Filled.No);
    e.if(e.not(place), () => {
      e.returnIf(e.not(e.load(0, PATHS_AT.spares)), Filled.No);
      this.takeSpare(mode, va);
      e.set(place, e.call(index.tablePlace, this.pgd(mode), va));
    });
    this.dropHost(mode, va);
    const come = e.local(e.not(e.load(place)));
    e.store(place, 0, restricted(e, own, lo));

    const at = e.local(e.xor(place, 4));
    e.set(lo, half(e.xor(va, BUDDY)));
    e.if(e.and(e.isNot(e.and(lo, LO_V), 0), e.not(e.load(at))), () => {
      const buddy = known(frame(e, lo));
      e.if(buddy, () => {
        e.set(come, e.add(come, 1));
        e.store(at, 0, restricted(e, buddy, lo));
      });
    });
    e.if(come, () => this.countNew(mode, place, va, come));
    e.do(e.call(index.insert, mode, va, e.load(place)));
    e.return(Filled.Yes);
  }

  /**
   * write(index, random): TLBWI or TLBWR to entry `index`; neither PageMask nor the entry may have a mask. The count in
   * `sliceEnd` less JIT_LEFT must be that after the instruction.
   */
  private write(index: Local, random: Local): void {
    const { e } = this;
    const at = e.local(e.shl(index, 2));
    const lo0 = e.local(e.load(0, cp0(Cp0.EntryLo0)));
    const lo1 = e.local(e.load(0, cp0(Cp0.EntryLo1)));
    const hi = e.local(e.load(0, cp0(Cp0.EntryHi)));
    const valid = e.and(e.or(e.load(at, GUEST_TLB.lo0), e.load(at, GUEST_TLB.lo1)), LO_V);
    const before = e.local(e.and(e.load(at, GUEST_TLB.hi), PAIR));
    if (this.tables.keepsReplaced) {
      e.if(valid, () =>
        e.if(
          random,
          () => this.keep(before),
          () => this.invalidate(before),
        ),
      );
    } else e.if(valid, () => this.invalidate(before));

    const global = e.local(e.and(e.and(lo0, lo1), LO_G));
    e.store(at, GUEST_TLB.hi, hi);
    e.store(at, GUEST_TLB.lo0, e.or(e.and(lo0, ~LO_G), global));
    e.store(at, GUEST_TLB.lo1, e.or(e.and(lo1, ~LO_G), global));
    e.store(at, GUEST_TLB.compared, PAIR);
    e.store(at, GUEST_TLB.tags, hi);
    e.store(at, GUEST_TLB.tagged, e.select(global, PAIR, PAIR | 0xff));

    e.if(e.isNot(hi, e.load(0, MMU_AT.missed)), () => this.invalidate(e.and(hi, PAIR)));
    e.store(0, MMU_AT.missed, NOTHING_MISSED);
    e.increase(0, COUNTED_AT.tlbWrites, 1);
    e.store8(index, MMU_AT.tlbWrittenRandom, random);
    e.storeDouble(e.shl(at, 1), MMU_AT.tlbWritten, () => pushInstructions(e));
  }

  /** Whether TLBWI to entry `index` leaves alone what is kept: there is none, or the entry matches what it matches now. */
  leavesKept(index: Value): Value {
    const { e } = this;
    if (!this.tables.keepsReplaced) return 1;
    const at = e.local(e.shl(index, 2));
    const now = e.local(e.and(e.load(at, GUEST_TLB.lo0), e.load(at, GUEST_TLB.lo1)));
    const next = e.and(e.load(0, cp0(Cp0.EntryLo0)), e.load(0, cp0(Cp0.EntryLo1)));
    const compared = e.select(e.and(now, LO_G), PAIR, PAIR | 0xff);
    const difference = e.and(e.xor(e.load(at, GUEST_TLB.hi), e.load(0, cp0(Cp0.EntryHi))), compared);
    const isSame = e.not(e.or(difference, e.and(e.xor(now, next), LO_G)));
    return e.or(e.not(e.load(0, MMU_AT.kept)), isSame);
  }

  /** TLBP has not found `va`: Mmu.probedInVain. */
  probedInVain(va: Value): void {
    if (this.tables.keepsReplaced) this.invalidate(this.e.and(va, PAIR));
  }

  /** KeptPairs.add, and the oldest goes where there are too many. */
  private keep(start: Local): void {
    const { e } = this;
    const next = e.local(e.load(0, MMU_AT.kept));
    const slot = e.local(e.shl(e.and(next, MOST_KEPT - 1), 2));
    const oldest = e.local(e.load(slot, MMU_AT.keptPairs));
    e.store(slot, MMU_AT.keptPairs, start);
    e.store(0, MMU_AT.kept, e.select(e.is(next, 2 * MOST_KEPT - 1), MOST_KEPT, e.add(next, 1)));
    e.if(e.not(e.isBelow(next, MOST_KEPT)), () => this.invalidate(oldest));
  }

  /** What an entry for the page pair at `start` may have left in the tables goes. */
  private invalidate(start: Value): void {
    const { e, index } = this;
    const va = e.local(start);
    e.if(this.isIn(va, USEG, KSEG23), () => e.do(e.call(index.clear, 0, va)));
    e.if(this.isIn(va, USEG), () => e.do(e.call(index.clear, 1, va)));
  }
}

/** From the words of EntryLo0 to those of EntryLo1, as a power of two: a shift brings bit 12 of an address there. */
const LO_STEP = 31 - Math.clz32(GUEST_TLB.lo1 - GUEST_TLB.lo0);

/** Guest physical address of the page that EntryLo names. */
function frame(e: Expressions, lo: Value): Value {
  return e.shl(e.and(lo, 0x03ffffc0), 6);
}

/** The GVA entry for a GPA entry's page, as EntryLo has it. */
function restricted(e: Expressions, page: Value, lo: Value): Value {
  const derived = ~PTE_FLAGS | PTE_PRESENT;
  return e.and(page, e.select(e.and(lo, LO_D), derived | PTE_WRITABLE | PTE_DIRTY, derived));
}

/** Pushes the instruction count, a double, from the slice's end and JIT_LEFT. */
export function pushInstructions(e: Expressions): void {
  e.push(0);
  e.out.memory(Op.F64Load, CLOCK_AT.sliceEnd, 3);
  e.push(e.load(0, JIT_LEFT_AT));
  e.out.op(Op.F64ConvertI32S);
  e.out.op(Op.F64Sub);
}
