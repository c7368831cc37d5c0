import { describe, expect, it } from 'vitest';
import { Cp0 } from '../cpu/cp0.ts';
import { USER } from '../cpu/guest-accesses.ts';
import { BareMachine } from '../testing/bare-machine.ts';
import {
  KVM_REG_COUNT_CTL,
  KVM_REG_COUNT_HZ,
  KVM_REG_COUNT_RESUME,
  KVM_REG_GPR,
  KVM_REG_PC,
  OneReg,
  cp0RegisterId,
} from './one-reg.ts';
import type { TrapEmulate } from './trap-emulate.ts';

function vcpu() {
  const machine = new BareMachine({ kind: 'kvm', tlbEntries: 64 });
  const registers = new OneReg(machine.cpu, machine.system as TrapEmulate, () => machine.clock.now());
  return { machine, registers };
}

describe('KVM_GET_REG_LIST and its registers', () => {
  it('has 70 ids, with the kernel headers numbers', () => {
    const { registers } = vcpu();
    const ids = registers.list();
    expect(new Set(ids).size).toBe(70);
    expect(cp0RegisterId(Cp0.Status)).toBe(0x7020000000010060n);
    expect(cp0RegisterId(Cp0.EntryHi)).toBe(0x7030000000010050n);
    expect(KVM_REG_GPR[31]).toBe(0x703000000000001fn);
    for (const id of ids) expect(typeof registers.get(id)).toBe('bigint');
  });

  it('sign-extends, sets GPRs but not r0, and PC', () => {
    const { machine, registers } = vcpu();
    registers.set(KVM_REG_GPR[5]!, 0xffffffff80000001n);
    registers.set(KVM_REG_GPR[0]!, 7n);
    registers.set(KVM_REG_PC, 0x40001234n);
    expect(registers.get(KVM_REG_GPR[5]!)).toBe(-0x7fffffffn);
    expect(machine.cpu.r[0]).toBe(0);
    expect(machine.cpu.pc).toBe(0x40001234);
  });

  it('EntryHi flushes nothing; Status changes the mode the guest goes on in', () => {
    const { machine, registers } = vcpu();
    machine.setCp0(Cp0.Status, 0);
    const { count } = machine.mmu.totals.kernel;
    registers.set(cp0RegisterId(Cp0.EntryHi), 9n);
    expect(machine.system.asid).toBe(9);
    expect(machine.mmu.totals.kernel.count).toBe(count);
    registers.set(cp0RegisterId(Cp0.Status), 0x10n);
    expect(machine.system.mode).toBe(USER);
  });

  it('Config registers keep what userspace may not change', () => {
    const { registers } = vcpu();
    for (const index of [Cp0.Config, Cp0.Config1, Cp0.Config2, Cp0.Config5, Cp0.Config7, Cp0.IntCtl]) {
      const before = registers.get(cp0RegisterId(index));
      registers.set(cp0RegisterId(index), ~before);
      expect(registers.get(cp0RegisterId(index)), `${index}`).toBe(before);
    }
  });

  it('COUNT_CTL stops Count and replays what it missed; COUNT_HZ keeps Count going from where it is', () => {
    const { machine, registers } = vcpu();
    const count = cp0RegisterId(Cp0.Count);
    registers.set(KVM_REG_COUNT_CTL, 1n);
    const held = registers.get(count);
    registers.set(cp0RegisterId(Cp0.Compare), held + 50n);
    machine.clock.skipTo(machine.clock.now() + 10_000);
    expect(registers.get(count)).toBe(held);
    expect(registers.get(KVM_REG_COUNT_RESUME)).toBeLessThan(BigInt(machine.clock.now()));
    registers.set(KVM_REG_COUNT_CTL, 0n);
    expect(registers.get(count)).toBe(held + 1000n);
    expect(machine.system.cp0[Cp0.Cause]! & 0x40000000).not.toBe(0);
    registers.set(KVM_REG_COUNT_HZ, 1_000_000n);
    expect(registers.get(count)).toBe(held + 1000n);
    machine.clock.skipTo(machine.clock.now() + 5_000);
    expect(registers.get(count)).toBe(held + 1005n);
  });

  it('refuses what is none in one sentence', () => {
    const { machine, registers } = vcpu();
    expect(() => registers.get(0x7020000000010061n + 1n)).toThrow(/^0x7020000000010062: .*\.$/);
    expect(() => registers.set(KVM_REG_COUNT_CTL, 2n)).toThrow(/COUNT_CTL/);
    expect(() => registers.set(KVM_REG_COUNT_HZ, 0n)).toThrow(/COUNT_HZ/);
    expect(() => registers.set(KVM_REG_COUNT_RESUME, BigInt(machine.clock.now()) + 1n)).toThrow(/future/);
  });
});
