/**
 * The privileged architecture of the `malta` machine: a MIPS 24Kf with direct CP0 (MIPS32 24K Software User's Manual,
 * MD00343, chapter 6; MIPS PRA, MD00090). The guest kernel runs in kernel mode on the architecture's own segments.
 */
import { LO_D, LO_V } from '../mmu/guest-tlb.ts';
import { KSEG0, KSEG1, USEG } from '../mmu/layout.ts';
import {
  CAUSE_IP,
  Cp0,
  STATUS_BEV,
  STATUS_CU0,
  STATUS_CU1,
  STATUS_ERL,
  STATUS_FR,
  STATUS_IE,
  config1Mmu,
} from './cp0.ts';
import { FAULT, READ, WRITE, type Access } from './cpu.ts';
import { ExcCode } from './exceptions.ts';
import { CPU_TRAITS, type CpuTraits } from './models.ts';
import { KERNEL, SUPERVISOR, USER } from './guest-accesses.ts';
import { Privileged } from './privileged.ts';

/** Bits that MTC0 changes; registers not named ignore writes. Index, Wired and EntryHi depend on the TLB or do more. */
export const CP0_WRITE_MASKS = new Map<number, number>([
  [Cp0.EntryLo0, 0x03ffffff],
  [Cp0.EntryLo1, 0x03ffffff],
  [Cp0.Context, 0xff800000],
  [Cp0.HWREna, 0xf],
  [Cp0.IntCtl, 0x000003e0],
  [Cp0.SRSCtl, 0x0000f3c0],
  [Cp0.Cause, 0x08c00300],
  [Cp0.EPC, 0xffffffff],
  [Cp0.EBase, 0x3ffff000],
  [Cp0.Config, 0x7],
  [Cp0.ErrCtl, 0x30000000],
  [Cp0.TagLo, 0xfffffcf6],
  [Cp0.ErrorEPC, 0xffffffff],
  [Cp0.DEPC, 0xffffffff],
  [Cp0.DESAVE, 0xffffffff],
]);
const WATCH_REGISTERS = 4;
for (let i = 0; i < WATCH_REGISTERS; i++) {
  CP0_WRITE_MASKS.set(Cp0.WatchLo + i, 0xfffffff8);
  CP0_WRITE_MASKS.set(Cp0.WatchHi + i, 0x40ff0ff8);
}

export class FullSystem extends Privileged {
  private get traits(): CpuTraits {
    return CPU_TRAITS[this.options.cpu ?? '24Kf'];
  }

  protected setResetValues(): void {
    const { cp0, options, traits } = this;
    cp0[Cp0.PRId] = traits.prid;
    cp0[Cp0.EBase] = 0x80000000;
    cp0[Cp0.Status] = STATUS_BEV | STATUS_ERL;
    cp0[Cp0.IntCtl] = 0xe0000000;
    cp0[Cp0.Config] = 0x80000482 | (options.bigEndian ? 0x8000 : 0);
    cp0[Cp0.Config1] = traits.config1 | config1Mmu(options.tlbEntries);
    cp0[Cp0.Config2] = 0x80000000;
    cp0[Cp0.Config3] = traits.config3;
    for (let i = 0; i < 8; i++) cp0[Cp0.WatchHi + i] = i < 7 ? 0x80000000 : 0;
    cp0[Cp0.Debug] = 0x02008000;
    this.cpu.fpu.reset();
  }

  /** What firmware that has handed over leaves behind: Status.ERL clear. */
  leaveReset(): void {
    this.cp0[Cp0.Status]! &= ~STATUS_ERL;
    this.modeChanged();
  }

  protected override modeChanged(): void {
    const status = this.cp0[Cp0.Status]!;
    this.cpu.fpuUsable = (status & STATUS_CU1) !== 0;
    this.cpu.fpu.setMode((status & STATUS_FR) !== 0);
    super.modeChanged();
  }

  protected vectorBase(): number {
    if ((this.cp0[Cp0.Status]! & STATUS_BEV) !== 0) return 0xbfc00200;
    return this.cp0[Cp0.EBase]! & 0xfffff000;
  }

