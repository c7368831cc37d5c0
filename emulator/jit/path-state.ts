/**
 * What generated code is told so that it can go the ways of ExceptionPaths by itself, and what it has done on them: events,
 * counts, flushes.
 */
import { ExcCode } from '../cpu/exceptions.ts';
import {
  CLOCK_AT,
  COUNTED_AT,
  HYPERVISOR_AT,
  FEWEST_SPARES,
  PATHS_AT,
  RECORD_AT,
  type LinearMemory,
} from '../memory.ts';
import type { Mmu } from '../mmu/mmu.ts';
import { EVENT_BYTES, STATE, type RingPlace } from '../timeline/ring-place.ts';

export interface PathHost {
  /** Whether nobody is to be told of exceptions, TLB writes and changes of mode as they happen, but for the ring. */
  readonly isQuiet: boolean;
  /** Has the ring do what comes before an event of this instant is stored; see EventRing.prepare. */
  prepareEvent(meta: number): void;
  /** Generated code has made so many exits to the hypervisor for a reason. */
  exited(reason: number, count: number): void;
  /** What it adds to after it has run. */
  readonly counters: {
    readonly exceptions: Float64Array;
    tlbRefills: number;
    tlbWrites: number;
    userEntries: number;
    userEntriesWithNewAsid: number;
    asidChanges: number;
  };
}

/** Tables of whoever flushes by himself have 1024 entries. */
const SPARE_BYTES = 0x1000;

/** The exits of {@link TrapPaths}. */
const EXITS = [ExcCode.Mod, ExcCode.TLBL, ExcCode.TLBS, ExcCode.Sys, ExcCode.CpU] as const;

export class PathState {
  private readonly words: Int32Array;
  private isOpen = false;
  /** Where the next event was to be recorded when generated code was told. */
  private recordedFrom = 0;

  /** @param ring where events are recorded, if they are */
  constructor(
    private readonly memory: LinearMemory,
    private readonly mmu: Mmu,
    private readonly host: PathHost,
    private readonly ring: RingPlace | null,
  ) {
    this.words = memory.words;
  }

  /** Before a run: the ways are open if nobody watches. */
  open(): void {
    this.isOpen = this.host.isQuiet;
    this.words[PATHS_AT.open >>> 2] = this.isOpen ? 1 : 0;
  }

  /** Before generated code goes on. */
  tell(): void {
    const { words, mmu } = this;
    if (this.ring && this.isOpen) this.tellRoom(this.ring, false);
    words[PATHS_AT.userReady >>> 2] = mmu.userReady ? 1 : 0;
    words[PATHS_AT.kernelReady >>> 2] = mmu.kernelReady ? 1 : 0;
    while (words[PATHS_AT.spares >>> 2]! < FEWEST_SPARES) {
      const table = mmu.spareTable();
      if (table === 0) break;
      words[(PATHS_AT.spare >>> 2) + words[PATHS_AT.spares >>> 2]!++] = table;
    }
  }

  /** How many events generated code may record, and where: at 0 for nowhere. */
  private tellRoom(ring: RingPlace, prepared: boolean): void {
    const { words } = this;
    const { doubles } = this.memory;
    if (!ring.isOn) {
      words[RECORD_AT.place >>> 2] = words[RECORD_AT.end >>> 2] = this.recordedFrom = 0;
      return;
    }
    // What is recorded is of this slice.
    const end = doubles[CLOCK_AT.sliceEnd >>> 3]!;
    const room = ring.room(end, doubles[CLOCK_AT.skipped >>> 3]!, prepared);
    words[RECORD_AT.place >>> 2] = this.recordedFrom = ring.nextAt;
    // One number of 64 bits, from which generated code subtracts; the slice may end farther than a word can say.
    const since = ring.since(end);
    words[RECORD_AT.since >>> 2] = since | 0;
    words[RECORD_AT.idle >>> 2] = ring.integers[STATE.idle / 4]! + Math.floor(since / 2 ** 32);
    words[RECORD_AT.end >>> 2] = this.recordedFrom + room * EVENT_BYTES;
  }

  /** Generated code is about to record an event that there is no room for: there is some when this returns. */
  prepareEvent(meta: number): void {
    this.takeEvents();
    this.host.prepareEvent(meta);
    this.tellRoom(this.ring!, true);
  }

  /** What generated code has recorded becomes the ring's. */
  takeEvents(): void {
    const { ring, recordedFrom } = this;
    if (!ring || !this.isOpen) return;
    const place = this.words[RECORD_AT.place >>> 2]!;
    if (place !== recordedFrom) ring.advance((place - recordedFrom) / EVENT_BYTES);
    this.recordedFrom = place;
  }

  /** What is wrong with what generated code is told, a sentence each; nothing, if all is well. */
  verify(): string[] {
    const { words } = this;
    const spares = words.subarray(PATHS_AT.spare >>> 2, (PATHS_AT.spare >>> 2) + words[PATHS_AT.spares >>> 2]!);
    const isZero = (table: number) =>
      words.subarray(table >>> 2, (table + SPARE_BYTES) >>> 2).every((pte) => pte === 0);
    return [...spares].flatMap((table) => (isZero(table) ? [] : [`Spare table 0x${table.toString(16)} has entries.`]));
  }

  /** After a run: adds what generated code has counted to what everybody counts in, its own exits to `exits`. */
  takeCounts(exits: number[]): void {
    const { words, mmu } = this;
    const { counters } = this.host;
    const take = (at: number) => {
      const count = words[at >>> 2]!;
      words[at >>> 2] = 0;
      return count;
    };
    for (let code = 0; code < counters.exceptions.length; code++) {
      counters.exceptions[code]! += take(COUNTED_AT.exceptions + 4 * code);
    }
    for (let reason = 0; reason < exits.length; reason++) exits[reason]! += take(COUNTED_AT.exits + 4 * reason);
    for (const reason of EXITS) {
      const count = take(HYPERVISOR_AT.exits + 4 * reason);
      if (count !== 0) this.host.exited(reason, count);
    }
    counters.tlbRefills += take(COUNTED_AT.tlbRefills);
    counters.tlbWrites += take(COUNTED_AT.tlbWrites);
    counters.userEntries += take(COUNTED_AT.userEntries);
    counters.userEntriesWithNewAsid += take(COUNTED_AT.userEntriesWithNewAsid);
    counters.asidChanges += take(COUNTED_AT.asidChanges);
    mmu.hostRefills += take(COUNTED_AT.hostRefills);
    for (const [i, table] of (['kernel', 'user'] as const).entries()) {
      const at = COUNTED_AT.flushes[i]!;
      mmu.flushedByChanges(table, take(at), take(at + 4), take(at + 8));
    }
  }
}
