/**
 * The shadow tables against a naive model: after any sequence of guest TLB writes, ASID changes, mode switches,
 * accesses and flushes, whatever a GVA page table or a host TLB holds is what the guest TLB says, found by a linear
 * search with nothing cached. KSEG_PROPERTY_RUNS=N makes N sequences of each layout instead of a few.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cp0, STATUS_ERL, STATUS_EXL } from '../cpu/cp0.ts';
import { DEVICE, FAULT, FETCH, READ, WRITE, type Access } from '../cpu/cpu.ts';
import { KERNEL, SUPERVISOR, USER } from '../cpu/guest-accesses.ts';
import { HOST_TLB, RAM_AT } from '../memory.ts';
import type { MachineKind } from '../protocol.ts';
import { BareMachine, OPTIONS, op } from '../testing/bare-machine.ts';
import { PTE_COMMPAGE, PTE_DIRTY, PTE_FLAGS, PTE_PRESENT, PTE_WRITABLE } from './gva-page-table.ts';
import { SEGMENTS } from './layout.ts';
import type { AddressSpace } from './mmu.ts';

const RUNS = Number(process.env['KSEG_PROPERTY_RUNS'] ?? 300);
const ENTRIES = 16;
const RAM_BYTES = OPTIONS.memoryMiB << 20;
const ASIDS = [0, 1, 2, 0xff];
const PAGE_MASKS = [0, 0x6000, 0x1e000, 0x7e000, 0x1fe000, 0x7fe000, 0x1ffe000, 0x7ffe000, 0x1fffe000];

/** Neighbouring pages at the ends of every segment and page-table slot, so that operations meet. */
const REGIONS: Record<MachineKind, { mapped: number[]; kseg0: number; above: number[] }> = {
  kvm: {
    mapped: [0x00010000, 0x00400000, 0x003fc000, 0x3fffc000, 0x60000000, 0x7fffc000],
    kseg0: 0x40000000,
    above: [0x80000000, 0xa0000000],
  },
  malta: {
    mapped: [0x00010000, 0x00400000, 0x003fc000, 0x7fffc000, 0xc0000000, 0xffffc000],
    kseg0: 0x80000000,
    above: [0xa0000000],
  },
};
/** Guest physical pages: few, so that they are shared; some beyond RAM, some through its alias. */
const PAGES = [0, 1, 2, 3, 0x100, 0x101, 0xfff, 0x1000, 0x1e000, 0x80000, 0x80002, 0xfffff];

type Step =
  | { do: 'write'; index: number; random: boolean; va: number; asid: number; mask: number; lo0: number; lo1: number }
  /** `status`: what Status becomes first, or null for what it is. */
  | { do: 'access'; va: number; access: Access; status: number | null }
  | { do: 'entryHi'; va: number; asid: number }
  | { do: 'status'; value: number }
  | { do: 'probe' | 'exception' | 'flushGpa' }
  | { do: 'read'; index: number };

/** A sequence stays with a few regions and ASIDs, so that what it does meets. */
function steps(kind: MachineKind): fc.Arbitrary<Step[]> {
  const { mapped } = REGIONS[kind];
  return fc
    .tuple(fc.subarray(mapped, { minLength: 1, maxLength: 3 }), fc.subarray(ASIDS, { minLength: 1, maxLength: 3 }))
    .chain(([bases, asids]) => fc.array(step(kind, bases, asids), { minLength: 1, maxLength: 80, size: 'max' }));
}

function step(kind: MachineKind, bases: number[], asids: number[]): fc.Arbitrary<Step> {
  const { kseg0, above } = REGIONS[kind];
  const statuses = kind === 'malta' ? [0x00, 0x10, 0x08, 0x04, 0x14, 0x12] : [0x00, 0x10, 0x12, 0x14];
  const page = fc.nat(3).map((n) => n << 12);
  const va = (from: number[]) => fc.tuple(fc.constantFrom(...from), page).map(([base, n]) => (base + n) >>> 0);
  const asid = fc.constantFrom(...asids);
  const index = fc.nat(ENTRIES - 1);
  const lo = fc
    .tuple(fc.constantFrom(...PAGES), fc.constantFrom(0, 1, 2, 3, 6, 6, 6, 7, 7))
    .map(([pfn, flags]) => ((pfn << 6) | 0x18 | flags) & 0x03ffffff);
  const mask = fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(...PAGE_MASKS) },
  );
  const write = fc.record({
    do: fc.constant('write' as const),
    index,
    random: fc.boolean(),
    va: fc.oneof({ weight: 8, arbitrary: va(bases) }, { weight: 1, arbitrary: va([kseg0]) }),
    asid,
    mask,
    lo0: lo,
    lo1: lo,
  });
  const access = fc.record({
    do: fc.constant('access' as const),
    va: fc
      .tuple(
        fc.oneof({ weight: 6, arbitrary: va(bases) }, { weight: 1, arbitrary: va([kseg0, ...above]) }),
        fc.nat(1023),
      )
      .map(([at, n]) => (at + n * 4) >>> 0),
    access: fc.constantFrom<Access>(READ, READ, WRITE, WRITE, FETCH),
    status: fc.constantFrom(null, null, 0x00, 0x10, 0x10),
  });
  return fc.oneof(
    { weight: 4, arbitrary: write },
    { weight: 12, arbitrary: access },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('entryHi' as const), va: va(bases), asid }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('status' as const), value: fc.constantFrom(...statuses) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('probe' as const, 'exception' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const), index }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('flushGpa' as const) }) },
  );
}