  protected interruptOffset(): number {
    const spacing = this.cp0[Cp0.IntCtl]! & 0x3e0;
    if (spacing === 0 || (this.cp0[Cp0.Status]! & STATUS_BEV) !== 0) return 0x200;
    const pending = (this.cp0[Cp0.Cause]! & this.cp0[Cp0.Status]! & CAUSE_IP) >>> 8;
    return 0x200 + (31 - Math.clz32(pending)) * spacing;
  }

  protected override usegUnmapped(status: number): boolean {
    return (status & STATUS_ERL) !== 0;
  }

  protected reference(va: number, write: boolean): number {
    const segment = this.mmu.layout.segmentOf[va >>> 29]!;
    if (segment === KSEG0 || segment === KSEG1) return this.mmu.ram(va & 0x1fffffff);
    if (segment === USEG && this.mode === KERNEL && this.usegUnmapped(this.cp0[Cp0.Status]!)) return this.mmu.ram(va);
    return this.mappedReference(va, write);
  }

  protected translate(address: number, access: Access): number {
    const { mmu, mode } = this;
    const va = address >>> 0;
    const write = access === WRITE;
    const segment = mmu.layout.segmentOf[va >>> 29]!;
    if (mode !== KERNEL && segment !== USEG && !(mode === SUPERVISOR && va >>> 29 === 6)) {
      this.addressError(address, access);
      return FAULT;
    }
    if (segment === KSEG1) return this.physical(va & 0x1fffffff, write);
    if (segment === USEG && mode === KERNEL && this.usegUnmapped(this.cp0[Cp0.Status]!))
      return this.physical(va, write);
    const space = mode === USER ? mmu.user : mmu.kernel;
    const known = mmu.refill(space, va, write);
    if (known >= 0) return known;
    if (segment === KSEG0) {
      const gpa = va & 0x1fffffff;
      const host = mmu.mapKseg0(va, gpa, write);
      return host >= 0 ? host : this.physical(gpa, write);
    }
    const index = mmu.tlb.lookup(va, this.asid);
    if (index < 0) {
      mmu.tlbMissed(va, this.asid);
      this.tlbMiss(address, access, true);
      return FAULT;
    }
    const lo = mmu.tlb.lo(index, va);
    if ((lo & LO_V) === 0) {
      this.tlbMiss(address, access, false);
      return FAULT;
    }
    if (write && (lo & LO_D) === 0) {
      this.tlbException(ExcCode.Mod, address, false);
      return FAULT;
    }
    const host = mmu.mapMapped(space, index, va, write);
    return host >= 0 ? host : this.physical(mmu.tlb.physical(index, va), write);
  }

  private usable(): boolean {
    if (this.mode === KERNEL || (this.cp0[Cp0.Status]! & STATUS_CU0) !== 0) return true;
    this.exception(ExcCode.CpU, 0);
    return false;
  }

  cop0(word: number): void {
    if (!this.usable()) return;
    const { cpu, cp0 } = this;
    const rt = (word >>> 16) & 31;
    const index = ((word >>> 8) & 0xf8) | (word & 7);
    switch ((word >>> 21) & 31) {
      case 0x00:
        cpu.setRegister(rt, this.readCp0(index));
        return cpu.advance();
      case 0x04:
        // After the write nothing in the pipeline is as before, so the CPU moves on first.
        cpu.advance();
        return this.storeCp0(index, cpu.r[rt]!);
      case 0x0a:
      case 0x0e:
        // One shadow set: the previous set's registers are the present set's.
        cpu.setRegister((word >>> 11) & 31, cpu.r[rt]!);
        return cpu.advance();
      case 0x0b: {
        if ((word & 0xffdf) !== 0x6000) return cpu.reserved(word);
        const status = cp0[Cp0.Status]!;
        cpu.setRegister(rt, status);
        cp0[Cp0.Status] = word & 0x20 ? status | STATUS_IE : status & ~STATUS_IE;
        cpu.advance();
        return this.modeChanged();
      }
    }
    if ((word & 0x02000000) === 0) return cpu.reserved(word);
    switch (word & 63) {
      case 0x01:
        this.tlbRead(this.tlbIndex());
        return cpu.advance();
      case 0x02:
        this.tlbWrite(this.tlbIndex(), false);
        return cpu.advance();
      case 0x06:
        this.tlbWrite(this.random(), true);
        return cpu.advance();
      case 0x08:
        this.tlbProbe();
        return cpu.advance();
      case 0x18:
        if (cpu.delay !== 0) return cpu.reserved(word);
        return this.eret();
      case 0x20:
        return this.wait();
    }
    cpu.reserved(word);
  }

