/**
 * What the debugger says an access would do, against the access itself: after random guest TLB writes, accesses and
 * changes of mode and ASID, each prediction, for the machine's own mode and ASID and for others, is made good by going
 * there and doing it. KSEG_PROPERTY_RUNS=N makes N sequences of each machine and policy.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { DEVICE, FAULT, FETCH, READ, WRITE, type Access } from '../cpu/cpu.ts';
import { USER } from '../cpu/guest-accesses.ts';
import { FLUSH_POLICIES, type FlushPolicy } from '../mmu/policy.ts';
import type { MachineKind } from '../protocol.ts';
import { BareMachine } from '../testing/bare-machine.ts';
import { probe, type GuestMode, type Probe } from './probe.ts';

const RUNS = Number(process.env['KSEG_PROPERTY_RUNS'] ?? 60);
const ENTRIES = 16;
const MASKS = [0, 0, 0, 0x6000, 0x1e000];
const BASES: Record<MachineKind, number[]> = {
  kvm: [0x00006000, 0x00400000, 0x3fffc000, 0x40000000, 0x41ffe000, 0x60000000, 0x80000000, 0xa0000000, 0xc0000000],
  malta: [0x00006000, 0x00400000, 0x7fffc000, 0x80000000, 0x81ffe000, 0xa0000000, 0xc0000000, 0xe0000000],
};
const FRAMES = [0, 1, 2, 3, 0x100, 0xfff, 0x1000, 0x1e000, 0x80002];

interface Place {
  va: number;
  access: Access;
  mode: GuestMode;
  asid: number;
}
type Step =
  | { do: 'write'; index: number | 'random'; va: number; asid: number; mask: number; lo0: number; lo1: number }
  | { do: 'access'; at: Place }
  | { do: 'erl' | 'unmap' | 'protect' };

function steps(kind: MachineKind): fc.Arbitrary<Step[]> {
  return fc.subarray(BASES[kind], { minLength: 1, maxLength: 4 }).chain((bases) => {
    const va = fc.tuple(fc.constantFrom(...bases), fc.nat(3)).map(([base, n]) => (base + (n << 12)) >>> 0);
    const asid = fc.constantFrom(0, 1, 2);
    const lo = fc
      .tuple(fc.constantFrom(...FRAMES), fc.constantFrom(0, 2, 3, 6, 6, 6, 7))
      .map(([pfn, flags]) => ((pfn << 6) | 0x18 | flags) & 0x03ffffff);
    const at = fc.record({
      va: fc.tuple(va, fc.nat(1023), fc.constantFrom(0, 0, 0, 2)).map(([page, n, odd]) => (page + n * 4 + odd) >>> 0),
      access: fc.constantFrom<Access>(READ, WRITE, WRITE, FETCH),
      mode: fc.constantFrom<GuestMode>('kernel', 'user', 'user'),
      asid,
    });
    return fc.array(
      fc.oneof(
        {
          weight: 3,
          arbitrary: fc.record({
            do: fc.constant('write' as const),
            index: fc.oneof(fc.nat(ENTRIES - 1), fc.constant('random' as const)),
            va,
            asid,
            mask: fc.constantFrom(...MASKS),
            lo0: lo,
            lo1: lo,
          }),
        },
        { weight: 8, arbitrary: fc.record({ do: fc.constant('access' as const), at }) },
        {
          weight: 1,
          arbitrary: fc.record({ do: fc.constantFrom('erl' as const, 'unmap' as const, 'protect' as const) }),
        },
      ),
      { minLength: 4, maxLength: 60, size: 'max' },
    );
  });
}

class Bench {
  readonly machine: BareMachine;

  constructor(
    readonly kind: MachineKind,
    policy: FlushPolicy,
    keepReplaced: boolean,
    /** What the sequences have reached. */
    readonly seen: Set<string>,
  ) {
    this.machine = new BareMachine({ kind, tlbEntries: ENTRIES, policy, keepReplaced });
  }

  private toKernel(): void {
    if (this.machine.mode === 'user') this.machine.system.exception(8);
    this.machine.cpu.raised = false;
  }

  /** Everything an access may change. */
  private state(): unknown {
    const { mmu, system, counters, cpu, board } = this.machine;
    const entries: string[] = [];
    for (const [asid, space] of [...mmu.userTables(), [-1, mmu.kernel] as const]) {
      space.gva.forEach((va, pte) => entries.push(`${asid} ${space.name} ${va} ${pte}`));
      space.host.forEach((va, host, writable) => entries.push(`${asid} ${va} ${host} ${writable}`));
      space.gva.forEachTable((va) => entries.push(`table ${va}`));
    }
    mmu.gpa.table.forEach((gpa, pte) => entries.push(`gpa ${gpa} ${pte}`));
    return [
      entries,
      mmu.hostRefills,
      [...system.cp0],
      counters.exits.slice(),
      counters.exceptions.slice(),
      cpu.pc,
      board,
    ];
  }

  take(step: Step): void {
    const { machine } = this;
    switch (step.do) {
      case 'write':
        this.toKernel();
        return machine.writeEntry(step.index, { ...step, hi: ((step.va & 0xffffe000) | step.asid) >>> 0 });
      case 'erl':
        this.toKernel();
        return machine.setCp0(Cp0.Status, 4);
      case 'unmap':
        return void machine.hostMemory.unmap(0, 0x3fff);
      case 'protect':
        return void machine.hostMemory.writeProtect(0, 0x3fff);
      case 'access':
        return this.access(step.at);
    }
  }

  private access({ va, access, mode, asid }: Place): void {
    const { machine, kind } = this;
    const before = this.state();
    const { wraps } = machine.mmu.cpus;
    const predicted = probe(machine, va, access, mode, asid);
    expect(this.state()).toEqual(before);
    // What the guest would do to get there; nothing if it is there.
    const moves = mode !== machine.mode;
    if (moves || asid !== machine.system.asid) {
      const inUser = machine.mode === 'user';
      this.toKernel();
      if (asid !== machine.system.asid) machine.setCp0(Cp0.EntryHi, asid);
      if (moves || inUser) machine.setCp0(Cp0.Status, predicted.status);
    }
    machine.system.reenter();
    // KVM cannot go on from these, and the machine would be lost to the rest of the sequence.
    if (predicted.outcome.kind === 'fatal') return this.note('fatal');
    // A host CPU that ran out of ASIDs on the way has emptied its TLB; the page table behind it answers the same.
    const { outcome } = predicted;
    const wrapped = machine.mmu.cpus.wraps !== wraps;
    if (wrapped && outcome.kind === 'memory' && outcome.via === 'hostTlb') outcome.via = 'gvaTable';
    this.hold(predicted);
    expect(machine.end, JSON.stringify(predicted.outcome)).toBeNull();
    this.note(`${kind} ${mode}`);
  }

  /** The access as the interpreter makes it. */
  private hold({ va, access, exits, outcome, mode }: Probe): void {
    const { machine } = this;
    const { cpu, system, memory, counters, mmu } = machine;
    expect(system.mode === USER ? 'user' : 'kernel').toBe(mode);
    const exitsBefore = [...counters.exits];
    const refillsBefore = mmu.hostRefills;
    cpu.raised = false;
    cpu.delay = 0;
    cpu.pc = machine.start;
    const x = memory.words[(access === WRITE ? cpu.writes : cpu.reads) + (va >>> 12)]! ^ va;
    let result: number = x;
    if (access === FETCH && (va & 3) !== 0) {
      cpu.fetch(va | 0);
      result = FAULT;
    } else if (x < 0) result = system.resolve(va | 0, access);
    const wanted = [...exitsBefore];
    for (const reason of exits) wanted[reason]!++;
    expect([...counters.exits]).toEqual(wanted);
    this.note(outcome.kind);
    switch (outcome.kind) {
      case 'memory':
        expect(cpu.raised).toBe(false);
        expect(result).toBe(outcome.host);
        // Under `never` the table may well have another page than the guest TLB, and so it may where the guest has written
        // two entries for one address, of which the replaced one is kept.
        if (outcome.gpa >= 0 && mmu.policy !== 'never' && !mmu.kept?.has(va)) {
          expect(mmu.ram(outcome.gpa)).toBe(result);
        }
        expect(x >= 0, outcome.via).toBe(outcome.via === 'hostTlb');
        expect(mmu.hostRefills > refillsBefore).toBe(outcome.via === 'gvaTable' || outcome.via === 'fill');
        this.note(outcome.via);
        break;
      case 'device':
        expect(result).toBe(DEVICE);
        expect(cpu.gpa).toBe(outcome.gpa);
        break;
      case 'exception':
        expect(result).toBe(FAULT);
        expect(cpu.raised).toBe(true);
        expect((system.cp0[Cp0.Cause]! >>> 2) & 31).toBe(outcome.code);
        expect(system.cp0[Cp0.BadVAddr]! >>> 0).toBe(va);
        expect(cpu.pc >>> 0).toBe(system.vector(outcome.offset));
        this.note(`exception ${outcome.code}${outcome.refill ? ' refill' : ''}`);
    }
    cpu.raised = false;
  }

  private note(what: string): void {
    this.seen.add(what);
  }
}

