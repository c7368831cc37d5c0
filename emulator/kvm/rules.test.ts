/** KVM's rules for the GVA page tables, one by one (Linux 4.11, arch/mips/kvm; the names are the kernel's). */
import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { READ, WRITE } from '../cpu/cpu.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { USER } from '../cpu/guest-accesses.ts';
import type { TraceLine } from '../debug/trace.ts';
import type { MachineOptions } from '../machine-options.ts';
import { PTE_DIRTY, PTE_PRESENT } from '../mmu/gva-page-table.ts';
import { BareMachine, entryLo, op } from '../testing/bare-machine.ts';
import { Lab } from '../testing/lab.ts';
import { COMMPAGE_4K } from './dynamic-translation.ts';
import { type TrapEmulate } from './trap-emulate.ts';

const USEG = 0x00400000;
const KSEG0 = 0x40200000;
const KSEG2 = 0x60000000;
const FRAME = 0x00200000;
const USER_MODE = 0x10;

/** A guest with entry 0 mapping a page pair of useg under ASID 1, entry 1 a global one of kseg2. */
function guest(options: Partial<MachineOptions> = {}): BareMachine {
  const machine = new BareMachine({ kind: 'kvm', tlbEntries: 64, ...options });
  machine.setCp0(Cp0.Status, 0);
  machine.writeEntry(1, { hi: KSEG2, lo0: entryLo(FRAME + 0x4000, 'VDG'), lo1: entryLo(FRAME + 0x5000, 'VDG') });
  machine.writeEntry(0, { hi: USEG | 1, lo0: entryLo(FRAME, 'VD'), lo1: entryLo(FRAME + 0x1000, 'VD') });
  return machine;
}
const setAsid = (machine: BareMachine, asid: number) => machine.setCp0(Cp0.EntryHi, asid);
const touch = (machine: BareMachine, va: number, access: typeof READ | typeof WRITE = READ) => {
  const host = machine.system.resolve(va, access);
  expect(host, `access to 0x${va.toString(16)}`).toBeGreaterThanOrEqual(0);
  return host;
};
const enterUser = (machine: BareMachine) => {
  machine.setCp0(Cp0.Status, USER_MODE);
  expect(machine.system.mode).toBe(USER);
};
const enterKernel = (machine: BareMachine) => {
  machine.system.exception(ExcCode.Sys);
  machine.setCp0(Cp0.Status, 0);
};
const kernelPte = (machine: BareMachine, va: number) => machine.mmu.kernel.gva.walk(va);
const userPte = (machine: BareMachine, va: number) => machine.mmu.user.gva.walk(va);

describe('ASID changes', () => {
  it('kvm_asid_change with old different from new is followed by a KERN flush of the kernel table', () => {
    const lines: TraceLine[] = [];
    const lab = new Lab();
    lab.machine.trace = (line) => lines.push(line);
    for (const command of ['pingpong 50', 'fork 5', 'tlb']) lab.command(command);
    let changes = 0;
    for (const [i, line] of lines.entries()) {
      if (line.event !== 'kvm_asid_change') continue;
      changes++;
      expect(line.old).not.toBe(line.new);
      const next = lines.slice(i + 1).find((l) => l.event !== 'kvm_hwr');
      expect(next).toMatchObject({ event: 'flush', table: 'kernel', kind: 'KMF_KERN', old: line.old, new: line.new });
      expect(next!.instructions).toBe(line.instructions);
    }
    expect(changes).toBeGreaterThan(100);
    expect(lines.filter((l) => l.event === 'flush' && l.kind === 'KMF_KERN')).toHaveLength(changes);
  });

  it('the same ASID written again flushes nothing', () => {
    const machine = guest();
    touch(machine, USEG);
    setAsid(machine, 1);
    machine.setCp0(Cp0.EntryHi, 0x00999001);
    expect(kernelPte(machine, USEG)).not.toBe(0);
  });

  it('drops useg and kseg2/3 of the kernel table at once, and keeps kseg0', () => {
    const machine = guest();
    for (const va of [USEG, KSEG0, KSEG2]) touch(machine, va);
    setAsid(machine, 2);
    expect(kernelPte(machine, USEG)).toBe(0);
    expect(kernelPte(machine, KSEG2)).toBe(0);
    expect(kernelPte(machine, KSEG0)).not.toBe(0);
    expect(machine.mmu.kernel.host.lookup(USEG, false)).toBe(-1);
    expect(machine.mmu.kernel.host.lookup(KSEG2, false)).toBe(-1);
  });

  it('TLBR changes the ASID like any other write of EntryHi', () => {
    const machine = guest();
    touch(machine, USEG);
    machine.setCp0(Cp0.Index, 1);
    machine.privileged(op('tlbr'));
    expect(machine.system.asid).toBe(0);
    expect(kernelPte(machine, USEG)).toBe(0);
  });

  it('the kernel context is new on this host CPU and stale on all others; the user contexts stay', () => {
    const machine = guest({ hostCpus: 3 });
    const { kernel, user } = machine.mmu;
    enterUser(machine);
    enterKernel(machine);
    machine.mmu.migrate(1);
    machine.system.reenter();
    const before = kernel.contexts[1]!;
    const userBefore = [...user.contexts];
    setAsid(machine, 9);
    expect(kernel.contexts[1]).toBe(before + 1);
    expect([kernel.contexts[0], kernel.contexts[2]]).toEqual([0, 0]);
    expect([...user.contexts]).toEqual(userBefore);
  });
});

