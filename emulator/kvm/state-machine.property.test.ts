/**
 * Random lives of a guest, seen from its loads and stores: TLB writes, ASID changes, mode switches, what the host does
 * to its memory, moves between host CPUs. Every load must find what a model without any table finds, under every policy
 * but `never`. KSEG_FUZZ_RUNS sets how many sequences a machine lives through, over all policies (`npm run fuzz`).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { DEVICE, FAULT, READ, WRITE } from '../cpu/cpu.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { FLUSH_POLICIES, type FlushPolicy } from '../mmu/policy.ts';
import type { MachineKind } from '../protocol.ts';
import { BareMachine } from '../testing/bare-machine.ts';
import { PlainModel } from '../testing/plain-model.ts';

const RUNS = Number(process.env['KSEG_FUZZ_RUNS'] ?? 250);
const ENTRIES = 16;
const HOST_CPUS = 2;
/** Physical pages that the sequences use, and one that is no RAM. */
const FIRST_PAGE = 0x300;
const PAGES = 4;
const DEVICE_PAGE = 0x1f00a;

const COUNTED_POLICIES = FLUSH_POLICIES.filter((policy) => policy !== 'never');

type Step =
  | { do: 'write'; index: number; vpn2: number; asid: number; pages: [number, number]; flags: [number, number] }
  | { do: 'asid'; asid: number }
  | { do: 'user' | 'kernel' }
  | { do: 'load' | 'store'; va: number }
  | { do: 'unmap' | 'protect' | 'age'; page: number; count: number }
  | { do: 'exchange'; page: number; count: number }
  | { do: 'log' | 'run' }
  | { do: 'migrate'; cpu: number };

function steps(kind: MachineKind): fc.Arbitrary<Step[]> {
  const kseg0 = kind === 'kvm' ? 0x40000000 : 0x80000000;
  const kseg2 = kind === 'kvm' ? 0x60000000 : 0xc0000000;
  // Round the commpage, in two pte tables of useg, in kseg2/3.
  const pairs = [0x6000, 0x00400000, 0x00400000, 0x3fffe000, kseg2];
  const page = fc.nat(PAGES - 1).map((n) => FIRST_PAGE + n);
  const frame = fc.oneof({ weight: 12, arbitrary: page }, { weight: 1, arbitrary: fc.constant(DEVICE_PAGE) });
  const flags = fc.constantFrom(0, 2, 6, 6, 6, 6, 6, 7, 7, 3, 1);
  const va = fc
    .tuple(
      fc.oneof(
        { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...pairs), fc.nat(1)).map(([at, odd]) => at + odd * 0x1000) },
        { weight: 2, arbitrary: page.map((n) => kseg0 + n * 0x1000) },
      ),
      fc.nat(3),
    )
    .map(([at, word]) => at + word * 4);
  const range = { page, count: fc.integer({ min: 1, max: 3 }) };
  return fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('write' as const),
          index: fc.nat(3),
          vpn2: fc.constantFrom(...pairs),
          asid: fc.nat(1),
          pages: fc.tuple(frame, frame),
          flags: fc.tuple(flags, flags),
        }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('asid' as const), asid: fc.nat(1) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('user' as const, 'kernel' as const) }) },
      { weight: 24, arbitrary: fc.record({ do: fc.constantFrom('load' as const, 'store' as const), va }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constantFrom('unmap' as const, 'protect' as const, 'age' as const), ...range }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('exchange' as const), ...range }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('log' as const, 'run' as const) }) },
      { weight: 5, arbitrary: fc.record({ do: fc.constant('migrate' as const), cpu: fc.nat(HOST_CPUS - 1) }) },
    ),
    { minLength: 40, maxLength: 160, size: 'max' },
  );
}

/** A machine under a policy, and the model beside it. */
class Pair {
  private readonly model: PlainModel;
  private value = 1;
  private readonly written = new Set<number>();
  private logging = false;

  constructor(private readonly machine: BareMachine) {
    machine.reset();
    machine.hostMemory.stopDirtyLog();
    machine.memory.bytes.fill(0, machine.mmu.ram(FIRST_PAGE << 12), machine.mmu.ram((FIRST_PAGE + PAGES) << 12));
    for (let page = FIRST_PAGE; page < FIRST_PAGE + PAGES; page++) {
      machine.memory.bytes.fill(0, machine.mmu.ram(page << 12), machine.mmu.ram(page << 12) + 0x1000);
    }
    this.model = new PlainModel(machine.options.kind, ENTRIES, machine.mmu.ramSize);
    machine.setCp0(Cp0.Status, 0);
  }

  take(step: Step): void {
    const { machine, model } = this;
    switch (step.do) {
      case 'write': {
        this.toKernel();
        const lo = step.pages.map((page, i) => (page << 6) | 0x18 | step.flags[i]!) as [number, number];
        machine.writeEntry(step.index, { hi: step.vpn2 | step.asid, lo0: lo[0], lo1: lo[1] });
        // An entry has one G bit.
        const global = lo[0] & lo[1] & 1;
        model.entries[step.index] = {
          hi: (step.vpn2 | step.asid) >>> 0,
          lo: [((lo[0] & ~1) | global) >>> 0, ((lo[1] & ~1) | global) >>> 0],
        };
        model.asid = step.asid;
        return;
      }
      case 'asid':
        this.toKernel();
        machine.setCp0(Cp0.EntryHi, step.asid);
        model.asid = step.asid;
        return;
      case 'user':
        this.toKernel();
        machine.setCp0(Cp0.Status, 0x10);
        model.user = true;
        return;
      case 'kernel':
        return this.toKernel();
      case 'load':
        return this.load(step.va);
      case 'store':
        return this.store(step.va);
      case 'migrate':
        machine.mmu.migrate(step.cpu);
        return machine.system.reenter();
      case 'run':
        return machine.system.reenter();
      case 'log':
        return this.dirtyLog();
      default:
        return this.hostDoes(step);
    }
  }