/** What the sequences of a machine must reach. */
const REACHED = ['memory', 'device', 'exception', 'hostTlb', 'gvaTable', 'fill', 'exception 1', 'exception 2 refill'];

describe.each<MachineKind>(['malta', 'kvm'])('%s', (kind) => {
  const seen = new Set<string>();
  // Under 'never' tables are wrong on purpose, and so is where they lead; what a probe says of them is still what happens.
  const variants = FLUSH_POLICIES.flatMap((policy) => [false, true].map((keep) => [policy, keep] as const));
  it.each(variants)('under %s an access does what was said of it, replaced entries kept: %s', (policy, keep) => {
    const bench = new Bench(kind, policy, keep, seen);
    fc.assert(
      fc.property(steps(kind), (sequence) => {
        bench.machine.reset();
        for (const step of sequence) bench.take(step);
      }),
      { numRuns: RUNS },
    );
  });

  it('the sequences reach every kind of answer', () => {
    expect(REACHED.filter((what) => !seen.has(what))).toEqual([]);
  });
});

it('says why a fetch below KVM cannot go on', () => {
  const machine = new BareMachine({ kind: 'kvm' });
  machine.setCp0(Cp0.Status, 0);
  expect(probe(machine, 0x80001000, FETCH).outcome).toMatchObject({ kind: 'fatal' });
  expect(probe(machine, 0xc0001000, READ).outcome).toMatchObject({ kind: 'fatal' });
});

it('a replaced entry for kseg0, which is kept, takes nothing with it', () => {
  const machine = new BareMachine({ policy: 'tagged', keepReplaced: true, tlbEntries: 16 });
  machine.setCp0(Cp0.Status, 0);
  machine.setCp0(Cp0.Wired, 15);
  for (let i = 0; i < 2; i++) machine.writeEntry('random', { hi: 0x80000000, lo0: 0x18, lo1: 0x1f });
  machine.system.resolve(0x80000000 | 0, READ);
  expect(probe(machine, 0x80000000, READ, 'kernel', 2)).toMatchObject({ loss: null, outcome: { via: 'hostTlb' } });
});