describe('the lazy user flush', () => {
  it('happens on the first entry to user mode with a changed ASID, and not before', () => {
    const machine = guest();
    enterUser(machine);
    touch(machine, USEG);
    enterKernel(machine);
    setAsid(machine, 2);
    expect(userPte(machine, USEG)).not.toBe(0);
    enterUser(machine);
    expect(userPte(machine, USEG)).toBe(0);
    expect(machine.mmu.lastUserAsid).toBe(2);
    expect(machine.mmu.totals.user.count).toBe(2);
  });

  it('A to B to A between two user entries flushes nothing of the user table', () => {
    const machine = guest();
    enterUser(machine);
    touch(machine, USEG);
    const flushes = machine.mmu.totals.user.count;
    enterKernel(machine);
    setAsid(machine, 7);
    setAsid(machine, 1);
    enterUser(machine);
    expect(machine.mmu.totals.user.count).toBe(flushes);
    expect(userPte(machine, USEG)).not.toBe(0);
  });

  it('reaches every host CPU', () => {
    const machine = guest({ hostCpus: 2 });
    enterUser(machine);
    touch(machine, USEG);
    machine.mmu.migrate(1);
    machine.system.reenter();
    touch(machine, USEG);
    expect(machine.mmu.user.contexts.every((context) => context !== 0)).toBe(true);
    enterKernel(machine);
    setAsid(machine, 2);
    enterUser(machine);
    expect(machine.mmu.user.contexts[0]).toBe(0);
    expect(machine.mmu.user.contexts[1]).not.toBe(0);
    machine.mmu.migrate(0);
    machine.system.reenter();
    expect(machine.mmu.user.host.lookup(USEG, false)).toBe(-1);
  });
});

describe('the commpage', () => {
  it('comes back by one TLB-miss exit after every kernel flush', () => {
    const machine = guest();
    const { statistics } = machine.system as TrapEmulate;
    for (let asid = 2; asid < 6; asid++) {
      setAsid(machine, asid);
      expect(kernelPte(machine, COMMPAGE_4K)).toBe(0);
      const before = statistics.tlbmiss_ld;
      touch(machine, COMMPAGE_4K);
      touch(machine, COMMPAGE_4K + 0x180);
      expect(statistics.tlbmiss_ld).toBe(before + 1);
    }
  });

  it('is the very words of the guest CP0, in kernel mode only', () => {
    const machine = guest();
    setAsid(machine, 0x42);
    const host = touch(machine, COMMPAGE_4K + Cp0.EntryHi * 4);
    expect(machine.memory.words[host >> 2]).toBe(0x42);
    machine.writeEntry(2, { hi: 0x6000 | 0x42, lo0: entryLo(FRAME, 'VD'), lo1: entryLo(FRAME + 0x1000, 'VD') });
    enterUser(machine);
    expect(touch(machine, COMMPAGE_4K)).toBe(machine.mmu.ram(FRAME + 0x1000));
  });

  it('is never mapped over from the page next to it', () => {
    const machine = guest();
    machine.writeEntry(2, { hi: 0x6000 | 1, lo0: entryLo(FRAME, 'VD'), lo1: entryLo(FRAME + 0x1000, 'VD') });
    touch(machine, FRAME + KSEG0 - 0x200000);
    touch(machine, 0x6000);
    expect(kernelPte(machine, COMMPAGE_4K)).toBe(0);
  });
});

