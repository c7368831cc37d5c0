/**
 * Takes a machine's events into a ring, from the places where it counts them anyway: exits, exceptions, flushes, TLB
 * writes, changes of ASID and mode, console lines. Nothing here runs per instruction.
 */
import type { VirtualClock } from '../clock.ts';
import { Cp0 } from '../cpu/cp0.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { CP0_AT } from '../memory.ts';
import type { AddressSpace } from '../mmu/address-space.ts';
import type { GuestTlb } from '../mmu/guest-tlb.ts';
import { KMF_GPA, KMF_KERN, KMF_USER, KSEG0, KSEG23, USEG, type Layout } from '../mmu/layout.ts';
import type { FlushKind, TimelineStretch } from '../protocol.ts';
import {
  ASID_CHANGE,
  DIFFERENCE,
  END,
  EXCEPTION_CATEGORY,
  EXIT_CATEGORY,
  FLUSH_GPA_KERNEL,
  FLUSH_GPA_USER,
  FLUSH_KERNEL,
  FLUSH_USER,
  HAS_ADDRESS,
  INPUT,
  INTERRUPT,
  KERNEL_TABLE,
  LINE,
  META_ASID_SHIFT,
  META_OWN_SHIFT,
  META_SEGMENT_SHIFT,
  META_USER,
  NONE,
  RECORDING_OFF,
  RECORDING_ON,
  RESET,
  TLBWI,
  TLBWR,
  TO_KERNEL,
  TO_USER,
} from './categories.ts';
import { ConsoleLines } from './console-lines.ts';
import { EventRing, FREED_SLOTS } from './event-ring.ts';
import { BLOCK, DEFAULT_CAPACITY, RingPlace } from './ring-place.ts';

const ENTRY_HI = (CP0_AT >>> 2) + Cp0.EntryHi;
const BAD_VADDR = (CP0_AT >>> 2) + Cp0.BadVAddr;
const CAUSE = (CP0_AT >>> 2) + Cp0.Cause;
const STATUS = (CP0_AT >>> 2) + Cp0.Status;
/** Beyond it a flush's places would not fit a block. */
const MOST_SLOTS = (BLOCK - 2) * FREED_SLOTS;

export class EventLog {
  readonly ring: EventRing;
  readonly lines = new ConsoleLines();
  /** Texts of the ends, the last of which is what an END event shows. */
  endText = '';
  /** What was not recorded, ascending; the last one goes on while {@link recording} is off. */
  readonly unrecorded: TimelineStretch[] = [];
  private user = false;
  private readonly cp0: Int32Array;
  /** What is the same of all flushes of a kind. */
  private readonly flushes: Record<FlushKind, { category: number; flags: number; segments: number }>;

  constructor(
    private readonly cpu: Cpu,
    private readonly clock: VirtualClock,
    readonly layout: Layout,
    private readonly place: RingPlace = RingPlace.alone(DEFAULT_CAPACITY),
  ) {
    this.ring = new EventRing(clock, place);
    this.cp0 = cpu.memory.words;
    const kind = (category: number, flags: number) => {
      let segments = 0;
      for (const [start, end] of layout.flushRanges[flags]!) {
        for (let i = start >>> 29; i <= end >>> 29; i++) segments |= this.segmentBit(i << 29);
      }
      return { category, flags, segments };
    };
    this.flushes = {
      KMF_KERN: kind(FLUSH_KERNEL, KMF_KERN),
      KMF_USER: kind(FLUSH_USER, KMF_USER),
      'KMF_GPA|KMF_KERN': kind(FLUSH_GPA_KERNEL, KMF_GPA | KMF_KERN),
      'KMF_GPA|KMF_USER': kind(FLUSH_GPA_USER, KMF_GPA | KMF_USER),
    };
  }

  private push(category: number, own: number, segments: number, a: number, b = 0, c = 0, d = 0, user = this.user) {
    if (!this.place.isOn) return;
    const meta =
      category |
      ((this.cp0[ENTRY_HI]! & 0xff) << META_ASID_SHIFT) |
      (user ? META_USER : 0) |
      (segments << META_SEGMENT_SHIFT) |
      (own << META_OWN_SHIFT);
    this.ring.push(this.cpu.pc, meta, a, b, c, d);
  }

  get recording(): boolean {
    return this.place.isOn;
  }

  /** Records from now on, or no longer; both are events. Console lines are kept all the same, as {@link lines}. */
  record(on: boolean): void {
    const { place, unrecorded } = this;
    if (on === place.isOn) return;
    const now = this.clock.instructions();
    if (!on) {
      this.push(RECORDING_OFF, 0, 0, 0);
      place.isOn = false;
      unrecorded.push({ from: now, to: Infinity, user: this.user });
      return;
    }
    const stretch = unrecorded.pop()!;
    if (now > stretch.from) unrecorded.push({ from: stretch.from, to: now, user: this.user });
    place.isOn = true;
    // What was executed since the event before is of no known mode, so it is not counted as user mode's.
    this.push(RECORDING_ON, this.user ? 1 : 0, 0, 0, 0, 0, 0, false);
  }

