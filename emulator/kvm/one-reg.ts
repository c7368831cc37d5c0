/**
 * A vCPU's registers under their KVM_REG_MIPS_ ids, as KVM_GET_REG_LIST, KVM_GET_ONE_REG and KVM_SET_ONE_REG have them
 * (Linux 4.11, arch/mips/include/uapi/asm/kvm.h and trap_emul.c). Ids are 64 bits, so bigints; values too.
 */
import { Cp0 } from '../cpu/cp0.ts';
import type { Cpu } from '../cpu/cpu.ts';
import type { TrapEmulate } from './trap-emulate.ts';

const MIPS = 0x7000_0000_0000_0000n;
const U32 = 0x0020_0000_0000_0000n;
const U64 = 0x0030_0000_0000_0000n;

const id = (size: bigint, set: number, index: number) => MIPS | size | (BigInt(set) << 16n) | BigInt(index);

/** Set 0: GPRs 0 to 31, HI, LO, PC. */
export const KVM_REG_GPR = Array.from({ length: 32 }, (_, i) => id(U64, 0, i));
export const KVM_REG_HI = id(U64, 0, 32);
export const KVM_REG_LO = id(U64, 0, 33);
export const KVM_REG_PC = id(U64, 0, 34);

const CP0_32 = [0x00, 0x28, 0x30, 0x38, 0x48, 0x58, 0x60, 0x61, 0x68, 0x78, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x87];
const CP0_64 = [0x10, 0x18, 0x20, 0x22, 0x40, 0x50, 0x70, 0x79, 0xf0];
const KSCRATCH = [0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];

/** Id of the CP0 register with this `register * 8 + select`, if KVM has one. */
export function cp0RegisterId(index: number): bigint {
  return id(CP0_32.includes(index) ? U32 : U64, 1, index);
}

export const KVM_REG_COUNT_CTL = id(U64, 2, 0);
export const KVM_REG_COUNT_RESUME = id(U64, 2, 1);
export const KVM_REG_COUNT_HZ = id(U64, 2, 2);
/** COUNT_CTL's one bit: Count stands still. */
const COUNT_CTL_DC = 1n;

/** What SET_ONE_REG may change of a register; others are stored whole, and these ignore it. */
const WRITABLE = new Map<number, number>([
  [Cp0.Config1, 0],
  [Cp0.Config3, 0x80002000],
  [Cp0.Config4, 0x80fc0000],
  [Cp0.Config5, 0],
  [Cp0.EBase, 0x1ffff3ff],
]);
const IGNORED = new Set<number>([Cp0.Config, Cp0.Config2, Cp0.Config7, Cp0.IntCtl]);

export class OneReg {
  private countCtl = 0n;
  private countResume = 0n;

  constructor(
    private readonly cpu: Cpu,
    private readonly system: TrapEmulate,
    private readonly now: () => number,
  ) {}

  /** KVM_GET_REG_LIST: every id this vCPU has, without those of the FPU and MSA. */
  list(): bigint[] {
    return [
      ...KVM_REG_GPR,
      KVM_REG_HI,
      KVM_REG_LO,
      KVM_REG_PC,
      ...[...CP0_32, ...CP0_64, ...KSCRATCH].map(cp0RegisterId),
      KVM_REG_COUNT_CTL,
      KVM_REG_COUNT_RESUME,
      KVM_REG_COUNT_HZ,
    ];
  }

  /** The register's value, sign-extended as KVM gives it. Throws with one sentence when there is no such register. */
  get(register: bigint): bigint {
    const { cpu, system } = this;
    const index = Number(register & 0xffffn);
    this.check(register);
    switch (Number((register >> 16n) & 0xffn)) {
      case 0:
        return BigInt(index < 34 ? cpu.r[index]! : cpu.pc);
      case 1:
        return BigInt(index === Cp0.Count ? system.timer.read() : system.cp0[index]!);
      default:
        return [this.countCtl, this.countResume, BigInt(system.timer.frequency)][index]!;
    }
  }

  /** Sets the register. Writing EntryHi flushes nothing: that is the guest's doing only. */
  set(register: bigint, value: bigint): void {
    const { cpu } = this;
    const index = Number(register & 0xffffn);
    const word = Number(BigInt.asIntN(32, value));
    this.check(register);
    switch (Number((register >> 16n) & 0xffn)) {
      case 0:
        if (index < 34) {
          if (index !== 0) cpu.r[index] = word;
        } else {
          cpu.pc = word;
          cpu.delay = 0;
        }
        return;
      case 1:
        return this.setCp0(index, word);
      default:
        return this.setTimer(index, value);
    }
  }

  private setCp0(index: number, word: number): void {
    const { system } = this;
    const { cp0 } = system;
    if (IGNORED.has(index)) return;
    if (index === Cp0.Count) return system.timer.write(word);
    if (index === Cp0.Compare) system.timer.setCompare(word);
    const mask = WRITABLE.get(index) ?? -1;
    cp0[index] = (cp0[index]! & ~mask) | (word & mask);
    if (index === Cp0.Cause) system.countEnableChanged();
    system.registersChanged();
  }

  private setTimer(index: number, value: bigint): void {
    const { timer } = this.system;
    if (index === 0) {
      if (value & ~COUNT_CTL_DC) throw new Error('COUNT_CTL: only bit 0 (DC) may be set.');
      if (value === this.countCtl) return;
      this.countCtl = value;
      if (value & COUNT_CTL_DC) {
        this.countResume = BigInt(this.now());
        timer.stop();
      } else timer.start(Number(this.countResume));
    } else if (index === 1) {
      // When Count is deemed to start again: between its stop and the present.
      if (value > BigInt(this.now())) throw new Error('COUNT_RESUME: the time is in the future.');
      this.countResume = value;
    } else {
      if (value < 1n || value > 1_000_000_000n) throw new Error('COUNT_HZ: must be 1 to 1000000000.');
      timer.setFrequency(Number(value));
    }
  }

  private check(register: bigint): void {
    if (!this.list().includes(register))
      throw new Error(`0x${register.toString(16)}: no register of this vCPU has that id.`);
  }
}