describe('guest TLB writes', () => {
  it('invalidate their old pair in both tables', () => {
    const machine = guest();
    touch(machine, USEG);
    touch(machine, USEG + 0x1000);
    enterUser(machine);
    touch(machine, USEG + 0x1000);
    enterKernel(machine);
    machine.writeEntry(0, { hi: 0x80000000 });
    for (const va of [USEG, USEG + 0x1000]) {
      expect(kernelPte(machine, va)).toBe(0);
      expect(userPte(machine, va)).toBe(0);
      expect(machine.mmu.user.host.lookup(va, false)).toBe(-1);
    }
  });

  it('make the contexts of other host CPUs stale', () => {
    const machine = guest({ hostCpus: 2 });
    touch(machine, USEG);
    machine.mmu.migrate(1);
    machine.system.reenter();
    machine.writeEntry(0, { hi: 0x80000000 });
    expect(machine.mmu.kernel.contexts[0]).toBe(0);
    machine.mmu.migrate(0);
    machine.system.reenter();
    expect(machine.mmu.kernel.host.lookup(USEG, false)).toBe(-1);
  });

  it('with Index out of range go to index modulo 64, by TLBWR anywhere', () => {
    const machine = guest();
    machine.system.cp0[Cp0.Index] = 0x80000000 | 70;
    machine.privileged(op('tlbwi'));
    expect(machine.mmu.tlb.hi[6]).toBe(machine.system.cp0[Cp0.EntryHi]! >>> 0);
    machine.setCp0(Cp0.Wired, 60);
    const written = new Set<number>();
    for (let i = 0; i < 400; i++) {
      machine.execute(0);
      const writes = machine.tlbWrittenAt.slice();
      machine.privileged(op('tlbwr'));
      machine.tlbWrittenAt.forEach((at, index) => at !== writes[index] && written.add(index));
    }
    expect(Math.min(...written)).toBeLessThan(30);
    expect(written.size).toBeGreaterThan(40);
  });
});

describe('faults', () => {
  it('a first read, then a first write, to a page costs a load fault and a Mod fault', () => {
    const machine = guest();
    const { statistics } = machine.system as TrapEmulate;
    const before = { ...statistics };
    touch(machine, KSEG0, READ);
    touch(machine, KSEG0, WRITE);
    touch(machine, KSEG0, WRITE);
    expect(statistics.tlbmiss_ld).toBe(before.tlbmiss_ld + 1);
    expect(statistics.tlbmod).toBe(before.tlbmod + 1);
    expect(kernelPte(machine, KSEG0) & PTE_DIRTY).toBe(PTE_DIRTY);
  });

  it('map the buddy page only where the host has it already', () => {
    const machine = guest();
    touch(machine, USEG);
    expect(kernelPte(machine, USEG + 0x1000)).toBe(0);
    touch(machine, 0x40000000 + FRAME + 0x1000);
    setAsid(machine, 2);
    setAsid(machine, 1);
    touch(machine, USEG);
    expect(kernelPte(machine, USEG + 0x1000) & PTE_PRESENT).toBe(PTE_PRESENT);
  });

  it('a store to a clean guest page maps it read-only first, then is a guest TLB Modified', () => {
    const machine = guest();
    machine.writeEntry(3, { hi: 0x00800000 | 1, lo0: entryLo(FRAME, 'V'), lo1: entryLo(FRAME + 0x1000, 'V') });
    const { statistics } = machine.system as TrapEmulate;
    const before = { ...statistics };
    machine.system.resolve(0x00800000, WRITE);
    expect(statistics.tlbmiss_st).toBe(before.tlbmiss_st + 1);
    expect(statistics.tlbmod).toBe(before.tlbmod + 1);
    expect((machine.system.cp0[Cp0.Cause]! >>> 2) & 31).toBe(ExcCode.Mod);
  });

  it('the stale-host-TLB condition, a Mod exit with no valid guest entry, never occurs', () => {
    for (const policy of ['lazy-user', 'eager', 'everything', 'tagged'] as const) {
      const lab = new Lab({ policy, hostCpus: 2, migrateEvery: 501, check: true });
      for (const command of ['pingpong 20', 'fork 10', 'fault', 'asids', 'vmalloc 20']) lab.command(command);
      const { machine } = lab;
      expect(machine.end).toBeNull();
      expect(machine.system.checked).toBeGreaterThan(100_000);
      expect(machine.system.differences).toBe(0);
    }
  });
});