  /** The segment of an address as a bit of SEGMENTS; none outside the layout. */
  private segmentBit(va: number): number {
    return (1 << this.layout.segmentOf[va >>> 29]!) & 0xf;
  }

  console(byte: number): void {
    if (this.lines.take(byte, this.clock.instructions())) this.push(LINE, 0, 0, this.lines.count - 1);
  }

  /** @param va the address, of exits for TLB misses, modifications and address errors */
  exit(reason: number, va: number): void {
    const category = EXIT_CATEGORY[reason]!;
    this.push(category, 0, HAS_ADDRESS[category] ? this.segmentBit(va) : 0, va);
  }

  exception(code: number, refill: boolean): void {
    const category = EXCEPTION_CATEGORY[code]!;
    if (category === INTERRUPT) {
      this.push(category, 0, 0, ((this.cp0[CAUSE]! & this.cp0[STATUS]!) >>> 8) & 0xff);
    } else if (HAS_ADDRESS[category]) {
      const va = this.cp0[BAD_VADDR]!;
      this.push(category, refill ? 1 : 0, this.segmentBit(va), va);
    } else this.push(category, 0, 0, 0);
  }

  asidChanged(oldAsid: number, newAsid: number): void {
    this.push(ASID_CHANGE, 0, 0, oldAsid | (newAsid << 8));
  }

  /**
   * A flush takes two places, the second of which has what it dropped of each segment, and one more for every
   * FREED_SLOTS tables that it freed, with their slots.
   */
  flushed({ name, last }: AddressSpace): void {
    if (!this.place.isOn) return;
    const { category, flags, segments } = this.flushes[last.kind];
    const { freedSlots, freedSlotCount } = last;
    const d = last.oldAsid | (last.newAsid << 8) | (flags << 16) | (name === 'kernel' ? KERNEL_TABLE : 0);
    // All of it in one block, so that it comes and goes together; what a block cannot hold goes without its slots.
    const listed = freedSlotCount > MOST_SLOTS ? 0 : freedSlotCount;
    const places = 2 + Math.ceil(listed / FREED_SLOTS);
    if ((this.ring.next % BLOCK) + places > BLOCK) while (this.ring.next % BLOCK !== 0) this.push(NONE, 0, 0, 0);
    this.push(category, 0, segments, last.pages, last.tablesFreed, last.entriesCleared, d);
    const { pagesBySegment: pages, tablesBySegment: tables } = last;
    // Kseg1 is never mapped.
    const [useg, kseg0, kseg23] = [tables[USEG]!, tables[KSEG0]!, tables[KSEG23]!];
    this.push(NONE, listed, 0, pages[USEG]!, pages[KSEG0]!, pages[KSEG23]!, useg | (kseg0 << 11) | (kseg23 << 21));
    const pair = (i: number): number => freedSlots[i]! | (freedSlots[i + 1]! << 16);
    for (let i = 0; i < listed; i += FREED_SLOTS) this.push(NONE, 0, 0, pair(i), pair(i + 2), pair(i + 4), pair(i + 6));
  }

  tlbWritten(index: number, random: boolean, tlb: GuestTlb): void {
    const hi = tlb.hi[index]!;
    this.push(
      random ? TLBWR : TLBWI,
      index,
      this.segmentBit(hi),
      hi,
      tlb.mask[index]!,
      tlb.lo0[index]!,
      tlb.lo1[index]!,
    );
  }

  modeSwitched(user: boolean): void {
    this.push(user ? TO_USER : TO_KERNEL, 0, 0, 0, 0, 0, 0, !user);
    this.user = user;
  }

  /** Generated code has come to user mode, or to kernel mode, and has recorded that. */
  arrived(user: boolean): void {
    this.user = user;
  }

  input(bytes: number): void {
    this.push(INPUT, 0, 0, bytes);
  }

  /** The machine starts anew, in kernel mode. */
  reset(): void {
    this.push(RESET, 0, 0, 0);
    if (this.user) this.modeSwitched(false);
  }

  differs(va: number): void {
    this.push(DIFFERENCE, 0, this.segmentBit(va), va);
  }

  end(text: string): void {
    this.endText = text;
    this.push(END, 0, 0, 0);
  }

  /** The parts that an export reads, as they are now. */
  snapshot(): Pick<EventLog, 'ring' | 'lines' | 'endText' | 'layout'> {
    return { ring: this.ring.snapshot(), lines: this.lines.snapshot(), endText: this.endText, layout: this.layout };
  }
}
