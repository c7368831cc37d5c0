/**
 * A guest whose replaced TLB entries are kept, against what it can know: after any sequence of TLB writes, probes, reads,
 * changes of ASID and mode, an access goes where the guest TLB says; where that has no entry, it raises a refill, or
 * goes where an entry said that TLBWR has replaced, if nothing since could have told the guest that it is gone.
 * KSEG_PROPERTY_RUNS=N makes N sequences of each policy.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { FAULT, READ, WRITE } from '../cpu/cpu.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { BareMachine, op } from '../testing/bare-machine.ts';
import { LO_D, LO_G, LO_V } from './guest-tlb.ts';
import { MOST_KEPT } from './kept-pairs.ts';
import { FLUSH_POLICIES } from './policy.ts';

const RUNS = Number(process.env['KSEG_PROPERTY_RUNS'] ?? 150);
const ENTRIES = 16;
/** So many are never replaced by TLBWR: what it replaces are few. */
const WIRED = 12;

type Step =
  | { do: 'write'; index: number | 'random'; pair: number; asid: number; lo0: number; lo1: number; mask: number }
  /** TLBWI of what the entry written last has, but for EntryLo. */
  | { do: 'rewrite'; lo0: number; lo1: number }
  | { do: 'probe'; pair: number; asid: number }
  | { do: 'read'; index: number }
  | { do: 'asid'; asid: number }
  | { do: 'user' | 'kernel' }
  | { do: 'access'; va: number; write: boolean };

/** In two pte tables of useg, and in kseg2/3. */
const pair = fc.constantFrom(0x6000, 0x8000, 0x00400000, 0x00402000, 0x00404000, 0x00406000, 0xc0000000, 0xc0002000);
/** Mostly the same, as each change flushes. */
const asid = fc.constantFrom(...new Array<number>(12).fill(1), 0, 2);
const lo = fc
  .tuple(fc.integer({ min: 0x100, max: 0x107 }), fc.constantFrom(0, 2, 6, 6, 6, 7, 7))
  .map(([page, flags]) => (page << 6) | 0x18 | flags);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      index: fc.oneof({ weight: 20, arbitrary: fc.constant('random' as const) }, { weight: 1, arbitrary: fc.nat(15) }),
      pair,
      asid,
      lo0: lo,
      lo1: lo,
      mask: fc.constantFrom(0, 0, 0, 0, 0, 0x6000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rewrite' as const), lo0: lo, lo1: lo }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('probe' as const), pair, asid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const), index: fc.nat(15) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('asid' as const), asid }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('user' as const, 'kernel' as const) }) },
  {
    weight: 40,
    arbitrary: fc.record({
      do: fc.constant('access' as const),
      va: fc.tuple(pair, fc.nat(1)).map(([at, odd]) => at + odd * 0x1000),
      write: fc.boolean(),
    }),
  },
);

interface Entry {
  /** VPN2 and the bits of it that the page size leaves. */
  start: number;
  compared: number;
  asid: number;
  lo: [even: number, odd: number];
}

const isGlobal = ({ lo: [even, odd] }: Entry) => (even & odd & LO_G) !== 0;
const covers = (entry: Entry, va: number) => ((entry.start ^ va) & entry.compared) === 0;
const matches = (entry: Entry, va: number, now: number) => covers(entry, va) && (isGlobal(entry) || entry.asid === now);

const inSamePlace = (one: Entry, other: Entry) => ((one.start ^ other.start) & one.compared & other.compared) === 0;
/** Some address would match both. */
const overlap = (one: Entry, other: Entry) =>
  inSamePlace(one, other) && (isGlobal(one) || isGlobal(other) || one.asid === other.asid);

/** An instruction passes, so that TLBWR takes another entry. */
function nextRandom(machine: BareMachine): void {
  machine.execute(op('sll'));
  machine.cpu.pc = machine.start;
}

/** Host address by an entry's half, or null where the access is not allowed. */
function through(machine: BareMachine, { compared, lo: halves }: Entry, va: number, write: boolean): number | null {
  const offset = ~compared >>> 1;
  const half = halves[(va & (offset + 1)) === 0 ? 0 : 1];
  if ((half & LO_V) === 0 || (write && (half & LO_D) === 0)) return null;
  return machine.mmu.ram((((half & 0x03ffffc0) << 6) & ~offset) | (va & offset));
}

class Guest {
  private readonly machine: BareMachine;
  private readonly entries: (Entry | null)[] = new Array<Entry | null>(ENTRIES).fill(null);
  /** Replaced, for all that the guest knows not. */
  private replaced: Entry[] = [];
  private written = 0;
  private asid = 0;
  private isUser = false;

  constructor(
    machine: BareMachine,
    private readonly seen: Record<'kept' | 'refills', number>,
  ) {
    this.machine = machine;
    machine.reset();
    machine.setCp0(Cp0.Status, 0);
    machine.setCp0(Cp0.Wired, WIRED);
    machine.trace = (line) => {
      if (line.event === 'tlbWrite') this.written = line.index;
    };
  }

  take(step: Step): void {
    if (step.do !== 'access') this.toKernel();
    switch (step.do) {
      case 'write':
        return this.write(step);
      case 'rewrite': {
        const last = this.entries[this.written];
        if (!last) return;
        const { start, asid: its, compared } = last;
        return this.write({
          ...step,
          do: 'write',
          index: this.written,
          pair: start,
          asid: its,
          mask: ~compared & ~0x1fff,
        });
      }
      case 'probe':
        return this.probe(step.pair, step.asid);
      case 'read':
        this.machine.setCp0(Cp0.Index, step.index);
        this.machine.privileged(op('tlbr'));
        this.replaced = [];
        return this.setAsid(this.asid);
      case 'asid':
        return this.setAsid(step.asid);
      case 'user':
        this.machine.setCp0(Cp0.Status, 0x10);
        this.isUser = true;
        return;
      case 'kernel':
        return;
      case 'access':
        return this.access(step.va, step.write);
    }
  }