/** The reference: no page table, no cache, only the architecture's rules over a list of entries. */
interface Entry {
  hi: number;
  mask: number;
  lo0: number;
  lo1: number;
}
interface Translation {
  gpa: number;
  writable: boolean;
}

class Reference {
  constructor(
    readonly kind: MachineKind,
    readonly entries: Entry[],
  ) {}

  /** What kernel mode sees of unmapped segments. */
  window(va: number): number | null {
    const first = this.kind === 'malta' ? 4 : 2;
    const segment = va >>> 29;
    return segment === first || (segment === 5 && this.kind === 'malta') ? va % 0x20000000 : null;
  }

  /** The page that the guest TLB gives `va`: null when no entry matches or the half is invalid. */
  mapped(va: number, asid: number): Translation | null {
    for (const { hi, mask, lo0, lo1 } of this.entries) {
      const pairBytes = (mask | 0x1fff) + 1;
      if (Math.floor(hi / pairBytes) !== Math.floor(va / pairBytes)) continue;
      const global = lo0 % 2 === 1 && lo1 % 2 === 1;
      if (!global && hi % 256 !== asid) continue;
      const pageBytes = pairBytes / 2;
      const lo = Math.floor(va / pageBytes) % 2 === 1 ? lo1 : lo0;
      if ((lo & 2) === 0) return null;
      const frame = Math.floor((Math.floor(lo / 64) * 4096) / pageBytes);
      return { gpa: frame * pageBytes + (va % pageBytes), writable: (lo & 4) !== 0 };
    }
    return null;
  }

  translate(va: number, asid: number): Translation | null {
    const gpa = this.window(va);
    return gpa !== null ? { gpa, writable: true } : this.mapped(va, asid);
  }
}

/** Offset in guest RAM, or null for what is no RAM. */
function ramOffset(gpa: number): number | null {
  const at = gpa >= 0x80000000 ? gpa - 0x80000000 : gpa;
  return at < RAM_BYTES ? at : null;
}

class Bench {
  readonly machine: BareMachine;
  /** Distinct faults and mappings seen, to tell that the sequences reach something. */
  readonly seen = new Map<string, number>();

  constructor(readonly kind: MachineKind) {
    this.machine = new BareMachine({ kind, tlbEntries: ENTRIES });
  }

  private note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  private toKernel(): void {
    if (this.machine.system.mode !== KERNEL) this.machine.system.exception(8);
    this.machine.cpu.raised = false;
  }

  take(step: Step): void {
    const { machine } = this;
    const { mmu, system } = machine;
    switch (step.do) {
      case 'write':
        this.toKernel();
        machine.setCp0(Cp0.Index, step.index);
        machine.setCp0(Cp0.PageMask, step.mask);
        machine.setCp0(Cp0.EntryLo0, step.lo0);
        machine.setCp0(Cp0.EntryLo1, step.lo1);
        machine.setCp0(Cp0.EntryHi, (step.va & 0xffffe000) | step.asid);
        return machine.privileged(op(step.random ? 'tlbwr' : 'tlbwi'));
      case 'access':
        if (step.status !== null) this.take({ do: 'status', value: step.status });
        return this.access(step.va, step.access);
      case 'entryHi': {
        this.toKernel();
        const before = this.kseg0();
        machine.setCp0(Cp0.EntryHi, (step.va & 0xffffe000) | step.asid);
        expect(this.kseg0()).toEqual(before);
        return;
      }
      case 'status': {
        this.toKernel();
        const before = this.kseg0();
        machine.setCp0(Cp0.Status, step.value);
        expect(this.kseg0()).toEqual(before);
        return;
      }
      case 'read':
        this.toKernel();
        machine.setCp0(Cp0.Index, step.index);
        return machine.privileged(op('tlbr'));
      case 'probe':
        this.toKernel();
        return this.probe();
      case 'exception':
        // KVM has no answer to a breakpoint in the guest's own exception handler.
        if (this.kind === 'kvm' && (system.cp0[Cp0.Status]! & STATUS_EXL) !== 0) return;
        system.exception(9);
        machine.cpu.raised = false;
        return;
      case 'flushGpa':
        mmu.flushGpa();
        expect(this.kseg0()).toEqual([]);
    }
  }