  private hostDoes(step: Extract<Step, { page: number }>): void {
    const { hostMemory } = this.machine;
    const start = step.page << 12;
    const end = start + (step.count << 12) - 1;
    if (step.do === 'unmap') hostMemory.unmap(start, end);
    else if (step.do === 'protect') hostMemory.writeProtect(start, end);
    else if (step.do === 'age') hostMemory.age(start, end);
    else hostMemory.exchange(step.page, FIRST_PAGE + ((step.page - FIRST_PAGE + step.count) % PAGES));
    this.machine.system.reenter();
  }

  /** Dirty logging: the log names exactly the pages stored to since it was last taken. */
  private dirtyLog(): void {
    const { hostMemory, system } = this.machine;
    if (!this.logging) hostMemory.startDirtyLog();
    else expect(hostMemory.takeDirtyLog()).toEqual([...this.written].sort((a, b) => a - b));
    this.logging = true;
    this.written.clear();
    system.reenter();
  }

  private toKernel(): void {
    if (this.model.user) {
      this.machine.system.exception(ExcCode.Sys);
      this.machine.cpu.raised = false;
      this.machine.setCp0(Cp0.Status, 0);
    }
    this.model.user = false;
  }

  /** The commpage is not the model's matter. */
  private isCommpage(va: number): boolean {
    return this.machine.options.kind === 'kvm' && !this.model.user && va >>> 12 === 7;
  }

  private access(va: number, write: boolean): number | null {
    const { machine, model } = this;
    const space = model.user ? machine.mmu.user : machine.mmu.kernel;
    // As the CPU does it: the host TLB, and only if that has nothing the slow way.
    const cached = space.host.lookup(va, write);
    const host = cached >= 0 ? cached : machine.system.resolve(va | 0, write ? WRITE : READ);
    const answer = model.answer(va, write);
    const where = `${write ? 'store to' : 'load from'} 0x${va.toString(16)}`;
    if (answer.kind === 'memory') {
      expect(host, where).toBe(machine.mmu.ram(answer.gpa));
      return answer.gpa;
    }
    expect(host, where).toBe(answer.kind === 'device' ? DEVICE : FAULT);
    if (host === FAULT) this.expectException(answer.kind, write, where);
    return null;
  }

  private expectException(kind: string, write: boolean, where: string): void {
    const { cpu, system } = this.machine;
    const code = (system.cp0[Cp0.Cause]! >>> 2) & 31;
    const wanted = {
      refill: write ? ExcCode.TLBS : ExcCode.TLBL,
      invalid: write ? ExcCode.TLBS : ExcCode.TLBL,
      modified: ExcCode.Mod,
      addressError: write ? ExcCode.AdES : ExcCode.AdEL,
    }[kind];
    expect(code, where).toBe(wanted);
    expect((cpu.pc & 0xfff) === 0x180, where).toBe(kind !== 'refill');
    cpu.raised = false;
    // Back to where the sequence was: the handler's work is not the subject.
    const { user } = this.model;
    this.machine.setCp0(Cp0.EntryHi, this.model.asid);
    this.machine.setCp0(Cp0.Status, user ? 0x10 : 0);
  }

  private load(va: number): void {
    if (this.isCommpage(va)) return;
    const gpa = this.access(va, false);
    if (gpa === null) return;
    const word = this.machine.memory.words[this.machine.mmu.ram(gpa) >> 2]!;
    expect(word, `word at 0x${gpa.toString(16)}`).toBe(this.model.load(gpa));
  }

  private store(va: number): void {
    if (this.isCommpage(va)) return;
    const gpa = this.access(va, true);
    if (gpa === null) return;
    this.machine.memory.words[this.machine.mmu.ram(gpa) >> 2] = this.value;
    this.model.store(gpa, this.value++);
    this.written.add(gpa >>> 12);
  }
}

describe.each<MachineKind>(['kvm', 'malta'])('%s', (kind) => {
  it.each(COUNTED_POLICIES)('%s behaves as memory without tables', { timeout: 3_600_000 }, (policy) => {
    const machine = makeMachine(kind, policy);
    fc.assert(
      fc.property(steps(kind), (sequence) => {
        const pair = new Pair(machine);
        for (const step of sequence) pair.take(step);
        expect(machine.end).toBeNull();
      }),
      { numRuns: Math.ceil(RUNS / COUNTED_POLICIES.length) },
    );
  });

  it('never is told apart', () => {
    const machine = makeMachine(kind, 'never');
    const property = fc.property(steps(kind), (sequence) => {
      const pair = new Pair(machine);
      for (const step of sequence) pair.take(step);
    });
    expect(fc.check(property, { numRuns: 300, seed: 1 }).failed).toBe(true);
  });
});

function makeMachine(kind: MachineKind, policy: FlushPolicy): BareMachine {
  return new BareMachine({ kind, policy, tlbEntries: ENTRIES, hostCpus: HOST_CPUS });
}