  private toKernel(): void {
    if (!this.isUser) return;
    this.machine.system.exception(ExcCode.Sys);
    this.machine.cpu.raised = false;
    this.machine.setCp0(Cp0.Status, 0);
    this.isUser = false;
  }

  private setAsid(now: number): void {
    this.machine.setCp0(Cp0.EntryHi, now);
    this.asid = now;
  }

  private write({ index, pair: start, asid: now, lo0, lo1, mask }: Extract<Step, { do: 'write' }>): void {
    const compared = ~(mask | 0x1fff);
    const entry: Entry = { start: start & compared, compared, asid: now, lo: [lo0, lo1] };
    // Two entries that match one address are the guest's mistake, and make what happens unpredictable.
    const isDouble = (one: Entry | null, i: number) => one !== null && i !== index && overlap(one, entry);
    if (this.entries.some(isDouble)) return;
    nextRandom(this.machine);
    this.machine.writeEntry(index, { hi: start | now, lo0, lo1, mask });
    this.asid = now;
    const old = this.entries[this.written]!;
    const isSame =
      old !== null &&
      old.start === entry.start &&
      old.compared === compared &&
      isGlobal(old) === isGlobal(entry) &&
      (isGlobal(old) || old.asid === now);
    if (index !== 'random' && !isSame) this.replaced = [];
    if (index === 'random' && old) this.replaced.push(old);
    this.entries[this.written] = entry;
    this.replaced = this.replaced.filter((one) => !inSamePlace(one, entry));
  }

  private probe(start: number, now: number): void {
    this.setAsid(now);
    this.machine.setCp0(Cp0.EntryHi, start | now);
    this.machine.privileged(op('tlbp'));
    const found = this.entries.findIndex((entry) => entry !== null && matches(entry, start, now));
    expect(this.machine.system.cp0[Cp0.Index]! >= 0).toBe(found >= 0);
    if (found < 0) this.replaced = this.replaced.filter((one) => !matches(one, start, now));
  }

  private access(va: number, write: boolean): void {
    const { machine } = this;
    if (this.isUser && va >= 0x80000000) return;
    const space = this.isUser ? machine.mmu.user : machine.mmu.kernel;
    const cached = space.host.lookup(va, write);
    const host = cached >= 0 ? cached : machine.system.resolve(va | 0, write ? WRITE : READ);
    const entry = this.entries.find((one) => one !== null && matches(one, va, this.asid));
    const where = `${write ? 'store to' : 'load from'} 0x${va.toString(16)}`;
    if (entry) expect(host, where).toBe(through(machine, entry, va, write) ?? FAULT);
    else if (host !== FAULT) {
      const left = this.replaced.filter((one) => matches(one, va, this.asid));
      expect(
        left.map((one) => through(machine, one, va, write)),
        where,
      ).toContain(host);
      this.seen.kept++;
    } else {
      expect((machine.system.cp0[Cp0.Cause]! >>> 2) & 31).toBe(write ? ExcCode.TLBS : ExcCode.TLBL);
      expect(machine.cpu.pc & 0xfff, where).toBe(0);
      this.seen.refills++;
    }
    machine.cpu.raised = false;
    this.setAsid(this.asid);
    machine.setCp0(Cp0.Status, this.isUser ? 0x10 : 0);
  }
}

describe.each(FLUSH_POLICIES.filter((policy) => policy !== 'never'))('%s', (policy) => {
  it('an access finds what the guest cannot know to be gone, or what its TLB says', () => {
    const machine = new BareMachine({ keepReplaced: true, tlbEntries: ENTRIES, policy });
    const seen = { kept: 0, refills: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 200, size: 'max' }), (sequence) => {
        const guest = new Guest(machine, seen);
        for (const each of sequence) guest.take(each);
      }),
      { numRuns: RUNS },
    );
    expect(seen.kept).toBeGreaterThan(RUNS / 10);
    expect(seen.refills).toBeGreaterThan(RUNS / 10);
  });
});

it('keeps the newest, and no more than there is room for', () => {
  const machine = new BareMachine({ keepReplaced: true, tlbEntries: ENTRIES });
  machine.setCp0(Cp0.Status, 0);
  const pages = MOST_KEPT + 2 * ENTRIES;
  for (let i = 0; i < pages; i++) {
    nextRandom(machine);
    machine.writeEntry('random', { hi: 0x400000 + (i << 13), lo0: 0x40 | 7, lo1: 0x80 | 7 });
    machine.system.resolve(0x400000 + (i << 13), READ);
    machine.cpu.raised = false;
  }
  expect(machine.mmu.kept!.length).toBe(MOST_KEPT);
  const present = () => {
    let sum = 0;
    machine.mmu.kernel.gva.forEach(() => sum++);
    return sum;
  };
  expect(present()).toBeGreaterThan(MOST_KEPT);
  expect(present()).toBeLessThanOrEqual(2 * (MOST_KEPT + ENTRIES));
  machine.privileged(op('tlbr'));
  expect(machine.mmu.kept!.length).toBe(0);
  expect(present()).toBeGreaterThan(0);
  expect(present()).toBeLessThanOrEqual(2 * ENTRIES);
});