  private probe(): void {
    const { machine } = this;
    machine.privileged(op('tlbp'));
    const hi = machine.system.cp0[Cp0.EntryHi]! >>> 0;
    const { entries } = this.reference();
    const found = entries.findIndex(({ hi: theirs, mask, lo0, lo1 }) => {
      const pair = (mask | 0x1fff) + 1;
      return (
        Math.floor(theirs / pair) === Math.floor(hi / pair) && ((lo0 & lo1 & 1) === 1 || theirs % 256 === hi % 256)
      );
    });
    if (found >= 0) expect(machine.system.cp0[Cp0.Index]).toBe(found);
    else expect(machine.system.cp0[Cp0.Index]).toBeLessThan(0);
  }

  /** An access as the interpreter makes it, flat table first, held against the reference. */
  private access(va: number, access: Access): void {
    const { machine, kind } = this;
    const { cpu, system, memory } = machine;
    const mode = system.mode;
    const asid = system.asid;
    const unmappedUseg = kind === 'malta' && mode === KERNEL && (system.cp0[Cp0.Status]! & STATUS_ERL) !== 0;
    const reference = this.reference();
    const write = access === WRITE;
    if (kind === 'kvm' && mode === KERNEL && (va >= 0xc0000000 || (access === FETCH && va >= 0x80000000))) return;

    let expected: Translation | null | 'address error';
    const userEnd = kind === 'malta' ? 0x80000000 : 0x40000000;
    if (mode === USER && va >= userEnd) expected = 'address error';
    else if (mode === SUPERVISOR && va >= userEnd && va >>> 29 !== 6) expected = 'address error';
    else if (unmappedUseg && va < userEnd) expected = { gpa: va, writable: true };
    else if (kind === 'kvm' && va >= 0x80000000) expected = { gpa: va % 0x20000000, writable: true };
    else expected = reference.translate(va, asid);

    // A kvm guest that jumps where its memory ends is stopped, which is no matter of translation.
    if (kind === 'kvm' && access === FETCH && expected !== null && expected !== 'address error') {
      if (ramOffset(expected.gpa) === null) return;
    }
    cpu.raised = false;
    const table = write ? cpu.writes : cpu.reads;
    const x = memory.words[table + (va >>> 12)]! ^ va;
    const result = x >= 0 ? x : system.resolve(va | 0, access);
    const fault = (code: number) => {
      expect(result).toBe(FAULT);
      expect(cpu.raised).toBe(true);
      expect((system.cp0[Cp0.Cause]! >>> 2) & 31).toBe(code);
      expect(system.cp0[Cp0.BadVAddr]! >>> 0).toBe(va);
      this.note(`exception ${code}`);
    };
    if (expected === 'address error') fault(write ? 5 : 4);
    else if (expected === null) fault(write ? 3 : 2);
    else if (write && !expected.writable) fault(1);
    else {
      expect(cpu.raised).toBe(false);
      const offset = ramOffset(expected.gpa);
      if (offset !== null) expect(result).toBe(RAM_AT + offset);
      else {
        expect(result).toBe(DEVICE);
        expect(cpu.gpa).toBe(expected.gpa);
      }
      this.note(`${['kernel', 'supervisor', 'user'][mode]} ${x >= 0 ? 'hit' : offset !== null ? 'fill' : 'device'}`);
    }
    cpu.raised = false;
  }

  reference(): Reference {
    const { tlb } = this.machine.mmu;
    const entries = Array.from({ length: ENTRIES }, (_, i) => ({
      hi: tlb.hi[i]!,
      mask: tlb.mask[i]!,
      lo0: tlb.lo0[i]!,
      lo1: tlb.lo1[i]!,
    }));
    return new Reference(this.kind, entries);
  }