  private tlbIndex(): number {
    return this.cp0[Cp0.Index]! & this.maxIndex;
  }

  /** Random: from Wired up. Real cores step it every cycle; here it follows from the instruction count. */
  private random(): number {
    const wired = this.cp0[Cp0.Wired]!;
    return wired + this.randomBelow(this.options.tlbEntries - wired);
  }

  override peekCp0(index: number): number {
    return this.readCp0(index) >>> 0;
  }

  private readCp0(index: number): number {
    if (index === Cp0.Count) return this.readCount();
    if (index === Cp0.Random) return this.random();
    return this.cp0[index]!;
  }

  protected storeCp0(index: number, value: number): void {
    const { cp0 } = this;
    switch (index) {
      case Cp0.Index:
        cp0[index] = (cp0[index]! & 0x80000000) | (value & this.maxIndex);
        return;
      case Cp0.Wired:
        cp0[index] = value & this.maxIndex;
        return;
      case Cp0.PageMask:
        cp0[index] = validPageMask(value & 0x1fffe000);
        return;
      case Cp0.EntryHi:
        return this.setEntryHi(value & 0xffffe0ff);
      case Cp0.Count:
        return this.timer.write(value);
      case Cp0.Compare:
        return this.writeCompare(value);
    }
    const mask = index === Cp0.Status ? this.traits.statusMask : (CP0_WRITE_MASKS.get(index) ?? 0);
    const before = cp0[index]!;
    cp0[index] = (before & ~mask) | (value & mask);
    if (index === Cp0.Status) this.modeChanged();
    else if (index === Cp0.Cause) {
      this.countEnableChanged();
      this.updateInterrupts();
    }
  }

  cache(word: number): void {
    if (!this.usable()) return;
    const { cpu } = this;
    // Caches hold nothing here, so only what an operation on an address may raise is left of it.
    const operation = (word >>> 18) & 7;
    if (operation >= 4 && operation <= 6) {
      const va = (cpu.r[(word >>> 21) & 31]! + ((word << 16) >> 16)) | 0;
      if ((cpu.memory.words[cpu.reads + (va >>> 12)]! ^ va) < 0) {
        this.resolve(va, READ);
        if (cpu.raised) return;
      }
    }
    cpu.advance();
  }

  rdhwr(word: number): void {
    const { cpu } = this;
    const register = (word >>> 11) & 31;
    const enabled = (this.cp0[Cp0.HWREna]! & (1 << register)) !== 0;
    if (register > 3 || (!enabled && this.mode !== KERNEL && (this.cp0[Cp0.Status]! & STATUS_CU0) === 0)) {
      return cpu.reserved(word);
    }
    // CPUNum, SYNCI_Step (16-byte lines), CC, CCRes (Count steps every second cycle).
    const value = [this.cp0[Cp0.EBase]! & 0x3ff, 16, this.readCount(), 2][register]!;
    cpu.setRegister((word >>> 16) & 31, value);
    cpu.advance();
  }
}

/** A mask is ones from bit 13 up, an even number of them; any other is taken for that of 4 KiB pages. */
function validPageMask(mask: number): number {
  const ones = mask >>> 13;
  const size = 32 - Math.clz32(ones);
  return (ones & (ones + 1)) === 0 && size % 2 === 0 ? mask : 0;
}