describe('GPA invalidation', () => {
  it('reaches kseg0, both tables and all contexts before the guest runs on', () => {
    const machine = guest({ hostCpus: 2 });
    touch(machine, KSEG0);
    enterUser(machine);
    touch(machine, USEG);
    expect(machine.hostMemory.unmap(0, 0x00ffffff)).toBe(true);
    machine.system.reenter();
    expect(kernelPte(machine, KSEG0)).toBe(0);
    expect(userPte(machine, USEG)).toBe(0);
    expect(machine.mmu.totals.gpa.count).toBe(2);
    expect(machine.mmu.kernel.contexts[0]).toBe(0);
    touch(machine, USEG);
  });

  it('of memory that was never mapped requests nothing', () => {
    const machine = guest();
    expect(machine.hostMemory.unmap(0x00f00000, 0x00ffffff)).toBe(false);
    machine.system.reenter();
    expect(machine.mmu.totals.gpa.count).toBe(0);
  });

  it('write protection makes the next store fault, and the dirty log names its page', () => {
    const machine = guest();
    touch(machine, KSEG0, WRITE);
    machine.hostMemory.startDirtyLog();
    machine.system.reenter();
    touch(machine, KSEG0, READ);
    touch(machine, KSEG0 + 0x3000, WRITE);
    touch(machine, USEG + 0x1000, WRITE);
    expect(machine.hostMemory.takeDirtyLog()).toEqual([0x201, 0x203]);
    machine.system.reenter();
    expect(machine.hostMemory.takeDirtyLog()).toEqual([]);
    touch(machine, KSEG0, WRITE);
    expect(machine.hostMemory.takeDirtyLog()).toEqual([0x200]);
  });

  it('ageing tells what was used since', () => {
    const machine = guest();
    touch(machine, KSEG0);
    expect(machine.hostMemory.age(0x00200000, 0x00200fff)).toBe(true);
    machine.system.reenter();
    expect(machine.hostMemory.age(0x00200000, 0x00200fff)).toBe(false);
    touch(machine, KSEG0);
    expect(machine.hostMemory.age(0x00200000, 0x00200fff)).toBe(true);
  });

  it('pages that the host exchanges keep their contents at their guest addresses', () => {
    const machine = guest();
    machine.memory.words[touch(machine, KSEG0, WRITE) >> 2] = 0x1234;
    machine.memory.words[touch(machine, KSEG0 + 0x5000, WRITE) >> 2] = 0x5678;
    const before = touch(machine, KSEG0);
    machine.hostMemory.exchange(0x200, 0x205);
    machine.system.reenter();
    expect(touch(machine, KSEG0)).not.toBe(before);
    expect(machine.memory.words[touch(machine, KSEG0) >> 2]).toBe(0x1234);
    expect(machine.memory.words[touch(machine, KSEG0 + 0x5000) >> 2]).toBe(0x5678);
  });
});

it('entries for 0x80000000 and above in the pgd never change', () => {
  const machine = guest();
  const { words } = machine.memory;
  const pgd = machine.mmu.kernel.gva.pgd >>> 2;
  words.fill(-1, pgd + 512, pgd + 1024);
  for (const va of [USEG, KSEG0, KSEG2, 0x80000000, 0xbfc00000]) machine.system.resolve(va, READ);
  setAsid(machine, 5);
  machine.writeEntry(4, { hi: 0x80000000 | 5, lo0: entryLo(FRAME, 'VDG'), lo1: entryLo(FRAME, 'VDG') });
  machine.writeEntry(4, { hi: 0xc0000000 | 5, lo0: entryLo(FRAME, 'VDG'), lo1: entryLo(FRAME, 'VDG') });
  machine.writeEntry(4, { hi: 0x60000000, mask: 0x1fffe000, lo0: entryLo(0, 'VDG'), lo1: entryLo(0, 'VDG') });
  machine.mmu.flushGpa();
  expect(words.subarray(pgd + 512, pgd + 1024).every((word) => word === -1)).toBe(true);
});