  /** What kseg0 has in the kernel table and its host TLB. */
  private kseg0(): string[] {
    const { mmu } = this.machine;
    const inside = (va: number) => SEGMENTS[mmu.layout.segmentOf[va >>> 29]!] === 'kseg0';
    const lines: string[] = [];
    mmu.kernel.gva.forEach((va, pte) => inside(va) && lines.push(`${va} ${pte}`));
    return lines;
  }

  check(): void {
    const { mmu, system } = this.machine;
    const reference = this.reference();
    this.checkSpace(mmu.kernel, reference, system.asid);
    // A stale user table is not used again before the flush that the next entry to user mode makes.
    this.checkSpace(mmu.user, reference, mmu.isUserStale(system.asid) ? null : system.asid);
    if (system.mode === USER) expect(mmu.isUserStale(system.asid)).toBe(false);
    this.note('checked');
  }

  private checkSpace(space: AddressSpace, reference: Reference, asid: number | null): void {
    const { layout } = this.machine.mmu;
    const pages = [0, 0, 0, 0];
    const tables = [0, 0, 0, 0];
    space.gva.forEachTable((va) => tables[layout.segmentOf[va >>> 29]!]!++);
    space.gva.forEach((va, pte) => {
      pages[layout.segmentOf[va >>> 29]!]!++;
      if (asid === null || (pte & PTE_COMMPAGE) !== 0) return;
      const where = `${space.name} table, ${va.toString(16)}`;
      const wanted = reference.translate(va, asid);
      expect(wanted, where).not.toBeNull();
      expect((pte & ~PTE_FLAGS) >>> 0, where).toBe(RAM_AT + ramOffset(wanted!.gpa)!);
      expect(pte & PTE_PRESENT, where).toBe(PTE_PRESENT);
      expect((pte & PTE_WRITABLE) !== 0, where).toBe(wanted!.writable);
      if ((pte & PTE_DIRTY) !== 0) expect(wanted!.writable, where).toBe(true);
    });
    expect(space.segments.map((s) => s.pages)).toEqual(pages);
    expect(space.segments.map((s) => s.tables)).toEqual(tables);
    space.host.forEach((va, host, writable) => {
      // The host TLB holds nothing that the table behind it does not.
      const pte = space.gva.walk(va);
      const where = `${space.name} host TLB, ${va.toString(16)}`;
      expect(pte & PTE_PRESENT, where).toBe(PTE_PRESENT);
      expect(host, where).toBe(pte & ~PTE_FLAGS);
      if (writable) expect(pte & PTE_DIRTY, where).toBe(PTE_DIRTY);
    });
  }

  /** The flat tables word by word: no valid entry may be missing from the list that flushes go by. */
  checkFlatTables(): void {
    const { memory, mmu } = this.machine;
    const listed = (space: AddressSpace) => {
      const pages = new Set<number>();
      space.host.forEach((va) => pages.add(va >>> 12));
      return pages;
    };
    const [kernel, user] = [listed(mmu.kernel), listed(mmu.user)];
    const tables: [number, Set<number>][] = [
      [HOST_TLB.reads[0], kernel],
      [HOST_TLB.writes[0], kernel],
      [HOST_TLB.reads[1], user],
      [HOST_TLB.writes[1], user],
      [HOST_TLB.none, new Set()],
    ];
    for (const [table, pages] of tables) {
      for (let page = 0; page < 1 << 20; page++) {
        const valid = (memory.words[(table >>> 2) + page]! ^ (page << 12)) >= 0;
        if (valid && !pages.has(page)) expect.fail(`page ${page.toString(16)} of the table at ${table} is in no list`);
      }
    }
  }
}

describe.each<MachineKind>(['malta', 'kvm'])('%s layout', (kind) => {
  const bench = new Bench(kind);

  it('tables and host TLBs hold what the guest TLB says', () => {
    fc.assert(
      fc.property(steps(kind), (sequence) => {
        bench.machine.reset();
        for (const step of sequence) {
          bench.take(step);
          expect(bench.machine.end).toBeNull();
          bench.check();
        }
      }),
      { numRuns: RUNS },
    );
    bench.checkFlatTables();
  });

  it('the sequences reach hits, fills and faults in every mode', () => {
    const wanted = [
      'kernel hit',
      'kernel fill',
      'user hit',
      'user fill',
      'kernel device',
      'exception 1',
      'exception 2',
      'exception 3',
      'exception 4',
      'exception 5',
    ];
    expect(wanted.filter((what) => !bench.seen.has(what))).toEqual([]);
  });
});
